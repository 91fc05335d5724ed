//! The restart of nodes whose arguments name what is new in a network that grew.

use std::collections::BTreeSet;

use crate::driver::Growth;
use crate::run::context::RunContext;
use crate::run::results::StepFailure;
use crate::run::state::{Life, Link};
use crate::scenario::{At, Verb};
use crate::world::NodeIndex;

impl RunContext {
    /// Returns the running nodes whose arguments name these new nodes or the ends of these new links, in order of
    /// appearance. Other nodes get theirs at their next start.
    pub(super) fn told_of(&self, nodes: &[NodeIndex], links: &[Link]) -> Vec<NodeIndex> {
        let dialling: BTreeSet<NodeIndex> = links.iter().map(|link| link.from).collect();
        let linked: BTreeSet<NodeIndex> = links.iter().map(|link| link.to).chain(dialling.clone()).collect();
        let network = &self.executor.state().network;
        let is_told = |node: &&NodeIndex| {
            let spec = &network.node(**node).spec;
            // A node that ran before is not the harness's to end.
            spec.at.is_none()
                && self.driver_named(&spec.driver).restarted_for.iter().any(|growth| match growth {
                    Growth::Neighbour => linked.contains(*node),
                    Growth::Dialled => dialling.contains(*node),
                    Growth::Node => !nodes.is_empty(),
                })
        };
        network.running().iter().filter(is_told).copied().collect()
    }

    /// Restarts nodes one after another, each once the one before it is ready, so that a quorum of them stays. One that
    /// does not run any more has an end of its own, and is passed over.
    pub(super) async fn restart_in_turn(&self, at: &At, nodes: &[NodeIndex]) -> Result<(), StepFailure> {
        for node in nodes {
            if self.executor.state().network.node(*node).life == Life::Running {
                self.signal(at, (Verb::Restart, false), &[*node]).await?;
            }
        }
        Ok(())
    }
}
