//! Steps: one statement of a scenario each.

use std::time::Duration;

use super::choice::{LinkSet, Who};
use super::claim::{Bound, Claim};
use super::place::At;
use super::word::{Ask, Word};
use crate::text::{Span, step_duration};
use crate::topology::Graph;
use crate::workload::Kind;

/// Steps between braces, or those of a whole file.
pub type Block = Vec<Step>;

/// One step of a scenario, with its place.
#[derive(Debug, Clone)]
pub struct Step {
    /// The place of the step; of a step with a block, the place of its head.
    pub at: At,
    /// The content of the step.
    pub kind: StepKind,
}

impl Step {
    /// Returns true if the step goes on until the steps beside it, in the same `together`, have ended.
    #[must_use]
    pub fn never_ends(&self) -> bool {
        match &self.kind {
            StepKind::Repeat { count, .. } => count.is_none(),
            StepKind::Do(block) | StepKind::Measure { block, .. } => block.iter().any(Self::never_ends),
            _ => false,
        }
    }
}

/// The effort with which nodes are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Once: an error or silence fails the step.
    Once,
    /// Once, as `try` says: errors and silence do not fail the step.
    Try,
    /// Again and again, as `until` says, until every node has answered: at most for this time.
    Until(Duration),
}

/// The content of a step, by kind.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// `who: ask`, `try who: ask`, or `until who: ask within duration`.
    Ask {
        /// The effort with which they are asked.
        effort: Effort,
        /// The nodes that are asked.
        who: Who,
        /// The command and its arguments.
        ask: Ask,
    },
    /// `let name = who: ask`.
    LetAnswer {
        /// The variable that holds the answer.
        name: String,
        /// The node that is asked; exactly one.
        who: Who,
        /// The command and its arguments.
        ask: Ask,
    },
    /// `let name = who`.
    LetNodes {
        /// The variable that holds the choice.
        name: String,
        /// The chosen nodes.
        who: Who,
    },
    /// `expect claim within|for duration`.
    Expect {
        /// The claim that must hold.
        claim: Claim,
        /// The time in which the claim must hold; now if absent.
        bound: Option<Bound>,
    },
    /// `network topology`.
    Network(Graph),
    /// `node who option…`.
    Node {
        /// The nodes that get the options.
        who: Who,
        /// The options, in order.
        options: Vec<NodeOption>,
    },
    /// `kill`, `stop`, `start`, `restart`, `pause`, `resume`; `try start` and `try restart`.
    Signal {
        /// The change to the nodes' life.
        verb: Verb,
        /// The nodes that it is done to.
        who: Who,
        /// True after `try`: a start may fail, and its node is stopped then.
        may_fail: bool,
    },
    /// `cut links`.
    Cut(LinkSet),
    /// `join links`.
    Join(LinkSet),
    /// `break links`.
    Break(LinkSet),
    /// `partition who | who …`: the sets; `rest` is an `Item::Rest`.
    Partition(Vec<Who>),
    /// `heal`, which ends every cut and the partition.
    Heal,
    /// `link links clear` (no shape) or `link links shape…`.
    Link {
        /// The links that are shaped.
        links: LinkSet,
        /// The shapes that the links get; an empty list clears their shape.
        shape: Vec<Shape>,
    },
    /// `clock who +10s`.
    Clock {
        /// The nodes whose wall clock is shifted.
        who: Who,
        /// The shift in milliseconds; forward if positive.
        offset_ms: i64,
    },
    /// `disk who full`, `disk who free`.
    Disk {
        /// The nodes whose disk is meant.
        who: Who,
        /// True if the disk accepts no more data from now on.
        full: bool,
    },
    /// `wait duration`.
    Wait(Duration),
    /// `together { … }`.
    Together(Block),
    /// `do { … }`.
    Do(Block),
    /// `measure name { … }`.
    Measure {
        /// The name of the measure, by which its figures are read.
        name: String,
        /// The steps that are measured.
        block: Block,
    },
    /// `workload name { … } for duration at rate`.
    Workload {
        /// The load.
        load: Load,
        /// The steps that are performed meanwhile.
        block: Block,
    },
    /// `repeat count at rate as name { … }`.
    Repeat {
        /// The number of rounds. Without it, inside `together`, the block repeats until every finite side has
        /// ended.
        count: Option<u64>,
        /// The rate of the rounds; without it they run one after another.
        rate: Option<Rate>,
        /// The variable that holds the counter of rounds, which begins at 0.
        counter: Option<String>,
        /// The steps that are repeated.
        block: Block,
    },
    /// `each name in who { … }`.
    Each {
        /// The variable that holds the node of a round.
        name: String,
        /// The chosen nodes, in order of appearance.
        who: Who,
        /// The steps that run for each node.
        block: Block,
    },
}

