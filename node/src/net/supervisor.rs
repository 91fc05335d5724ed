//! The supervisor: the process that started this node and holds the other end of its standard input.
//!
//! The node reports to it that it is ready, or why it cannot start. When that end closes, for whatever
//! reason, the node ends too. The supervisor may shift the node's clock and fill its disk.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufStream};

use crate::wire::NodeId;

/// A command of the supervisor to the node.
pub(super) enum SupervisorCommand {
    /// Puts the wall clock this many milliseconds ahead of the machine's.
    ClockAhead(i64),
    /// Makes the disk full, or gives it room again.
    DiskFull(bool),
}

impl SupervisorCommand {
    /// Parses a line. Returns `None` where it is no command.
    fn parse(line: &[u8]) -> Option<Self> {
        let command: serde_json::Value = serde_json::from_slice(line).ok()?;
        let ahead_ms = command["clock_ahead_ms"].as_i64().map(Self::ClockAhead);
        ahead_ms.or_else(|| command["disk_full"].as_bool().map(Self::DiskFull))
    }

    /// Returns the confirmation: the same command again.
    fn confirmation(&self) -> serde_json::Value {
        match self {
            Self::ClockAhead(ahead_ms) => serde_json::json!({ "clock_ahead_ms": ahead_ms }),
            Self::DiskFull(full) => serde_json::json!({ "disk_full": full }),
        }
    }
}

/// The longest line that is read, in bytes. Chosen: a command has some 30 bytes, and others may come.
const LINE_MAX: u64 = 4_096;

/// The end of the socket pair that is standard input.
pub(super) struct Supervisor(UnixStream);

impl Supervisor {
    /// Returns the supervisor at standard input. Fails if that is no socket.
    pub(super) fn at_stdin() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        // Fails where it is no socket, before anything else depends on it.
        stream.local_addr()?;
        Ok(Self(stream))
    }

    /// Reports that the node listens at `address`.
    pub(super) fn report_ready(&self, address: &str, node: &NodeId) {
        self.write_line(&serde_json::json!({ "ready": { "address": address, "node": node } }));
    }

    /// Reports the reason why the node cannot start.
    pub(super) fn report_failure(&self, reason: &str) {
        self.write_line(&serde_json::json!({ "failed": { "reason": reason } }));
    }

    /// Carries out commands until the other end is closed. `{"clock_ahead_ms": N}` puts the wall clock N
    /// milliseconds ahead of the machine's, `{"disk_full": true}` fills the disk. Each command is confirmed by
    /// the same line. Other lines are ignored; a line longer than 4,096 bytes is taken for the end.
    pub(super) async fn run_commands(self, carry_out: impl Fn(&SupervisorCommand)) -> io::Result<()> {
        self.0.set_nonblocking(true)?;
        let mut stream = BufStream::new(tokio::net::UnixStream::from_std(self.0)?);
        loop {
            let mut line = Vec::new();
            let read = (&mut stream).take(LINE_MAX).read_until(b'\n', &mut line).await?;
            if read == 0 || !line.ends_with(b"\n") {
                return Ok(());
            }
            if let Some(command) = SupervisorCommand::parse(&line) {
                carry_out(&command);
                stream.write_all(format!("{}\n", command.confirmation()).as_bytes()).await?;
                stream.flush().await?;
            }
        }
    }

    fn write_line(&self, line: &serde_json::Value) {
        // If the other end is closed, the end of the stream shows it soon.
        let _ = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}
