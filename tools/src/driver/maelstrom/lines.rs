//! Lines out of a pipe, as many at once as have come.

use std::io;

use memchr::memchr_iter;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

/// The longest line, in bytes.
const LINE_MAX: usize = 8 << 20;
/// How much is read at once, in bytes: what a pipe holds.
const PORTION: usize = 64 << 10;

/// What a node writes.
pub(super) struct Lines {
    pipe: pipe::Receiver,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no end of a line.
    searched: usize,
}

/// Why there is no more line.
#[derive(Debug)]
pub(super) enum Ended {
    /// The node closed its standard output.
    Closed,
    /// A line is longer than a line may be.
    Endless,
}

impl Lines {
    pub(super) fn new(pipe: pipe::Receiver) -> Self {
        Self { pipe, buffer: Vec::new(), searched: 0 }
    }

    /// Hands over each whole line that has come, its end included; waits for some. Dropped while it
    /// waits, it has lost nothing.
    pub(super) async fn next(&mut self, mut take: impl FnMut(&[u8])) -> Result<(), Ended> {
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
                return Ok(());
            }
            self.searched = self.buffer.len();
            if self.searched > LINE_MAX {
                return Err(Ended::Endless);
            }
            self.buffer.reserve(PORTION);
            match self.pipe.read_buf(&mut self.buffer).await {
                Ok(0) => {
                    // A line without its end is half of what somebody who was killed had to say.
                    return Err(Ended::Closed);
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Ended::Closed),
            }
        }
    }
}
