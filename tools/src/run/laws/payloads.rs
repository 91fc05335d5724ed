//! A write on a quiet network costs no more copies than a tree and a little.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Broken, Law};
use crate::text;
use crate::world::NodeIndex;

/// How long an announced version is waited for before it is grafted: what the nodes do.
const GRAFT: Duration = Duration::from_millis(500);
/// How long nothing may have gone wrong or changed before a write that is judged: ten graft delays.
const QUIET: Duration = Duration::from_secs(5);
/// How long after a write its copies are counted: what was not pushed is grafted by then.
const SPREAD: Duration = GRAFT.saturating_mul(2);
/// How many writes of an author shape its tree.
const EARLIER: usize = 20;
/// How long after one that shapes a tree the next may: what is sent in one go shapes it once.
const APART: Duration = Duration::from_millis(50);
/// How many versions that are not judged have their copies counted before the older half is let go.
const COUNTED: usize = 4_096;
/// How many writes are judged at once; more of them within the time to spread are not judged.
const JUDGED: usize = 4_096;

/// What a write cost that was made on a quiet network.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Cost<'a> {
    pub key: &'a str,
    pub rank: &'a str,
    /// Who acknowledged it.
    pub author: &'a str,
    /// When.
    pub at: Duration,
    /// The nodes of its component then.
    pub nodes: usize,
    /// The copies of it that nodes sent each other, by whatever path.
    pub copies: u64,
}

impl Cost<'_> {
    /// The most copies: a tree, which is one for each other node, and half as many again. Simulated,
    /// authors with trees of their own keep to the tree; the half is for those that share one.
    fn most(&self) -> u64 {
        let tree = u64::try_from(self.nodes.saturating_sub(1)).unwrap_or(u64::MAX / 2);
        tree + tree.div_ceil(2)
    }
}

/// **Payloads.** A write is sent at most `1.5 × (n − 1)` times between the `n` nodes of its component,
/// if nothing had gone wrong and no link or life had changed for ten graft delays before it and
/// until it had spread, and if its author had had twenty writes acknowledged since then, each at
/// least a graft delay earlier, that shaped its tree. What is written in one go shapes it once, since
/// prunes take a while to tell; what was replaced before it had spread does not, since a push of what
/// is old by then prunes nothing. A version that several nodes wrote, as under
/// `oldest` they may, is not judged. Evidence: the copies that a world tells which sees
/// all traffic.
pub(in crate::run) fn payloads(cost: &Cost<'_>) -> Option<Broken> {
    let Cost { key, rank, author, at, nodes, copies } = *cost;
    let most = cost.most();
    (copies > most).then(|| Broken {
        law: Law::Payloads,
        message: format!("a write of `{key}` was sent {copies} times on a quiet network, at most {most}"),
        findings: Vec::new(),
        evidence: vec![format!(
            "`{key}`, acknowledged by {author} at {} among {nodes} nodes: {copies} copies of rank {rank}",
            text::duration(at)
        )],
    })
}

/// What writes cost, and how quiet the network is.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// Copies of a version by key and rank.
    counted: BTreeMap<Box<str>, ByRank>,
    /// How many versions have been counted so far.
    numbered: u64,
    /// How many of those counted now are not judged.
    unjudged: usize,
    /// Whether the tree of any author is shaped: no write of another is judged.
    shaped: bool,
    /// The first writes of each author since the last disturbance.
    earlier: BTreeMap<NodeIndex, Vec<Duration>>,
    disturbed: Duration,
    /// The write of each key that was acknowledged last.
    latest: BTreeMap<Box<str>, Latest>,
    /// Writes whose copies are still counted, oldest first.
    judged: VecDeque<Judged>,
}

/// The last write of a key.
#[derive(Debug)]
struct Latest {
    rank: Box<str>,
    by: NodeIndex,
    at: Duration,
}

/// How often each version of a key was sent.
type ByRank = BTreeMap<Box<str>, Count>;

/// How often a version was sent.
#[derive(Debug, Clone, Copy)]
struct Count {
    copies: u64,
    /// Versions are numbered in the order in which they were first told of.
    number: u64,
    /// Whether it is waited for with a verdict.
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

/// An acknowledged write, and the network at that time.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Write<'a> {
    pub key: &'a str,
    pub rank: &'a str,
    pub by: NodeIndex,
    pub author: &'a str,
    /// The nodes of its component.
    pub nodes: usize,
    /// Whether no node is frozen, no link cut, parted or shaped, and no clock shifted.
    pub sound: bool,
}

impl Copies {
    /// A copy left a node. What had the time to spread before is judged without it.
    pub(super) fn sent(&mut self, key: &str, rank: &str, now: Duration) -> Option<Broken> {
        let broken = self.judge(now);
        if self.shaped {
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
            self.let_go();
        }
        self.numbered += 1;
        self.unjudged += 1;
        let count = Count { copies, number: self.numbered, judged: false };
        self.counted.entry(key.into()).or_default().insert(rank.into(), count);
    }

