//! Anti-entropy: finding what two stores differ in, at a cost that grows with the difference.
//!
//! Range-based set reconciliation (Meyer, *Range-Based Set Reconciliation and Authenticated Set
//! Representations*, 2022) over the trie of key hashes: summaries of ranges that differ are
//! answered with those of their sixteenths, small ranges with the ids of all they hold, and ids
//! that differ are asked for. Every message is answered from the present store alone, and both
//! ends do the same, so each learns what it lacks. What one message leaves out, being bounded, is
//! found by another round: whoever learnt anything begins again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::deadlines::Timer;
use super::io::ConnId;
use super::pull::{Pull, Question};
use super::sorted::Sorted;
use super::{Core, millis};
use crate::wire::{Hex, KeyHash, Leaf, Message, Prefix, RangeSummary, Version};

/// A range this small is compared version by version.
const SMALL: u64 = 32;
/// A leaf that grew beyond this since it was summarised is compared by ranges again.
const GROWN: u64 = 8 * SMALL;
/// How many differing ranges of one message are looked into.
const PURSUED: usize = 512;
/// How many summaries go into one message: 64 KiB on the wire.
const SUMMARIES: usize = 1_024;
/// How many ids go into one message: 72 KiB on the wire.
const ITEMS: usize = 1_024;
/// How many keys one question names.
pub(super) const KEYS: usize = 256;
/// The weight of one batch of versions; a single version may be greater.
const BATCH: usize = 64 << 10;
/// How long between two rounds with links that were marked, unless a pull ends before.
const SPACING: Duration = Duration::from_millis(100);

/// Whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// Links known or suspected to differ; whether young versions are to be passed over.
    marked: Sorted<ConnId, bool>,
    /// Whose mark was served last, and from when on the next one may be.
    served: Option<ConnId>,
    next_at: Duration,
    /// With whom the last periodic round was.
    periodic: Option<ConnId>,
    /// What is being asked for, of one neighbour at a time.
    pub(super) pull: Option<Pull>,
}

impl Rounds {
    /// Marks a link for reconciliation.
    pub(super) fn mark(&mut self, conn: ConnId, settled: bool) {
        let before = self.marked.get(&conn).copied().unwrap_or(true);
        self.marked.insert(conn, before && settled);
    }

    /// A link had its turn: the others come before it.
    pub(super) fn had_its_turn(&mut self, conn: ConnId) {
        self.served = Some(conn);
    }

    /// The next marked link may have its turn at once.
    pub(super) fn hurry(&mut self) {
        self.next_at = Duration::ZERO;
    }
}

impl Core {
    /// Begins a round with a neighbour.
    pub(super) fn begin_round(&mut self, conn: ConnId, settled: bool) {
        let Some(link) = self.links.get(&conn) else { return };
        self.stats.rounds += 1;
        if link.features.ranges {
            let ranges = vec![self.summary(Prefix::ALL)];
            self.tell(conn, Message::Ranges { ranges, settled });
        } else {
            self.begin_plain(conn);
        }
    }

    /// Sees to it that there are periodic rounds while there are links.
    pub(super) fn schedule_periodic_round(&mut self) {
        // The first comes after a drawn part of the interval, so that nodes that started together
        // do not go on together.
        let half_ms = millis(self.config.timing.reconcile) / 2;
        let wait = Duration::from_millis(half_ms + self.draw(half_ms));
        self.deadlines.set_if_none(Timer::Reconcile, self.now.monotonic + wait);
    }

    /// A round with one of the links in turn.
    pub(super) fn periodic_round(&mut self) {
        let next = next_after(self.links.keys().copied(), self.rounds.periodic);
        let Some(conn) = next else { return };
        self.rounds.periodic = Some(conn);
        self.begin_round(conn, true);
        self.deadlines.set(Timer::Reconcile, self.now.monotonic + self.config.timing.reconcile);
    }

