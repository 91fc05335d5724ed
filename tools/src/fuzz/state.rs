//! The state of a network at a step of a plan, as known whatever its nodes answer. It tells which nodes
//! run, which links may be up, and which writes are certain.
//!
//! A plan is *sound* if nothing but a mistake of the nodes or of the harness makes it fail. That is
//! decided here, both for a drawn plan and for the rest of a plan after something was taken away.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Chosen, Key, Node, NodeOption, Plan, Step, Topology, Turn, Value, Way};
use crate::scenario::Verb;

/// The time for which the end of a scenario waits for convergence, in milliseconds, unless a
/// header says otherwise.
pub(super) const SETTLE_MS: u64 = 5_000;
/// The time after which a scenario is ended, in milliseconds, unless a header says otherwise.
pub(super) const TIMEOUT_MS: u64 = 60_000;
/// The most time, in milliseconds, that a node may take to answer, or a link to come up.
const ASK_MS: u64 = 5_000;
/// The most, in milliseconds, that a stamp may be ahead of another node's clock; a version further ahead is
/// not yet due there. The node that is behind looks again at most a second after the version is due.
const AHEAD_MS: u64 = 5_000;
/// The distance of clocks, in milliseconds, up to which nothing is ever put off, whatever is drawn from them.
const CLOSE_MS: u64 = 4_000;

/// A node's life, as far as steps decide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Running,
    Paused,
    Stopped,
}

/// The facts that are known at a step.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) oldest: bool,
    disk: BTreeSet<Node>,
    disk_all: bool,
    /// The nodes that have started, each with its life.
    pub(super) lives: BTreeMap<Node, Life>,
    /// The links asked for, with the dialling end first.
    pub(super) links: BTreeSet<(Node, Node)>,
    /// Directions that are silent.
    pub(super) cut: BTreeSet<(Node, Node)>,
    /// The side of each node in a partition; empty without a partition.
    pub(super) sides: BTreeMap<Node, usize>,
    /// Nodes with a full disk.
    pub(super) full: BTreeSet<Node>,
    /// Nodes with a disk that was ever full: they may refuse a write until they try the disk again.
    wary: BTreeSet<Node>,
    /// The shift of each wall clock, in milliseconds.
    clocks: BTreeMap<Node, i64>,
    /// The least and the greatest shift so far, in milliseconds: a stamp that was given stays.
    shifts: (i64, i64),
    /// Keys, or families of keys, with the last certain write of each.
    pub(super) certain: BTreeMap<Key, Certain>,
    /// Families of keys with writes by several nodes, or with writes that may be lost.
    doubtful: BTreeSet<u32>,
    /// The longest time that a message needs on one link beyond the usual, in milliseconds.
    delay_ms: u64,
    /// The most time that the steps so far can have taken, in milliseconds.
    pub(super) elapsed_ms: u64,
}

/// A write that was acknowledged, by the only node that writes its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Certain {
    /// The node that wrote it.
    pub(super) author: Node,
    /// The value that was written; none for a delete.
    pub(super) value: Option<Value>,
}

impl State {
    /// Returns the state before the first step of a plan.
    pub(super) fn new(plan: &Plan) -> Self {
        let mut state = Self {
            oldest: false,
            disk: BTreeSet::new(),
            disk_all: false,
            lives: BTreeMap::new(),
            links: BTreeSet::new(),
            cut: BTreeSet::new(),
            sides: BTreeMap::new(),
            full: BTreeSet::new(),
            wary: BTreeSet::new(),
            clocks: BTreeMap::new(),
            shifts: (0, 0),
            certain: BTreeMap::new(),
            doubtful: BTreeSet::new(),
            delay_ms: 0,
            elapsed_ms: 0,
        };
        for (who, option) in &plan.options {
            match (option, who) {
                (NodeOption::Oldest, _) => state.oldest = true,
                (NodeOption::Disk, Chosen::All) => state.disk_all = true,
                (NodeOption::Disk, Chosen::These(nodes)) => state.disk.extend(nodes),
                (NodeOption::Clock(ms), Chosen::These(nodes)) => {
                    for node in nodes {
                        state.shift(*node, *ms);
                    }
                }
                (NodeOption::Clock(_), Chosen::All) => {}
            }
        }
        state
    }

    /// Returns the nodes with this life.
    pub(super) fn nodes(&self, life: Life) -> Vec<Node> {
        self.lives.iter().filter(|(_, other)| **other == life).map(|(node, _)| *node).collect()
    }

