//! A test of a workload that has ended, as its reports need it.

use std::path::Path;

use crate::workload::runner::{End, Report};
use crate::world::Misconduct;

/// The report of a test, with the path of its history and the command that repeats it.
#[derive(Debug, Clone, Copy)]
pub struct WorkloadRun<'a> {
    /// The report of the test.
    pub report: &'a Report,
    /// The folder of the logs of nodes.
    pub logs: &'a Path,
    /// The file of its history.
    pub history: &'a Path,
    /// The command that repeats the test.
    pub again: &'a str,
}

impl WorkloadRun<'_> {
    /// Returns the verdict, in words: the end of the test, with the model up to which it holds if a stronger
    /// one was to be judged.
    pub(super) fn verdict(&self) -> String {
        match self.report.judged_up_to {
            Some(model) if self.word() == "valid" => format!("valid up to {}", model.name()),
            _ => self.word().to_owned(),
        }
    }

    /// Returns the fault that was in force when an operation was completed, if there was one. A final read comes
    /// after all faults.
    pub(super) fn fault_during(&self, operation: usize) -> Option<&str> {
        let report = self.report;
        let operation = report.history.operations().get(operation).filter(|operation| !operation.last)?;
        report.fault_at(operation.completed)
    }

    /// Returns the path of the standard error of a node, or of each.
    pub(super) fn stderr(&self) -> String {
        let node = match &self.report.end {
            End::Died { node, .. } | End::Misbehaved { node, .. } => node,
            _ => "NODE",
        };
        self.logs.join(format!("{node}.err")).display().to_string()
    }

    /// Returns the end of the test, in a word.
    pub(super) fn word(&self) -> &'static str {
        match &self.report.end {
            End::Judged(verdict) if verdict.is_valid() => "valid",
            End::Judged(verdict) if verdict.found == 0 => "undecided",
            End::Judged(_) => "invalid",
            End::Died { .. } => "died",
            End::Misbehaved { how: Misconduct::Protocol(_), .. } => "misbehaved",
            End::Misbehaved { how: Misconduct::Flood(_), .. } => "flood",
            End::Broken { .. } => "broken",
            End::Interrupted => "interrupted",
        }
    }

    /// Returns the reason why the test did not end with a verdict, in words.
    pub(super) fn reason(&self) -> Option<String> {
        let moment = crate::workload::moment;
        match &self.report.end {
            End::Judged(verdict) => verdict.undecided.clone(),
            End::Died { node, how, at, .. } => {
                Some(format!("node {node} died unasked at {}: {how}", moment(*at)))
            }
            End::Misbehaved { node, how, at } => {
                let at = moment(*at);
                Some(match how {
                    Misconduct::Protocol(reason) => {
                        format!("node {node} broke its protocol at {at}: it {reason}")
                    }
                    Misconduct::Flood(reason) => format!("node {node} flooded at {at}: it {reason}"),
                })
            }
            End::Broken { reason } => Some(reason.clone()),
            End::Interrupted => None,
        }
    }
}
