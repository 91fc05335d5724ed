//! The replies of nodes to the last step, collected from the events of the run.

use std::collections::BTreeMap;
use std::fmt;

use crate::journal::{JournalEntry, JournalEvent};
use crate::world::{NodeIndex, OpId};

/// The most draws of a step that are recorded. Chosen: a step with more is a loop, which the recording keeps
/// as text.
const DRAWS: usize = 64;

/// The parts from which the replies to one step are put together.
#[derive(Default)]
pub(in crate::cli) struct Answers {
    /// True while a step is done by hand. Runs of scenarios make many asks, and their answers are not read
    /// here.
    collecting: bool,
    /// The asks without a reply, each with its node.
    asked: BTreeMap<OpId, NodeIndex>,
    /// The replies, each with its node.
    replies: Vec<(NodeIndex, NodeReply)>,
    /// The caveats of measurements.
    notes: Vec<String>,
    draws: Vec<Vec<NodeIndex>>,
}

/// The reply of a node to an ask.
pub(in crate::cli) enum NodeReply {
    /// An answer.
    Answer(String),
    /// A refusal, with the reason.
    Refusal(String),
    /// No answer, with the reason.
    Silence(String),
}

impl Answers {
    /// Creates an empty collection for a step that begins.
    pub(in crate::cli) fn of_step() -> Self {
        Self { collecting: true, ..Self::default() }
    }

    /// Collects an event of the run.
    pub(in crate::cli) fn collect(&mut self, record: &JournalEntry) {
        if !self.collecting {
            return;
        }
        match &record.event {
            JournalEvent::Chosen { nodes, .. } if self.draws.len() < DRAWS => self.draws.push(nodes.clone()),
            JournalEvent::Ask { op, node, .. } => {
                self.asked.insert(*op, *node);
            }
            JournalEvent::Answer { op, value, .. } => self.add(*op, NodeReply::Answer(value.to_string())),
            JournalEvent::Refused { op, message, .. } => self.add(*op, NodeReply::Refusal(message.clone())),
            JournalEvent::Unknown { op, reason } | JournalEvent::Failed { op, reason } => {
                self.add(*op, NodeReply::Silence(reason.clone()));
            }
            JournalEvent::Measured { note: Some(note), .. } => self.notes.push(note.clone()),
            JournalEvent::Shown { node, text } => self.replies.push((*node, NodeReply::Answer(text.clone()))),
            _ => {}
        }
    }

    fn add(&mut self, op: OpId, reply: NodeReply) {
        if let Some(node) = self.asked.remove(&op) {
            self.replies.push((node, reply));
        }
    }

    /// Removes and returns the draws of the step.
    pub(in crate::cli) fn take_draws(&mut self) -> Vec<Vec<NodeIndex>> {
        std::mem::take(&mut self.draws)
    }

    /// Removes and returns the caveats of measurements, a line each.
    pub(in crate::cli) fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes).into_iter().map(|note| format!("note: {note}")).collect()
    }

    /// Removes and returns the last reply.
    pub(in crate::cli) fn pop_reply(&mut self) -> Option<NodeReply> {
        self.replies.pop().map(|(_, reply)| reply)
    }

    /// Returns the lines of all replies: bare if one node replied, else behind the node's name.
    pub(in crate::cli) fn lines(&mut self, name: impl Fn(NodeIndex) -> String) -> Vec<String> {
        self.replies.sort_by_key(|(node, _)| *node);
        let lines = |reply: &NodeReply| reply.to_string().lines().map(str::to_owned).collect::<Vec<_>>();
        match self.replies.as_slice() {
            [(_, reply)] => lines(reply),
            all => all
                .iter()
                .flat_map(|(node, reply)| {
                    let name = name(*node);
                    lines(reply).into_iter().map(move |line| format!("{name}: {line}"))
                })
                .collect(),
        }
    }
}

impl fmt::Display for NodeReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(text) => f.write_str(text),
            Self::Refusal(message) => write!(f, "error: {message}"),
            Self::Silence(reason) => write!(f, "no answer: {reason}"),
        }
    }
}
