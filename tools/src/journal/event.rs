//! The events of a run, as its journal states them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::life::NodeLife;
use super::link_entry::LinkEntry;
use super::rank::brief_rank;
use super::result::{LawState, OperationOutcome, StepResult};
use crate::world::{
    Bypass, Change, DelayReason, ExitStatus, Message, MessageClass, MessageEvent, NodeIndex, NodeSpec, OpId,
    Party, Signal, Value, Written,
};

/// An event of a run. `step` is always the number of the step that caused the event; it is absent where no step
/// did, and in format 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum JournalEvent {
    /// The run begins.
    Plan {
        /// The number of the format.
        #[serde(default = "first_format")]
        format: u32,
        /// The scenario's name.
        scenario: String,
        /// The scenario's file.
        file: String,
        /// The scenario's text.
        text: String,
        /// The values chosen for its parameters, by name.
        params: BTreeMap<String, String>,
        /// The name of the world that runs it.
        world: String,
        /// The seed of every draw.
        seed: u64,
        /// The purpose of the scenario, from its opening comment.
        #[serde(default)]
        about: String,
        /// The world's time of day at the beginning, in milliseconds since 1970; 0 in format 1.
        #[serde(default)]
        wall_ms: u64,
        /// True if the world's time is virtual.
        #[serde(default)]
        virtual_time: bool,
        /// The factor by which every deadline was multiplied.
        #[serde(default = "one")]
        timeout_factor: f64,
        /// Options of every node that did not come from the scenario.
        #[serde(default)]
        node_options: BTreeMap<String, String>,
        /// Other flags of the command line that changed the course of the run, each with its value.
        #[serde(default)]
        flags: Vec<(String, String)>,
        /// The command that repeats the run; absent for a network that was started by hand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<String>,
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
        /// The number of this execution of a step, from 1; 0 in format 1.
        #[serde(default)]
        step: u64,
        /// The number of the enclosing step, which runs as long as this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<u64>,
        /// The word that such a step begins with, or `ask`; empty in format 1.
        #[serde(default)]
        kind: Cow<'static, str>,
        /// The file of the step.
        file: String,
        /// The line of the step.
        line: usize,
        /// The column of the step, in characters from 1; 0 in format 1.
        #[serde(default)]
        column: usize,
        /// The column behind the step, or behind its line if the step goes on there; 0 in format 1.
        #[serde(default)]
        end_column: usize,
        /// The line of the step as written in the file.
        text: String,
    },
    /// A step ends.
    StepEnded {
        /// The number of the step.
        step: u64,
        /// The result of the step.
        result: StepResult,
    },
    /// Nodes were drawn for a step.
    Chosen {
        /// The words that asked for them.
        who: String,
        /// The drawn nodes.
        nodes: Vec<NodeIndex>,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A node is started.
    Launch {
        /// The operation.
        op: OpId,
        /// The node that is started.
        node: NodeIndex,
        /// The node's name, driver and options.
        spec: NodeSpec,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A node gets a signal: to end, to freeze or to thaw.
    Signal {
        /// The operation.
        op: OpId,
        /// The node that gets the signal.
        node: NodeIndex,
        /// The kind of the signal.
        signal: Signal,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A node is asked.
    Ask {
        /// The operation.
        op: OpId,
        /// The node that is asked.
        node: NodeIndex,
        /// The command and its arguments.
        words: Vec<String>,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A link is wired.
    Wire {
        /// The operation.
        op: OpId,
        /// The node that dials.
        from: NodeIndex,
        /// The node that is dialled.
        to: NodeIndex,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// The treatment of traffic on links changes.
    Links {
        /// The operation.
        op: OpId,
        /// The changes.
        changes: Vec<LinkEntry>,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// The network is partitioned into sets of nodes; an empty list ends the partition.
    Partition {
        /// The operation.
        op: OpId,
        /// The sets of nodes that are kept apart.
        sets: Vec<Vec<NodeIndex>>,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A clock is shifted.
    Clock {
        /// The operation.
        op: OpId,
        /// The node that owns the clock.
        node: NodeIndex,
        /// The offset, in milliseconds.
        offset_ms: i64,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A disk is made full, or gets room again.
    Disk {
        /// The operation.
        op: OpId,
        /// The node that owns the disk.
        node: NodeIndex,
        /// True if the disk is full from now on.
        full: bool,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
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
        #[serde(default, skip_serializing_if = "Option::is_none")]
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
    /// An operation of a client of a workload ended. Its ask, and the answer, are events of their own.
    Operation {
        /// The place of the operation in the history, from 0, by which reports name it.
        number: u64,
        /// The ask.
        op: OpId,
        /// The client, which has one operation under way at a time.
        client: u64,
        /// The node that was asked.
        node: NodeIndex,
        /// The command and its arguments.
        words: Vec<String>,
        /// The time at which it began, in microseconds since the run began. Its end is the time of the event.
        begin_us: u64,
        /// The outcome, as the judge of the workload takes it.
        outcome: OperationOutcome,
        /// The answer, or the reason for the other outcomes, in words; bounded in its length.
        answer: String,
        /// True if the operation is one of the last reads, which decide over some workloads.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        last: bool,
    },
    /// The judge of a workload found a problem in the history. Operations are named by their numbers.
    Problem {
        /// The kind of the problem, for programs.
        kind: Cow<'static, str>,
        /// The problem in words.
        message: String,
        /// The operations that show it.
        operations: Vec<u64>,
        /// The longest order of operations that the judge accepts; empty where no order is at issue.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        order: Vec<u64>,
        /// The operations that do not fit in that order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        misfits: Vec<u64>,
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
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// A `measure` has its figures.
    Measured {
        /// The name of the measure.
        name: String,
        /// The figures, by name.
        figures: BTreeMap<String, f64>,
        /// A note on traffic that the figures count beside that of the measure's own
        /// writes, if there was any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// The step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<u64>,
    },
    /// The run ends.
    Verdict {
        /// `passed`, `failed`, `broken` or `interrupted`.
        verdict: String,
        /// The reason, unless the run passed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// The report of the run, as an entry of a JSON report; absent in format 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        report: Option<Box<serde_json::Value>>,
    },
    /// The run was one of several attempts: the report on all of them. It comes last.
    Attempts {
        /// The report, as an entry of a JSON report.
        report: Box<serde_json::Value>,
    },
    /// The life of a node changed.
    Life {
        /// The node.
        node: NodeIndex,
        /// The life from now on.
        life: NodeLife,
    },
    /// A connection between two nodes came up, or ended. Only worlds that see connections tell it.
    Link {
        /// The node that dialled.
        from: NodeIndex,
        /// The node that was dialled.
        to: NodeIndex,
        /// True if the connection came up.
        up: bool,
    },
    /// A node stored a version.
    Stored {
        /// The node.
        node: NodeIndex,
        /// The key of the version.
        key: String,
        /// The rank of the version among those of its key: the greater text wins.
        rank: String,
        /// The wall time of its stamp, in milliseconds since 1970.
        wall_ms: u64,
    },
    /// A message left its sender.
    Sent {
        /// The number of the message, from 1.
        message: u64,
        /// The sender.
        from: Party,
        /// The receiver.
        to: Party,
        /// The message's own type.
        kind: Cow<'static, str>,
        /// The purpose of the message.
        class: MessageClass,
        /// The key of the version in the message, or of the first one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The rank of that version.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rank: Option<String>,
        /// The number of versions in the message, if there are several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keys: Option<u64>,
        /// The rest of its body in short, of nodes that speak in lines.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// The size of the message, in bytes on the wire.
        bytes: u64,
    },
    /// A message arrived.
    Arrived {
        /// The number of the message.
        message: u64,
    },
    /// A message was lost.
    Lost {
        /// The number of the message.
        message: u64,
        /// The reason, in words.
        reason: Cow<'static, str>,
    },
    /// A message waits at the end of its way. Afterwards it arrives or is lost.
    Delayed {
        /// The number of the message.
        message: u64,
        /// The reason.
        reason: DelayReason,
    },
    /// A line of a node's log, or the number of lines that were left out. Such entries follow the verdict.
    Log {
        /// The node.
        node: NodeIndex,
        /// The level of the line, if it has one.
        #[serde(default)]
        level: Option<String>,
        /// The line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// The number of lines that were left out before those that follow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_out: Option<u64>,
    },
    /// The state of a law at the end.
    Law {
        /// The name of the law.
        law: Cow<'static, str>,
        /// The state.
        state: LawState,
    },
    /// The journal goes on in another file.
    Continued {
        /// The name of the file.
        file: String,
    },
    /// Events before this one were dropped.
    Dropped {
        /// The number of events.
        events: u64,
    },
}

impl JournalEvent {
    /// Returns the name of the event, as its lines have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Node { .. } => "node",
            Self::Step { .. } => "step",
            Self::StepEnded { .. } => "step_ended",
            Self::Chosen { .. } => "chosen",
            Self::Launch { .. } => "launch",
            Self::Signal { .. } => "signal",
            Self::Ask { .. } => "ask",
            Self::Wire { .. } => "wire",
            Self::Links { .. } => "links",
            Self::Partition { .. } => "partition",
            Self::Clock { .. } => "clock",
            Self::Disk { .. } => "disk",
            Self::Done { .. } => "done",
            Self::Answer { .. } => "answer",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Failed { .. } => "failed",
            Self::Shown { .. } => "shown",
            Self::Unasked { .. } => "unasked",
            Self::Changed { .. } => "changed",
            Self::Exited { .. } => "exited",
            Self::Misbehaved { .. } => "misbehaved",
            Self::Flooded { .. } => "flooded",
            Self::Bypassed { .. } => "bypassed",
            Self::Held { .. } => "held",
            Self::Measured { .. } => "measured",
            Self::Verdict { .. } => "verdict",
            Self::Life { .. } => "life",
            Self::Link { .. } => "link",
            Self::Stored { .. } => "stored",
            Self::Sent { .. } => "sent",
            Self::Arrived { .. } => "arrived",
            Self::Lost { .. } => "lost",
            Self::Delayed { .. } => "delayed",
            Self::Log { .. } => "log",
            Self::Law { .. } => "law",
            Self::Continued { .. } => "continued",
            Self::Operation { .. } => "operation",
            Self::Problem { .. } => "problem",
            Self::Attempts { .. } => "attempts",
            Self::Dropped { .. } => "dropped",
        }
    }
}

impl From<MessageEvent> for JournalEvent {
    fn from(event: MessageEvent) -> Self {
        match event {
            MessageEvent::Sent(Message { number, from, to, kind, class, key, rank, keys, body, bytes }) => {
                let rank = rank.as_deref().map(brief_rank);
                Self::Sent { message: number, from, to, kind, class, key, rank, keys, body, bytes }
            }
            MessageEvent::Arrived { number } => Self::Arrived { message: number },
            MessageEvent::Lost { number, reason } => Self::Lost { message: number, reason: reason.into() },
            MessageEvent::Delayed { number, reason } => Self::Delayed { message: number, reason },
        }
    }
}

fn first_format() -> u32 {
    1
}

fn one() -> f64 {
    1.0
}
