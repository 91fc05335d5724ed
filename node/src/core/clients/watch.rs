//! The notices to watchers.
//!
//! A watcher that wants versions is first sent those already stored, a page at a time, each when its
//! connection has room. A node holds more than may be queued for a client that does not read.

use std::sync::Arc;

use super::watchers::{Cursor, Watcher, Watchers};
use crate::core::figure::count;
use crate::core::io::{ConnId, Output};
use crate::core::state::Core;
use crate::wire::{Change, Frame, Notice, Policy, Prefix, Refusal, Reply, RequestId, Version};

/// The size of one page of notices about stored versions, in bytes.
///
/// Chosen: as much as the shell writes to a socket in one flush.
const PAGE_BYTES: usize = 64 << 10;
/// The estimated size of a notice about a version without its key, in bytes.
///
/// Arithmetic: author and rank take 152 hexadecimal digits under `last`, stamp and field names the
/// rest.
const NOTICE_BYTES: usize = 256;

impl Core {
    /// Adds a watcher. Returns the answer at once, or `None` if it follows all versions already
    /// stored.
    pub(in crate::core) fn watch(
        &mut self,
        conn: ConnId,
        id: RequestId,
        versions: bool,
    ) -> Option<Result<Reply, Refusal>> {
        let cursor = versions.then_some(Cursor { id, after: None });
        let before = self.watchers.conns.insert(conn, Watcher { versions, cursor });
        if let Some(Cursor { id, .. }) = before.and_then(|watcher| watcher.cursor) {
            // The new watch sends all that the old one had left.
            self.send_reply(conn, id, Ok(self.watching()));
        }
        if versions {
            self.send_stored_page(conn);
            return None;
        }
        Some(Ok(self.watching()))
    }

    /// Sends a watcher the next page of the versions already stored, for which its connection has
    /// room.
    pub(in crate::core) fn send_stored_page(&mut self, conn: ConnId) {
        let Some(Cursor { id, after }) = self.watchers.conns.get(&conn).and_then(|watcher| watcher.cursor)
        else {
            return;
        };
        let (mut size, mut last) = (0, None);
        let mut held = self.store.range(Prefix::ALL, after);
        while size < PAGE_BYTES
            && let Some(held) = held.next()
        {
            size += held.version.key().len() + NOTICE_BYTES;
            let frame = Arc::new(stored(&held.version, self.config.policy));
            self.out.push(Output::Send { conn, frame });
            last = Some(&held.version);
        }
        let cursor =
            last.filter(|_| held.next().is_some()).map(|last| Cursor { id, after: Some(last.key_hash()) });
        if let Some(watcher) = self.watchers.conns.get_mut(&conn) {
            watcher.cursor = cursor;
        }
        if cursor.is_some() {
            self.out.push(Output::AwaitRoom { conn });
        } else {
            self.send_reply(conn, id, Ok(self.watching()));
        }
    }

    /// Returns the answer to `watch`.
    fn watching(&self) -> Reply {
        Reply::Watching(self.change(self.watchers.sequence))
    }

    /// Sends the watchers the versions stored in this call, then the change as a whole, which is
    /// computed only if a watcher receives it.
    pub(in crate::core) fn notify_watchers(&mut self) {
        let Watchers { changed, stored: versions, .. } = &mut self.watchers;
        let (changed, versions) = (std::mem::take(changed), std::mem::take(versions));
        if !changed || self.watchers.conns.is_empty() {
            return;
        }
        for version in versions {
            let frame = Arc::new(stored(&version, self.config.policy));
            let wanted = self.watchers.conns.iter().filter(|(_, watcher)| watcher.versions);
            self.out.extend(wanted.map(|(conn, _)| Output::Send { conn: *conn, frame: frame.clone() }));
        }
        let frame = Arc::new(Frame::Notice(Notice::Changed(self.change(self.watchers.sequence))));
        // A watcher that has not been answered yet learns of the change with the answer.
        let everybody = self.watchers.conns.iter().filter(|(_, watcher)| watcher.cursor.is_none());
        self.out.extend(everybody.map(|(conn, _)| Output::Send { conn: *conn, frame: frame.clone() }));
    }

    /// Returns the present state.
    fn change(&self, sequence: u64) -> Change {
        Change {
            incarnation: self.config.incarnation,
            sequence,
            digest: self.digest(),
            peers: count(self.links.len()),
        }
    }
}

/// Returns the notice of a stored version.
fn stored(version: &Version, policy: Policy) -> Frame {
    Frame::Notice(Notice::Stored {
        key: version.key().to_owned(),
        stamp: version.stamp(),
        author: version.author(),
        rank: version.rank(policy),
    })
}
