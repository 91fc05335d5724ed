//! The journal of a run as data: one entry for each event, written as a line of `run.jsonl`.

use serde::Serialize;

use crate::world::{
    Bypass, Change, ExitStatus, NodeIndex, NodeSpec, OpId, Operation, Outcome, Signal, Value, Written,
};

/// The receiver of the entries of a journal, as they come; none if no journal is wanted.
pub(in crate::run) type JournalWriter = Option<Box<dyn FnMut(&JournalEntry)>>;

/// An entry of the journal: one event and its time.
#[derive(Debug, Clone, Serialize)]
pub struct JournalEntry {
    /// Microseconds since the run began.
    pub at_us: u64,
    /// The event itself.
    #[serde(flatten)]
    pub event: JournalEvent,
}

/// An event of a run, as the journal states it.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEvent {
    /// The run begins.
    Plan {
        /// The scenario's name.
        scenario: String,
        /// The scenario's file.
        file: String,
        /// The scenario's text.
        text: String,
        /// The values chosen for its parameters, by name.
        params: std::collections::BTreeMap<String, String>,
        /// The name of the world that runs it.
        world: String,
        /// The seed of every draw.
        seed: u64,
    },
    /// A node gets its place in the network.
    Node {
        /// The index of the node.
        node: NodeIndex,
        /// The name of the node.
        name: String,
    },
    /// A step begins.
    Step {
        /// The file of the step.
        file: String,
        /// The line of the step.
        line: usize,
        /// The step as written in the file.
        text: String,
    },
    /// Nodes were drawn for a step.
    Chosen {
        /// The words that asked for them.
        who: String,
        /// The drawn nodes.
        nodes: Vec<NodeIndex>,
    },
    /// A node is started.
    Launch {
        /// The operation.
        op: OpId,
        /// The node that is started.
        node: NodeIndex,
        /// The node's name, driver and options.
        spec: NodeSpec,
    },
    /// A node gets a signal: to end, to freeze or to thaw.
    Signal {
        /// The operation.
        op: OpId,
        /// The node that gets the signal.
        node: NodeIndex,
        /// The kind of the signal.
        signal: Signal,
    },
    /// A node is asked.
    Ask {
        /// The operation.
        op: OpId,
        /// The node that is asked.
        node: NodeIndex,
        /// The command and its arguments.
        words: Vec<String>,
    },
    /// A link is wired.
    Wire {
        /// The operation.
        op: OpId,
        /// The node that dials.
        from: NodeIndex,
        /// The node that is dialled.
        to: NodeIndex,
    },
    /// The treatment of traffic on links changes.
    Links {
        /// The operation.
        op: OpId,
        /// The changes, in words.
        changes: Vec<String>,
    },
    /// The network is partitioned into sets of nodes; an empty list ends the partition.
    Partition {
        /// The operation.
        op: OpId,
        /// The sets of nodes that are kept apart.
        sets: Vec<Vec<NodeIndex>>,
    },
    /// A clock is shifted.
    Clock {
        /// The operation.
        op: OpId,
        /// The node that owns the clock.
        node: NodeIndex,
        /// The offset, in milliseconds.
        offset_ms: i64,
    },
    /// A disk is made full, or gets room again.
    Disk {
        /// The operation.
        op: OpId,
        /// The node that owns the disk.
        node: NodeIndex,
        /// True if the disk is full from now on.
        full: bool,
    },
    /// An operation was done.
    Done {
        /// The operation that was done.
        op: OpId,
    },
    /// An ask was answered.
    Answer {
        /// The operation that was answered.
        op: OpId,
        /// The answer.
        value: Value,
        /// The version it wrote or read.
        #[serde(skip_serializing_if = "Option::is_none")]
        written: Option<Written>,
    },
    /// A node refused an operation.
    Refused {
        /// The refused operation.
        op: OpId,
        /// The reason as a code, for programs.
        code: String,
        /// The reason in words, for people.
        message: String,
    },
    /// The effect of an operation is unknown: it may or may not have happened.
    Unknown {
        /// The operation in doubt.
        op: OpId,
        /// The cause of the doubt, in words.
        reason: String,
    },
    /// The world could not carry out an operation.
    Failed {
        /// The operation that failed.
        op: OpId,
        /// The reason, in words.
        reason: String,
    },
    /// A step was shown something that the harness itself knows of a node: its life, or its log.
    Shown {
        /// The node in question.
        node: NodeIndex,
        /// The text that was shown.
        text: String,
    },
    /// An ask was never put to its node, because its turn came too late.
    Unasked {
        /// The ask that was dropped.
        op: OpId,
    },
    /// A node's state changed.
    Changed {
        /// The node that changed.
        node: NodeIndex,
        /// The node's new state.
        #[serde(flatten)]
        change: Change,
    },
    /// A node has ended.
    Exited {
        /// The node that has ended.
        node: NodeIndex,
        /// The exit code or the signal of its end.
        ending: ExitStatus,
    },
    /// A node broke the protocol that it must speak.
    Misbehaved {
        /// The node that broke the protocol.
        node: NodeIndex,
        /// The breach, in words.
        reason: String,
    },
    /// A node wrote or told so much that nobody could take it.
    Flooded {
        /// The node that flooded the harness.
        node: NodeIndex,
        /// The flood, in words.
        reason: String,
    },
    /// Connections bypassed the proxies of links.
    Bypassed {
        /// The operation that found them.
        op: OpId,
        /// The nodes at the ends of each connection, where they are known.
        found: Vec<Bypass>,
    },
    /// An expectation held.
    Held {
        /// The line of the expectation.
        line: usize,
        /// The number of its evaluations.
        evaluations: u64,
    },
    /// A `measure` has its figures.
    Measured {
        /// The name of the measure.
        name: String,
        /// The figures, by name.
        figures: std::collections::BTreeMap<String, f64>,
        /// A note on traffic that the figures count beside that of the measure's own
        /// writes, if there was any.
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// The run ends.
    Verdict {
        /// `passed`, `failed`, `broken` or `interrupted`.
        verdict: String,
        /// The reason, unless the run passed.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
}

impl JournalEvent {
    /// Returns the entry of an operation that begins. It is none for timers, members, watches, checks
    /// for bypasses and readings of logs.
    pub(in crate::run) fn submitted(op: OpId, operation: &Operation) -> Option<Self> {
        Some(match operation {
            Operation::Launch { node, spec, .. } => Self::Launch { op, node: *node, spec: spec.clone() },
            Operation::Signal { node, signal, .. } => Self::Signal { op, node: *node, signal: *signal },
            Operation::Ask { node, words, .. } => Self::Ask { op, node: *node, words: words.clone() },
            Operation::Wire { from, to, .. } => Self::Wire { op, from: *from, to: *to },
            Operation::Links(changes) => {
                Self::Links { op, changes: changes.iter().map(|change| format!("{change:?}")).collect() }
            }
            Operation::Partition(sets) => Self::Partition { op, sets: sets.clone() },
            Operation::Clock { node, offset_ms } => Self::Clock { op, node: *node, offset_ms: *offset_ms },
            Operation::Disk { node, full } => Self::Disk { op, node: *node, full: *full },
            Operation::Members(_)
            | Operation::Watch { .. }
            | Operation::Bypasses { .. }
            | Operation::Log { .. }
            | Operation::Excerpt { .. }
            | Operation::Timer { .. } => return None,
        })
    }

    /// Returns the entry of an operation that ended. It is none for lines of logs, and for a check
    /// that found no bypass.
    pub(in crate::run) fn ended(op: OpId, outcome: &Outcome) -> Option<Self> {
        Some(match outcome.clone() {
            Outcome::Done => Self::Done { op },
            Outcome::Answered(answer) => Self::Answer { op, value: answer.value, written: answer.written },
            Outcome::Refused { code, message } => Self::Refused { op, code, message },
            Outcome::Unknown { reason } => Self::Unknown { op, reason },
            Outcome::Failed { reason } => Self::Failed { op, reason },
            Outcome::Bypasses(found) if found.is_empty() => return None,
            Outcome::Bypasses(found) => Self::Bypassed { op, found },
            Outcome::Unasked => Self::Unasked { op },
            Outcome::Lines(_) => return None,
        })
    }
}
