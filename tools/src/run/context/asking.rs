//! Asks of nodes, and the evidence that their answers are.

use std::time::Duration;

use futures_util::future::join_all;

use super::RunContext;
use crate::run::answers::{Asked, Observed};
use crate::run::executor::Executor;
use crate::run::state::{Custody, RunState, UnstampedWrite};
use crate::world::{NodeIndex, Operation, Outcome};

/// The time that a node may take to answer; chosen: a node that works answers within milliseconds, and a
/// machine under load within a second or two.
pub(in crate::run) const ASK: Duration = Duration::from_secs(5);
/// The number of nodes or keys asked at once; chosen: enough that the time of one ask does not count, and
/// few enough that their answers fit into the queues of a node.
pub(in crate::run) const ASKS_AT_ONCE: usize = 256;

/// A guard for an ask that changes something: the ask is under way for as long as the guard lives.
pub(in crate::run) struct WriteUnderWay(Executor);

impl WriteUnderWay {
    fn begin(executor: &Executor) -> Self {
        executor.state_mut().measures.writes_begun += 1;
        Self(executor.clone())
    }
}

impl Drop for WriteUnderWay {
    fn drop(&mut self) {
        self.0.state_mut().measures.writes_ended += 1;
    }
}

impl RunContext {
    /// Asks several nodes at once; the answers are in the order of the nodes.
    pub(in crate::run) async fn ask_all(&self, nodes: &[NodeIndex], words: &[String]) -> Vec<Asked> {
        join_all(nodes.iter().map(|node| self.ask(*node, words))).await
    }

    /// Asks one node, and records the writes that it acknowledged.
    pub(in crate::run) async fn ask(&self, node: NodeIndex, words: &[String]) -> Asked {
        self.ask_until(node, words, None).await
    }

    /// Asks one node as [`RunContext::ask`] does, unless the question cannot be put by `until`.
    pub(in crate::run) async fn ask_until(
        &self,
        node: NodeIndex,
        words: &[String],
        until: Option<Duration>,
    ) -> Asked {
        let began = self.executor.now();
        let command = words.first().map(String::as_str).unwrap_or_default();
        if command == "state" {
            let life = self.executor.state().network.node(node).life.to_string();
            return Asked { node, observed: Observed::text(life), put: began, answered: began };
        }
        if command == "log" {
            let outcome = self.executor.submit(Operation::Log { node, lines: usize::MAX }).await;
            return Asked { node, observed: outcome.into(), put: began, answered: self.executor.now() };
        }
        if until.is_some_and(|until| began > until) {
            return Asked { node, observed: Observed::Unasked, put: began, answered: began };
        }
        let deadline = began + self.patience(node);
        let asking = {
            let state = &mut *self.executor.state_mut();
            state.evidence.asked(node, state.network.node(node), words)
        };
        let changes = self.driver(node).command(command).is_some_and(|command| command.changes);
        let write = changes.then(|| WriteUnderWay::begin(&self.executor));
        if changes {
            self.executor.state_mut().record_written(words);
        }
        let operation = Operation::Ask { node, words: words.to_vec(), deadline, until };
        let mut submitted = self.executor.submit(operation);
        let observed: Observed = (&mut submitted).await.into();
        let put = submitted.put_at().unwrap_or(began);
        drop((submitted, write));
        let driver = self.driver(node);
        let is_unstamped = driver.command("stamp").is_none() && driver.command("get").is_some();
        let state = &mut *self.executor.state_mut();
        let now = state.now;
        if changes {
            if let (Observed::Answered(answer), Some(key)) = (&observed, words.get(1))
                && let Some(written) = &answer.written
            {
                state.acknowledged(node, key, &written.rank, command == "delete");
            }
            state.measures.asked(&observed, now.saturating_sub(began));
        }
        if changes && is_unstamped {
            record_unstamped(state, node, words, began, &observed);
        }
        if let Some(asking) = asking {
            let broken = state.evidence.answered(&asking, state.network.node(node), &observed, now);
            state.abort_if_broken(broken);
        }
        Asked { node, observed, put, answered: now }
    }

    /// Returns the time that a node may take to answer.
    pub(in crate::run) fn patience(&self, node: NodeIndex) -> Duration {
        self.stretch(self.executor.state().network.node(node).spec.ask.unwrap_or(ASK))
    }

    /// Makes a node tell of every version it stores.
    pub(in crate::run) async fn watch_versions(&self, node: NodeIndex) {
        let deadline = self.executor.now() + self.stretch(ASK);
        let outcome = self.executor.submit(Operation::Watch { node, deadline }).await;
        if matches!(outcome, Outcome::Done | Outcome::Answered(_)) {
            self.executor.state_mut().network.set_tells_versions(node);
        }
    }
}

/// Records a change of a store that gives no stamps.
fn record_unstamped(
    state: &mut RunState,
    node: NodeIndex,
    words: &[String],
    began: Duration,
    observed: &Observed,
) {
    let acknowledged = match observed {
        Observed::Answered(_) => true,
        Observed::Silent(_) => false,
        // It was not carried out.
        Observed::Refused { .. } | Observed::Unasked => return,
    };
    let entry = state.network.node(node);
    let custody = if entry.spec.disk { Custody::Disk } else { Custody::Life(entry.incarnation) };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (key, value) = match words[..] {
        ["set", key, value] | ["cas", key, _, value] => (key, Some(value.to_owned())),
        ["delete", key] => (key, None),
        ["addPeer", ..] => return,
        _ => return state.unstamped.add_other_change(),
    };
    let ended = state.now;
    state.unstamped.add(key, UnstampedWrite { by: node, custody, value, began, ended, acknowledged });
}
