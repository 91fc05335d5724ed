//! The reader of one log file, line by line as the file grows.
//!
//! The file is open only while a piece of bounded size is read, since a network has more logs than a process
//! may have open files. So a file that was replaced or emptied is noticed as well.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use super::error::LogsError;
use super::stamp::stamp;

/// The most bytes read at once. Chosen: some hundred lines, and little memory for each of many logs.
const PIECE: usize = 32 << 10;
/// The size, in bytes, from which an unfinished line is returned in pieces. Chosen: eight reads.
const LINE_MAX: usize = 256 << 10;

/// A line, without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The time of the line, or of the last line before it that has one, in microseconds since 1970; `None`
    /// before the first time.
    pub time: Option<i64>,
    bytes: Vec<u8>,
}

impl Line {
    /// Returns the text of the line.
    pub(super) fn text(&self) -> Cow<'_, str> {
        text(&self.bytes)
    }
}

/// A log file and the position in it.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    inode: u64,
    /// The offset of the next piece.
    offset: u64,
    /// The end of the file when it was last looked at.
    end: u64,
    /// The bytes that were read; those from `returned` on are not returned yet.
    buffer: Vec<u8>,
    /// The number of bytes of the buffer that were returned.
    returned: usize,
    time: Option<i64>,
}

impl LogFile {
    /// Creates the reader of a file, at its beginning. The file need not exist yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, inode: 0, offset: 0, end: 0, buffer: Vec::new(), returned: 0, time: None }
    }

    /// Updates the end up to which the file is read. Starts anew if the file has become shorter, or was
    /// replaced by another of the same name.
    pub(super) fn refresh(&mut self) -> Result<(), LogsError> {
        let (inode, length) = match std::fs::metadata(&self.path) {
            Ok(metadata) => (metadata.ino(), metadata.len()),
            // The bytes read before stay valid, and the file may come back.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.unreadable(error)),
        };
        if length < self.offset || (inode != self.inode && self.inode != 0) {
            (self.offset, self.returned, self.time) = (0, 0, None);
            self.buffer.clear();
        }
        (self.inode, self.end) = (inode, length);
        Ok(())
    }

    /// Returns the next line before the known end. A line without a newline is returned only if `ended` says
    /// that nothing follows.
    pub(super) fn next(&mut self, ended: bool) -> Result<Option<Line>, LogsError> {
        let mut searched = self.returned;
        loop {
            let unsearched = &self.buffer[searched..];
            if let Some(length) = unsearched.iter().position(|byte| *byte == b'\n') {
                let newline = searched + length;
                return Ok(Some(self.pop_line(newline, newline + 1)));
            }
            searched = self.buffer.len();
            let held = self.buffer.len() - self.returned;
            let all_read = self.offset >= self.end || !self.read_piece()?;
            if held >= LINE_MAX || (all_read && ended && held > 0) {
                return Ok(Some(self.pop_line(searched, searched)));
            }
            if all_read {
                // The rest is the beginning of a line, and most often empty.
                self.buffer.drain(..self.returned);
                self.buffer.shrink_to_fit();
                self.returned = 0;
                return Ok(None);
            }
            searched -= self.drop_returned();
        }
    }

    /// Moves to the beginning of the last `lines` lines that `takes` accepts. If the first of them has no
    /// time, moves further back, to the line that it belongs to.
    pub(super) fn skip_to_last(
        &mut self,
        lines: usize,
        takes: impl Fn(&str) -> bool,
    ) -> Result<(), LogsError> {
        self.refresh()?;
        (self.offset, self.time) = (self.end, None);
        let mut found = 0;
        // The beginning of a line that ends in the piece after.
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
                // The newline at the end of a piece closes the last line and opens none.
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

    /// Returns the bytes before `to` as a line, and goes on at `next`.
    fn pop_line(&mut self, to: usize, next: usize) -> Line {
        let bytes = self.buffer[self.returned..to].to_vec();
        self.returned = next;
        self.time = stamp(&bytes).or(self.time);
        Line { time: self.time, bytes }
    }

    /// Drops the bytes that were returned, and returns their number.
    fn drop_returned(&mut self) -> usize {
        self.buffer.drain(..self.returned);
        std::mem::take(&mut self.returned)
    }

    /// Reads the next piece. Returns false if there was none.
    fn read_piece(&mut self) -> Result<bool, LogsError> {
        let length = (self.end - self.offset).min(PIECE as u64);
        let mut buffer = std::mem::take(&mut self.buffer);
        let read = self.read(self.offset, length, &mut buffer);
        self.buffer = buffer;
        let read = read? as u64;
        self.offset += read;
        Ok(read > 0)
    }

    /// Appends up to `length` bytes from `offset` on. Returns their number.
    fn read(&self, offset: u64, length: u64, buffer: &mut Vec<u8>) -> Result<usize, LogsError> {
        let mut read = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(offset))?;
            file.take(length).read_to_end(buffer)
        };
        match read() {
            Ok(read) => Ok(read),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(self.unreadable(error)),
        }
    }

    fn unreadable(&self, error: io::Error) -> LogsError {
        LogsError::Unreadable { path: self.path.clone(), error }
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_suffix(b"\r").unwrap_or(bytes))
}

#[cfg(test)]
mod tests;
