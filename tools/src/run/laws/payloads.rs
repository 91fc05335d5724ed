//! The law of payloads: a write on a quiet network costs no more copies than a tree and a little.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Breach, Law};
use crate::driver::NATIVE_GRAFT as GRAFT;
use crate::text;
use crate::world::NodeIndex;

/// The quiet that is required before a judged write, with no fault and no change: ten graft delays.
const QUIET: Duration = Duration::from_secs(5);
/// The time after a write in which its copies are counted: by then nodes have grafted
/// all that was not pushed.
const SPREAD: Duration = GRAFT.saturating_mul(2);
/// The number of an author's writes that warm its tree. Chosen with a margin: the first few writes
/// prune nearly all links that are not of the tree.
const EARLIER: usize = 20;
/// The least distance between two writes that warm a tree: a burst warms it only once. Chosen: several round
/// trips of a usual link, since prunes take that long to arrive.
const APART: Duration = Duration::from_millis(50);
/// The number of versions counted but not judged at which the older half is forgotten. Chosen:
/// less than a megabyte of memory.
const COUNTED: usize = 4_096;
/// The most writes judged at once; more of them within the time to spread are not judged. Chosen:
/// as many as are counted.
const JUDGED: usize = 4_096;

/// The cost of a write on a quiet network.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Cost<'a> {
    pub key: &'a str,
    pub rank: &'a str,
    /// The node that acknowledged the write.
    pub author: &'a str,
    /// The time of the acknowledgement.
    pub at: Duration,
    /// The number of nodes in its component at that time.
    pub nodes: usize,
    /// The number of its copies that nodes sent each other, by any path.
    pub copies: u64,
}

impl Cost<'_> {
    /// Returns the most copies allowed: a tree, which is one for each other node, and half as many again. In
    /// simulation, authors with trees of their own keep to the tree; the half is for those that share one.
    fn most(&self) -> u64 {
        let tree = u64::try_from(self.nodes.saturating_sub(1)).unwrap_or(u64::MAX / 2);
        tree + tree.div_ceil(2)
    }
}

/// Judges the law of **payloads**. A write is sent at most `1.5 × (n − 1)` times between the `n` nodes
/// of its component. A write is judged if all of these hold:
///
/// - no node is frozen, no link is cut, partitioned or shaped, and no clock is shifted;
/// - nothing went wrong, and no link or life changed, for ten graft delays ([`QUIET`]) before it and
///   until it had spread ([`SPREAD`]);
/// - its author had twenty writes ([`EARLIER`]) acknowledged since the last disturbance;
/// - each of those came at least a graft delay ([`GRAFT`]) before it;
/// - each of those came at least [`APART`] after the one before. A burst warms the tree only once,
///   since prunes take time to arrive;
/// - none of those was replaced within a graft delay: the push of an old version prunes nothing;
/// - only one node wrote the version; under `oldest` several nodes may write the same one;
/// - fewer than [`JUDGED`] other writes are being judged.
///
/// Evidence: the copies that are told by a world that sees all traffic.
pub(in crate::run) fn payloads(cost: &Cost<'_>) -> Option<Breach> {
    let Cost { key, rank, author, at, nodes, copies } = *cost;
    let most = cost.most();
    (copies > most).then(|| Breach {
        law: Law::Payloads,
        message: format!("a write of `{key}` was sent {copies} times on a quiet network, at most {most}"),
        findings: Vec::new(),
        evidence: vec![format!(
            "`{key}`, acknowledged by {author} at {} among {nodes} nodes: {copies} copies of rank {rank}",
            text::duration(at)
        )],
    })
}

/// The cost of writes, and the state of the network that decides which are judged.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Copies of a version by key and rank.
    counted: BTreeMap<Box<str>, ByRank>,
    /// The number of versions that have been counted so far; the last number given.
    numbered: u64,
    /// The number of versions counted now that are not judged.
    unjudged: usize,
    /// True if the tree of any author is warm. Otherwise no write can be judged, and no copies are counted.
    warm: bool,
    /// The times of each author's first writes since the last disturbance.
    earlier: BTreeMap<NodeIndex, Vec<Duration>>,
    disturbed: Duration,
    /// The write of each key that was acknowledged last.
    latest: BTreeMap<Box<str>, Latest>,
    /// The writes with copies that are still counted, oldest first.
    judged: VecDeque<Judged>,
}

/// The last write of a key.
#[derive(Debug)]
struct Latest {
    rank: Box<str>,
    by: NodeIndex,
    at: Duration,
}

