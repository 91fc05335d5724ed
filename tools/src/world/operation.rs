//! The operations that the runner submits to a world. They name no process, socket or clock, so that a
//! simulator can offer the same.

use std::collections::BTreeMap;
use std::time::Duration;

use super::link_change::{Direction, LinkChange};
use super::node_spec::{NodeIndex, NodeSpec};
use crate::scenario::Shape;

/// The id of an operation under way. An id is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u64);

/// A command to a world. Times are absolute: since the run began.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Starts a node. Ends with [`super::Outcome::Done`] when the node is ready and the harness has reached it.
    Launch {
        /// The node. It may be launched again after it has ended.
        node: NodeIndex,
        /// The specification by which it is started.
        spec: Box<NodeSpec>,
        /// The time at which the world gives up.
        deadline: Duration,
    },
    /// Names all nodes whose messages the harness carries, and the links between them, before any of them is
    /// started. Ends at once.
    Members(Members),
    /// Ends, freezes or thaws a node. The operation ends when the node has ended, or is frozen or thawed.
    Signal {
        /// The node that is signalled.
        node: NodeIndex,
        /// The signal.
        signal: Signal,
        /// The time at which the world gives up; a node that will not stop is then killed.
        deadline: Duration,
    },
    /// Asks a node. Ends with [`super::Outcome::Answered`], [`super::Outcome::Refused`], [`super::Outcome::Unknown`] or
    /// [`super::Outcome::Unasked`].
    Ask {
        /// The node that is asked.
        node: NodeIndex,
        /// The command and its arguments; nodes are given by name.
        words: Vec<String>,
        /// The time from which an answer no longer counts. A driver that puts asks to a node one after
        /// another gives each the same span, from when it is put to the node.
        deadline: Duration,
        /// The last moment at which the ask may be put to the node, if there is one. An ask whose turn comes
        /// later ends with [`super::Outcome::Unasked`].
        until: Option<Duration>,
    },
    /// Links one node to another. Ends when the node that dials acknowledges the link, or refuses it.
    Wire {
        /// The node that dials.
        from: NodeIndex,
        /// The node that is dialled.
        to: NodeIndex,
        /// The time at which the world gives up.
        deadline: Duration,
    },
    /// Reports every version that a node stores from now on, and first those that it holds.
    Watch {
        /// The node that is watched.
        node: NodeIndex,
        /// The time at which the world gives up.
        deadline: Duration,
    },
    /// Waits until a node shows that it serves again after a disturbance. Ends at once for a node that has no sign of
    /// it, and with [`super::Outcome::Failed`] or [`super::Outcome::Unknown`] where the sign does not come.
    Healthy {
        /// The node.
        node: NodeIndex,
        /// The time at which the world gives up.
        deadline: Duration,
    },
    /// Changes the effect of links on traffic. Ends when the change is in force.
    Links(Vec<LinkChange>),
    /// Silences links between nodes of different sets; a node in no set is apart from no other. The sets
    /// replace those before; an empty list ends the partition. Ends when the partition is in force.
    Partition(Vec<Vec<NodeIndex>>),
    /// Looks for connections of these nodes that bypass the proxies in links. Ends with
    /// [`super::Outcome::Bypasses`].
    Bypasses {
        /// The nodes, each with the time at which a fault began to concern it; connections that ended before
        /// do not count.
        since: BTreeMap<NodeIndex, Duration>,
    },
    /// Shifts a node's wall clock by so many milliseconds.
    Clock {
        /// The node whose clock is shifted.
        node: NodeIndex,
        /// The shift in milliseconds, forward if positive.
        offset_ms: i64,
    },
    /// Fills a node's disk, so that it accepts no more writes, or makes room on it again.
    Disk {
        /// The node whose disk it is.
        node: NodeIndex,
        /// True to fill the disk, false to make room.
        full: bool,
    },
    /// Returns the first and the last lines that a node wrote in all its lives, problems included.
    Log {
        /// The node whose log is read.
        node: NodeIndex,
        /// The number of lines from the start, and of lines from the end.
        lines: usize,
    },
    /// Returns the first and the last lines that a node wrote in its present or last life, problems included.
    /// Lines that repeat the harness's own questions are left out where they can be told.
    Excerpt {
        /// The node whose log is read.
        node: NodeIndex,
        /// The number of lines from the start, and of lines from the end.
        lines: usize,
    },
    /// Lets time pass until the given moment.
    Timer {
        /// The time at which the timer ends.
        at: Duration,
    },
}

/// A change to a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Kills the node at once, without warning.
    Kill,
    /// Ends the node in order.
    Stop,
    /// Freezes the node.
    Pause,
    /// Thaws the node.
    Resume,
}

/// The nodes whose messages the harness carries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members {
    /// The nodes, in order of appearance, with their names.
    pub nodes: Vec<(NodeIndex, String)>,
    /// True if the nodes know each other by these names in any case. Otherwise the protocol's usual ids stand for
    /// names of another form.
    pub ids_are_names: bool,
    /// The pairs of linked nodes, each link once.
    pub links: Vec<Direction>,
    /// The shape of the links between nodes and the services of the protocol; none if empty.
    pub services: Vec<Shape>,
}