impl StepKind {
    /// Returns the steps inside of it, if it has a block.
    #[must_use]
    pub fn block(&self) -> Option<&Block> {
        match self {
            Self::Together(block)
            | Self::Do(block)
            | Self::Measure { block, .. }
            | Self::Workload { block, .. }
            | Self::Repeat { block, .. }
            | Self::Each { block, .. } => Some(block),
            _ => None,
        }
    }

    /// Returns the word that such a step begins with, or `ask`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Ask { .. } => "ask",
            Self::LetAnswer { .. } | Self::LetNodes { .. } => "let",
            Self::Expect { .. } => "expect",
            Self::Network(_) => "network",
            Self::Node { .. } => "node",
            Self::Signal { verb, .. } => verb.word(),
            Self::Cut(_) => "cut",
            Self::Join(_) => "join",
            Self::Break(_) => "break",
            Self::Partition(_) => "partition",
            Self::Heal => "heal",
            Self::Link { .. } => "link",
            Self::Clock { .. } => "clock",
            Self::Disk { .. } => "disk",
            Self::Wait(_) => "wait",
            Self::Together(_) => "together",
            Self::Do(_) => "do",
            Self::Measure { .. } => "measure",
            Self::Workload { .. } => "workload",
            Self::Repeat { .. } => "repeat",
            Self::Each { .. } => "each",
        }
    }
}

/// A change to a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    /// SIGKILL, or the closest that the world has to it.
    Kill,
    /// An orderly stop.
    Stop,
    /// A new start, with the same data and links.
    Start,
    /// A stop, then a start.
    Restart,
    /// A freeze: the node makes no progress.
    Pause,
    /// The end of a freeze.
    Resume,
}

impl Verb {
    /// All verbs, in the order in which they are declared.
    pub const ALL: [Self; 6] =
        [Self::Kill, Self::Stop, Self::Start, Self::Restart, Self::Pause, Self::Resume];

    /// Returns the keyword of the verb.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

/// One option of a `node` step.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeOption {
    /// The option's name, one of [`NodeOption::NAMES`].
    pub name: String,
    /// The value that the option is set to.
    pub value: Word,
    /// The place of the name and the value.
    pub span: Span,
}

impl NodeOption {
    /// The names of all options.
    pub const NAMES: &[&str] = &[
        "driver", "exec", "at", "workload", "policy", "data", "clock", "adapter", "ready", "ask", "values",
        "lines", "args",
    ];
    /// The options of a start, which a node that runs already does not have.
    pub const OF_THE_START: &[&str] = &["exec", "data", "clock", "lines", "args"];
}

/// The effect of a link on its traffic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// The delay of all traffic.
    Delay(Duration),
    /// The longest additional delay; the actual one is drawn.
    Jitter(Duration),
    /// The mean of an additional delay with an exponential distribution.
    Exponential(Duration),
    /// The share of traffic that is lost: 0 to 1.
    Loss(f64),
    /// The bandwidth in bits per second.
    Rate(u64),
    /// The share of traffic that is delivered twice: 0 to 1.
    Duplicate(f64),
}

impl Shape {
    /// Returns true for the time that traffic takes whatever its amount.
    #[must_use]
    pub fn is_latency(&self) -> bool {
        matches!(self, Self::Delay(_) | Self::Jitter(_) | Self::Exponential(_))
    }
}

impl std::fmt::Display for Shape {
    /// Writes the shape in the words of a step.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Delay(delay) => write!(f, "delay {}", step_duration(delay)),
            Self::Jitter(jitter) => write!(f, "jitter {}", step_duration(jitter)),
            Self::Exponential(mean) => write!(f, "exponential {}", step_duration(mean)),
            Self::Loss(share) => write!(f, "loss {}%", share * 100.0),
            Self::Duplicate(share) => write!(f, "duplicate {}%", share * 100.0),
            Self::Rate(bits) if bits.is_multiple_of(1_000_000) => write!(f, "rate {}mbit", bits / 1_000_000),
            Self::Rate(bits) if bits.is_multiple_of(1_000) => write!(f, "rate {}kbit", bits / 1_000),
            Self::Rate(bits) => write!(f, "rate {bits}bit"),
        }
    }
}

/// The load of a `workload` step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// The workload that is asked and judged.
    pub kind: Kind,
    /// The time for which clients ask.
    pub time: Duration,
    /// The rate at which operations begin.
    pub rate: Rate,
}

impl Load {
    /// The rate of a load for which none is given, as of `tools workload`.
    pub const RATE: Rate = Rate { count: 50, unit: RateUnit::Second };
}

/// Returns the message for a second load of a workload whose reads have all that was ever added.
#[must_use]
pub fn second_load(kind: Kind) -> String {
    format!("nodes still hold what an earlier `workload {}` added", kind.name())
}

/// The rate of a `repeat` or of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The number of rounds in each unit of time.
    pub count: u64,
    /// The unit of time.
    pub unit: RateUnit,
}

/// The unit of a [`Rate`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateUnit {
    /// `/s`: a second.
    Second,
    /// `/m`: a minute.
    Minute,
}
