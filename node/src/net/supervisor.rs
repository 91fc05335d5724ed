//! Whoever started this node and holds the other end of its standard input: told when the node
//! is ready, or why it never will be; when that end closes, however it came to be closed, the
//! node ends too.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use crate::wire::NodeId;

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

    /// Waits until the other end is closed. What is said to the node here is passed over.
    pub(super) async fn gone(self) -> io::Result<()> {
        self.0.set_nonblocking(true)?;
        let stream = tokio::net::UnixStream::from_std(self.0)?;
        let mut scratch = [0; 64];
        loop {
            stream.readable().await?;
            match stream.try_read(&mut scratch) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn say(&self, line: &serde_json::Value) {
        // If nobody is there to hear it, the end of the stream says so soon.
        let _ = (&self.0).write_all(format!("{line}\n").as_bytes());
    }
}
