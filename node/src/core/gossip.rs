//! Dissemination: eager push along a tree, bare announcements on the other links, graft and prune.
//!
//! Plumtree: Leitão, Pereira, Rodrigues, *Epidemic Broadcast Trees* (2007), with the store as its
//! memory: a version at least as great as the one spoken of stands for it, so that no cache of
//! seen ids has to grow.

use std::sync::Arc;

use super::Core;
use super::io::ConnId;
use super::missing::Overdue;
use super::mutant::Mutant;
use super::store::Merged;
use crate::wire::{Announced, Frame, Message, Version};

/// How many announcements go out at once without waiting for more: 14 KiB on the wire.
const ANNOUNCE_AT_ONCE: usize = 64;

/// A version as it is pushed.
fn pushed(version: &Arc<Version>) -> Arc<Frame> {
    Arc::new(Frame::Message(Message::Push(version.clone())))
}

impl Core {
    /// A neighbour pushed a version, in this frame.
    pub(super) fn on_push(&mut self, conn: ConnId, version: &Arc<Version>, frame: &Arc<Frame>) {
        self.stats.payloads_received += 1;
        if !self.admit(conn, version) {
            return;
        }
        let author = version.author();
        let held_author = self.store.get(&version.key_hash()).map(|held| held.author());
        match self.merge(version, false) {
            Merged::Won => {
                self.trees.note(author);
                self.trees.delivered(author, conn, self.now.monotonic);
                self.keep_with_next_commit(version);
                self.relay(version, Some((conn, frame)));
            }
            Merged::Equal { fetched } => {
                self.stats.duplicates += 1;
                let tree = self.links.get(&conn).is_some_and(|link| link.features.tree);
                // A first copy that was fetched says nothing about the tree; nor does a first copy
                // by another author, which `oldest` cannot tell from this one.
                let counts = tree && !fetched && held_author == Some(author);
                if counts && self.trees.repeated(author, conn, self.now.monotonic) {
                    self.tell(conn, Message::Prune { author });
                }
            }
            Merged::Lost => {}
        }
    }

    /// Sends a version that has just won to all neighbours but the one it came from: whole on the
    /// eager links of its author's tree, announced on the lazy ones. One frame goes all the way: that
    /// in which it came.
    pub(super) fn relay(&mut self, version: &Arc<Version>, from: Option<(ConnId, &Arc<Frame>)>) {
        let author = version.author();
        let (from, mut push) = from.map_or((None, None), |(conn, frame)| (Some(conn), Some(frame.clone())));
        if from.is_none() {
            let neighbours = self.links.values().filter(|link| link.features.tree).count();
            self.trees.originated(author, neighbours);
        }
        for index in 0..self.links.len() {
            let Some((&conn, link)) = self.links.at(index) else { break };
            if Some(conn) == from {
                continue;
            }
            if link.features.tree && self.trees.lazy(author).contains_key(&conn) {
                self.announce(conn, version);
            } else {
                self.hand(conn, push.get_or_insert_with(|| pushed(version)).clone());
            }
        }
    }

    /// Takes versions that were asked for, after so many learnt in the same pull; answers how many
    /// of these won. They prune nothing and are announced onward, a batch of them: the rounds that
    /// follow a pull tell of the others at a cost that does not grow with what was learnt.
    pub(super) fn learn(&mut self, conn: ConnId, versions: &[Arc<Version>], before: u64) -> u64 {
        let mut won = 0;
        for version in versions {
            if !self.admit(conn, version) || self.merge(version, true) != Merged::Won {
                continue;
            }
            won += 1;
            self.keep_with_next_commit(version);
            let announce = before + won <= super::count(ANNOUNCE_AT_ONCE);
            let mut push = None;
            for index in 0..self.links.len() {
                let Some((&other, link)) = self.links.at(index) else { break };
                if other == conn {
                    continue;
                }
                if !link.features.tree {
                    self.hand(other, push.get_or_insert_with(|| pushed(version)).clone());
                } else if announce {
                    self.announce(other, version);
                }
            }
        }
        self.stats.fetched += won;
        won
    }

    /// Gathers an announcement for a neighbour. What any of them is to be told goes out together.
    fn announce(&mut self, conn: ConnId, version: &Arc<Version>) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.announcements.push(version.clone());
        if link.announcements.len() >= ANNOUNCE_AT_ONCE {
            self.flush_announcements(conn);
        } else {
            self.announce_at.get_or_insert(self.now.monotonic + self.config.timing.announce);
        }
    }

    /// What was gathered for any neighbour goes out.
    pub(super) fn flush_all_announcements(&mut self) {
        self.announce_at = None;
        for index in 0..self.links.len() {
            let Some((&conn, link)) = self.links.at(index) else { break };
            if !link.announcements.is_empty() {
                self.flush_announcements(conn);
            }
        }
    }

    fn flush_announcements(&mut self, conn: ConnId) {
        let (policy, Some(link)) = (self.config.policy, self.links.get_mut(&conn)) else { return };
        let announced = |version: Arc<Version>| Announced {
            key: version.key_hash(),
            author: version.author(),
            rank: version.rank(policy),
        };
        let items = std::mem::take(&mut link.announcements).into_iter().map(announced).collect();
        self.tell(conn, Message::Announce(items));
    }

    /// A neighbour has versions that it did not push.
    pub(super) fn on_announce(&mut self, conn: ConnId, items: &[Announced]) {
        let at = self.now.monotonic + self.config.timing.graft;
        let policy = self.config.policy;
        for announced in items.iter().copied() {
            let held = self.store.get(&announced.key);
            if held.is_none_or(|held| held.rank(policy) < announced.rank)
                && !self.missing.note(conn, announced, at)
            {
                self.rounds.mark(conn, false);
            }
        }
    }

    /// Asks for what was announced and did not come.
    pub(super) fn graft_overdue(&mut self) {
        let (now, patience) = (self.now.monotonic, self.config.timing.graft / 2);
        while let Some(overdue) = self.missing.overdue(now, patience) {
            match overdue {
                Overdue::Graft(conn, announced) => {
                    self.trees.grafted(announced.author, conn);
                    self.tell(conn, Message::Graft(announced));
                    // A planted mistake: what was asked for is as good as there.
                    if self.mutated(Mutant::IgnoredGraft) {
                        self.missing.satisfied(&announced.key, &announced.rank);
                    }
                }
                Overdue::GiveUp(conns) => {
                    for conn in conns {
                        self.rounds.mark(conn, false);
                    }
                }
            }
        }
    }

    /// A neighbour misses a version that was announced to it: it, or what replaced it, is pushed,
    /// and the link belongs to the author's tree from now on.
    pub(super) fn on_graft(&mut self, conn: ConnId, wanted: Announced) {
        // A planted mistake: nothing comes of it.
        if self.mutated(Mutant::IgnoredGraft) {
            return;
        }
        self.trees.wanted(wanted.author, conn);
        let held = self.store.get(&wanted.key).filter(|held| held.rank(self.config.policy) >= wanted.rank);
        if let Some(version) = held.cloned() {
            self.tell(conn, Message::Push(version));
        }
    }
}