/// The copies of each version of a key, by rank.
type ByRank = BTreeMap<Box<str>, Count>;

/// The copies of one version.
#[derive(Debug, Clone, Copy)]
struct Count {
    copies: u64,
    /// The place of the version in the order in which versions were first told of.
    number: u64,
    /// True if the version waits for a verdict.
    judged: bool,
}

/// A write that is to be judged.
#[derive(Debug)]
struct Judged {
    key: Box<str>,
    rank: Box<str>,
    author: Box<str>,
    at: Duration,
    nodes: usize,
}

/// An acknowledged write, and the state of the network at that time.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Write<'a> {
    pub key: &'a str,
    pub rank: &'a str,
    pub by: NodeIndex,
    pub author: &'a str,
    /// The number of nodes in its component.
    pub nodes: usize,
    /// True if no node is frozen, no link is cut, partitioned or shaped, and no clock is shifted.
    pub sound: bool,
}

impl Copies {
    /// Counts a copy that left a node. Judges first the writes that have had the time to spread,
    /// without this copy.
    pub(super) fn sent(&mut self, key: &str, rank: &str, now: Duration) -> Option<Breach> {
        let broken = self.judge(now);
        if self.warm {
            match self.count(key, rank) {
                Some(count) => count.copies += 1,
                None => self.begin(key, rank, 1),
            }
        }
        broken
    }

    fn count(&mut self, key: &str, rank: &str) -> Option<&mut Count> {
        self.counted.get_mut(key).and_then(|ranks| ranks.get_mut(rank))
    }

    /// Begins to count the copies of a version.
    fn begin(&mut self, key: &str, rank: &str, copies: u64) {
        if self.unjudged >= COUNTED {
            self.forget_older_half();
        }
        self.numbered += 1;
        self.unjudged += 1;
        let count = Count { copies, number: self.numbered, judged: false };
        self.counted.entry(key.into()).or_default().insert(rank.into(), count);
    }

    /// Forgets the older half of the versions that are not judged, in the order in which they were
    /// first told of. As many again can come before the next time, however close together they come.
    fn forget_older_half(&mut self) {
        let since = self.numbered.saturating_sub(COUNTED as u64 / 2);
        self.retain(|count| count.judged || count.number > since);
    }

    fn retain(&mut self, keep: impl Fn(&Count) -> bool) {
        self.unjudged = 0;
        self.counted.retain(|_, ranks| {
            ranks.retain(|_, count| keep(count));
            self.unjudged += ranks.values().filter(|count| !count.judged).count();
            !ranks.is_empty()
        });
    }

    /// Ends the count of a version, and returns the number of its copies.
    fn remove_count(&mut self, key: &str, rank: &str) -> u64 {
        let Some(ranks) = self.counted.get_mut(key) else { return 0 };
        let Some(count) = ranks.remove(rank) else { return 0 };
        if ranks.is_empty() {
            self.counted.remove(key);
        }
        self.unjudged -= usize::from(!count.judged);
        count.copies
    }

    /// Records a write that a node acknowledged. Judges first the writes that have had the time to spread.
    pub(super) fn acknowledged(&mut self, write: &Write<'_>, now: Duration) -> Option<Breach> {
        let broken = self.judge(now);
        self.wrote(write, now);
        broken
    }

    fn wrote(&mut self, write: &Write<'_>, now: Duration) {
        let Write { key, rank, by, author, nodes, sound } = *write;
        if self.latest.get(key).is_some_and(|latest| *latest.rank == *rank) {
            // Under `oldest` several nodes may write one version: each is an origin of it, and a node
            // that already holds it writes nothing.
            self.judged.retain(|judged| *judged.key != *key || *judged.rank != *rank);
            self.remove_count(key, rank);
            return;
        }
        let replaced = self.latest.insert(key.into(), Latest { rank: rank.into(), by, at: now });
        if let Some(Latest { by, at, .. }) = replaced
            && now < at + GRAFT
            && let Some(earlier) = self.earlier.get_mut(&by)
        {
            earlier.retain(|write| *write != at);
        }
        if !sound {
            return self.disturbed(now);
        }
        let earlier = self.earlier.entry(by).or_default();
        let warm = earlier.get(EARLIER - 1).is_some_and(|last| *last + GRAFT <= now);
        if earlier.len() < EARLIER && earlier.last().is_none_or(|last| *last + APART <= now) {
            earlier.push(now);
            self.warm |= earlier.len() == EARLIER;
        }
        if warm && self.disturbed + QUIET <= now && self.judged.len() < JUDGED {
            if self.count(key, rank).is_none() {
                self.begin(key, rank, 0);
            }
            if let Some(count) = self.count(key, rank) {
                count.judged = true;
                self.unjudged -= 1;
            }
            let (key, rank, author) = (key.into(), rank.into(), author.into());
            self.judged.push_back(Judged { key, rank, author, at: now, nodes });
        }
    }

