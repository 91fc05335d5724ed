//! The steps that kill, stop, start, restart, freeze or thaw nodes.

use futures_util::future::{join_all, try_join_all};

use super::choose::Purpose;
use crate::run::context::{ASK, RunContext};
use crate::run::environment::Environment;
use crate::run::results::StepFailure;
use crate::run::state::Life;
use crate::scenario::{At, Verb, Who};
use crate::world::{NodeIndex, Operation, Outcome, Signal};

impl RunContext {
    /// Kills, stops, starts, restarts, freezes or thaws the nodes that a step names, all at once. Starts may fail if the
    /// step says so.
    pub(in crate::run) async fn signal_step(
        &self,
        at: &At,
        (verb, may_fail): (Verb, bool),
        who: &Who,
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let nodes = self.choose(at, environment, who, Purpose::Verb(verb))?;
        self.signal(at, (verb, may_fail), &nodes).await
    }

    /// Kills, stops, starts, restarts, freezes or thaws nodes, all at once.
    pub(super) async fn signal(
        &self,
        at: &At,
        (verb, may_fail): (Verb, bool),
        nodes: &[NodeIndex],
    ) -> Result<(), StepFailure> {
        self.are_started(at, nodes)?;
        for node in nodes {
            let state = self.executor.state();
            let node = state.network.node(*node);
            let fits = match verb {
                Verb::Kill | Verb::Stop => matches!(node.life, Life::Running | Life::Paused),
                Verb::Restart | Verb::Pause => node.life == Life::Running,
                Verb::Start => matches!(node.life, Life::Stopped | Life::Exited(_)),
                Verb::Resume => node.life == Life::Paused,
            };
            if !fits {
                let (word, name, life) = (verb.word(), node.name().to_owned(), node.life);
                drop(state);
                return Err(self.fail(at, format!("cannot {word} `{name}`: it is {life}")));
            }
        }
        let signals = nodes.iter().map(async |node| match self.signal_one(at, verb, *node).await {
            // A node that did not start is stopped.
            Err(failure) if may_fail && self.executor.state().network.node(*node).life == Life::Stopped => {
                self.note_allowed(&failure);
                Ok(())
            }
            ended => ended,
        });
        try_join_all(signals).await?;
        if matches!(verb, Verb::Start | Verb::Restart) {
            let network = &self.executor.state().network;
            self.pending_links.borrow_mut().extend(nodes.iter().flat_map(|node| network.links_of(*node)));
        }
        self.wire_pending_links(at).await?;
        if !matches!(verb, Verb::Start | Verb::Restart | Verb::Resume) {
            return Ok(());
        }
        match self.healthy(at, nodes.iter().copied()).await {
            Err(failure) if may_fail => {
                self.note_allowed(&failure);
                Ok(())
            }
            ended => ended,
        }
    }

    /// Notes a failure that `try` allows.
    fn note_allowed(&self, failure: &StepFailure) {
        // The rest is a node's log.
        let message = failure.failure.message.lines().next().unwrap_or_default();
        self.executor.state_mut().history.add_note(format!("allowed by `try`: {message}"));
    }

    /// Fails for a node that ran before: the harness did not start it, and changes nothing of its machine.
    pub(in crate::run) fn are_started(&self, at: &At, nodes: &[NodeIndex]) -> Result<(), StepFailure> {
        let name = {
            let network = &self.executor.state().network;
            let mut attached =
                nodes.iter().map(|node| network.node(*node)).filter(|node| node.spec.at.is_some());
            attached.next().map(|node| node.name().to_owned())
        };
        let message = |name| format!("`{name}` ran before, and the harness did not start it");
        name.map_or(Ok(()), |name| Err(self.fail(at, message(name))))
    }

    async fn signal_one(&self, at: &At, verb: Verb, node: NodeIndex) -> Result<(), StepFailure> {
        let (signal, during, after) = match verb {
            Verb::Kill => (Signal::Kill, Some(Life::Ending), None),
            Verb::Stop | Verb::Restart => (Signal::Stop, Some(Life::Ending), None),
            Verb::Pause => (Signal::Pause, Some(Life::Paused), None),
            Verb::Resume => (Signal::Resume, None, Some(Life::Running)),
            Verb::Start => return self.launch(at, node).await,
        };
        if verb == Verb::Kill {
            self.executor.state_mut().network.set_killed(node);
        }
        if let Some(during) = during {
            self.executor.state_mut().set_life(node, during);
        }
        self.send_signal(at, node, signal).await?;
        if let Some(after) = after {
            self.executor.state_mut().set_life(node, after);
        }
        if verb == Verb::Restart { self.launch(at, node).await } else { Ok(()) }
    }

    async fn send_signal(&self, at: &At, node: NodeIndex, signal: Signal) -> Result<(), StepFailure> {
        let deadline = self.executor.now() + self.stretch(ASK);
        match self.executor.submit(Operation::Signal { node, signal, deadline }).await {
            Outcome::Failed { reason } | Outcome::Unknown { reason } => {
                let name = self.executor.state().network.name(node).to_owned();
                Err(self.fail(at, format!("node `{name}`: {reason}")))
            }
            _ => Ok(()),
        }
    }

    /// Stops nodes in an orderly way, all at once, and ignores the outcomes.
    pub(in crate::run) async fn stop_nodes(&self, nodes: &[NodeIndex]) {
        for node in nodes {
            self.executor.state_mut().set_life(*node, Life::Ending);
        }
        let deadline = self.executor.now() + self.stretch(ASK);
        let signal = Signal::Stop;
        join_all(
            nodes
                .iter()
                .map(|node| self.executor.submit(Operation::Signal { node: *node, signal, deadline })),
        )
        .await;
    }
}
