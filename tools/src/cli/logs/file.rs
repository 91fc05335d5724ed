//! One log file, read line by line as it grows.
//!
//! It is open only while it is read, a bounded piece at a time: a network has more logs than a
//! process may have open files. So a file that was replaced or emptied is noticed as well.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::Wrong;
use super::stamp::stamp;

/// How much is read at once.
const PIECE: usize = 32 << 10;
/// A longer line is given in pieces of at least this size.
const LINE_MAX: usize = 256 << 10;

/// One line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its time or that of the line before, in microseconds from 1970; none before the first.
    pub time: Option<i64>,
    bytes: Vec<u8>,
}

impl Line {
    /// What it says.
    pub(super) fn text(&self) -> Cow<'_, str> {
        text(&self.bytes)
    }
}

/// One log file and how far it was read.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    inode: u64,
    /// Where the next piece begins.
    offset: u64,
    /// Where it ended when it was last looked at.
    end: u64,
    /// What was read and not given yet.
    buffer: Vec<u8>,
    /// How much of the buffer was given already.
    given: usize,
    time: Option<i64>,
}

impl LogFile {
    /// A file from its beginning. It need not exist yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, inode: 0, offset: 0, end: 0, buffer: Vec::new(), given: 0, time: None }
    }

    /// Looks how long the file is now: it is read up to there. A file that has become shorter, or is
    /// another one of the same name, begins anew.
    pub(super) fn look(&mut self) -> Result<(), Wrong> {
        let (inode, length) = match std::fs::metadata(&self.path) {
            Ok(metadata) => (metadata.ino(), metadata.len()),
            // What was there is read; it may come again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.unreadable(&error)),
        };
        if length < self.offset || (inode != self.inode && self.inode != 0) {
            (self.offset, self.given, self.time) = (0, 0, None);
            self.buffer.clear();
        }
        (self.inode, self.end) = (inode, length);
        Ok(())
    }

    /// The next line before the end that was seen. A line without its own end is given only if
    /// nothing follows any more, which `ended` says.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<Line>, Wrong> {
        let mut searched = self.given;
        loop {
            let unsearched = &self.buffer[searched..];
            if let Some(length) = unsearched.iter().position(|byte| *byte == b'\n') {
                let newline = searched + length;
                return Ok(Some(self.give(newline, newline + 1)));
            }
            searched = self.buffer.len();
            let held = self.buffer.len() - self.given;
            let all_read = self.offset >= self.end || !self.read_piece()?;
            if held >= LINE_MAX || (all_read && ended && held > 0) {
                return Ok(Some(self.give(searched, searched)));
            }
            if all_read {
                // What is left is a beginning of a line; most often nothing.
                self.buffer.drain(..self.given);
                self.buffer.shrink_to_fit();
                self.given = 0;
                return Ok(None);
            }
            searched -= self.forget_given();
        }
    }

    /// Goes to where the last `lines` lines that `takes` accepts begin, further back if the first of
    /// them has no time of its own: to the line that it belongs to.
    pub(super) fn skip_to_last(&mut self, lines: usize, takes: impl Fn(&str) -> bool) -> Result<(), Wrong> {
        self.look()?;
        (self.offset, self.time) = (self.end, None);
        let mut found = 0;
        // The beginning of a line whose end stands in the piece after.
        let mut cut: Vec<u8> = Vec::new();
        let mut start = self.end;
        while start > 0 && lines > 0 && cut.len() < LINE_MAX {
            let length = start.min(PIECE as u64);
            start -= length;
            let mut piece = Vec::new();
            self.read(start, length, &mut piece)?;
            piece.append(&mut cut);
            let mut end = piece.len();
            while end > 0 {
                // The newline at the very end closes the last line and opens none.
                let body = if piece[end - 1] == b'\n' { end - 1 } else { end };
                let newline = piece[..body].iter().rposition(|byte| *byte == b'\n');
                let (begin, whole) = newline.map_or((0, start == 0), |newline| (newline + 1, true));
                if !whole {
                    break;
                }
                let line = &piece[begin..body];
                self.offset = start + begin as u64;
                found += usize::from(takes(&text(line)));
                if found >= lines && stamp(line).is_some() {
                    return Ok(());
                }
                end = begin;
            }
            piece.truncate(end);
            cut = piece;
        }
        Ok(())
    }

    /// Gives what stands before `to`, and goes on at `next`.
    fn give(&mut self, to: usize, next: usize) -> Line {
        let bytes = self.buffer[self.given..to].to_vec();
        self.given = next;
        self.time = stamp(&bytes).or(self.time);
        Line { time: self.time, bytes }
    }

    /// Lets go of what was given; how much that was.
    fn forget_given(&mut self) -> usize {
        self.buffer.drain(..self.given);
        std::mem::take(&mut self.given)
    }

    /// Reads on; whether there was anything.
    fn read_piece(&mut self) -> Result<bool, Wrong> {
        let length = (self.end - self.offset).min(PIECE as u64);
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = self.read(self.offset, length, &mut buffer);
        self.buffer = buffer;
        let read = read? as u64;
        self.offset += read;
        Ok(read > 0)
    }

    /// Appends what stands at `offset`; how much there was.
    fn read(&self, offset: u64, length: u64, buffer: &mut Vec<u8>) -> Result<usize, Wrong> {
        let mut read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(offset))?;
            file.take(length).read_to_end(buffer)
        };
        match read() {
            Ok(read) => Ok(read),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    fn unreadable(&self, error: &io::Error) -> Wrong {
        Wrong::Environment(unreadable(&self.path, error))
    }
}

/// What is said of a file or a folder that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {error}", path.display())
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(bytes))
}

#[cfg(test)]
mod tests;
