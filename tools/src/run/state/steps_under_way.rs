//! The steps under way: for the journal, and for reports of a run that ends in the middle of them.

use std::collections::BTreeMap;

use crate::scenario::At;

/// The steps under way, in the order in which they began.
#[derive(Default)]
pub(in crate::run) struct StepsUnderWay {
    steps: BTreeMap<u64, At>,
    last: u64,
    /// The step that is being polled: the innermost one.
    current: Option<u64>,
}

impl StepsUnderWay {
    /// Adds a step that begins. Returns its number: 1 for the first execution of a step, then 2, ….
    pub(in crate::run) fn begin(&mut self, at: &At) -> u64 {
        self.last += 1;
        self.steps.insert(self.last, at.clone());
        self.last
    }

    /// Removes a step that has ended.
    pub(in crate::run) fn end(&mut self, number: u64) {
        self.steps.remove(&number);
    }

    /// Returns the number of the step that is being polled, if one is.
    pub(in crate::run) fn current(&self) -> Option<u64> {
        self.current
    }

    /// Sets the step that is being polled. Returns the one before.
    pub(in crate::run) fn set_current(&mut self, step: Option<u64>) -> Option<u64> {
        std::mem::replace(&mut self.current, step)
    }

    /// Returns the steps, with the latest at the end.
    pub(in crate::run) fn all(&self) -> Vec<At> {
        self.steps.values().cloned().collect()
    }
}
