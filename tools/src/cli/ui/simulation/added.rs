//! The steps that a person added to a run, each with the event at which it was added.

use std::time::Duration;

use super::lines::AddedStep;
use crate::scenario::Step;

/// Steps that were added at once.
#[derive(Debug, Clone)]
pub(super) struct Addition {
    /// The number of events before them.
    pub(super) event: u64,
    /// The time of the last of these events.
    pub(super) at: Duration,
    /// The number of lines before them.
    pub(super) lines: usize,
    /// The number of the scenario's own steps that had ended.
    pub(super) own_steps: usize,
    /// The text as typed.
    pub(super) text: String,
    /// The steps.
    pub(super) steps: Vec<Step>,
    /// The end of the steps, and the steps that repeat them, once they are done.
    pub(super) done: Option<(Duration, Vec<String>)>,
}

/// All additions, in order: those that the run has behind it, and those ahead of a run that went back.
#[derive(Debug, Default)]
pub(super) struct Additions {
    all: Vec<Addition>,
    behind: usize,
}

impl Additions {
    /// Begins the run anew: all additions lie ahead.
    pub(super) fn rewind(&mut self) {
        self.behind = 0;
    }

    /// Returns the steps that are due before the next event, and counts them as behind.
    pub(super) fn take_due(&mut self, event: u64) -> Option<Vec<Step>> {
        let due = self.all.get(self.behind).filter(|addition| addition.event == event)?;
        self.behind += 1;
        Some(due.steps.clone())
    }

    /// Returns the number of lines before the steps that are due before the next event, if there are any.
    pub(super) fn lines_before_due(&self, event: u64) -> Option<usize> {
        let due = self.all.get(self.behind).filter(|addition| addition.event == event)?;
        Some(due.lines)
    }

    /// Adds steps, and drops those that lie ahead. Returns their texts.
    pub(super) fn add(&mut self, addition: Addition) -> Vec<String> {
        let dropped = self.all.drain(self.behind..).map(|addition| addition.text).collect();
        self.all.push(addition);
        self.behind = self.all.len();
        dropped
    }

    /// Records the end of the last steps that were begun.
    pub(super) fn end(&mut self, at: Duration, repeat: Vec<String>) {
        let last = self.behind.checked_sub(1).and_then(|last| self.all.get_mut(last));
        if let Some(addition) = last {
            addition.done = Some((at, repeat));
        }
    }

    /// Returns all additions.
    pub(super) fn all(&self) -> &[Addition] {
        &self.all
    }

    /// Returns the additions as the page shows them.
    pub(super) fn shown(&self) -> Vec<AddedStep> {
        let shown = |(index, addition): (usize, &Addition)| AddedStep {
            event: addition.event,
            at_us: u64::try_from(addition.at.as_micros()).unwrap_or(u64::MAX),
            text: addition.text.clone(),
            ahead: index >= self.behind,
        };
        self.all.iter().enumerate().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addition(event: u64, text: &str) -> Addition {
        let at = Duration::from_micros(event);
        Addition { event, at, lines: 0, own_steps: 0, text: text.to_owned(), steps: Vec::new(), done: None }
    }

    #[test]
    fn a_run_that_went_back_has_its_additions_again_in_their_places() {
        let mut additions = Additions::default();
        additions.add(addition(3, "kill a"));
        additions.add(addition(3, "kill b"));
        additions.add(addition(9, "heal"));
        additions.rewind();
        assert!(additions.take_due(2).is_none());
        assert!(additions.take_due(3).is_some() && additions.take_due(3).is_some());
        assert!(additions.take_due(3).is_none());
        let ahead: Vec<bool> = additions.shown().iter().map(|step| step.ahead).collect();
        assert_eq!(ahead, [false, false, true]);
    }

    #[test]
    fn an_addition_drops_those_ahead_of_it() {
        let mut additions = Additions::default();
        for (event, text) in [(3, "kill a"), (5, "kill b"), (9, "heal")] {
            additions.add(addition(event, text));
        }
        additions.rewind();
        additions.take_due(3);
        assert_eq!(additions.add(addition(4, "start a")), ["kill b", "heal"]);
        let texts: Vec<&str> = additions.all().iter().map(|addition| &*addition.text).collect();
        assert_eq!(texts, ["kill a", "start a"]);
        additions.end(Duration::from_secs(1), vec!["start a".to_owned()]);
        assert!(additions.all()[1].done.is_some() && additions.all()[0].done.is_none());
    }
}
