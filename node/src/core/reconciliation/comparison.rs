//! Anti-entropy: finding the versions in which two stores differ, at a cost that grows with the
//! difference.
//!
//! Range-based set reconciliation (Meyer, *Range-Based Set Reconciliation and Authenticated Set
//! Representations*, 2022) over the trie of key hashes:
//!
//! - A differing summary of a range is answered with the summaries of its sixteenths.
//! - A small range is answered with the ids of all its versions.
//! - Versions with differing ids are asked for.
//!
//! Every message is answered from the present store alone, and both ends do the same, so each
//! learns the versions that it lacks. Each message is bounded. Another round finds what it left
//! out: a node that learnt a version begins again.

use std::collections::BTreeMap;

use super::pull::{QUESTION_KEYS_MAX, Question};
use crate::core::figure::{count, millis};
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{Hex, KeyHash, Leaf, Message, Policy, Prefix, RangeSummary, Version};

/// The number of versions up to which a range is compared version by version.
///
/// Chosen: the list of 32 ids (2.3 KiB) costs little more than the sixteen summaries of the next
/// level (1 KiB), and saves their round trip.
const SMALL_RANGE: u64 = 32;
/// The number of versions beyond which a range sent as a leaf is compared by ranges again: it grew
/// since it was summarised.
///
/// Chosen: a list of 256 ids takes 18 KiB, less than a third of a message.
const GROWN_RANGE: u64 = 8 * SMALL_RANGE;
/// The maximum number of differing ranges of one message that are pursued.
///
/// Arithmetic: their sixteenths are 8,192 summaries, eight messages of 64 KiB: an eighth of an
/// outbox.
const DIFFERENCES_MAX: usize = 512;
/// The maximum number of summaries in one message: 64 KiB on the wire (64 bytes each), a
/// sixteenth of the longest frame.
const SUMMARIES_MAX: usize = 1_024;
/// The maximum number of ids in one message: 72 KiB on the wire (72 bytes each), about a
/// sixteenth of the longest frame.
const ITEMS_MAX: usize = 1_024;

impl Core {
    /// Handles a neighbour's summaries of ranges: narrows, lists or asks for those that differ.
    pub(in crate::core) fn on_ranges(&mut self, conn: ConnId, ranges: &[RangeSummary], settled: bool) {
        if !self.is_drained(conn) {
            // The neighbour does not keep up with the messages sent to it already.
            return self.rounds.mark(conn, settled);
        }
        let mut differing: Vec<(RangeSummary, RangeSummary)> = ranges
            .iter()
            .map(|theirs| (*theirs, self.summary(theirs.prefix)))
            .filter(|(theirs, ours)| theirs != ours)
            .collect();
        if differing.len() > DIFFERENCES_MAX {
            // The start is random, so that ranges in which neither end can learn anything do not
            // hide the others.
            let first = self.draw(count(differing.len() - 1));
            differing.rotate_left(usize::try_from(first).unwrap_or(0));
            differing.truncate(DIFFERENCES_MAX);
        }
        let (mut narrower, mut leaves) = (Vec::new(), Vec::new());
        for (theirs, ours) in differing {
            let prefix = theirs.prefix;
            if ours.count.max(theirs.count) <= SMALL_RANGE || prefix.length() == Prefix::LENGTH_MAX {
                // This includes small ranges of which one end holds nothing: one question asks for
                // the missing versions of many of them.
                leaves.push(self.leaf(prefix, settled));
            } else if ours.count == 0 && !settled {
                // The whole range is missing here: no need to look closer, unless some versions may
                // be too young.
                self.queue_question(conn, settled, Question::Range { prefix, after: None });
            } else if theirs.count == 0 {
                narrower.push(ours);
            } else {
                narrower.extend((0..16).map(|nibble| self.summary(prefix.child(nibble))));
            }
        }
        self.send_ranges(conn, &narrower, settled);
        self.send_leaves(conn, leaves, settled, true);
        self.send_questions();
    }

