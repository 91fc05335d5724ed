//! The steps under way, for reports of a run that ends in the middle of them.

use std::collections::BTreeMap;

use crate::scenario::At;

/// The steps under way, in the order in which they began.
#[derive(Default)]
pub(in crate::run) struct StepsUnderWay {
    steps: BTreeMap<u64, At>,
    last: u64,
}

impl StepsUnderWay {
    /// Adds a step that begins. Returns the number by which it is removed.
    pub(in crate::run) fn begin(&mut self, at: &At) -> u64 {
        self.last += 1;
        self.steps.insert(self.last, at.clone());
        self.last
    }

    /// Removes a step that has ended.
    pub(in crate::run) fn end(&mut self, number: u64) {
        self.steps.remove(&number);
    }

    /// Returns the steps, with the latest at the end.
    pub(in crate::run) fn all(&self) -> Vec<At> {
        self.steps.values().cloned().collect()
    }
}
