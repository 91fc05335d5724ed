//! Connections to a node that nobody uses now, for the next request.

use std::cell::RefCell;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::net::TcpStream;

/// The most connections that are kept. Chosen: as many requests as are usually under way at once.
const IDLE_MAX: usize = 64;

/// The idle connections to one port of a node. Each serves one request at a time.
#[derive(Debug)]
pub(super) struct Idle<T>(RefCell<Vec<T>>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Idle<T> {
    /// Returns the connection that was used last, of those that are fit for use; the others are closed.
    pub(super) fn reuse(&self, is_fit: impl Fn(&T) -> bool) -> Option<T> {
        let mut idle = self.0.borrow_mut();
        idle.retain(|connection| is_fit(connection));
        idle.pop()
    }

    /// Adds a connection whose request has been answered.
    pub(super) fn put_back(&self, connection: T) {
        let mut idle = self.0.borrow_mut();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// Returns true if a connection is open, and nothing has come that no request asked for.
pub(super) fn is_quiet(stream: &TcpStream) -> bool {
    let mut byte = [0_u8];
    recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT).is_err_and(|error| error == Errno::AGAIN)
}
