//! The watchers: connections that receive a notice of every change, and the changes still to be sent.

use std::sync::Arc;

use crate::core::io::ConnId;
use crate::core::sorted_map::SortedMap;
use crate::wire::{KeyHash, RequestId, Version};

/// The watchers, and the changes of which they have not been notified yet.
#[derive(Debug, Default)]
pub(in crate::core) struct Watchers {
    /// The watchers, by connection.
    pub(super) conns: SortedMap<ConnId, Watcher>,
    /// The number of the last change.
    pub(super) sequence: u64,
    /// True if there was a change within this call.
    pub(super) changed: bool,
    /// The versions stored within this call, if a watcher wants them.
    pub(super) stored: Vec<Arc<Version>>,
}

/// The state of one watcher.
#[derive(Debug)]
pub(super) struct Watcher {
    /// True if it also wants every stored version.
    pub(super) versions: bool,
    /// The part of the stored versions still to be sent, if any.
    pub(super) cursor: Option<Cursor>,
}

/// The position of a watcher in the versions already stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    /// The `watch` request, answered at the end.
    pub(super) id: RequestId,
    /// The hash of the last key that was sent.
    pub(super) after: Option<KeyHash>,
}

impl Watchers {
    /// Records that a version was stored.
    pub(in crate::core) fn record_version(&mut self, version: &Arc<Version>) {
        self.record_change();
        if self.conns.values().any(|watcher| watcher.versions) {
            self.stored.push(version.clone());
        }
    }

    /// Records that the digest or the list of neighbours changed; within one call that is one
    /// change.
    pub(in crate::core) fn record_change(&mut self) {
        if !self.changed {
            self.changed = true;
            self.sequence += 1;
        }
    }

    /// Forgets a connection that ended.
    pub(in crate::core) fn remove(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
    }
}
