//! The reader of lines from a pipe: all whole lines that have come, at once.

use std::io;
use std::time::Duration;

use memchr::memchr_iter;
use serde::de::IgnoredAny;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::time::Instant;

use crate::driver::pending::at;

/// The longest line, in bytes. Chosen: far above a `read_ok` of the largest workloads, and small beside a
/// mailbox.
const LINE_MAX: usize = 8 << 20;
/// The capacity of a pipe, in bytes: that of Linux unless it is set. One read takes as many.
pub(super) const PIPE_CAPACITY: usize = 64 << 10;
/// The time for which a whole message may lack the newline of its line. A message written in two pieces is
/// complete sooner. Chosen: noticed while the person still looks, and no scheduling delay lasts so long.
const UNENDED: Duration = Duration::from_secs(2);

/// The lines that a node writes.
pub(super) struct Lines {
    pipe: pipe::Receiver,
    buffer: Vec<u8>,
    /// The length of the part of the buffer without a newline.
    searched: usize,
    /// The time at which a whole message without a newline is given up, if there may be one.
    due: Option<Instant>,
}

/// The end of a node's lines, by its cause.
#[derive(Debug)]
pub(super) enum EndOfLines {
    /// The node closed its standard output.
    Closed,
    /// A line is longer than `LINE_MAX`.
    Endless,
    /// A whole message came without a newline.
    Unended(Vec<u8>),
}

impl Lines {
    pub(super) fn new(pipe: pipe::Receiver) -> Self {
        Self { pipe, buffer: Vec::new(), searched: 0, due: None }
    }

    /// Waits for lines, and hands over all whole lines that have come, newlines included. Cancelling the wait
    /// loses nothing.
    pub(super) async fn next(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), EndOfLines> {
        loop {
            let mut begins = 0;
            for end in memchr_iter(b'\n', &self.buffer[self.searched..]) {
                let ends = self.searched + end + 1;
                take(&self.buffer[begins..ends]);
                begins = ends;
            }
            if begins > 0 {
                self.buffer.drain(..begins);
                self.searched = 0;
                self.due = None;
                return Ok(());
            }
            self.searched = self.buffer.len();
            if self.searched > LINE_MAX {
                return Err(EndOfLines::Endless);
            }
            self.buffer.reserve(PIPE_CAPACITY);
            let read = tokio::select! {
                read = self.pipe.read_buf(&mut self.buffer) => read,
                () = at(self.due) => {
                    self.due = None;
                    if self.holds_message() {
                        return Err(EndOfLines::Unended(std::mem::take(&mut self.buffer)));
                    }
                    continue;
                }
            };
            match read {
                // The last line of a file needs no newline. Half a line is the rest of a killed node's
                // output.
                Ok(0) if self.holds_message() => {
                    take(&std::mem::take(&mut self.buffer));
                    self.searched = 0;
                    return Ok(());
                }
                Ok(0) => return Err(EndOfLines::Closed),
                Ok(_) => self.due = Some(Instant::now() + UNENDED),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(EndOfLines::Closed),
            }
        }
    }

    /// Returns true if the buffer holds a whole JSON value.
    fn holds_message(&self) -> bool {
        serde_json::from_slice::<IgnoredAny>(&self.buffer).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::fd::OwnedFd;

    use super::*;

    /// Writes to a pipe, closes it if `ends`, and returns everything read from it.
    async fn read(written: &str, ends: bool) -> (Vec<String>, Result<(), EndOfLines>) {
        let (from, mut to) = io::pipe().unwrap();
        to.write_all(written.as_bytes()).unwrap();
        let open = Some(to).filter(|_| !ends);
        let mut lines = Lines::new(pipe::Receiver::from_owned_fd(OwnedFd::from(from)).unwrap());
        let mut taken = Vec::new();
        let ended = loop {
            let next = lines.next(|line| taken.push(String::from_utf8_lossy(line).into_owned())).await;
            if next.is_err() || open.is_some() {
                break next;
            }
        };
        (taken, ended)
    }

    #[tokio::test]
    async fn a_message_without_the_end_of_its_line_is_told_as_that() {
        let (taken, ended) = read("{\"src\":\"n1\"}", false).await;
        assert!(taken.is_empty());
        assert!(matches!(ended, Err(EndOfLines::Unended(line)) if line == b"{\"src\":\"n1\"}"));
    }

    #[tokio::test]
    async fn the_last_line_needs_no_end_and_half_a_line_is_none() {
        let (taken, ended) = read("{\"a\":1}\n{\"b\":2}", true).await;
        assert_eq!(taken, ["{\"a\":1}\n", "{\"b\":2}"]);
        assert!(matches!(ended, Err(EndOfLines::Closed)));
        let (taken, ended) = read("{\"a\":1}\n{\"b\":", true).await;
        assert_eq!(taken, ["{\"a\":1}\n"]);
        assert!(matches!(ended, Err(EndOfLines::Closed)));
    }
}
