//! The reader of a journal: lines in, entries out.
//!
//! A line that cannot be understood is passed over and counted, since a later version may have written it, and
//! since a full disk may have torn it. Nothing is kept between lines, so that a file of any size can be read.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _};

use serde::Deserialize;

use super::FORMAT;
use super::entry::JournalEntry;
use super::event::JournalEvent;

/// The longest line that is read, in bytes. Chosen: above a message with the most bytes that a node may send.
const LINE_MAX: u64 = 64 << 20;

/// The most kinds of unknown events that are counted by name.
const UNKNOWN_MAX: usize = 16;

/// The most bytes of an unknown event's name that a note quotes.
const NAME_MAX: usize = 40;

/// An error for which a journal is not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stream failed. Entries before this place were read.
    #[error("line {line}: {error}")]
    Io {
        /// The line, from 1.
        line: u64,
        /// The cause.
        error: io::Error,
    },
    /// The first line is none of a journal. Nothing was read.
    #[error("the first line is no event of a run: name a `run.jsonl` that `tools` wrote")]
    NotAJournal,
    /// A later version wrote the journal. Nothing was read.
    #[error(
        "the run was written in format {format}, and this `tools` reads formats up to {FORMAT}: read it with \
         the version that wrote it, or a later one"
    )]
    Later {
        /// The number of the format.
        format: u64,
    },
}

/// A line of a journal.
#[derive(Debug)]
pub struct Line<'a> {
    /// The entry.
    pub entry: JournalEntry,
    /// The line itself, without its newline.
    pub text: &'a str,
}

/// A reader of a journal.
pub struct JournalReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// The number of lines read so far.
    lines: u64,
    /// True if the last line ends in the middle.
    cut_short: bool,
    /// The number of lines that are no event.
    damaged: u64,
    /// The number of lines that are longer than [`LINE_MAX`].
    too_long: u64,
    /// The events that are not understood, by name.
    unknown: BTreeMap<String, u64>,
    /// The number of events that are not understood, and whose names are not counted.
    unknown_others: u64,
}

/// The fields that tell what a line is.
#[derive(Deserialize)]
struct Head {
    event: String,
    #[serde(default)]
    at_us: Option<u64>,
    #[serde(default)]
    format: Option<u64>,
}

impl JournalEntry {
    /// Reads an entry from a line.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        let event = serde_json::from_str(line)?;
        let at_us = match leading_time(line) {
            Some(at_us) => Some(at_us),
            None => serde_json::from_str::<Head>(line)?.at_us,
        };
        Ok(Self { at_us, event })
    }
}

/// Returns the time of a line that begins with it, as lines of this program do.
fn leading_time(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("{\"at_us\":")?;
    rest.split_once(',')?.0.parse().ok()
}

impl<R: BufRead> JournalReader<R> {
    /// Returns a reader at the beginning of a journal.
    pub fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            lines: 0,
            cut_short: false,
            damaged: 0,
            too_long: 0,
            unknown: BTreeMap::new(),
            unknown_others: 0,
        }
    }

    /// Returns the next line that is understood; none at the end.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        loop {
            if !self.read_line().map_err(|error| ReadError::Io { line: self.lines + 1, error })? {
                return Ok(None);
            }
            let Some(entry) = self.entry()? else { continue };
            // The entry was read from this text, so it is valid.
            let text = str::from_utf8(&self.buffer).unwrap_or_default();
            return Ok(Some(Line { entry, text }));
        }
    }

    /// Returns notes for people on lines that were passed over, one each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.cut_short {
            notes.push(format!(
                "line {} is cut short and was passed over: the run ended while it was written",
                self.lines
            ));
        }
        if self.too_long > 0 {
            let megabytes = LINE_MAX >> 20;
            notes
                .push(format!("{} longer than {megabytes} MiB: passed over", counted(self.too_long, "line")));
        }
        if self.damaged > 0 {
            notes.push(format!("{} no event that can be read: passed over", counted(self.damaged, "line")));
        }
        for (name, count) in &self.unknown {
            notes.push(format!(
                "{} of the kind `{name}` not known here: passed over",
                counted(*count, "event")
            ));
        }
        if self.unknown_others > 0 {
            let count = counted(self.unknown_others, "event");
            notes.push(format!("{count} of further kinds not known here: passed over"));
        }
        notes
    }

    /// Reads the next line that is not too long into the buffer. Returns false at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        loop {
            self.buffer.clear();
            let read = self.input.by_ref().take(LINE_MAX).read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(false);
            }
            self.lines += 1;
            if self.buffer.ends_with(b"\n") {
                self.buffer.pop();
            } else if read as u64 == LINE_MAX {
                self.too_long += 1;
                self.skip_line()?;
                if self.lines == 1 {
                    // The empty line is none of a journal.
                    self.buffer.clear();
                    return Ok(true);
                }
                continue;
            } else {
                self.cut_short = true;
            }
            return Ok(true);
        }
    }

    /// Passes over the rest of a line.
    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let available = self.input.fill_buf()?;
            let (length, ended) = match memchr::memchr(b'\n', available) {
                Some(at) => (at + 1, true),
                None => (available.len(), available.is_empty()),
            };
            self.input.consume(length);
            if ended {
                return Ok(());
            }
        }
    }

    /// Returns the entry in the buffer, or none if it is not understood, which is counted.
    fn entry(&mut self) -> Result<Option<JournalEntry>, ReadError> {
        let text = str::from_utf8(&self.buffer).unwrap_or_default();
        match JournalEntry::parse(text) {
            Ok(JournalEntry { event: JournalEvent::Plan { format, .. }, .. }) if format > FORMAT => {
                return Err(ReadError::Later { format: format.into() });
            }
            Ok(entry) => {
                // The whole line is there; only its newline is not.
                self.cut_short = false;
                return Ok(Some(entry));
            }
            Err(_) => {}
        }
        let head: Result<Head, _> = serde_json::from_str(text);
        match head {
            Ok(Head { format: Some(format), .. }) if format > FORMAT.into() => {
                return Err(ReadError::Later { format });
            }
            Ok(head) => self.count_unknown(&head.event),
            Err(_) if self.cut_short && (self.lines > 1 || text.starts_with("{\"")) => {}
            Err(_) if self.lines == 1 => return Err(ReadError::NotAJournal),
            Err(_) => self.damaged += 1,
        }
        Ok(None)
    }

    fn count_unknown(&mut self, name: &str) {
        self.cut_short = false;
        let name: String = name.chars().take(NAME_MAX).collect();
        if let Some(count) = self.unknown.get_mut(&name) {
            *count += 1;
        } else if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.insert(name, 1);
        } else {
            self.unknown_others += 1;
        }
    }
}

fn counted(count: u64, one: &str) -> String {
    if count == 1 { format!("1 {one} is") } else { format!("{count} {one}s are") }
}

#[cfg(test)]
mod tests;