    /// Gives a marked link its turn, now or soon.
    pub(super) fn consider_rounds(&mut self) {
        if self.rounds.pull.is_some() || !self.rounds.marked.keys().any(|conn| self.is_drained(*conn)) {
            return;
        }
        if self.rounds.next_at <= self.now.monotonic {
            self.next_marked_round();
        }
        if !self.rounds.marked.is_empty() {
            self.deadlines.set_if_none(Timer::Round, self.rounds.next_at);
        }
    }

    pub(super) fn next_marked_round(&mut self) {
        if self.rounds.pull.is_some() {
            return;
        }
        let drained = self.rounds.marked.keys().copied().filter(|conn| self.is_drained(*conn));
        let Some(conn) = next_after(drained, self.rounds.served) else { return };
        let settled = self.rounds.marked.remove(&conn).unwrap_or(false);
        self.rounds.served = Some(conn);
        self.rounds.next_at = self.now.monotonic + SPACING;
        self.begin_round(conn, settled);
    }

    /// A link is down: nothing is to be reconciled with it.
    pub(super) fn forget_rounds(&mut self, conn: ConnId) {
        self.rounds.marked.remove(&conn);
        if self.rounds.pull.as_ref().is_some_and(|pull| pull.conn == conn) {
            self.end_pull();
        }
    }

    /// Whether another link than this one waits for its turn and could have it.
    pub(super) fn another_waits(&self, conn: ConnId) -> bool {
        self.rounds.marked.keys().any(|other| *other != conn && self.is_drained(*other))
    }

    /// Whether nothing waits for a neighbour to read.
    fn is_drained(&self, conn: ConnId) -> bool {
        self.links.get(&conn).is_some_and(|link| !link.outbox.is_backlogged())
    }

    fn summary(&self, prefix: Prefix) -> RangeSummary {
        self.store.summary(prefix).of_range(prefix)
    }

    /// Whether a version may still be on its way by push: a round among settled versions passes it
    /// over.
    fn is_young(&self, version: &Version) -> bool {
        version.stamp().wall_ms > self.now.wall_ms.saturating_sub(2 * millis(self.config.timing.graft))
    }

    /// The ids of all that is held in a range.
    fn leaf(&self, prefix: Prefix, settled: bool) -> Leaf {
        let held = self.store.range(prefix, None).map(|held| &held.version);
        let old_enough = held.filter(|version| !settled || !self.is_young(version));
        // Planted mistakes: see there.
        let listed = old_enough.filter(|version| !self.leaves_out(version));
        let items = listed.map(|version| (version.key_hash(), self.short_id(version))).collect();
        Leaf { prefix, items }
    }

    fn short_id(&self, version: &Version) -> Hex<16> {
        version.id(self.config.policy).truncated()
    }

    /// A neighbour tells what it holds in these ranges.
    pub(super) fn on_ranges(&mut self, conn: ConnId, ranges: &[RangeSummary], settled: bool) {
        if !self.is_drained(conn) {
            // It does not keep up with what it is sent already.
            return self.rounds.mark(conn, settled);
        }
        let mut differing: Vec<(RangeSummary, RangeSummary)> = ranges
            .iter()
            .map(|theirs| (*theirs, self.summary(theirs.prefix)))
            .filter(|(theirs, ours)| theirs != ours)
            .collect();
        if differing.len() > PURSUED {
            // Drawn, so that ranges in which neither can learn anything do not hide the others.
            let first = self.draw(super::count(differing.len() - 1));
            differing.rotate_left(usize::try_from(first).unwrap_or(0));
            differing.truncate(PURSUED);
        }
        let (mut narrower, mut leaves) = (Vec::new(), Vec::new());
        for (theirs, ours) in differing {
            let prefix = theirs.prefix;
            if ours.count.max(theirs.count) <= SMALL || prefix.length() == Prefix::LENGTH_MAX {
                // So are small ranges of which one end holds nothing: what is lacking in many of
                // them is asked for in one question.
                leaves.push(self.leaf(prefix, settled));
            } else if ours.count == 0 && !settled {
                // All of it is lacking: no need to look closer, unless some of it may be too young.
                self.want(conn, settled, Question::Range { prefix, after: None });
            } else if theirs.count == 0 {
                narrower.push(ours);
            } else {
                narrower.extend((0..16).map(|nibble| self.summary(prefix.child(nibble))));
            }
        }
        self.send_ranges(conn, &narrower, settled);
        self.send_leaves(conn, leaves, settled, true);
        self.ask_more();
    }

