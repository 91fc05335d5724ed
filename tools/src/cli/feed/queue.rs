//! The queue of one reader of the feed: lines in order, the last change of each node, and a bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::journal::JournalEntry;

/// The most lines that wait for one reader.
pub(super) const LINES_MAX: usize = 8_192;
/// The most bytes that wait for one reader. Chosen: a second of a very busy network.
const BYTES_MAX: usize = 4 << 20;

/// The lines that wait for one reader.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lines: VecDeque<Arc<str>>,
    bytes: usize,
    /// The last change of each node that changed since the last line that had to come after it.
    changes: BTreeMap<usize, JournalEntry>,
    overrun: bool,
    ended: bool,
    /// The factor of the bounds.
    wide: usize,
}

/// The factor of the bounds for a reader that reads for many. Chosen: the lines that come while it reads the
/// whole journal of a network that stays, which has 64 MiB.
const WIDE: usize = 16;

/// The lines that a reader takes at once.
#[derive(Debug, Default)]
pub(in crate::cli) struct Frame {
    /// The lines, in order.
    pub lines: Vec<Arc<str>>,
    /// True if lines before these were lost, because the reader was too slow.
    pub overrun: bool,
}

/// The result of a look into the queue.
#[derive(Debug)]
pub(super) enum Taken {
    /// The lines that waited.
    Frame(Frame),
    /// No line waits.
    Nothing,
    /// No line will come any more.
    Ended,
}

impl Queue {
    /// Adds a line. A queue that is full is emptied.
    pub(super) fn push(&mut self, line: Arc<str>) {
        self.bytes += line.len();
        self.lines.push_back(line);
        let factor = self.wide.max(1);
        if self.lines.len() > factor * LINES_MAX || self.bytes > factor * BYTES_MAX {
            *self = Self { overrun: true, ended: self.ended, wide: self.wide, ..Self::default() };
        }
    }

    /// Widens the bounds.
    pub(super) fn widen(&mut self) {
        self.wide = WIDE;
    }

    /// Drops the lines that wait.
    pub(super) fn skip(&mut self) {
        *self = Self { ended: self.ended, wide: self.wide, ..Self::default() };
    }

    /// Adds a line that has to come after the changes before it.
    pub(super) fn push_after_changes(&mut self, line: Arc<str>) {
        for change in std::mem::take(&mut self.changes).into_values() {
            self.push(self::line(&change));
        }
        self.push(line);
    }

    /// Adds the change of a node, in place of its last one. Its line is made when the reader takes it: most
    /// changes of a busy node have another one behind them by then.
    pub(super) fn push_change(&mut self, node: usize, change: &JournalEntry) {
        self.changes.insert(node, change.clone());
    }

    /// Marks the end: no line follows.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Removes and returns all lines.
    pub(super) fn take(&mut self) -> Taken {
        let mut lines: Vec<Arc<str>> = std::mem::take(&mut self.lines).into();
        lines.extend(std::mem::take(&mut self.changes).values().map(line));
        self.bytes = 0;
        let overrun = std::mem::take(&mut self.overrun);
        match (lines.is_empty() && !overrun, self.ended) {
            (false, _) => Taken::Frame(Frame { lines, overrun }),
            (true, true) => Taken::Ended,
            (true, false) => Taken::Nothing,
        }
    }
}

/// Returns the line of an event.
pub(super) fn line(entry: &JournalEntry) -> Arc<str> {
    // An entry has strings, numbers and lists only, which always serialise.
    serde_json::to_string(entry).unwrap_or_default().into()
}