    /// Records a disturbance: a fault, or a change of a link or a life. Writes that have not spread by
    /// now are not judged, and trees must become warm anew.
    pub(super) fn disturbed(&mut self, now: Duration) {
        self.disturbed = now;
        self.warm = false;
        self.earlier.clear();
        while let Some(write) = self.judged.pop_back_if(|write| write.at + SPREAD > now) {
            self.remove_count(&write.key, &write.rank);
        }
        self.retain(|count| count.judged);
    }

    /// Judges the writes that have had the time to spread. Returns the first that broke the law.
    pub(super) fn judge(&mut self, now: Duration) -> Option<Breach> {
        while let Some(write) = self.judged.pop_front_if(|write| write.at + SPREAD <= now) {
            let Judged { key, rank, author, at, nodes } = write;
            let copies = self.remove_count(&key, &rank);
            let cost = Cost { key: &key, rank: &rank, author: &author, at, nodes, copies };
            if let Some(broken) = payloads(&cost) {
                return Some(broken);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeIndex = NodeIndex(0);

    fn write(copies: &mut Copies, at_ms: u64, sent: u64, sound: bool) -> Option<Law> {
        write_of("k", copies, at_ms, sent, sound)
    }

    fn write_of(key: &str, copies: &mut Copies, at_ms: u64, sent: u64, sound: bool) -> Option<Law> {
        let (now, rank) = (Duration::from_millis(at_ms), format!("{at_ms:08}"));
        for _ in 0..sent {
            assert!(copies.sent(key, &rank, now).is_none());
        }
        let write = Write { key, rank: &rank, by: A, author: "a", nodes: 5, sound };
        assert!(copies.acknowledged(&write, now).is_none());
        copies.judge(now + SPREAD).map(|broken| broken.law)
    }

    /// Returns the counters after twenty writes on a quiet network: the tree of the author is warm.
    fn warm() -> Copies {
        let mut copies = Copies::default();
        copies.disturbed(Duration::from_secs(1));
        for turn in 0..20 {
            let judged = write_of(&turn.to_string(), &mut copies, 5_000 + 50 * turn, 20, true);
            assert_eq!(judged, None, "its tree is not warm yet");
        }
        copies
    }

    #[test]
    fn a_write_on_a_quiet_network_costs_a_tree_and_up_to_half() {
        assert_eq!(write(&mut warm(), 7_000, 4, true), None);
        assert_eq!(write(&mut warm(), 7_000, 6, true), None);
        assert_eq!(write(&mut warm(), 7_000, 7, true), Some(Law::Payloads));
    }

    #[test]
    fn a_version_that_two_nodes_wrote_is_not_judged_and_one_written_again_is_no_write() {
        let now = Duration::from_secs(7);
        let write = |key, by| Write { key, rank: "r", by, author: "a", nodes: 5, sound: true };
        let mut copies = warm();
        for _ in 0..9 {
            assert_eq!(copies.sent("k", "r", now), None);
        }
        assert_eq!(copies.acknowledged(&write("k", A), now), None);
        assert_eq!(copies.acknowledged(&write("k", NodeIndex(1)), now), None);
        assert!(copies.judge(now + SPREAD).is_none());

        let mut copies = Copies::default();
        copies.disturbed(Duration::from_secs(1));
        for _ in 0..20 {
            assert_eq!(copies.acknowledged(&write("k", A), now), None);
        }
        assert!(!copies.warm);
    }

    #[test]
    fn a_write_that_was_replaced_before_it_had_spread_warms_no_tree() {
        for (replaced_ms, expected) in [(6_000, None), (6_450, Some(Law::Payloads))] {
            let mut copies = warm();
            let by = NodeIndex(1);
            let write_of_b = Write { key: "19", rank: "b", by, author: "b", nodes: 5, sound: true };
            assert!(copies.acknowledged(&write_of_b, Duration::from_millis(replaced_ms)).is_none());
            assert_eq!(write(&mut copies, 7_000, 9, true), expected);
        }
    }

    #[test]
    fn what_is_written_in_one_go_warms_a_tree_once() {
        let mut copies = Copies::default();
        for turn in 0..1_000 {
            assert_eq!(write_of(&turn.to_string(), &mut copies, 5_000 + turn / 2, 0, true), None);
        }
        assert_eq!(write(&mut copies, 7_000, 9, true), None);
    }

    #[test]
    fn a_write_that_follows_too_soon_is_not_judged() {
        assert_eq!(write(&mut warm(), 6_100, 9, true), None);
    }

    #[test]
    fn a_write_on_a_network_with_a_fault_is_not_judged() {
        let mut copies = warm();
        assert_eq!(write(&mut copies, 7_000, 9, false), None);
        assert_eq!(write(&mut copies, 20_000, 9, true), None, "trees become warm anew after it");
        let mut copies = warm();
        copies.disturbed(Duration::from_millis(6_900));
        assert_eq!(write(&mut copies, 7_000, 9, true), None);
    }

    #[test]
    fn a_fault_before_it_has_spread_excuses_a_write_and_a_later_one_does_not() {
        for (fault_ms, expected) in [(7_500, None), (8_500, Some(Law::Payloads))] {
            let mut copies = warm();
            let now = Duration::from_secs(7);
            for _ in 0..9 {
                assert_eq!(copies.sent("k", "r", now), None);
            }
            let write = Write { key: "k", rank: "r", by: A, author: "a", nodes: 5, sound: true };
            assert_eq!(copies.acknowledged(&write, now), None);
            copies.disturbed(Duration::from_millis(fault_ms));
            assert_eq!(copies.judge(Duration::from_secs(9)).map(|broken| broken.law), expected);
        }
    }

    #[test]
    fn copies_that_are_sent_after_a_write_has_spread_are_not_counted() {
        let mut copies = warm();
        let now = Duration::from_secs(7);
        let write = Write { key: "k", rank: "r", by: A, author: "a", nodes: 5, sound: true };
        assert!(copies.acknowledged(&write, now).is_none());
        // A quiet minute later it is told to a node that joins, and on from there.
        for _ in 0..9 {
            assert_eq!(copies.sent("k", "r", now + Duration::from_mins(1)), None);
        }
        assert_eq!(copies.judge(now + Duration::from_mins(2)), None);
    }

    /// Checks that at most so many versions are kept, and that the count of those not judged is right.
    #[track_caller]
    fn check_bounded(copies: &Copies, most: usize) {
        let kept: usize = copies.counted.values().map(BTreeMap::len).sum();
        assert!(kept <= most, "{kept}");
        let unjudged = copies.counted.values().flat_map(BTreeMap::values).filter(|count| !count.judged);
        assert_eq!(copies.unjudged, unjudged.count());
    }

    #[test]
    fn what_is_counted_is_bounded_even_if_it_is_all_sent_at_once() {
        for apart in [Duration::ZERO, Duration::from_secs(1)] {
            let mut copies = warm();
            let mut now = Duration::from_secs(7);
            let mut let_go = 0;
            for version in 0..10 * COUNTED {
                let before = copies.unjudged;
                assert_eq!(copies.sent("k", &version.to_string(), now), None);
                let_go += usize::from(copies.unjudged <= before);
                if version % 1_000 == 0 {
                    check_bounded(&copies, COUNTED);
                }
                now += apart;
            }
            assert!(let_go <= 20, "the older half each time: {let_go}");
        }
    }

    #[test]
    fn what_is_sent_beside_a_write_that_is_judged_does_not_push_it_out() {
        let mut copies = warm();
        let now = Duration::from_secs(7);
        for version in 0..2 * JUDGED {
            let rank = version.to_string();
            let write = Write { key: "k", rank: &rank, by: A, author: "a", nodes: 5, sound: true };
            assert_eq!(copies.acknowledged(&write, now), None);
        }
        assert_eq!(copies.judged.len(), JUDGED);
        for _ in 0..7 {
            assert_eq!(copies.sent("k", "1", now), None);
        }
        for version in 0..3 * COUNTED {
            assert_eq!(copies.sent("other", &version.to_string(), now), None);
        }
        check_bounded(&copies, COUNTED + JUDGED);
        let broken = copies.judge(now + SPREAD).unwrap();
        assert_eq!(broken.message, "a write of `k` was sent 7 times on a quiet network, at most 6");
        copies.disturbed(now);
        assert_eq!(copies.counted.len(), usize::from(!copies.judged.is_empty()));
    }
}
