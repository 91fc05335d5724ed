//! The kills of nodes during a test: one node at a time is away.

use std::time::Duration;

use super::plan::{LAUNCH, Plan, STOP};
use crate::random::Rng;
use crate::workload::History;
use crate::world::{NodeIndex, Operation, Signal};

/// The node that is away, and the draws of the next ones.
#[derive(Debug)]
pub(super) struct Kills {
    draws: Rng,
    away: Option<NodeIndex>,
    last: NodeIndex,
}

impl Kills {
    pub(super) fn new(draws: Rng) -> Self {
        Self { draws, away: None, last: NodeIndex(0) }
    }

    /// Draws a node, and returns the operation that kills it.
    pub(super) fn kill(&mut self, now: Duration, plan: &Plan) -> (NodeIndex, Operation) {
        let node = NodeIndex(self.draws.index(plan.nodes.len()));
        self.away = Some(node);
        (node, Operation::Signal { node, signal: Signal::Kill, deadline: now + STOP })
    }

    /// Returns the operation that starts the node that is away; none if all run.
    pub(super) fn start(&mut self, now: Duration, plan: &Plan) -> Option<Operation> {
        let node = self.away.take()?;
        self.last = node;
        let spec = Box::new(plan.nodes[node.0].clone());
        Some(Operation::Launch { node, spec, deadline: now + LAUNCH })
    }

    /// Describes the last start, for people.
    pub(super) fn describe_start(&self, history: &History) -> String {
        format!("start {}", history.node(self.last))
    }
}
