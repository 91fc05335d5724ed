//! The run as data: one record an event, written as a line of `run.jsonl`.

use serde::Serialize;

use crate::world::{Change, Ending, NodeIndex, NodeSpec, OpId, Operation, Outcome, Signal, Value, Written};

/// One event and when it happened.
#[derive(Debug, Clone, Serialize)]
pub struct Record {
    /// Microseconds since the run began.
    pub at_us: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: RunEvent,
}

/// What happened in a run.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// The run begins.
    Plan {
        /// The scenario's name.
        scenario: String,
        /// The file it stands in.
        file: String,
        /// Its text.
        text: String,
        /// The choice of its parameters.
        params: std::collections::BTreeMap<String, String>,
        /// Where it runs.
        world: String,
        /// What every draw comes from.
        seed: u64,
    },
    /// A node has its place in the network.
    Node {
        /// Which.
        node: NodeIndex,
        /// Its name.
        name: String,
    },
    /// A step begins.
    Step {
        /// In which file.
        file: String,
        /// On which line.
        line: usize,
        /// As it stands there.
        text: String,
    },
    /// Nodes were chosen.
    Chosen {
        /// By these words.
        who: String,
        /// These.
        nodes: Vec<NodeIndex>,
    },
    /// A node is started.
    Launch {
        /// The operation.
        op: OpId,
        /// Which.
        node: NodeIndex,
        /// How.
        spec: NodeSpec,
    },
    /// A node is ended, frozen or thawed.
    Signal {
        /// The operation.
        op: OpId,
        /// Which.
        node: NodeIndex,
        /// How.
        signal: Signal,
    },
    /// A node is asked.
    Ask {
        /// The operation.
        op: OpId,
        /// Which.
        node: NodeIndex,
        /// What.
        words: Vec<String>,
    },
    /// A link is wired.
    Wire {
        /// The operation.
        op: OpId,
        /// Who dials.
        from: NodeIndex,
        /// Who is dialled.
        to: NodeIndex,
    },
    /// What links do to traffic changes.
    Links {
        /// The operation.
        op: OpId,
        /// In words.
        changes: Vec<String>,
    },
    /// Sets of nodes are put apart; none ends a partition.
    Partition {
        /// The operation.
        op: OpId,
        /// The sets.
        sets: Vec<Vec<NodeIndex>>,
    },
    /// A clock is shifted.
    Clock {
        /// The operation.
        op: OpId,
        /// Whose.
        node: NodeIndex,
        /// By how many milliseconds.
        offset_ms: i64,
    },
    /// A disk is filled, or has room again.
    Disk {
        /// The operation.
        op: OpId,
        /// Whose.
        node: NodeIndex,
        /// Whether it is full.
        full: bool,
    },
    /// An operation was done.
    Done {
        /// Which.
        op: OpId,
    },
    /// An ask was answered.
    Answer {
        /// Which.
        op: OpId,
        /// The answer.
        value: Value,
        /// The version it wrote or read.
        #[serde(skip_serializing_if = "Option::is_none")]
        written: Option<Written>,
    },
    /// A node said no.
    Refused {
        /// To which operation.
        op: OpId,
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// It may or may not have happened.
    Unknown {
        /// Which operation.
        op: OpId,
        /// Why that is not known.
        reason: String,
    },
    /// The world could not.
    Failed {
        /// Which operation.
        op: OpId,
        /// Why.
        reason: String,
    },
    /// A node's state changed.
    Changed {
        /// Which.
        node: NodeIndex,
        /// What it is now.
        #[serde(flatten)]
        change: Change,
    },
    /// A node has ended.
    Exited {
        /// Which.
        node: NodeIndex,
        /// How.
        ending: Ending,
    },
    /// A node broke the protocol that it is to speak.
    Misbehaved {
        /// Which.
        node: NodeIndex,
        /// What it did.
        reason: String,
    },
    /// An expectation held.
    Held {
        /// On which line.
        line: usize,
        /// How often it was evaluated.
        evaluations: u64,
    },
    /// The figures of a `measure`.
    Measured {
        /// Its name.
        name: String,
        /// The figures.
        figures: std::collections::BTreeMap<String, f64>,
    },
    /// The run ends.
    Verdict {
        /// `passed`, `failed`, `broken` or `interrupted`.
        verdict: String,
        /// Why, unless it passed.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
}

impl RunEvent {
    /// What is recorded of an operation that begins; timers and readings of logs are not.
    pub(super) fn submitted(op: OpId, operation: &Operation) -> Option<Self> {
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
            Operation::Members { .. }
            | Operation::Watch { .. }
            | Operation::Log { .. }
            | Operation::Timer { .. } => return None,
        })
    }

    /// What is recorded of an operation that ended.
    pub(super) fn ended(op: OpId, outcome: &Outcome) -> Option<Self> {
        Some(match outcome.clone() {
            Outcome::Done => Self::Done { op },
            Outcome::Answered(answer) => Self::Answer { op, value: answer.value, written: answer.written },
            Outcome::Refused { code, message } => Self::Refused { op, code, message },
            Outcome::Unknown { reason } => Self::Unknown { op, reason },
            Outcome::Failed { reason } => Self::Failed { op, reason },
            Outcome::Lines(_) => return None,
        })
    }
}
