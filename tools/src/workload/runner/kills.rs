//! The kills of nodes during a test: one node at a time is away.

use std::time::Duration;

use super::plan::{Plan, STOP};
use crate::random::Rng;
use crate::world::{NodeIndex, Operation, Signal};

/// The node that is away, and the draws of the next ones.
#[derive(Debug)]
pub(super) struct Kills {
    draws: Rng,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// All nodes run.
    AllRun,
    /// A node is being killed.
    Dying(NodeIndex),
    /// A node has been killed.
    Away(NodeIndex),
    /// The node is being started again.
    Starting(NodeIndex),
}

/// The next step with a node.
#[derive(Debug)]
pub(super) enum NextKill {
    /// The node is killed.
    Kill(NodeIndex, Operation),
    /// The node that is away is started.
    Start(NodeIndex, Operation),
}

impl Kills {
    pub(super) fn new(draws: Rng) -> Self {
        Self { draws, state: State::AllRun }
    }

    /// Returns true if a node is not there to be asked.
    pub(super) fn is_down(&self, node: NodeIndex) -> bool {
        match self.state {
            State::AllRun => false,
            State::Dying(down) | State::Away(down) | State::Starting(down) => down == node,
        }
    }

    /// Begins the next kill or start; none while the last one is not done.
    pub(super) fn next(&mut self, now: Duration, plan: &Plan) -> Option<NextKill> {
        match self.state {
            State::Dying(_) | State::Starting(_) => None,
            State::Away(_) => self.start(now, plan).map(|(node, start)| NextKill::Start(node, start)),
            State::AllRun => {
                let node = NodeIndex(self.draws.index(plan.nodes.len()));
                self.state = State::Dying(node);
                let kill = Operation::Signal { node, signal: Signal::Kill, deadline: now + STOP };
                Some(NextKill::Kill(node, kill))
            }
        }
    }

    /// Begins the start of the node that is away; none if none is.
    pub(super) fn start(&mut self, now: Duration, plan: &Plan) -> Option<(NodeIndex, Operation)> {
        let State::Away(node) = self.state else { return None };
        self.state = State::Starting(node);
        let spec = Box::new(plan.nodes[node.0].clone());
        Some((node, Operation::Launch { node, spec, deadline: now + plan.start_within() }))
    }

    /// Ends the last kill or start. Returns the node if it was started.
    pub(super) fn end(&mut self) -> Option<NodeIndex> {
        match self.state {
            State::Dying(node) => {
                self.state = State::Away(node);
                None
            }
            State::Starting(node) => {
                self.state = State::AllRun;
                Some(node)
            }
            State::AllRun | State::Away(_) => None,
        }
    }
}
