//! The events of operations that a runner submits to a world.

use super::event::JournalEvent;
use super::link_entry::LinkEntry;
use super::rank::brief_rank;
use crate::world::{OpId, Operation, Outcome, Written};

impl JournalEvent {
    /// Returns the entry of an operation that begins. It is none for timers, members, watches, checks
    /// for bypasses and readings of logs.
    pub(crate) fn submitted(op: OpId, operation: &Operation, step: Option<u64>) -> Option<Self> {
        Some(match operation {
            Operation::Launch { node, spec, .. } => {
                Self::Launch { op, node: *node, spec: (**spec).clone(), step }
            }
            Operation::Signal { node, signal, .. } => Self::Signal { op, node: *node, signal: *signal, step },
            Operation::Ask { node, words, .. } => Self::Ask { op, node: *node, words: words.clone(), step },
            Operation::Wire { from, to, .. } => Self::Wire { op, from: *from, to: *to, step },
            Operation::Links(changes) => {
                Self::Links { op, changes: changes.iter().map(LinkEntry::from).collect(), step }
            }
            Operation::Partition(sets) => Self::Partition { op, sets: sets.clone(), step },
            Operation::Clock { node, offset_ms } => {
                Self::Clock { op, node: *node, offset_ms: *offset_ms, step }
            }
            Operation::Disk { node, full } => Self::Disk { op, node: *node, full: *full, step },
            Operation::Members(_)
            | Operation::Watch { .. }
            | Operation::Healthy { .. }
            | Operation::Bypasses { .. }
            | Operation::Log { .. }
            | Operation::Excerpt { .. }
            | Operation::Timer { .. } => return None,
        })
    }

    /// Returns the entry of an operation that ended. It is none for lines of logs, and for a check
    /// that found no bypass.
    pub(crate) fn ended(op: OpId, outcome: &Outcome) -> Option<Self> {
        Some(match outcome.clone() {
            Outcome::Done => Self::Done { op },
            Outcome::Answered(answer) => {
                let brief = |Written { stamp, rank }| Written { stamp, rank: brief_rank(&rank) };
                Self::Answer { op, value: answer.value, written: answer.written.map(brief) }
            }
            Outcome::Refused { code, message } => Self::Refused { op, code, message },
            Outcome::Unknown { reason } => Self::Unknown { op, reason },
            Outcome::Failed { reason } => Self::Failed { op, reason },
            Outcome::Bypasses(found) if found.is_empty() => return None,
            Outcome::Bypasses(found) => Self::Bypassed { op, found },
            Outcome::Unasked => Self::Unasked { op },
            Outcome::Lines(_) => return None,
        })
    }
}
