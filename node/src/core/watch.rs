//! Those who want to be told of every change.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::io::ConnId;
use super::{Core, count};
use crate::wire::{Change, Frame, Notice, Policy, Prefix, Reply, Version};

/// The watchers, and what they have not been told yet.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    /// Whether each also wants every stored version.
    conns: BTreeMap<ConnId, bool>,
    sequence: u64,
    changed: bool,
    /// Stored within this call, if anybody wants to know.
    stored: Vec<Arc<Version>>,
    policy: Policy,
}

impl Watchers {
    /// Nobody watches yet.
    pub(super) fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

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

    /// What is to be told now: the versions stored, then the change as a whole, which is asked for
    /// only where somebody hears of it.
    fn take_notices(&mut self, change: impl FnOnce(u64) -> Change) -> Vec<(ConnId, Arc<Frame>)> {
        let mut notices = Vec::new();
        for version in std::mem::take(&mut self.stored) {
            let frame = Arc::new(stored(&version, self.policy));
            let wanted = self.conns.iter().filter(|(_, versions)| **versions);
            notices.extend(wanted.map(|(conn, _)| (*conn, frame.clone())));
        }
        if std::mem::take(&mut self.changed) && !self.conns.is_empty() {
            let frame = Arc::new(Frame::Notice(Notice::Changed(change(self.sequence))));
            notices.extend(self.conns.keys().map(|conn| (*conn, frame.clone())));
        }
        notices
    }
}

impl Core {
    pub(super) fn watch(&mut self, conn: ConnId, versions: bool) -> Reply {
        self.watchers.conns.insert(conn, versions);
        if versions {
            for held in self.store.range(Prefix::ALL, None) {
                let frame = Arc::new(stored(&held.version, self.config.policy));
                self.effects.replies.push((conn, frame));
            }
        }
        Reply::Watching(self.change(self.watchers.sequence))
    }

    /// Takes out what watchers are to be told now.
    pub(super) fn take_notices(&mut self) -> Vec<(ConnId, Arc<Frame>)> {
        let mut watchers = std::mem::take(&mut self.watchers);
        let notices = watchers.take_notices(|sequence| self.change(sequence));
        self.watchers = watchers;
        notices
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
