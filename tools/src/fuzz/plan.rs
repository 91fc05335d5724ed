//! A drawn scenario before it is text, in a form from which parts can be taken away.
//!
//! Nodes and keys are numbers here, so that a reduced plan can be named anew. The meaning of a plan is
//! its text ([`Plan::text`](super::text)).

use std::fmt;

use crate::scenario::Verb;

/// A node, by the place of its name: a, b, c, ….
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node(pub usize);

impl Node {
    /// Returns the node of that name, as generators name them.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.as_bytes() {
            [letter @ b'a'..=b'z'] => Some(Self(usize::from(letter - b'a'))),
            _ => name.strip_prefix('n').and_then(|number| number.parse().ok()).map(Self),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u8::try_from(self.0) {
            Ok(place @ 0..26) => write!(f, "{}", char::from(b'a' + place)),
            _ => write!(f, "n{}", self.0),
        }
    }
}

/// A drawn scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The seed that the plan was drawn from, and that its run draws from.
    pub seed: u64,
    /// Options of nodes, given before the network starts.
    pub options: Vec<(Chosen, NodeOption)>,
    /// The steps; the first is the network.
    pub steps: Vec<Step>,
}

/// A choice of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All nodes; in an ask, all that run.
    All,
    /// These nodes; at least one.
    These(Vec<Node>),
}

/// One option of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeOption {
    /// The option `policy=oldest`, of all nodes.
    Oldest,
    /// The option `data=disk`.
    Disk,
    /// The option `clock=+1s`, in milliseconds.
    Clock(i64),
}

/// Nodes and links that a `network` step starts and wires.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topology {
    /// The text that it was drawn as; none once it was changed.
    pub written: Option<String>,
    /// The nodes named, in order of appearance.
    pub nodes: Vec<Node>,
    /// The links, with the dialling end first.
    pub links: Vec<(Node, Node)>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The step `network …`.
    Network(Topology),
    /// The step `who: ask`, or `try who: ask`.
    Ask {
        /// True if errors and silence are let pass.
        attempt: bool,
        /// The nodes that are asked.
        who: Chosen,
        /// The command that they are asked.
        ask: Ask,
    },
    /// The step `expect …`.
    Expect(Expect),
    /// The step `kill`, `stop`, `start`, `restart`, `pause` or `resume`.
    Signal(Verb, Vec<Node>),
    /// The step `cut …`.
    Cut(Vec<Way>),
    /// The step `join …`.
    Join(Vec<Way>),
    /// The step `break …`.
    Break(Vec<Way>),
    /// The step `partition … | rest`, with all sets but the last, which is `rest`.
    Partition(Vec<Vec<Node>>),
    /// The step `heal`.
    Heal,
    /// The step `link … delay …`; without a shape `link … clear`.
    Link {
        /// The links; all of them if none is named.
        ways: Vec<Way>,
        /// The shapes that they get.
        shapes: Vec<Shape>,
    },
    /// The step `clock a +1s`, in milliseconds.
    Clock(Node, i64),
    /// The step `disk a full`, or `disk a free`.
    Disk {
        /// The node that owns the disk.
        node: Node,
        /// True if the disk takes nothing more from then on.
        full: bool,
    },
    /// The step `wait 1s`, in milliseconds.
    Wait(u64),
    /// The step `together { … }`.
    Together(Vec<Step>),
    /// The step `do { … }`, a side of `together`.
    Do(Vec<Step>),
    /// The step `repeat 10 at 5/s as i { … }`.
    Repeat {
        /// The number of turns; without it, inside `together`, the turns go on until the
        /// other sides have ended.
        count: Option<u64>,
        /// The number of turns a second; without it, one turn follows another.
        rate: Option<u64>,
        /// The steps of each turn.
        block: Vec<Step>,
    },
}

/// A link, or one direction of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// The end where it begins.
    pub from: Node,
    /// The end where it leads.
    pub to: Node,
    /// True if the way back is meant as well.
    pub both: bool,
}