    pub(super) fn is(&self, node: Node, life: Life) -> bool {
        self.lives.get(&node) == Some(&life)
    }

    /// Returns true if a node keeps its data when it ends.
    pub(super) fn has_disk(&self, node: Node) -> bool {
        self.disk_all || self.disk.contains(&node)
    }

    /// Fills a node's disk or makes room on it. Returns true if that makes sense.
    pub(super) fn fill(&mut self, node: Node, full: bool) -> bool {
        if !self.lives.contains_key(&node) || !self.has_disk(node) || self.full.contains(&node) == full {
            return false;
        }
        if full {
            self.full.insert(node);
            self.wary.insert(node);
        } else {
            self.full.remove(&node);
        }
        true
    }

    /// Returns true if a node's disk was never full, so that it can store each write at once.
    pub(super) fn has_room(&self, node: Node) -> bool {
        !self.wary.contains(&node)
    }

    fn permits(&self, from: Node, to: Node) -> bool {
        let apart = matches!(
            (self.sides.get(&from), self.sides.get(&to)),
            (Some(one), Some(other)) if one != other
        );
        !apart && !self.cut.contains(&(from, to))
    }

    /// Returns true if a link may be up.
    pub(super) fn is_open(&self, (from, to): (Node, Node)) -> bool {
        self.is(from, Life::Running)
            && self.is(to, Life::Running)
            && self.permits(from, to)
            && self.permits(to, from)
    }

    /// Returns true if every node runs and every link may be up.
    pub(super) fn is_whole(&self) -> bool {
        self.links.iter().all(|link| self.is_open(*link))
            && self.lives.values().all(|life| *life == Life::Running)
    }

    /// Returns true if every node can reach every other over links that may be up.
    pub(super) fn is_connected(&self) -> bool {
        let mut reached: BTreeSet<Node> = self.lives.keys().next().copied().into_iter().collect();
        loop {
            let before = reached.len();
            for link in self.links.iter().filter(|link| self.is_open(**link)) {
                if reached.contains(&link.0) || reached.contains(&link.1) {
                    reached.extend([link.0, link.1]);
                }
            }
            if reached.len() == before {
                return reached.len() == self.lives.len();
            }
        }
    }

    /// Returns the nodes linked to one.
    pub(super) fn neighbours(&self, node: Node) -> Vec<Node> {
        let other = |(from, to): &(Node, Node)| match (*from == node, *to == node) {
            (true, _) => Some(*to),
            (_, true) => Some(*from),
            _ => None,
        };
        let neighbours: BTreeSet<Node> = self.links.iter().filter_map(other).collect();
        neighbours.into_iter().collect()
    }

    /// Returns true if no clocks were ever so far apart that a write could be refused or put off.
    pub(super) fn is_in_time(&self) -> bool {
        self.spread_ms() <= CLOSE_MS
    }

    fn spread_ms(&self) -> u64 {
        self.shifts.1.abs_diff(self.shifts.0)
    }

    /// Returns the time that nodes may take from now on to hold the same, in milliseconds.
    pub(super) fn settle_ms(&self) -> u64 {
        // A version that is not yet due is fetched up to a second after it is, at each node of a chain.
        let early = match self.spread_ms().saturating_sub(AHEAD_MS) {
            0 if self.is_in_time() => 0,
            ms => ms + 3_000,
        };
        // A round of reconciliation is four messages there and four back, after a link came up; a
        // write may have to wait for one at every hop of the way.
        let slow = self.delay_ms * 8 * (self.lives.len() as u64).min(8);
        (SETTLE_MS + early + slow).div_ceil(1000) * 1000
    }

    /// Returns true if no other node ever wrote this key, and no write that this node
    /// acknowledged may be lost.
    pub(super) fn is_own(&self, node: Node, key: Key) -> bool {
        !self.doubtful.contains(&key.number)
            && self
                .certain
                .iter()
                .filter(|(other, _)| other.number == key.number)
                .all(|(_, certain)| certain.author == node)
    }

    /// Returns true if a key, or any of its family, was ever written.
    pub(super) fn is_known(&self, key: Key) -> bool {
        self.doubtful.contains(&key.number) || self.certain.keys().any(|other| other.number == key.number)
    }

    /// Marks a family of keys as doubtful: its values are not known any more.
    pub(super) fn doubt(&mut self, number: u32) {
        self.doubtful.insert(number);
        self.certain.retain(|key, _| key.number != number);
    }

