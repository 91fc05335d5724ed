//! What passes between the runner and a world. No process, socket or clock is named in it, so
//! that a simulator can offer the same.

use std::time::Duration;

use crate::scenario::Shape;

/// A node of the network, by order of appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct NodeIndex(pub usize);

/// An operation under way; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct OpId(pub u64);

/// How a node is to be started.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct NodeSpec {
    /// Its name in the topology.
    pub name: String,
    /// The protocol it speaks.
    pub driver: String,
    /// The program that it is, instead of our own node: a command line with `{name}`, `{host}`
    /// and `{port}` to be filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<String>,
    /// How it chooses among versions; the driver's default if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Whether what it holds outlives it.
    pub disk: bool,
    /// How far its wall clock is ahead when it starts; behind if negative.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_ms: i64,
    /// Whether its disk is full when it starts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disk_full: bool,
    /// The mistake that it makes, if it is our own.
    #[cfg(feature = "mutants")]
    #[serde(skip)]
    pub mutant: Option<super::Mutant>,
    /// What it is tried with, if its protocol knows several workloads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The program that asks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// How it is known to be ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// What is added to its command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// What a world is told to do. Times are absolute: since the run began.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Start a node. Ends with [`Outcome::Done`] when it is ready and has been reached.
    Launch {
        /// Which. The same node may be launched again after it ended.
        node: NodeIndex,
        /// How.
        spec: NodeSpec,
        /// When to give up.
        deadline: Duration,
    },
    /// All nodes whose messages the harness carries and the links between them, before any of them is
    /// started. Ends at once.
    Members {
        /// The nodes, in order of appearance.
        nodes: Vec<NodeIndex>,
        /// Who is linked to whom, each link once.
        links: Vec<Direction>,
    },
    /// End, freeze or thaw a node. Ends when it has ended, or is frozen or thawed.
    Signal {
        /// Which.
        node: NodeIndex,
        /// How.
        signal: Signal,
        /// When to give up; a node that will not stop is then killed.
        deadline: Duration,
    },
    /// Ask a node. Ends with [`Outcome::Answered`], [`Outcome::Refused`] or [`Outcome::Unknown`].
    Ask {
        /// Which.
        node: NodeIndex,
        /// The command and its arguments, nodes by name.
        words: Vec<String>,
        /// When the answer no longer counts.
        deadline: Duration,
    },
    /// Link one node to another. Ends when both list each other.
    Wire {
        /// Who dials.
        from: NodeIndex,
        /// Who is dialled.
        to: NodeIndex,
        /// When to give up.
        deadline: Duration,
    },
    /// Tell of every version that a node stores, from now on and first of those it holds.
    Watch {
        /// Which.
        node: NodeIndex,
        /// When to give up.
        deadline: Duration,
    },
    /// Change what links do to traffic. Ends when it is in force.
    Links(Vec<LinkChange>),
    /// Silence between nodes of different sets; a node in no set is apart from nobody. Replaces
    /// the sets before; none of them ends the partition. Ends when it is in force.
    Partition(Vec<Vec<NodeIndex>>),
    /// Shift a node's wall clock by so many milliseconds.
    Clock {
        /// Which.
        node: NodeIndex,
        /// Forward if positive.
        offset_ms: i64,
    },
    /// Fill a node's disk, so that it takes nothing more, or make room on it again.
    Disk {
        /// Which.
        node: NodeIndex,
        /// Whether it is to be full.
        full: bool,
    },
    /// The last lines of what a node wrote, problems included.
    Log {
        /// Which.
        node: NodeIndex,
        /// How many.
        lines: usize,
    },
    /// Let time pass until then.
    Timer {
        /// When it ends.
        at: Duration,
    },
}

/// What is done to a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// At once, unasked.
    Kill,
    /// An orderly end.
    Stop,
    /// Frozen.
    Pause,
    /// Thawed.
    Resume,
}

/// One direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Direction {
    /// From here,
    pub from: NodeIndex,
    /// to here.
    pub to: NodeIndex,
}

/// A change to one direction of a link.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkChange {
    /// Silence.
    Cut(Direction),
    /// Sound again.
    Join(Direction),
    /// The connection is reset.
    Break(Direction),
    /// What it does to traffic, all of it: an empty list clears.
    Shape(Direction, Vec<Shape>),
}

impl LinkChange {
    /// The direction that it is about.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::Cut(direction)
            | Self::Join(direction)
            | Self::Break(direction)
            | Self::Shape(direction, _) => *direction,
        }
    }
}

/// Something happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// When: since the run began.
    pub at: Duration,
    /// What.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An operation ended.
    Ended {
        /// Which.
        id: OpId,
        /// What came of it.
        outcome: Outcome,
    },
    /// A node's state changed. Told before the answer of the ask that caused it.
    Changed {
        /// Which.
        node: NodeIndex,
        /// What it is now.
        change: Change,
    },
    /// A node stored a version.
    Stored {
        /// Which.
        node: NodeIndex,
        /// Of which key.
        key: String,
        /// Its place among the versions of that key: the greater text wins.
        rank: String,
    },
    /// A copy of a version left a node for a neighbour. Only worlds that see all traffic tell it,
    /// and only if they were made to.
    Payload {
        /// Who sent it.
        node: NodeIndex,
        /// Of which key.
        key: String,
        /// Its place among the versions of that key.
        rank: String,
    },
    /// A node has ended, asked or unasked. Told before [`Event::Ended`] of the signal.
    Exited {
        /// Which.
        node: NodeIndex,
        /// How.
        ending: Ending,
    },
    /// The person at the terminal wants it to end.
    Interrupted,
    /// Somebody outside of the run wants attention.
    Woken,
    /// A node broke the protocol that it is to speak.
    Misbehaved {
        /// Which.
        node: NodeIndex,
        /// For people: what it did.
        reason: String,
    },
    /// Virtual time has passed its limit, or does not pass any more. Nothing else happens then.
    Runaway {
        /// For people: the limit, and what was still scheduled.
        reason: String,
    },
}

/// The state of a node, as it tells it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Change {
    /// Equal digests mean equal versions.
    pub digest: String,
    /// How many neighbours' links are up.
    pub peers: u64,
}

/// How a node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(9) => f.write_str("SIGKILL"),
            Self::Signal(15) => f.write_str("SIGTERM"),
            Self::Signal(6) => f.write_str("SIGABRT"),
            Self::Signal(11) => f.write_str("SIGSEGV"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// The answer to an ask.
    Answered(Answer),
    /// The node said no.
    Refused {
        /// For programs: one of the driver's codes.
        code: String,
        /// For people.
        message: String,
    },
    /// It may or may not have happened: silence, a lost connection.
    Unknown {
        /// For people.
        reason: String,
    },
    /// The world could not: a port taken, a program missing, a node that died before it was ready.
    Failed {
        /// For people: what, and what to do about it.
        reason: String,
    },
    /// Lines of a log, oldest first.
    Lines(Vec<String>),
}

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer.
    pub value: Value,
    /// Of a `set`, `delete`, `stamp` or `get`: the version, if it is known.
    pub written: Option<Written>,
}

/// An answer's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// One text.
    Text(String),
    /// Several, in the node's order; compared as a set.
    List(Vec<String>),
    /// Nothing but that it was done.
    Done,
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::List(list) => f.write_str(&list.join(" ")),
            Self::Done => f.write_str("done"),
        }
    }
}

/// A version that a node wrote or holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// Its stamp.
    pub stamp: String,
    /// Its place among the versions of its key: the greater text wins.
    pub rank: String,
}
