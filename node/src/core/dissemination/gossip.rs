//! Dissemination: eager push along a tree, bare announcements on the lazy links, graft and prune.
//!
//! Plumtree: Leitão, Pereira, Rodrigues, *Epidemic Broadcast Trees* (2007). The store takes the
//! place of a cache of seen ids, which would grow: a held version at least as great as an announced
//! one counts as that one.

use std::sync::Arc;

use super::missing::Overdue;
use crate::core::figure::count;
use crate::core::io::ConnId;
use crate::core::mutant::Mutant;
use crate::core::state::Core;
use crate::core::storage::Merged;
use crate::wire::{Announced, Frame, Message, Version};

/// The number of announcements that are sent at once without waiting for more.
///
/// Chosen: 14 KiB on the wire (224 bytes each), so that pushes do not wait long behind them.
const ANNOUNCE_AT_ONCE: usize = 64;

impl Core {
    /// Handles a version that a neighbour pushed in this frame. `stray` is true if it left its tree
    /// on the way.
    pub(in crate::core) fn on_push(
        &mut self,
        conn: ConnId,
        version: &Arc<Version>,
        frame: &Arc<Frame>,
        stray: bool,
    ) {
        self.counters.payloads_received += 1;
        if !self.admit(conn, version) {
            return;
        }
        let author = version.author();
        let held_author = self.store.get(&version.key_hash()).map(|held| held.author());
        match self.merge(version, false) {
            Merged::Won => {
                self.trees.count_write(author);
                let along_tree = self.trees.record_first_copy(author, conn, stray, self.now.monotonic);
                self.persist_with_next_commit(version);
                self.log_arrival(conn, version);
                if along_tree || stray {
                    self.relay(version, Some((conn, frame)));
                } else {
                    let strayed = Arc::new(Frame::Message(Message::Stray(version.clone())));
                    self.relay(version, Some((conn, &strayed)));
                }
            }
            Merged::Equal { fetched } => {
                self.counters.duplicates += 1;
                let tree = self.links.get(&conn).is_some_and(|link| link.features.tree);
                // A first copy that was fetched says nothing about the tree. Nor does a first copy
                // by another author, which `oldest` cannot tell from this one.
                let counts = tree && !fetched && held_author == Some(author);
                if counts && self.trees.record_duplicate(author, conn, self.now.monotonic) {
                    self.send_message(conn, Message::Prune { author });
                }
            }
            Merged::Lost => {}
        }
    }

    /// Sends a version that has just won to all neighbours but the one it came from: whole on the
    /// eager links of its author's tree, announced on the lazy ones. `from` holds that neighbour
    /// and the frame to push, which is shared and not copied.
    pub(in crate::core) fn relay(&mut self, version: &Arc<Version>, from: Option<(ConnId, &Arc<Frame>)>) {
        let author = version.author();
        let (from, mut push) = from.map_or((None, None), |(conn, frame)| (Some(conn), Some(frame.clone())));
        if from.is_none() {
            let neighbours = self.links.values().filter(|link| link.features.tree).count();
            self.trees.prepare_write(author, neighbours);
        }
        for index in 0..self.links.len() {
            let Some((&conn, link)) = self.links.at(index) else { break };
            if Some(conn) == from {
                continue;
            }
            if link.features.tree && self.trees.lazy(author).contains_key(&conn) {
                self.announce(conn, version);
            } else {
                self.send_frame(conn, push.get_or_insert_with(|| push_frame(version)).clone());
            }
        }
    }

    /// Merges versions that were asked for, and returns how many of them won; `before` is the
    /// number learnt earlier in the same pull. They cause no prune. The first [`ANNOUNCE_AT_ONCE`]
    /// of a pull are announced to the other neighbours; the rounds after the pull carry the rest,
    /// at a cost that does not grow with their number. Neighbours without trees receive each
    /// version whole.
    pub(in crate::core) fn merge_fetched(
        &mut self,
        conn: ConnId,
        versions: &[Arc<Version>],
        before: u64,
    ) -> u64 {
        let mut won = 0;
        for version in versions {
            if !self.admit(conn, version) || self.merge(version, true) != Merged::Won {
                continue;
            }
            won += 1;
            self.persist_with_next_commit(version);
            self.log_arrival(conn, version);
            let announce = before + won <= count(ANNOUNCE_AT_ONCE);
            let mut push = None;
            for index in 0..self.links.len() {
                let Some((&other, link)) = self.links.at(index) else { break };
                if other == conn {
                    continue;
                }
                if !link.features.tree {
                    self.send_frame(other, push.get_or_insert_with(|| push_frame(version)).clone());
                } else if announce {
                    self.announce(other, version);
                }
            }
        }
        self.counters.fetched += won;
        won
    }

    /// Gathers an announcement for a neighbour. All gathered ones are sent together.
    fn announce(&mut self, conn: ConnId, version: &Arc<Version>) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.announcements.push(version.clone());
        if link.announcements.len() >= ANNOUNCE_AT_ONCE {
            self.flush_announcements(conn);
        } else {
            self.announce_at.get_or_insert(self.now.monotonic + self.config.timing.announce);
        }
    }

    /// Sends the gathered announcements of all neighbours.
    pub(in crate::core) fn flush_all_announcements(&mut self) {
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
        self.send_message(conn, Message::Announce(items));
    }

    /// Handles announcements: a neighbour has versions that it did not push.
    pub(in crate::core) fn on_announce(&mut self, conn: ConnId, items: &[Announced]) {
        let at = self.now.monotonic + self.config.timing.graft;
        let policy = self.config.policy;
        for announced in items.iter().copied() {
            let held = self.store.get(&announced.key);
            if held.is_none_or(|held| held.rank(policy) < announced.rank)
                && !self.missing.add(conn, announced, at)
            {
                self.rounds.mark(conn, false);
            }
        }
    }

    /// Sends grafts for announced versions that did not come, and marks links whose versions are
    /// given up.
    pub(in crate::core) fn graft_overdue(&mut self) {
        let (now, patience) = (self.now.monotonic, self.config.timing.graft / 2);
        while let Some(overdue) = self.missing.next_overdue(now, patience) {
            match overdue {
                Overdue::Graft(conn, announced) => {
                    self.trees.record_graft_sent(announced.author, conn);
                    self.send_message(conn, Message::Graft(announced));
                    // A planted mistake: the version counts as received.
                    if self.mutated(Mutant::IgnoredGraft) {
                        self.missing.satisfy(&announced.key, &announced.rank);
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

    /// Handles a graft: pushes the announced version, or the one that replaced it, and makes the
    /// link eager for the author's tree.
    pub(in crate::core) fn on_graft(&mut self, conn: ConnId, wanted: Announced) {
        // A planted mistake: the graft is ignored.
        if self.mutated(Mutant::IgnoredGraft) {
            return;
        }
        self.trees.record_graft_received(wanted.author, conn);
        let held = self.store.get(&wanted.key).filter(|held| held.rank(self.config.policy) >= wanted.rank);
        if let Some(version) = held.cloned() {
            self.send_message(conn, Message::Push(version));
        }
    }
}

/// Returns the frame that pushes a version.
fn push_frame(version: &Arc<Version>) -> Arc<Frame> {
    Arc::new(Frame::Message(Message::Push(version.clone())))
}