/// A treatment of traffic on a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The delay, in milliseconds.
    Delay(u64),
    /// The jitter, in milliseconds.
    Jitter(u64),
    /// The loss, in percent.
    Loss(u64),
    /// The rate, in megabits a second.
    Rate(u64),
}

/// A command to nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The command `set KEY VALUE [DATE]`.
    Set {
        /// The key that is set.
        key: Key,
        /// The value that it gets.
        value: Value,
        /// The stamp's wall time, in milliseconds; now if absent.
        date: Option<u64>,
    },
    /// The command `delete KEY`.
    Delete(Key),
    /// The command `get KEY`.
    Get(Key),
    /// The command `stamp KEY`.
    Stamp(Key),
    /// The command `keys`.
    Keys,
    /// The command `count`.
    Count,
    /// The command `peers`.
    Peers,
}

/// A key, or a family of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The number of the key, or of its family.
    pub number: u32,
    /// The member of the family.
    pub turn: Turn,
}

/// A member of a family of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// The only one: `k1`.
    Alone,
    /// The one of this turn: `k1_7`.
    At(u64),
    /// Another member in each turn, inside `repeat`: `k1_$i`.
    Each,
    /// So many members in turn, inside `repeat`: `k1_${i % 5}`.
    Cycle(u64),
}

/// A value that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A number.
    Number(u32),
    /// The number of the turn, inside `repeat`.
    Turn,
}

/// An expectation: only of things that must hold whatever happened before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The claim `converged within …`, in milliseconds.
    Converged(u64),
    /// The claim `who: get KEY == VALUE within …`, or `fails absent` for a deleted key.
    Holds {
        /// The nodes that are asked: the one that wrote the key, or all.
        who: Chosen,
        /// The key that is read.
        key: Key,
        /// The value that was written last; none for a deleted key.
        value: Option<Value>,
        /// The time within which it must hold, in milliseconds; now if 0.
        within_ms: u64,
    },
    /// The claim `a: peers == b c within …`.
    Peers {
        /// The node that is asked.
        node: Node,
        /// The neighbours that it must list.
        peers: Vec<Node>,
        /// The time within which it must hold, in milliseconds.
        within_ms: u64,
    },
}

impl Plan {
    /// Returns the number of steps: every line of the file but for headers, comments and closing braces.
    #[must_use]
    pub fn size(&self) -> usize {
        self.options.len() + count(&self.steps)
    }

    /// Returns all nodes that it names, in order.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        let mut nodes = Vec::new();
        visit(&self.steps, &mut |step| {
            if let Step::Network(topology) = step {
                nodes.extend(&topology.nodes);
            }
        });
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

impl Step {
    /// Returns the steps inside of it.
    #[must_use]
    pub fn block(&self) -> Option<&Vec<Step>> {
        match self {
            Self::Together(block) | Self::Do(block) | Self::Repeat { block, .. } => Some(block),
            _ => None,
        }
    }

    /// Returns the steps inside of it, to be changed.
    pub fn block_mut(&mut self) -> Option<&mut Vec<Step>> {
        match self {
            Self::Together(block) | Self::Do(block) | Self::Repeat { block, .. } => Some(block),
            _ => None,
        }
    }
}

fn count(steps: &[Step]) -> usize {
    steps.iter().map(|step| 1 + step.block().map_or(0, |block| count(block))).sum()
}

/// Shows every step to `see`, including those inside of others, in the order of the text.
pub(super) fn visit<'a>(steps: &'a [Step], see: &mut impl FnMut(&'a Step)) {
    for step in steps {
        see(step);
        if let Some(block) = step.block() {
            visit(block, see);
        }
    }
}

/// Hands every step to `change`, including those inside of others, in the order of the text.
pub(super) fn visit_mut(steps: &mut [Step], change: &mut impl FnMut(&mut Step)) {
    for step in steps {
        change(step);
        if let Some(block) = step.block_mut() {
            visit_mut(block, change);
        }
    }
}
