//! The entry of a journal: an event and its time.

use std::io::{self, Write};

use serde::Serialize;

use super::event::JournalEvent;
use super::write::append_frequent;

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
    /// Appends the entry as a line, with a newline at its end.
    pub fn append_line(&self, line: &mut Vec<u8>) -> serde_json::Result<()> {
        if !append_frequent(self.at_us, &self.event, line) {
            serde_json::to_writer(&mut *line, self)?;
        }
        line.push(b'\n');
        Ok(())
    }

    /// Writes the entry as a line, with a newline at its end.
    pub fn write_line(&self, mut to: impl Write) -> io::Result<()> {
        let mut line = Vec::new();
        self.append_line(&mut line)?;
        to.write_all(&line)
    }
}
