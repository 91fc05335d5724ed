//! A drawn scenario before it is text: what can be taken away piece by piece.
//!
//! Nodes and keys are numbers here, so that what is left of a plan can be named anew; what a plan
//! says is its text ([`Plan::text`](super::text)).

use std::fmt;

use crate::scenario::Verb;

/// A node, by the place of its name: a, b, c, ….
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node(pub usize);

impl Node {
    /// The node of that name, as generators name them.
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
    /// What it was drawn from, and what its run draws from.
    pub seed: u64,
    /// Options of nodes, given before the network starts.
    pub options: Vec<(Chosen, NodeOption)>,
    /// The steps; the first is the network.
    pub steps: Vec<Step>,
}

/// Which nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// All of them; in an ask, all that run.
    All,
    /// These; at least one.
    These(Vec<Node>),
}

/// One option of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeOption {
    /// `policy=oldest`, of all nodes.
    Oldest,
    /// `data=disk`.
    Disk,
    /// `clock=+1s`, in milliseconds.
    Clock(i64),
}

/// Nodes and links that a `network` step starts and wires.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Topology {
    /// How it is written, while it is as it was drawn; of one that was changed, nothing.
    pub written: Option<String>,
    /// The nodes named, in order of appearance.
    pub nodes: Vec<Node>,
    /// The links, the end that dials first.
    pub links: Vec<(Node, Node)>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `network …`.
    Network(Topology),
    /// `who: ask`, or `try who: ask`.
    Ask {
        /// Whether errors and silence are let pass.
        attempt: bool,
        /// Whom.
        who: Chosen,
        /// What.
        ask: Ask,
    },
    /// `expect …`.
    Expect(Expect),
    /// `kill`, `stop`, `start`, `restart`, `pause`, `resume`.
    Signal(Verb, Vec<Node>),
    /// `cut …`.
    Cut(Vec<Way>),
    /// `join …`.
    Join(Vec<Way>),
    /// `break …`.
    Break(Vec<Way>),
    /// `partition … | rest`: the sets but for the last, which is `rest`.
    Partition(Vec<Vec<Node>>),
    /// `heal`.
    Heal,
    /// `link … delay …`; without a shape `clear`.
    Link {
        /// Which; all of them if none is named.
        ways: Vec<Way>,
        /// How.
        shapes: Vec<Shape>,
    },
    /// `clock a +1s`, in milliseconds.
    Clock(Node, i64),
    /// `disk a full`, or `disk a free`.
    Disk {
        /// Whose.
        node: Node,
        /// Whether it takes nothing more from then on.
        full: bool,
    },
    /// `wait 1s`, in milliseconds.
    Wait(u64),
    /// `together { … }`.
    Together(Vec<Step>),
    /// `do { … }`, a side of `together`.
    Do(Vec<Step>),
    /// `repeat 10 at 5/s as i { … }`.
    Repeat {
        /// How often; without it, inside `together`, until the other sides have ended.
        count: Option<u64>,
        /// So many a second; without it one after another.
        rate: Option<u64>,
        /// What.
        block: Vec<Step>,
    },
}

/// A link, both ways or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// From here,
    pub from: Node,
    /// to here,
    pub to: Node,
    /// and back as well.
    pub both: bool,
}

/// What a link does to traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Milliseconds.
    Delay(u64),
    /// Milliseconds.
    Jitter(u64),
    /// Percent.
    Loss(u64),
    /// Megabits a second.
    Rate(u64),
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// `set KEY VALUE [DATE]`.
    Set {
        /// Of which key.
        key: Key,
        /// To what.
        value: Value,
        /// The stamp's wall time, in milliseconds; now if absent.
        date: Option<u64>,
    },
    /// `delete KEY`.
    Delete(Key),
    /// `get KEY`.
    Get(Key),
    /// `stamp KEY`.
    Stamp(Key),
    /// `keys`.
    Keys,
    /// `count`.
    Count,
    /// `peers`.
    Peers,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Its number, or that of its family.
    pub number: u32,
    /// Which of its family.
    pub turn: Turn,
}

/// Which key of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// There is only one: `k1`.
    Alone,
    /// This one: `k1_7`.
    At(u64),
    /// Inside `repeat`: another in each turn, `k1_$i`.
    Each,
    /// Inside `repeat`: so many in turn, `k1_${i % 5}`.
    Cycle(u64),
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// A number.
    Number(u32),
    /// Inside `repeat`: the number of the turn.
    Turn,
}

/// What is expected: only what must hold whatever happened before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// `converged within …`, in milliseconds.
    Converged(u64),
    /// `who: get KEY == VALUE within …`, or `fails absent` where it was deleted.
    Holds {
        /// Who: the node that wrote it, or all.
        who: Chosen,
        /// Which key.
        key: Key,
        /// What was written last; nothing where it was deleted.
        value: Option<Value>,
        /// Within so many milliseconds; now if 0.
        within_ms: u64,
    },
    /// `a: peers == b c within …`.
    Peers {
        /// Whose.
        node: Node,
        /// Which.
        peers: Vec<Node>,
        /// Within so many milliseconds.
        within_ms: u64,
    },
}

impl Plan {
    /// How many steps it has: every line of the file but for headers, comments and closing braces.
    #[must_use]
    pub fn size(&self) -> usize {
        self.options.len() + count(&self.steps)
    }

    /// All nodes that it names, in order.
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
    /// The steps inside of it.
    #[must_use]
    pub fn block(&self) -> Option<&Vec<Step>> {
        match self {
            Self::Together(block) | Self::Do(block) | Self::Repeat { block, .. } => Some(block),
            _ => None,
        }
    }

    /// The steps inside of it, to be changed.
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

/// Shows every step, those inside of others included, in the order of the text.
pub(super) fn visit<'a>(steps: &'a [Step], see: &mut impl FnMut(&'a Step)) {
    for step in steps {
        see(step);
        if let Some(block) = step.block() {
            visit(block, see);
        }
    }
}

/// The same, to change them.
pub(super) fn visit_mut(steps: &mut [Step], change: &mut impl FnMut(&mut Step)) {
    for step in steps {
        change(step);
        if let Some(block) = step.block_mut() {
            visit_mut(block, change);
        }
    }
}