    pub(super) fn grow(&mut self, topology: &Topology) {
        for node in &topology.nodes {
            self.lives.entry(*node).or_insert(Life::Running);
        }
        for &(from, to) in &topology.links {
            if !self.is_linked(from, to) {
                self.links.insert((from, to));
            }
        }
        self.elapsed_ms += ASK_MS;
    }

    /// Applies a verb to one node's life. Returns true if that makes sense.
    pub(super) fn signal(&mut self, verb: Verb, node: Node) -> bool {
        let Some(life) = self.lives.get(&node).copied() else { return false };
        let after = match (verb, life) {
            (Verb::Kill | Verb::Stop, Life::Running | Life::Paused) => Life::Stopped,
            (Verb::Start, Life::Stopped) | (Verb::Restart, Life::Running) | (Verb::Resume, Life::Paused) => {
                Life::Running
            }
            (Verb::Pause, Life::Running) => Life::Paused,
            _ => return false,
        };
        self.lives.insert(node, after);
        if matches!(verb, Verb::Kill | Verb::Stop | Verb::Restart) && !self.has_disk(node) {
            let lost: Vec<u32> = self
                .certain
                .iter()
                .filter(|(_, certain)| certain.author == node)
                .map(|(key, _)| key.number)
                .collect();
            for number in lost {
                self.doubt(number);
            }
        }
        true
    }

    /// Counts the wait for links of nodes that have just started, or that have just been let up.
    pub(super) fn wire(&mut self) {
        self.elapsed_ms += ASK_MS;
    }

    pub(super) fn heal(&mut self) {
        self.cut.clear();
        self.sides.clear();
        self.elapsed_ms += ASK_MS;
    }

    pub(super) fn silence(&mut self, ways: &[Way], silent: bool) {
        for way in ways {
            let back = way.both.then_some((way.to, way.from));
            for direction in std::iter::once((way.from, way.to)).chain(back) {
                if silent {
                    self.cut.insert(direction);
                } else {
                    self.cut.remove(&direction);
                }
            }
        }
    }

    pub(super) fn partition_into(&mut self, sets: &[Vec<Node>]) {
        let rest = sets.len();
        let side = |node: &Node| sets.iter().position(|set| set.contains(node)).unwrap_or(rest);
        self.sides = self.lives.keys().map(|node| (*node, side(node))).collect();
    }

    pub(super) fn shape(&mut self, delay_ms: u64) {
        self.delay_ms = self.delay_ms.max(delay_ms);
    }

    pub(super) fn shift(&mut self, node: Node, by_ms: i64) {
        let clock = self.clocks.entry(node).or_default();
        *clock += by_ms;
        self.shifts = (self.shifts.0.min(*clock), self.shifts.1.max(*clock));
    }

    /// Returns true if a link exists between two nodes, in either direction of dialling.
    pub(super) fn is_linked(&self, one: Node, other: Node) -> bool {
        self.links.contains(&(one, other)) || self.links.contains(&(other, one))
    }

    /// Records a write: it is certain, or makes its family of keys doubtful.
    pub(super) fn written(&mut self, author: Node, key: Key, value: Option<Value>, certain: bool) {
        if certain && key.turn == Turn::Alone && self.is_own(author, key) {
            self.certain.insert(key, Certain { author, value });
        } else {
            self.doubt(key.number);
        }
    }

    /// Returns true if lives, links, silences and full disks are the same in another state. A repeated
    /// block must leave them as it found them.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.lives == other.lives
            && self.links == other.links
            && self.cut == other.cut
            && self.sides == other.sides
            && self.full == other.full
    }
}

/// Returns two times in milliseconds: the most that the end of a plan may wait, and the
/// timeout of the whole plan.
pub(super) fn times_ms(plan: &Plan) -> (u64, u64) {
    let mut state = State::new(plan);
    for step in &plan.steps {
        // All steps of a sound plan make sense; of another plan, those that do not are ignored.
        let _: Option<Step> = state.apply(step);
    }
    let settle_ms = state.settle_ms();
    // The timeout is rounded up to 10 s, and never below the default: it is a safeguard, not an expectation.
    let timeout_ms = (state.elapsed_ms + settle_ms + ASK_MS).div_ceil(10_000) * 10_000;
    (settle_ms, timeout_ms.max(TIMEOUT_MS))
}
