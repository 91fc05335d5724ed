//! The entry of a journal: an event and its time.

use std::io::{self, Write};

use serde::Serialize;

use super::event::JournalEvent;

/// An entry of the journal: one event and its time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JournalEntry {
    /// The microseconds since the run began. Absent for events without a time: `continued`, `dropped`, and lines of
    /// logs that tell none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_us: Option<u64>,
    /// The event itself.
    #[serde(flatten)]
    pub event: JournalEvent,
}

impl JournalEntry {
    /// Writes the entry as a line, with a newline at its end.
    pub fn write_line(&self, mut to: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut to, self)?;
        to.write_all(b"\n")
    }
}