    /// Handles a neighbour's lists of small ranges: asks for the versions that differ, and answers
    /// with its own list if `answer` is true.
    pub(in crate::core) fn on_leaves(&mut self, conn: ConnId, leaves: &[Leaf], settled: bool, answer: bool) {
        let (mut wanted, mut answers, mut grown) = (Vec::new(), Vec::new(), Vec::new());
        for leaf in leaves {
            let summary = self.summary(leaf.prefix);
            if summary.count > GROWN_RANGE {
                grown.push(summary);
                continue;
            }
            let theirs: BTreeMap<KeyHash, Hex<16>> =
                leaf.items.iter().filter(|(key, _)| leaf.prefix.contains(key)).copied().collect();
            let ours = |key: &KeyHash| self.store.get(key).map(|version| self.short_id(version));
            let differs = |key: &KeyHash, id: &Hex<16>| ours(key) != Some(*id);
            let wants =
                theirs.iter().filter(|(key, id)| differs(key, id) && !(settled && self.supersedes(key)));
            wanted.extend(wants.map(|(key, _)| *key));
            if answer {
                let mut leaf = self.leaf(leaf.prefix, settled);
                leaf.items.retain(|(key, id)| theirs.get(key) != Some(id));
                if !leaf.items.is_empty() {
                    answers.push(leaf);
                }
            }
        }
        for keys in wanted.chunks(QUESTION_KEYS_MAX) {
            self.queue_question(conn, settled, Question::Keys(keys.to_vec()));
        }
        self.send_ranges(conn, &grown, settled);
        self.send_leaves(conn, answers, settled, false);
        self.send_questions();
    }

    /// Returns the summary of the versions held in a range.
    pub(super) fn summary(&self, prefix: Prefix) -> RangeSummary {
        self.store.summary(prefix).of_range(prefix)
    }

    /// Returns the ids of all versions held in a range, without young ones if `settled` is true.
    fn leaf(&self, prefix: Prefix, settled: bool) -> Leaf {
        let held = self.store.range(prefix, None).map(|held| &held.version);
        let old_enough = held.filter(|version| !settled || !self.is_young(version));
        // Planted mistakes: see `omits_from_leaf`.
        let listed = old_enough.filter(|version| !self.omits_from_leaf(version));
        let items = listed.map(|version| (version.key_hash(), self.short_id(version))).collect();
        Leaf { prefix, items }
    }

    fn short_id(&self, version: &Version) -> Hex<16> {
        version.id(self.config.policy).truncated()
    }

    /// Returns true if a version may still be on its way by push: rounds among settled versions
    /// pass it over.
    fn is_young(&self, version: &Version) -> bool {
        version.stamp().wall_ms > self.now.wall_ms.saturating_sub(2 * millis(self.config.timing.graft))
    }

    /// Returns true if the version held of a key is young and wins over any that is not. A neighbour's other
    /// version, listed in a settled round, is then replaced there as soon as the young one arrives.
    fn supersedes(&self, key: &KeyHash) -> bool {
        self.config.policy == Policy::Last && self.store.get(key).is_some_and(|held| self.is_young(held))
    }

    fn send_ranges(&mut self, conn: ConnId, ranges: &[RangeSummary], settled: bool) {
        for ranges in ranges.chunks(SUMMARIES_MAX) {
            self.send_message(conn, Message::Ranges { ranges: ranges.to_vec(), settled });
        }
    }

    fn send_leaves(&mut self, conn: ConnId, leaves: Vec<Leaf>, settled: bool, answer: bool) {
        let (mut batch, mut items) = (Vec::new(), 0);
        for leaf in leaves {
            // A leaf without items counts as one item.
            items += leaf.items.len() + 1;
            if items > ITEMS_MAX && !batch.is_empty() {
                let leaves = std::mem::take(&mut batch);
                self.send_message(conn, Message::Leaves { leaves, settled, answer });
                items = leaf.items.len() + 1;
            }
            batch.push(leaf);
        }
        if !batch.is_empty() {
            self.send_message(conn, Message::Leaves { leaves: batch, settled, answer });
        }
    }
}
