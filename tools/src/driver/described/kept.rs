//! Connections to a node that are kept for the next request while nobody uses them.

use std::cell::RefCell;

/// The most connections that are kept. Chosen: as many requests as are usually under way at once.
const KEPT_MAX: usize = 64;

/// Connections to one port of a node. Each serves one request at a time.
#[derive(Debug)]
pub(super) struct Kept<T>(RefCell<Vec<T>>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Kept<T> {
    /// Takes the connection that was used last, of those that `is_open` finds open.
    pub(super) fn take(&self, is_open: impl Fn(&T) -> bool) -> Option<T> {
        let mut kept = self.0.borrow_mut();
        kept.retain(|connection| is_open(connection));
        kept.pop()
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep(&self, connection: T) {
        let mut kept = self.0.borrow_mut();
        if kept.len() < KEPT_MAX {
            kept.push(connection);
        }
    }
}
