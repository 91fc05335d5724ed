//! Whoever started this node and holds the other end of its standard input: told when the node
//! is ready, or why it never will be; when that end closes, however it came to be closed, the
//! node ends too. It may shift the node's clock, and fill its disk.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};

use crate::wire::NodeId;

/// What whoever started the node may tell it.
pub(super) enum Word {
    /// To put its wall clock so many milliseconds ahead of the machine's.
    ClockAhead(i64),
    /// That its disk is full, or has room again.
    DiskFull(bool),
}

impl Word {
    fn read(line: &[u8]) -> Option<Self> {
        let said: serde_json::Value = serde_json::from_slice(line).ok()?;
        let ahead_ms = said["clock_ahead_ms"].as_i64().map(Self::ClockAhead);
        ahead_ms.or_else(|| said["disk_full"].as_bool().map(Self::DiskFull))
    }

    /// What says that it is done: the same again.
    fn done(&self) -> serde_json::Value {
        match self {
            Self::ClockAhead(ahead_ms) => serde_json::json!({ "clock_ahead_ms": ahead_ms }),
            Self::DiskFull(full) => serde_json::json!({ "disk_full": full }),
        }
    }
}

/// The longest line that is read, in bytes.
const LINE: u64 = 4_096;

/// The end of the socket pair that is standard input.
pub(super) struct Supervisor(UnixStream);

impl Supervisor {
    /// Takes standard input, if it is a socket.
    pub(super) fn take() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        // Fails where it is no socket, before anything else depends on it.
        stream.local_addr()?;
        Ok(Self(stream))
    }

    /// Says that the node listens at `address`.
    pub(super) fn ready(&self, address: &str, node: &NodeId) {
        self.say(&serde_json::json!({ "ready": { "address": address, "node": node } }));
    }

    /// Says why the node cannot start.
    pub(super) fn failed(&self, reason: &str) {
        self.say(&serde_json::json!({ "failed": { "reason": reason } }));
    }

    /// Has done what is said here, until the other end is closed: `{"clock_ahead_ms": N}` puts the wall
    /// clock so far ahead of the machine's, `{"disk_full": true}` fills the disk. It is repeated when
    /// that is done. Anything else is passed over; a line that never ends is taken for the end.
    pub(super) async fn attend(self, act: impl Fn(&Word)) -> io::Result<()> {
        self.0.set_nonblocking(true)?;
        let mut stream = BufStream::new(tokio::net::UnixStream::from_std(self.0)?);
        loop {
            let mut line = Vec::new();
            let read = (&mut stream).take(LINE).read_until(b'\n', &mut line).await?;
            if read == 0 || !line.ends_with(b"\n") {
                return Ok(());
            }
            if let Some(word) = Word::read(&line) {
                act(&word);
                stream.write_all(format!("{}\n", word.done()).as_bytes()).await?;
                stream.flush().await?;
            }
        }
    }

    fn say(&self, line: &serde_json::Value) {
        // If nobody is there to hear it, the end of the stream says so soon.
        let _ = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}
