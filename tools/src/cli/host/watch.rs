//! The state of the network, for the clients that look on.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::Host;
use crate::cli::control::{Reply, answer};

impl Host {
    /// Sends the state, and then every event, to a client.
    pub(super) fn watch(&mut self, stream: UnixStream, ready: Duration) {
        let Ok(state) = serde_json::to_string(&Reply::Network(Box::new(self.state(ready)))) else { return };
        let Some(reader) = self.feed.subscribe(Some(state.into())) else {
            return answer(stream, &Reply::Busy);
        };
        // Without a thread to serve it, the client's connection is closed.
        let _: io::Result<()> = self.watchers.serve(stream, reader, self.world.waker());
    }

    /// Sends the state to all clients that look on.
    pub(super) fn tell_state(&self) {
        if self.feed.has_readers()
            && let Ok(line) = serde_json::to_string(&Reply::Network(Box::new(self.state(self.ready))))
        {
            self.feed.publish_line(&line);
        }
    }
}
