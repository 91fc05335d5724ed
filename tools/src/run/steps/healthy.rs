//! The wait until nodes serve again after a disturbance, for nodes that show when they do.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::run::context::RunContext;
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::run::state::{Life, Network};
use crate::scenario::At;
use crate::world::{Direction, NodeIndex, Operation, Outcome};

impl RunContext {
    /// Waits until those of these nodes serve again that run and are kept apart from no neighbour. Fails with each that
    /// does not in its time.
    pub(in crate::run) async fn healthy(
        &self,
        at: &At,
        nodes: impl IntoIterator<Item = NodeIndex>,
    ) -> Result<(), StepFailure> {
        let nodes: BTreeSet<NodeIndex> = {
            let network = &self.executor.state().network;
            nodes.into_iter().filter(|node| is_undisturbed(network, *node)).collect()
        };
        let reasons = join_all(nodes.into_iter().map(async |node| (node, self.sickness(node).await))).await;
        let mut sick = reasons.into_iter().filter_map(|(node, reason)| Some((node, reason?))).peekable();
        let state = self.executor.state();
        let Some((first, reason)) = sick.peek() else { return Ok(()) };
        let message = format!("node `{}` does not serve again: {reason}", state.network.name(*first));
        let mut failure = Failure::new(FailureKind::Step, Some(at), state.now, message);
        failure.findings.extend(sick.map(|(node, held)| {
            let node = state.network.name(node).to_owned();
            Finding { node, held, fits: false, since: None }
        }));
        Err(failure.into())
    }

    /// Waits until a node serves again. Returns the reason if it does not.
    async fn sickness(&self, node: NodeIndex) -> Option<String> {
        let deadline = self.executor.now() + self.stretch(self.driver(node).healthy_within?);
        match self.executor.submit(Operation::Healthy { node, deadline }).await {
            Outcome::Failed { reason }
            | Outcome::Unknown { reason }
            | Outcome::Refused { message: reason, .. } => Some(reason),
            Outcome::Done
            | Outcome::Answered(_)
            | Outcome::Lines(_)
            | Outcome::Bypasses(_)
            | Outcome::Unasked => None,
        }
    }
}

/// Returns true if a node runs, and traffic passes between it and all of its neighbours.
fn is_undisturbed(network: &Network, node: NodeIndex) -> bool {
    let passes = |from, to| network.permits(Direction { from, to });
    network.node(node).life == Life::Running
        && network.links_of(node).all(|link| passes(link.from, link.to) && passes(link.to, link.from))
}
