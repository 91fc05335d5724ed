//! The events that a world reports to the runner.

use std::time::Duration;

use super::message::MessageEvent;
use super::node_spec::NodeIndex;
use super::operation::OpId;
use super::outcome::Outcome;

/// An event and its time.
#[derive(Debug, Clone, PartialEq)]
pub struct Occurrence {
    /// The time of the event, since the run began.
    pub at: Duration,
    /// The event.
    pub event: Event,
}

/// An event that a world reports to the runner.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An operation ended.
    Ended {
        /// The operation.
        id: OpId,
        /// The outcome of the operation.
        outcome: Outcome,
    },
    /// An ask was put to its node after earlier asks of that node. Only drivers whose asks wait for each
    /// other report it; elsewhere an ask is put when it is submitted.
    Put {
        /// The operation of the ask.
        id: OpId,
    },
    /// A node's state changed. The event precedes the answer of the ask that caused it.
    Changed {
        /// The node whose state changed.
        node: NodeIndex,
        /// The new state.
        change: Change,
    },
    /// A node stored a version.
    Stored {
        /// The node that stored the version.
        node: NodeIndex,
        /// The key of the version.
        key: String,
        /// The rank of the version among those of its key: the greater text wins.
        rank: String,
        /// The wall time of its stamp, in milliseconds since 1970.
        wall_ms: u64,
    },
    /// A copy of a version left a node for a neighbour. Only worlds that see all traffic report it, and only
    /// if their options ask for it.
    Payload {
        /// The node that sent the copy.
        node: NodeIndex,
        /// The key of the version.
        key: String,
        /// The rank of the version among those of its key.
        rank: String,
    },
    /// A connection between two nodes came up, or ended. Only worlds that see connections report it.
    Link {
        /// The node that dialled.
        from: NodeIndex,
        /// The node that was dialled.
        to: NodeIndex,
        /// True if the connection came up.
        up: bool,
    },
    /// A message went a part of its way. Only worlds that carry messages report it, and only if their options ask
    /// for it.
    Message(MessageEvent),
    /// A node has ended, asked or unasked. The event precedes [`Event::Ended`] of the signal.
    Exited {
        /// The node that ended.
        node: NodeIndex,
        /// The exit code or the signal.
        ending: ExitStatus,
    },
    /// The person at the terminal wants the run to end.
    Interrupted,
    /// A source outside of the run wants attention.
    Woken,
    /// A node did what no node may do.
    Misbehaved {
        /// The node at fault.
        node: NodeIndex,
        /// The act.
        how: Misconduct,
    },
    /// The environment lacks what the world needs to go on: links are no longer carried.
    Lacking {
        /// The shortage and its remedy, for people.
        reason: String,
    },
    /// Virtual time has passed its limit, or no longer passes. No other event follows.
    Runaway {
        /// The limit and what was still scheduled, for people.
        reason: String,
    },
}

/// An act that no node may do, in words that continue "it …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misconduct {
    /// The node broke the protocol that it is to speak.
    Protocol(String),
    /// The node wrote or told so much that nobody could take it.
    Flood(String),
}

impl Misconduct {
    /// Returns the message for the node of that name.
    #[must_use]
    pub fn said_of(&self, node: &str) -> String {
        match self {
            Self::Protocol(reason) => format!("node `{node}` broke its protocol: it {reason}"),
            Self::Flood(reason) => format!("node `{node}` {reason}"),
        }
    }
}

/// The state of a node, as the node reports it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// The digest of the node's versions: equal digests mean equal versions.
    pub digest: String,
    /// The number of neighbours whose links are up.
    pub peers: u64,
}

/// The exit status of a node's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitStatus {
    /// The node ended with this exit code.
    Code(i32),
    /// The node was ended by this signal.
    Signal(i32),
    /// The node, which the harness did not start, no longer listens.
    Gone,
    /// The node, which the harness did not start, runs on without it.
    Released,
}

impl std::fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(9) => f.write_str("SIGKILL"),
            Self::Signal(15) => f.write_str("SIGTERM"),
            Self::Signal(6) => f.write_str("SIGABRT"),
            Self::Signal(11) => f.write_str("SIGSEGV"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
            Self::Gone => f.write_str("nothing listens at its address any more"),
            Self::Released => f.write_str("it was left to itself"),
        }
    }
}
