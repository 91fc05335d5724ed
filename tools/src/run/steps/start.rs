//! The start of nodes, and the end of a start that failed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::driver::ANSWER_WITHIN;
use crate::run::context::{ASK, RunContext};
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::run::state::{Life, Network, Node};
use crate::scenario::At;
use crate::world::{MemberSpec, NodeIndex, Operation, Outcome, Signal, Tie};

impl RunContext {
    /// Starts nodes side by side. The first that does not start ends the start of all. The others are
    /// killed and waited for, so that none is left half started.
    pub(in crate::run) async fn launch_all(&self, at: &At, nodes: &[NodeIndex]) -> Result<(), StepFailure> {
        let first = RefCell::new(None);
        join_all(nodes.iter().map(|node| async {
            let Err(stop) = self.launch(at, *node).await else { return };
            if first.borrow().is_none() {
                first.replace(Some(stop));
                self.kill_starting(nodes).await;
            }
        }))
        .await;
        first.into_inner().map_or(Ok(()), Err)
    }

    /// Kills those of these nodes that are being started.
    async fn kill_starting(&self, nodes: &[NodeIndex]) {
        let starting = |node: &&NodeIndex| self.executor.state().network.node(**node).life == Life::Starting;
        let starting: Vec<NodeIndex> = nodes.iter().filter(starting).copied().collect();
        for node in &starting {
            self.executor.state_mut().set_life(*node, Life::Ending);
        }
        let (deadline, signal) = (self.executor.now() + self.stretch(ASK), Signal::Kill);
        join_all(
            starting
                .into_iter()
                .map(|node| self.executor.submit(Operation::Signal { node, signal, deadline })),
        )
        .await;
    }

    /// Starts one node.
    pub(in crate::run) async fn launch(&self, at: &At, node: NodeIndex) -> Result<(), StepFailure> {
        let spec = {
            let mut state = self.executor.state_mut();
            state.set_life(node, Life::Starting);
            state.network.begin_incarnation(node);
            let mut spec = state.network.node(node).spec.clone();
            if self.driver_named(&spec.driver).is_told_members {
                spec.members = members(&state.network, node);
            }
            spec.joins_others = state.network.ran_before();
            Box::new(spec)
        };
        let within = self.driver_named(&spec.driver).start_within;
        let within = if spec.at.is_some() { within.min(ANSWER_WITHIN) } else { within };
        let deadline = self.executor.now() + self.stretch(within);
        match self.executor.submit(Operation::Launch { node, spec, deadline }).await {
            Outcome::Failed { reason }
            | Outcome::Unknown { reason }
            | Outcome::Refused { message: reason, .. } => {
                self.executor.state_mut().set_life(node, Life::Stopped);
                let name = self.executor.state().network.name(node).to_owned();
                let attached = self.executor.state().network.node(node).spec.at.is_some();
                let what = if attached { "cannot be asked" } else { "did not start" };
                let message = format!("node `{name}` {what}: {reason}");
                let mut failure =
                    Failure::new(FailureKind::Environment, Some(at), self.executor.now(), message);
                let held = what.to_owned();
                failure.findings.push(Finding { node: name, held, fits: false, since: None });
                return Err(failure.into());
            }
            Outcome::Done
            | Outcome::Answered(_)
            | Outcome::Lines(_)
            | Outcome::Bypasses(_)
            | Outcome::Unasked => {}
        }
        let watched = {
            let mut state = self.executor.state_mut();
            // The launch was given up meanwhile because another node did not start, so its end is expected.
            if state.network.node(node).life != Life::Starting {
                return Ok(());
            }
            state.set_life(node, Life::Running);
            self.options.versions || state.measures.is_active()
        };
        if watched {
            self.watch_versions(node).await;
        }
        Ok(())
    }
}

/// Returns all nodes of a network, as one of them is told them at its start.
fn members(network: &Network, node: NodeIndex) -> Box<[MemberSpec]> {
    let links = network.links_of(node);
    let ties: BTreeMap<NodeIndex, Tie> = links
        .map(|link| if link.from == node { (link.to, Tie::Dialled) } else { (link.from, Tie::Dials) })
        .collect();
    let member = |(other, held): (NodeIndex, &Node)| MemberSpec {
        node: other,
        name: held.name().to_owned(),
        at: held.spec.at.clone(),
        driver: held.spec.driver.clone(),
        tie: ties.get(&other).copied().unwrap_or(Tie::None),
    };
    network.nodes().map(member).collect()
}
