//! The queue of one reader of the feed: lines in order, the last change of each node, and a bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

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
    changes: BTreeMap<usize, Arc<str>>,
    overrun: bool,
    ended: bool,
}

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
        if self.lines.len() > LINES_MAX || self.bytes > BYTES_MAX {
            *self = Self { overrun: true, ended: self.ended, ..Self::default() };
        }
    }

    /// Adds a line that has to come after the changes before it.
    pub(super) fn push_after_changes(&mut self, line: Arc<str>) {
        for (_, change) in std::mem::take(&mut self.changes) {
            self.push(change);
        }
        self.push(line);
    }

    /// Adds the change of a node, in place of its last one.
    pub(super) fn push_change(&mut self, node: usize, line: Arc<str>) {
        self.changes.insert(node, line);
    }

    /// Marks the end: no line follows.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Removes and returns all lines.
    pub(super) fn take(&mut self) -> Taken {
        let mut lines: Vec<Arc<str>> = std::mem::take(&mut self.lines).into();
        lines.extend(std::mem::take(&mut self.changes).into_values());
        self.bytes = 0;
        let overrun = std::mem::take(&mut self.overrun);
        match (lines.is_empty() && !overrun, self.ended) {
            (false, _) => Taken::Frame(Frame { lines, overrun }),
            (true, true) => Taken::Ended,
            (true, false) => Taken::Nothing,
        }
    }
}
