//! The plan of a test.

use std::time::Duration;

use crate::driver::{self, Declaration, Values, Wiring};
use crate::scenario::Shape;
use crate::text::{self, value};
use crate::workload::{Answer, Completion, ConsistencyModel, History, Kind, Options};
use crate::world::{NodeIndex, NodeSpec, Outcome, Value};

/// The longest time that the links of all nodes may take. Chosen: many times what the link of one takes.
pub(super) const LINK: Duration = Duration::from_secs(30);
/// The longest time that a node may take to stop. Chosen: the verdict is known by then, and nobody waits for more.
pub(super) const STOP: Duration = Duration::from_secs(2);

/// The plan of a test: the workload, the nodes, the load and the faults.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The workload that is asked and judged.
    pub kind: Kind,
    /// The settings of the workload.
    pub options: Options,
    /// The specification of each node.
    pub nodes: Vec<NodeSpec>,
    /// The links between nodes, as pairs of indices: advice that nodes are told.
    pub links: Vec<(usize, usize)>,
    /// The number of clients. Each is bound to one node, and has one operation under way at a time.
    pub clients: usize,
    /// The number of operations that begin in a second, as long as a client is free; 0 for none at all.
    pub rate: f64,
    /// The time for which clients ask.
    pub time: Duration,
    /// The shapes of every link between nodes.
    pub shapes: Vec<Shape>,
    /// The time that a partition lasts, and the time until the next; none for no partitions.
    pub partitions: Option<Duration>,
    /// True if connections may go past what parts the network, so that a partition has to be looked at.
    pub has_ways_past: bool,
    /// The kinds of faults that strike nodes, one node at a time; none of them if empty.
    pub node_faults: Vec<NodeFault>,
    /// The time that a fault of a node lasts, and the time until the next.
    pub node_faults_every: Duration,
    /// The protocol between the test and its nodes.
    pub protocol: Protocol,
    /// The time after which an operation is given up.
    pub patience: Duration,
    /// The time between the last operation and the final reads, in which nodes may come to agree.
    pub quiet: Duration,
    /// The share of operations that must succeed, if any must.
    pub availability: Option<f64>,
    /// The model up to which the history is judged, if a stronger one was to be judged.
    pub judged_up_to: Option<ConsistencyModel>,
    /// The seed of all random numbers.
    pub seed: u64,
}

/// A kind of fault that strikes one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeFault {
    /// The node is killed, and started again later.
    Kill,
    /// The node is frozen, and thawed later.
    Pause,
    /// The node's wall clock is shifted, and put right later.
    Clock,
}

/// The protocol between a test and its nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Nodes are asked in the words of the workload. The harness carries and counts their messages.
    Routed,
    /// Nodes are stores with a network of their own: `read KEY` asks their `get`, and `write KEY VALUE` their `set`.
    Store {
        /// True if nodes are linked by a command.
        is_linked: bool,
        /// True if any value comes back as text.
        is_text: bool,
    },
}

impl Protocol {
    /// Returns the protocol of nodes that are wired in this way, and hold such values.
    #[must_use]
    pub fn of(wiring: Wiring, values: Values) -> Self {
        match wiring {
            Wiring::Routed => Self::Routed,
            _ => Self::Store { is_linked: wiring == Wiring::AddPeer, is_text: values == Values::Text },
        }
    }

    /// Returns a command that a workload asks and that nodes of a driver lack. An exchange may be lacking.
    #[must_use]
    pub fn lacking_command(self, kind: Kind, driver: &Declaration) -> Option<String> {
        let operations = kind.commands().iter().filter(|operation| **operation != "cas");
        let commands = operations.map(|operation| {
            let words: Vec<String> = operation.split(' ').map(str::to_owned).collect();
            self.words(&words).swap_remove(0)
        });
        commands.into_iter().find(|command| driver.command(command).is_none())
    }

    /// Returns the command of a node for an operation of a workload.
    #[must_use]
    pub fn words(self, words: &[String]) -> Vec<String> {
        let mut words = words.to_vec();
        let name = match (self, words.first().map(String::as_str), words.len()) {
            (Self::Store { .. }, Some("read"), 2) => "get",
            (Self::Store { .. }, Some("write"), _) => "set",
            _ => return words,
        };
        name.clone_into(&mut words[0]);
        words
    }

    /// Returns the value of an answer: of a store that has text alone, a number or a list is what it spells.
    #[must_use]
    pub fn value(self, value: Value) -> Value {
        match (self, value) {
            (Self::Store { is_text: true, .. }, Value::Text(text))
                if value::is_number(&text) || value::members(&text).is_some() =>
            {
                Value::Json(text)
            }
            (_, value) => value,
        }
    }

    /// Returns the completion that the history has for an outcome.
    #[must_use]
    pub fn completion(self, outcome: Outcome, history: &mut History) -> Completion {
        match outcome {
            Outcome::Done => Completion::Ok(Answer::Done),
            Outcome::Answered(answer) => Completion::Ok(history.answer(self.value(answer.value))),
            Outcome::Refused { code, message } => Completion::Failed { code, message },
            Outcome::Unknown { reason } | Outcome::Failed { reason } => Completion::Unknown { reason },
            Outcome::Lines(_) | Outcome::Bypasses(_) | Outcome::Unasked => {
                Completion::Unknown { reason: "no answer".to_owned() }
            }
        }
    }
}

impl Plan {
    /// Returns the time within which a started node has to be ready.
    pub(super) fn start_within(&self) -> Duration {
        let within = |node: &NodeSpec| driver::declaration_of(&node.driver).map(|driver| driver.start_within);
        self.nodes.iter().find_map(within).unwrap_or(driver::START_WITHIN)
    }

    /// Returns the node that a client asks.
    pub(super) fn node_of(&self, client: usize) -> NodeIndex {
        NodeIndex(client % self.nodes.len())
    }

    /// Describes the conditions of the network that last for the whole test, for people.
    pub(super) fn conditions(&self) -> Vec<String> {
        let percent = |share: f64| format!("{} %", (share * 1e6).round() / 1e4);
        let one = |shape: &Shape| match shape {
            Shape::Delay(time) => format!("latency {}", text::duration(*time)),
            Shape::Jitter(time) => format!("latency up to {}", text::duration(*time)),
            Shape::Exponential(mean) => format!("latency {} on average", text::duration(*mean)),
            Shape::Loss(share) => format!("loss {}", percent(*share)),
            Shape::Duplicate(share) => format!("duplicates {}", percent(*share)),
            Shape::Rate(bits) => format!("rate {bits} bit/s"),
        };
        self.shapes.iter().map(one).collect()
    }
}
