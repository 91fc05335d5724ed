//! Those who want to be told of every change.

use std::sync::Arc;

use super::io::{ConnId, Output};
use super::sorted::Sorted;
use super::{Core, count};
use crate::wire::{Change, Frame, Notice, Policy, Prefix, Reply, Version};

/// The watchers, and what they have not been told yet.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// Whether each also wants every stored version.
    conns: Sorted<ConnId, bool>,
    sequence: u64,
    changed: bool,
    /// Stored within this call, if anybody wants to know.
    stored: Vec<Arc<Version>>,
}

impl Watchers {
    /// A version was stored.
    pub(super) fn stored(&mut self, version: &Arc<Version>) {
        self.changed();
        if self.conns.values().any(|versions| *versions) {
            self.stored.push(version.clone());
        }
    }

    /// The digest or the list of neighbours changed; within one call that is one change.
    pub(super) fn changed(&mut self) {
        if !self.changed {
            self.changed = true;
            self.sequence += 1;
        }
    }

    /// A connection ended.
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.conns.remove(&conn);
    }
}

impl Core {
    pub(super) fn watch(&mut self, conn: ConnId, versions: bool) -> Reply {
        self.watchers.conns.insert(conn, versions);
        if versions {
            for held in self.store.range(Prefix::ALL, None) {
                let frame = Arc::new(stored(&held.version, self.config.policy));
                self.out.push(Output::Send { conn, frame });
            }
        }
        Reply::Watching(self.change(self.watchers.sequence))
    }

    /// Tells the watchers: the versions stored, then the change as a whole, which is worked out only
    /// where somebody hears of it.
    pub(super) fn tell_watchers(&mut self) {
        let Watchers { changed, stored: versions, .. } = &mut self.watchers;
        let (changed, versions) = (std::mem::take(changed), std::mem::take(versions));
        if !changed || self.watchers.conns.is_empty() {
            return;
        }
        for version in versions {
            let frame = Arc::new(stored(&version, self.config.policy));
            let wanted = self.watchers.conns.iter().filter(|(_, versions)| **versions);
            self.out.extend(wanted.map(|(conn, _)| Output::Send { conn: *conn, frame: frame.clone() }));
        }
        let frame = Arc::new(Frame::Notice(Notice::Changed(self.change(self.watchers.sequence))));
        let everybody = self.watchers.conns.keys();
        self.out.extend(everybody.map(|conn| Output::Send { conn: *conn, frame: frame.clone() }));
    }

    /// The present state.
    fn change(&self, sequence: u64) -> Change {
        Change {
            incarnation: self.config.incarnation,
            sequence,
            digest: self.digest(),
            peers: count(self.links.len()),
        }
    }
}

fn stored(version: &Version, policy: Policy) -> Frame {
    Frame::Notice(Notice::Stored {
        key: version.key().to_owned(),
        stamp: version.stamp(),
        author: version.author(),
        rank: version.rank(policy),
    })
}
