//! Dissemination: eager push along a tree, bare announcements on the other links, graft and prune.
//!
//! Plumtree: Leitão, Pereira, Rodrigues, *Epidemic Broadcast Trees* (2007), with the store as its
//! memory: a version at least as great as the one spoken of stands for it, so that no cache of
//! seen ids has to grow.

use std::sync::Arc;

use super::Core;
use super::deadlines::Timer;
use super::io::ConnId;
use super::missing::Overdue;
use super::store::Merged;
use crate::wire::{Announced, Frame, Message, Version};

/// How many announcements go out at once without waiting for more: 14 KiB on the wire.
const ANNOUNCE_AT_ONCE: usize = 64;

impl Core {
    /// A neighbour pushed a version.
    pub(super) fn on_push(&mut self, conn: ConnId, version: &Arc<Version>) {
        self.stats.payloads_received += 1;
        if !self.admit(conn, version) {
            return;
        }
        let author = version.author();
        let held_author = self.store.get(&version.key_hash()).map(|held| held.author());
        match self.merge(version, false) {
            Merged::Won => {
                self.trees.note(author);
                self.trees.delivered(author, conn);
                self.effects.learnt.push(version.clone());
                self.relay(version, Some(conn));
            }
            Merged::Equal { fetched } => {
                self.stats.duplicates += 1;
                let tree = self.links.get(&conn).is_some_and(|link| link.tree);
                // A first copy that was fetched says nothing about the tree; nor does a first copy
                // by another author, which `oldest` cannot tell from this one.
                if tree && !fetched && held_author == Some(author) && self.trees.repeated(author, conn) {
                    self.tell(conn, Message::Prune { author });
                }
            }
            Merged::Lost => {}
        }
    }

    /// Sends a version that has just won to all neighbours but the one it came from: whole on the
    /// eager links of its author's tree, announced on the lazy ones.
    pub(super) fn relay(&mut self, version: &Arc<Version>, from: Option<ConnId>) {
        let author = version.author();
        let (eager, lazy): (Vec<_>, Vec<_>) = self
            .links
            .iter()
            .filter(|(conn, _)| Some(**conn) != from)
            .map(|(conn, link)| (*conn, link.tree && self.trees.is_lazy(author, *conn)))
            .partition(|(_, lazy)| !lazy);
        let frame = Arc::new(Frame::Message(Message::Push(version.clone())));
        for (conn, _) in eager {
            self.hand(conn, frame.clone());
        }
        for (conn, _) in lazy {
            self.announce(conn, version);
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
            self.effects.learnt.push(version.clone());
            let announce = before + won <= super::count(ANNOUNCE_AT_ONCE);
            let others: Vec<_> = self
                .links
                .iter()
                .filter(|(other, _)| **other != conn)
                .map(|(other, link)| (*other, link.tree))
                .collect();
            let frame = Arc::new(Frame::Message(Message::Push(version.clone())));
            for (other, tree) in others {
                if !tree {
                    self.hand(other, frame.clone());
                } else if announce {
                    self.announce(other, version);
                }
            }
        }
        self.stats.fetched += won;
        won
    }

    /// Gathers an announcement for a neighbour.
    fn announce(&mut self, conn: ConnId, version: &Version) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        let rank = version.rank(self.config.policy);
        link.announcements.push(Announced { key: version.key_hash(), author: version.author(), rank });
        if link.announcements.len() >= ANNOUNCE_AT_ONCE {
            self.flush_announcements(conn);
        } else {
            let at = self.now.monotonic + self.config.timing.announce;
            self.deadlines.set_if_none(Timer::Announce(conn), at);
        }
    }

    pub(super) fn flush_announcements(&mut self, conn: ConnId) {
        self.deadlines.clear(&Timer::Announce(conn));
        let Some(link) = self.links.get_mut(&conn) else { return };
        let items = std::mem::take(&mut link.announcements);
        if !items.is_empty() {
            self.tell(conn, Message::Announce(items));
        }
    }

    /// A neighbour has versions that it did not push.
    pub(super) fn on_announce(&mut self, conn: ConnId, items: Vec<Announced>) {
        let at = self.now.monotonic + self.config.timing.graft;
        let policy = self.config.policy;
        for announced in items {
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
                }
                Overdue::GiveUp(conn) => self.rounds.mark(conn, false),
            }
        }
    }

    /// A neighbour misses a version that was announced to it: it, or what replaced it, is pushed,
    /// and the link belongs to the author's tree from now on.
    pub(super) fn on_graft(&mut self, conn: ConnId, wanted: Announced) {
        self.trees.wanted(wanted.author, conn);
        let held = self.store.get(&wanted.key).filter(|held| held.rank(self.config.policy) >= wanted.rank);
        if let Some(version) = held.cloned() {
            self.tell(conn, Message::Push(version));
        }
    }
}
