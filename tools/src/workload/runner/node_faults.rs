//! The faults of nodes during a test: kills, pauses and shifts of clocks, at one node at a time.

use std::time::Duration;

use super::plan::{NodeFault, Plan, STOP};
use crate::random::Rng;
use crate::text::duration;
use crate::world::{NodeIndex, Operation, Signal};

/// The number of shifts that are drawn: 1 ms, 2 ms, 4 ms and so on up to 16 s, each forward or back. As in Jepsen,
/// small shifts are as likely as large ones.
const SHIFTS: u64 = 15;

/// A fault at a node, with what was drawn for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Struck {
    Killed,
    Paused,
    Shifted(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// All nodes run.
    AllRun,
    /// A fault is about to be in force.
    Beginning(NodeIndex, Struck),
    /// A fault is in force.
    InForce(NodeIndex, Struck),
    /// The fault is about to end.
    Ending(NodeIndex, Struck),
}

/// The fault in force, and the draws of the next ones.
#[derive(Debug)]
pub(super) struct NodeFaults {
    draws: Rng,
    state: State,
}

/// The next change of a node.
#[derive(Debug)]
pub(super) struct NodeChange {
    pub(super) node: NodeIndex,
    /// The change in words; the name of the node is to be put in place of the first `{}`.
    words: String,
    pub(super) operation: Operation,
    /// True if the node ends.
    pub(super) is_kill: bool,
}

impl NodeChange {
    /// Describes the change for people, with the name of the node.
    pub(super) fn describe(&self, name: &str) -> String {
        self.words.replacen("{}", name, 1)
    }
}

impl NodeFaults {
    pub(super) fn new(draws: Rng) -> Self {
        Self { draws, state: State::AllRun }
    }

    /// Returns true if a node is not there to be asked.
    pub(super) fn is_down(&self, node: NodeIndex) -> bool {
        match self.state {
            State::AllRun => false,
            State::Beginning(struck, how) | State::InForce(struck, how) | State::Ending(struck, how) => {
                how == Struck::Killed && struck == node
            }
        }
    }

    /// Begins the next fault, or ends the one in force; none while the last change is not made.
    pub(super) fn next(&mut self, now: Duration, plan: &Plan) -> Option<NodeChange> {
        match self.state {
            State::Beginning(..) | State::Ending(..) => None,
            State::InForce(..) => self.recover(now, plan),
            State::AllRun => {
                let node = NodeIndex(self.draws.index(plan.nodes.len()));
                // One kind alone needs no draw.
                let kinds = &plan.node_faults;
                let kind = if kinds.len() > 1 { self.draws.index(kinds.len()) } else { 0 };
                let how = match kinds.get(kind)? {
                    NodeFault::Kill => Struck::Killed,
                    NodeFault::Pause => Struck::Paused,
                    NodeFault::Clock => {
                        let shift = 1_i64 << self.draws.below(SHIFTS);
                        Struck::Shifted(if self.draws.percent(50) { shift } else { -shift })
                    }
                };
                self.state = State::Beginning(node, how);
                Some(how.begin(node, now))
            }
        }
    }

    /// Ends the fault in force; none if none is.
    pub(super) fn recover(&mut self, now: Duration, plan: &Plan) -> Option<NodeChange> {
        let State::InForce(node, how) = self.state else { return None };
        self.state = State::Ending(node, how);
        Some(how.end(node, now, plan))
    }

    /// Records that the last change is made. Returns the node if it was started.
    pub(super) fn on_changed(&mut self) -> Option<NodeIndex> {
        match self.state {
            State::Beginning(node, how) => {
                self.state = State::InForce(node, how);
                None
            }
            State::Ending(node, how) => {
                self.state = State::AllRun;
                (how == Struck::Killed).then_some(node)
            }
            State::AllRun | State::InForce(..) => None,
        }
    }
}

impl Struck {
    fn begin(self, node: NodeIndex, now: Duration) -> NodeChange {
        let signal = |signal| Operation::Signal { node, signal, deadline: now + STOP };
        let (words, operation) = match self {
            Self::Killed => ("kill {}".to_owned(), signal(Signal::Kill)),
            Self::Paused => ("pause {}".to_owned(), signal(Signal::Pause)),
            Self::Shifted(offset_ms) => {
                let sign = if offset_ms < 0 { '-' } else { '+' };
                let shift = duration(Duration::from_millis(offset_ms.unsigned_abs()));
                (format!("clock {{}} {sign}{shift}"), Operation::Clock { node, offset_ms })
            }
        };
        NodeChange { node, words, operation, is_kill: self == Self::Killed }
    }

    fn end(self, node: NodeIndex, now: Duration, plan: &Plan) -> NodeChange {
        let (words, operation) = match self {
            Self::Killed => {
                let spec = Box::new(plan.nodes[node.0].clone());
                ("start {}", Operation::Launch { node, spec, deadline: now + plan.start_within() })
            }
            Self::Paused => {
                ("resume {}", Operation::Signal { node, signal: Signal::Resume, deadline: now + STOP })
            }
            Self::Shifted(offset_ms) => ("clock {} right", Operation::Clock { node, offset_ms: -offset_ms }),
        };
        NodeChange { node, words: words.to_owned(), operation, is_kill: false }
    }
}
