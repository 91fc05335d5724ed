//! The writer of lines to a node's standard input: one line in one write, and the next when the node has taken
//! that; or many lines in one write, which is faster.
//!
//! Many programs wait with `select` and then read one line through a buffer. Two lines in one read would leave
//! the second in that buffer, where `select` does not see it.

use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::io::Interest;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::lines::PIPE_CAPACITY;
use crate::driver::Mailbox;

/// The longest time for which a line waits until the node has taken the one before. Chosen: a node that waits for
/// input takes it sooner even on busy cores, and one that seldom reads gets a thousand lines a second.
const PATIENCE: Duration = Duration::from_millis(1);

/// Writes the lines from a node's mailbox to its standard input until the node closes that. With `many`, one write
/// takes the lines that wait, up to the capacity of a pipe and one line more. Returns the number of writes.
pub(super) async fn forward_lines(mailbox: &dyn Mailbox, mut input: pipe::Sender, many: bool) -> u64 {
    let mut count = 0;
    if many {
        loop {
            let mut lines = mailbox.next().await.into_vec();
            while lines.len() < PIPE_CAPACITY
                && let Some(line) = mailbox.try_next()
            {
                lines.extend_from_slice(&line);
            }
            if input.write_all(&lines).await.is_err() {
                return count;
            }
            count += 1;
        }
    }
    let input = LineWriter::new(input);
    loop {
        if input.write(&mailbox.next().await).await.is_err() {
            return count;
        }
        count += 1;
    }
}

/// The pipe to a node's standard input.
///
/// It holds one page, and so one write: the kernel reports it as writable only when it is empty. A longer line
/// goes through it page by page.
struct LineWriter {
    pipe: pipe::Sender,
}

impl LineWriter {
    fn new(pipe: pipe::Sender) -> Self {
        // Any size is rounded up to a page. Where the kernel keeps a larger pipe, each line waits its full time.
        let _: rustix::io::Result<usize> = rustix::pipe::fcntl_setpipe_size(&pipe, 1);
        Self { pipe }
    }

    /// Returns the number of bytes that the node has not read.
    fn unread(&self) -> io::Result<u64> {
        Ok(rustix::io::ioctl_fionread(&self.pipe)?)
    }

    /// Writes a line, newline included, once the node has read all lines before, or does not do so in time.
    async fn write(&self, line: &[u8]) -> io::Result<()> {
        if self.unread()? > 0
            && let Ok(emptied) = timeout(PATIENCE, self.emptied()).await
        {
            emptied?;
        }
        let mut rest = line;
        while !rest.is_empty() {
            let count = match self.put(rest) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.pipe.writable().await?;
                    match self.pipe.try_io(|| self.put(rest)) {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
                        done => done?,
                    }
                }
                done => done?,
            };
            rest = &rest[count..];
        }
        Ok(())
    }

    /// Writes as much as the pipe takes at once.
    fn put(&self, bytes: &[u8]) -> io::Result<usize> {
        Ok(rustix::io::write(&self.pipe, bytes)?)
    }

    /// Waits until the pipe is empty.
    async fn emptied(&self) -> io::Result<()> {
        loop {
            if self.pipe.ready(Interest::WRITABLE).await?.is_write_closed() {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            // An error of this kind has the next turn wait for news of the kernel.
            let is_empty = || match self.unread()? {
                0 => Ok(()),
                _ => Err(io::ErrorKind::WouldBlock.into()),
            };
            match self.pipe.try_io(is_empty) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::fd::OwnedFd;

    use super::*;

    fn open() -> (LineWriter, io::PipeReader) {
        let (from, to) = io::pipe().unwrap();
        (LineWriter::new(pipe::Sender::from_owned_fd(OwnedFd::from(to)).unwrap()), from)
    }

    #[tokio::test]
    async fn a_line_waits_until_the_one_before_has_been_read() {
        let (writer, mut from) = open();
        writer.write(b"1\n").await.unwrap();
        let reading = std::thread::spawn(move || {
            let mut reads = Vec::new();
            let mut buffer = [0; 64];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                reads.push(buffer[..count].to_vec());
            }
            reads
        });
        for _ in 1..200 {
            // Without the bound on the wait, only the reader ends it.
            writer.emptied().await.unwrap();
            writer.write(b"1\n").await.unwrap();
        }
        drop(writer);
        assert_eq!(reading.join().unwrap(), vec![b"1\n".to_vec(); 200]);
    }

    #[tokio::test]
    async fn a_reader_that_reads_nothing_is_written_to_all_the_same() {
        let (writer, mut from) = open();
        for _ in 0..5 {
            writer.write(b"1\n").await.unwrap();
        }
        assert_eq!(writer.unread().unwrap(), 10);
        drop(writer);
        let mut all = String::new();
        from.read_to_string(&mut all).unwrap();
        assert_eq!(all, "1\n".repeat(5));
    }

    #[tokio::test]
    async fn a_line_longer_than_the_pipe_is_written_whole() {
        let (writer, mut from) = open();
        let line = [vec![b'x'; 1 << 20], vec![b'\n']].concat();
        let reading = std::thread::spawn(move || {
            let mut all = Vec::new();
            from.read_to_end(&mut all).map(|_| all).unwrap()
        });
        writer.write(&line).await.unwrap();
        drop(writer);
        assert_eq!(reading.join().unwrap(), line);
    }

    #[tokio::test]
    async fn a_closed_pipe_is_an_error() {
        let (writer, from) = open();
        writer.write(b"1\n").await.unwrap();
        drop(from);
        assert_eq!(writer.write(b"2\n").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
