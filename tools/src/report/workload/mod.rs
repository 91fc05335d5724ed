//! What came of a test of a workload.

mod json;
mod terminal;

use std::path::Path;

use crate::workload::test::{End, Report};

/// A test, and what a report says beside what came of it.
#[derive(Debug, Clone, Copy)]
pub struct WorkloadRun<'a> {
    /// What came of it.
    pub report: &'a Report,
    /// Where its history is.
    pub history: &'a Path,
    /// The command that does it again.
    pub again: &'a str,
}

impl WorkloadRun<'_> {
    /// For a person at a terminal.
    #[must_use]
    pub fn terminal(&self, style: super::Style) -> String {
        terminal::terminal(self, style)
    }

    /// For programs: one object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json::json(self)
    }

    /// How it ended, in a word.
    fn word(&self) -> &'static str {
        match &self.report.end {
            End::Judged(verdict) if verdict.is_valid() => "valid",
            End::Judged(verdict) if verdict.found == 0 => "undecided",
            End::Judged(_) => "invalid",
            End::Died { .. } => "died",
            End::Misbehaved { .. } => "misbehaved",
            End::Broken { .. } => "broken",
            End::Interrupted => "interrupted",
        }
    }

    /// Why it did not end with a verdict, in words.
    fn reason(&self) -> Option<String> {
        let moment = crate::workload::moment;
        match &self.report.end {
            End::Judged(verdict) => verdict.undecided.clone(),
            End::Died { node, how, at, .. } => {
                Some(format!("node {node} died unasked at {}: {how}", moment(*at)))
            }
            End::Misbehaved { node, reason, at } => {
                Some(format!("node {node} broke its protocol at {}: it {reason}", moment(*at)))
            }
            End::Broken { reason } => Some(reason.clone()),
            End::Interrupted => None,
        }
    }
}

#[cfg(test)]
mod tests;
