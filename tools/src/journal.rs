//! The journal of a run as data: its events, one line of `run.jsonl` each, and the reader of such lines.
//!
//! `RUNS.md` documents every event and field. While [`FORMAT`] stays, events and fields may be added; none is
//! removed, renamed or given another meaning. So a reader passes over the events and fields that it does not
//! know.
//!
//! The module knows neither the runner, which makes the events, nor files: a line is a text, and a reader reads
//! any stream of bytes.

mod entry;
mod event;
mod life;
mod link_entry;
mod operation;
mod rank;
mod read;
mod recorder;
mod result;
mod write;

pub use entry::JournalEntry;
pub use event::JournalEvent;
pub use life::NodeLife;
pub use link_entry::{LinkChangeKind, LinkEntry};
pub use rank::brief_rank;
pub use read::{JournalReader, Line, ReadError};
pub use recorder::Recorder;
pub use result::{LawState, OperationOutcome, StepResult};

pub use crate::world::{DelayReason, MessageClass, Party};

/// The number of this format. It changes when programs that read it would have to change. Format 1 had no number.
pub const FORMAT: u32 = 2;

#[cfg(test)]
mod tests;
