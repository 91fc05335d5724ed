//! The result of a checker: the problems that it found in a history, and its counts.

use super::{History, Percentiles};

/// The most problems of a kind that are reported in full. Chosen: further ones have the same cause.
const PROBLEMS_MAX: usize = 4;
/// The kinds of problems that may be gone when nodes are read once more, after they had more time. All others
/// stay in the history.
const HEALING: &[&str] = &["lost", "no_final_read", "wrong_sum", "disagreement"];
/// The most operations of a problem that are shown. Chosen: half a screen.
const OPERATIONS_MAX: usize = 12;

/// A violation of a workload's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of the problem, for programs.
    pub kind: &'static str,
    /// The message for people: the problem, its place, and what was expected instead.
    pub message: String,
    /// The operations that show it, by their indices in the history.
    pub operations: Vec<usize>,
    /// The longest order of operations that the rules allow; empty where no order is at issue, or none was found.
    pub order: Vec<usize>,
    /// The operations that do not fit in that order. There is one at least if there is an order.
    pub misfits: Vec<usize>,
}

impl Problem {
    /// Returns the operations that do not fit, in words: `operations #12 and #15 do not fit: the other 40 have an
    /// order`. None where no order is at issue.
    #[must_use]
    pub fn misfits_in_words(&self) -> Option<String> {
        let mut names: Vec<String> =
            self.misfits.iter().take(OPERATIONS_MAX).map(|number| format!("#{number}")).collect();
        let more = self.misfits.len().saturating_sub(OPERATIONS_MAX);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let last = names.pop()?;
        let fit = match self.order.len() {
            0 => "no other is left".to_owned(),
            1 => "the other one does".to_owned(),
            others => format!("the other {others} have an order"),
        };
        Some(if names.is_empty() {
            format!("operation {last} does not fit: {fit}")
        } else {
            format!("operations {} and {last} do not fit: {fit}", names.join(", "))
        })
    }
}

/// The result of the check of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// The first few problems of each kind.
    pub problems: Vec<Problem>,
    /// The number of all problems.
    pub found: u64,
    /// The reason why the history could not be decided, if no problem was found.
    pub undecided: Option<String>,
    /// The counts, by name.
    pub counts: Vec<(&'static str, u64)>,
    /// The percentiles of times, by name.
    pub times: Vec<(&'static str, Percentiles)>,
}

impl CheckResult {
    /// Returns true if no problem was found and all of the history was checked.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.found == 0 && self.undecided.is_none()
    }

    /// Returns true if time may help: a problem is of a kind that may be gone after more time. The search is
    /// complete, since for each kind that was found at least one problem is listed.
    #[must_use]
    pub fn may_heal(&self) -> bool {
        self.problems.iter().any(|problem| HEALING.contains(&problem.kind))
    }

    /// Returns a count by name.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts.iter().find(|(of, _)| *of == name).map(|(_, count)| *count)
    }

    /// Returns the problems in words, each with the operations that do not fit; the operations of the first problem
    /// one by one.
    #[must_use]
    pub fn lines(&self, history: &History) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                lines.push(format!("{}: {}", problem.kind.replace('_', " "), problem.message));
            }
            lines.extend(problem.misfits_in_words());
            if number == 0 {
                lines.extend(problem.operations.iter().map(|index| history.line(*index)));
            }
        }
        match self.found.saturating_sub(self.problems.len() as u64) {
            0 => {}
            1 => lines.push("… and 1 more problem".to_owned()),
            more => lines.push(format!("… and {more} more problems")),
        }
        lines
    }

    pub(super) fn problem(&mut self, kind: &'static str, message: String, operations: Vec<usize>) {
        self.problem_of_order(kind, message, operations, || (Vec::new(), Vec::new()));
    }

    /// Adds a problem of an order. `order` returns the longest order, and the operations that do not fit in it; it
    /// is called only if the problem is reported in full.
    pub(super) fn problem_of_order(
        &mut self,
        kind: &'static str,
        message: String,
        mut operations: Vec<usize>,
        order: impl FnOnce() -> (Vec<usize>, Vec<usize>),
    ) {
        self.found += 1;
        if self.problems.iter().filter(|problem| problem.kind == kind).count() < PROBLEMS_MAX {
            operations.truncate(OPERATIONS_MAX);
            let (order, misfits) = order();
            self.problems.push(Problem { kind, message, operations, order, misfits });
        }
    }

    pub(super) fn counted(&mut self, name: &'static str, count: usize) {
        self.counts.push((name, count as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(order: usize, misfits: &[usize], expected: Option<&str>) {
        let problem = Problem {
            kind: "not_linearizable",
            message: String::new(),
            operations: Vec::new(),
            order: (0..order).collect(),
            misfits: misfits.to_vec(),
        };
        assert_eq!(problem.misfits_in_words().as_deref(), expected);
    }

    #[test]
    fn the_operations_that_do_not_fit_are_told_in_words() {
        check(0, &[], None);
        check(40, &[15], Some("operation #15 does not fit: the other 40 have an order"));
        check(1, &[12, 15], Some("operations #12 and #15 do not fit: the other one does"));
        check(0, &[1, 2, 3], Some("operations #1, #2 and #3 do not fit: no other is left"));
        let many: Vec<usize> = (0..14).collect();
        let told = "operations #0, #1, #2, #3, #4, #5, #6, #7, #8, #9, #10, #11 and 2 more do not fit: the other 5 have \
                    an order";
        check(5, &many, Some(told));
    }
}
