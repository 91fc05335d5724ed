//! The questions that the harness put to one node in one life, counted.
//!
//! Some nodes write a line to their log for each question. The harness asks such nodes again and again, and
//! its questions would fill the excerpt of the log that a report shows. A line can be told by its text alone:
//! it repeats a question, or the error that answered it. So at most as many lines are left out as the harness
//! put questions.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// The most different questions that are counted; later ones are not told from other lines. Chosen: above the
/// keys of any scenario, and some hundred kilobytes.
const DIFFERENT_MAX: usize = 4_096;

/// The beginning of a line of a stack trace, below the error that Node.js prints.
const STACK: &str = "    at ";

/// The counts of the questions to one node, by the text that a line of its log would begin with.
#[derive(Debug, Default)]
pub struct Questions {
    counts: RefCell<BTreeMap<String, u64>>,
}

impl Questions {
    /// Counts a question, such as `get nom`.
    pub fn count(&self, question: String) {
        let mut counts = self.counts.borrow_mut();
        if counts.len() < DIFFERENT_MAX || counts.contains_key(&question) {
            *counts.entry(question).or_default() += 1;
        }
    }

    /// Counts an error that answered a question.
    pub fn count_error(&self, message: &str) {
        self.count(format!("Error: {message}"));
    }

    /// Returns a filter for the lines of one log, in their order.
    #[must_use]
    pub fn filter(&self) -> QuestionFilter {
        QuestionFilter { left: self.counts.borrow().clone(), in_stack: false, removed: 0 }
    }
}

/// A filter that removes the lines that repeat questions, each question as often as it was put.
#[derive(Debug)]
pub struct QuestionFilter {
    left: BTreeMap<String, u64>,
    /// True after an error that was removed: its stack trace goes with it.
    in_stack: bool,
    /// The number of lines removed so far.
    pub removed: usize,
}

impl QuestionFilter {
    /// Removes lines that repeat questions.
    pub fn apply(&mut self, lines: &mut Vec<String>) {
        lines.retain(|line| !self.removes(line));
        self.in_stack = false;
    }

    /// Returns true if the line goes.
    fn removes(&mut self, line: &str) -> bool {
        let removes = self.in_stack && line.starts_with(STACK) || self.repeats(line);
        self.removed += usize::from(removes);
        removes
    }

    /// Returns true if the line is a question, alone or before a colon and the answer.
    fn repeats(&mut self, line: &str) -> bool {
        let line = line.trim_end();
        self.in_stack = false;
        let before_colon = line.find(": ").map(|colon| &line[..colon]);
        let question = [Some(line), before_colon, line.strip_suffix(':')].into_iter().flatten();
        for question in question {
            if let Some(left) = self.left.get_mut(question).filter(|left| **left > 0) {
                *left -= 1;
                self.in_stack = question.starts_with("Error: ");
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: &[&str], removed: usize) {
        let questions = Questions::default();
        questions.count("keys".to_owned());
        for _ in 0..2 {
            questions.count("get nom".to_owned());
        }
        questions.count_error("Field nom not exists");
        let mut filter = questions.filter();
        let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        filter.apply(&mut lines);
        assert_eq!(lines, expected);
        assert_eq!(filter.removed, removed);
    }

    #[test]
    fn lines_that_repeat_questions_are_removed_as_often_as_they_were_put() {
        check(&["keys", "set nom : Reimert", "get nom: Reimert"], &["set nom : Reimert"], 2);
        // A neighbour put the others.
        check(&["keys", "keys", "get nom", "get nom:", "get nom: x"], &["keys", "get nom: x"], 3);
        check(&["keysAndTime", "a key", "get nomade: x"], &["keysAndTime", "a key", "get nomade: x"], 0);
    }

    #[test]
    fn an_error_that_answered_a_question_is_removed_with_its_stack() {
        let stack = ["Error: Field nom not exists", "    at Socket.get", "    at emit"];
        check(&stack, &[], 3);
        check(
            &[&stack[..], &["  at the end"], &stack].concat(),
            &[&["  at the end"], &stack[..]].concat(),
            3,
        );
        check(&["    at Socket.get"], &["    at Socket.get"], 0);
    }
}