    /// A neighbour tells all that it holds in these small ranges.
    pub(super) fn on_leaves(&mut self, conn: ConnId, leaves: &[Leaf], settled: bool, answer: bool) {
        let (mut wanted, mut answers, mut grown) = (Vec::new(), Vec::new(), Vec::new());
        for leaf in leaves {
            let summary = self.summary(leaf.prefix);
            if summary.count > GROWN {
                grown.push(summary);
                continue;
            }
            let theirs: BTreeMap<KeyHash, Hex<16>> =
                leaf.items.iter().filter(|(key, _)| leaf.prefix.contains(key)).copied().collect();
            let ours = |key: &KeyHash| self.store.get(key).map(|version| self.short_id(version));
            wanted.extend(theirs.iter().filter(|(key, id)| ours(key) != Some(**id)).map(|(key, _)| *key));
            if answer {
                let mut leaf = self.leaf(leaf.prefix, settled);
                leaf.items.retain(|(key, id)| theirs.get(key) != Some(id));
                if !leaf.items.is_empty() {
                    answers.push(leaf);
                }
            }
        }
        for keys in wanted.chunks(KEYS) {
            self.want(conn, settled, Question::Keys(keys.to_vec()));
        }
        self.send_ranges(conn, &grown, settled);
        self.send_leaves(conn, answers, settled, false);
        self.ask_more();
    }

    fn send_ranges(&mut self, conn: ConnId, ranges: &[RangeSummary], settled: bool) {
        for ranges in ranges.chunks(SUMMARIES) {
            self.tell(conn, Message::Ranges { ranges: ranges.to_vec(), settled });
        }
    }

    fn send_leaves(&mut self, conn: ConnId, leaves: Vec<Leaf>, settled: bool, answer: bool) {
        let (mut batch, mut items) = (Vec::new(), 0);
        for leaf in leaves {
            // A leaf without items still takes the place of one.
            items += leaf.items.len() + 1;
            if items > ITEMS && !batch.is_empty() {
                let leaves = std::mem::take(&mut batch);
                self.tell(conn, Message::Leaves { leaves, settled, answer });
                items = leaf.items.len() + 1;
            }
            batch.push(leaf);
        }
        if !batch.is_empty() {
            self.tell(conn, Message::Leaves { leaves: batch, settled, answer });
        }
    }

    /// A neighbour lacks these versions. What does not fit into one batch it asks for again.
    pub(super) fn on_want(&mut self, conn: ConnId, keys: &[KeyHash]) {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let held = keys.iter().filter_map(|key| self.store.get(key));
        let (versions, _) = batch(held);
        self.tell(conn, Message::Have { versions, more: None });
    }

    /// A neighbour lacks a whole range, from a key on.
    pub(super) fn on_want_range(&mut self, conn: ConnId, prefix: Prefix, after: Option<KeyHash>) {
        let held = self.store.range(prefix, after).map(|held| &held.version);
        let (versions, more) = batch(held);
        self.tell(conn, Message::Have { versions, more: more.then_some(prefix) });
    }
}

/// As many versions as one message carries, at least one if there is one; and whether there are
/// more.
fn batch<'a>(versions: impl Iterator<Item = &'a Arc<Version>>) -> (Vec<Arc<Version>>, bool) {
    let (mut taken, mut weight) = (Vec::new(), 0);
    for version in versions {
        weight += version.weight();
        if weight > BATCH && !taken.is_empty() {
            return (taken, true);
        }
        taken.push(version.clone());
    }
    (taken, false)
}

/// The first after `last` or, past the end, the first of all.
fn next_after(conns: impl Iterator<Item = ConnId> + Clone, last: Option<ConnId>) -> Option<ConnId> {
    conns.clone().find(|conn| Some(*conn) > last).or_else(|| conns.min())
}