    /// Forgets the older half of the versions that are not judged, by when they were first told of: it is
    /// as many again until the next time, however close together they come.
    fn let_go(&mut self) {
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

    /// How often a version was sent; it is counted no more.
    fn take(&mut self, key: &str, rank: &str) -> u64 {
        let Some(ranks) = self.counted.get_mut(key) else { return 0 };
        let Some(count) = ranks.remove(rank) else { return 0 };
        if ranks.is_empty() {
            self.counted.remove(key);
        }
        self.unjudged -= usize::from(!count.judged);
        count.copies
    }

    /// A node acknowledged a write. What had the time to spread before is judged first.
    pub(super) fn acknowledged(&mut self, write: &Write<'_>, now: Duration) -> Option<Broken> {
        let broken = self.judge(now);
        self.wrote(write, now);
        broken
    }

    fn wrote(&mut self, write: &Write<'_>, now: Duration) {
        let Write { key, rank, by, author, nodes, sound } = *write;
        if self.latest.get(key).is_some_and(|latest| *latest.rank == *rank) {
            // Under `oldest` one version may be written by several nodes: each is an origin of it, and
            // whoever finds it written already writes nothing.
            self.judged.retain(|judged| *judged.key != *key || *judged.rank != *rank);
            self.take(key, rank);
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
        let shaped = earlier.get(EARLIER - 1).is_some_and(|last| *last + GRAFT <= now);
        if earlier.len() < EARLIER && earlier.last().is_none_or(|last| *last + APART <= now) {
            earlier.push(now);
            self.shaped |= earlier.len() == EARLIER;
        }
        if shaped && self.disturbed + QUIET <= now && self.judged.len() < JUDGED {
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

    /// A fault, or a change of a link or a life: what has not spread by now is not judged, and trees are shaped anew.
    pub(super) fn disturbed(&mut self, now: Duration) {
        self.disturbed = now;
        self.shaped = false;
        self.earlier.clear();
        while let Some(write) = self.judged.pop_back_if(|write| write.at + SPREAD > now) {
            self.take(&write.key, &write.rank);
        }
        self.retain(|count| count.judged);
    }

    /// Judges the writes that have had the time to spread.
    pub(super) fn judge(&mut self, now: Duration) -> Option<Broken> {
        while let Some(write) = self.judged.pop_front_if(|write| write.at + SPREAD <= now) {
            let Judged { key, rank, author, at, nodes } = write;
            let copies = self.take(&key, &rank);
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

    /// After twenty writes on a quiet network.
    fn shaped() -> Copies {
        let mut copies = Copies::default();
        copies.disturbed(Duration::from_secs(1));
        for turn in 0..20 {
            let judged = write_of(&turn.to_string(), &mut copies, 5_000 + 50 * turn, 20, true);
            assert_eq!(judged, None, "its tree is not shaped yet");
        }
        copies
    }

    #[test]
    fn a_write_on_a_quiet_network_costs_a_tree_and_up_to_half() {
        assert_eq!(write(&mut shaped(), 7_000, 4, true), None);
        assert_eq!(write(&mut shaped(), 7_000, 6, true), None);
        assert_eq!(write(&mut shaped(), 7_000, 7, true), Some(Law::Payloads));
    }

    #[test]
    fn a_version_that_two_nodes_wrote_is_not_judged_and_one_written_again_is_no_write() {
        let now = Duration::from_secs(7);
        let write = |key, by| Write { key, rank: "r", by, author: "a", nodes: 5, sound: true };
        let mut copies = shaped();
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
        assert!(!copies.shaped);
    }

    #[test]
    fn a_write_that_was_replaced_before_it_had_spread_shapes_no_tree() {
        for (replaced_ms, expected) in [(6_000, None), (6_450, Some(Law::Payloads))] {
            let mut copies = shaped();
            let by = NodeIndex(1);
            let write_of_b = Write { key: "19", rank: "b", by, author: "b", nodes: 5, sound: true };
            assert!(copies.acknowledged(&write_of_b, Duration::from_millis(replaced_ms)).is_none());
            assert_eq!(write(&mut copies, 7_000, 9, true), expected);
        }
    }

    #[test]
    fn what_is_written_in_one_go_shapes_a_tree_once() {
        let mut copies = Copies::default();
        for turn in 0..1_000 {
            assert_eq!(write_of(&turn.to_string(), &mut copies, 5_000 + turn / 2, 0, true), None);
        }
        assert_eq!(write(&mut copies, 7_000, 9, true), None);
    }

    #[test]
    fn a_write_that_follows_too_soon_is_not_judged() {
        assert_eq!(write(&mut shaped(), 6_100, 9, true), None);
    }

    #[test]
    fn a_write_on_a_network_with_a_fault_is_not_judged() {
        let mut copies = shaped();
        assert_eq!(write(&mut copies, 7_000, 9, false), None);
        assert_eq!(write(&mut copies, 20_000, 9, true), None, "trees are shaped anew after it");
        let mut copies = shaped();
        copies.disturbed(Duration::from_millis(6_900));
        assert_eq!(write(&mut copies, 7_000, 9, true), None);
    }

    #[test]
    fn a_fault_before_it_has_spread_excuses_a_write_and_a_later_one_does_not() {
        for (fault_ms, expected) in [(7_500, None), (8_500, Some(Law::Payloads))] {
            let mut copies = shaped();
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
        let mut copies = shaped();
        let now = Duration::from_secs(7);
        let write = Write { key: "k", rank: "r", by: A, author: "a", nodes: 5, sound: true };
        assert!(copies.acknowledged(&write, now).is_none());
        // A quiet minute later it is told to a node that joins, and on from there.
        for _ in 0..9 {
            assert_eq!(copies.sent("k", "r", now + Duration::from_mins(1)), None);
        }
        assert_eq!(copies.judge(now + Duration::from_mins(2)), None);
    }

    /// That so many versions are kept, and that keeping them is not worked out anew for each.
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
            let mut copies = shaped();
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
        let mut copies = shaped();
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
