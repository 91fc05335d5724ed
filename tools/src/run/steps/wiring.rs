//! The wiring of links: each is asked for until both ends list each other.

use std::time::Duration;

use futures_util::future::try_join_all;

use crate::run::answers::Observed;
use crate::run::context::RunContext;
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::run::state::Link;
use crate::scenario::At;
use crate::world::{Answer, NodeIndex, Operation, Outcome, Value};

/// The time that a link may take to come up: several times the node's own wait for an answer, since
/// messages may be lost on the way.
const WIRE: Duration = Duration::from_secs(15);

/// The time after which a refused attempt is repeated at once: a program that has made up its mind
/// refuses sooner. Chosen: many times the round trip of a usual link.
const LATE: Duration = Duration::from_secs(1);

/// The codes of refusals that never change: there is no such command.
const NEVER: [&str; 2] = ["unsupported", "unknown_command"];

impl RunContext {
    /// Wires the pending links between which traffic may pass now; the others stay pending.
    pub(in crate::run) async fn wire_pending_links(&self, at: &At) -> Result<(), StepFailure> {
        let open: Vec<Link> = {
            let network = &self.executor.state().network;
            self.pending_links.borrow_mut().extract_if(.., |link| network.is_open(*link)).collect()
        };
        try_join_all(open.iter().map(|link| self.wire(at, *link))).await.map(drop)
    }

    /// Wires one link, and waits until both ends list each other.
    pub(in crate::run) async fn wire(&self, at: &At, link: Link) -> Result<(), StepFailure> {
        let Link { from, to } = link;
        let deadline = self.executor.now() + self.stretch(WIRE);
        let (mut refused_before, mut said) = (false, None);
        let mut end = self.executor.sleep_until(deadline);
        loop {
            let (seen, began) = (self.executor.changes(), self.executor.now());
            let outcome = self.executor.submit(Operation::Wire { from, to, deadline }).await;
            let (reason, exists) = match outcome {
                Outcome::Done
                | Outcome::Answered(_)
                | Outcome::Lines(_)
                | Outcome::Bypasses(_)
                | Outcome::Unasked => {
                    return Ok(());
                }
                // The dialling end has the link already. It may be the link to the other node's former life:
                // then the other end does not list it, and the dialling end will notice that it is dead.
                Outcome::Refused { code, message } if code == "neighbor_exists" => {
                    if self.has_peer(to, from).await {
                        return Ok(());
                    }
                    (message, true)
                }
                // A command that the node does not know is not asked for again.
                Outcome::Refused { code, message } if NEVER.contains(&code.as_str()) => {
                    let mut stop = self.not_linked(at, link, &format!("{message} ({code})"));
                    stop.failure.help = Some(
                        "a link is made by `addPeer`, which this node, or what asks it, has to know; nodes that \
                         find each other by themselves need no link in `network`"
                            .to_owned(),
                    );
                    return Err(stop);
                }
                Outcome::Refused { message, .. } => {
                    said = Some(message.clone());
                    (message, false)
                }
                // An earlier refusal says more than that no time was left to ask again.
                Outcome::Unknown { reason } => (said.clone().unwrap_or(reason), false),
                // A failure of the environment is final.
                Outcome::Failed { reason } => return Err(self.not_linked(at, link, &reason)),
            };
            let late = self.executor.now().saturating_sub(began) >= LATE;
            let stays = refused_before && !late && self.executor.changes() == seen;
            if self.executor.now() >= deadline || (stays && !exists) {
                return Err(self.not_linked(at, link, &reason));
            }
            // Silence is no answer, and took its time: the next attempt begins at once.
            if late {
                continue;
            }
            refused_before = true;
            let changed = std::pin::pin!(self.executor.changed(seen));
            futures_util::future::select(changed, &mut end).await;
        }
    }

    /// Returns the failure of a link that did not come up, with the reason.
    fn not_linked(&self, at: &At, link: Link, reason: &str) -> StepFailure {
        let state = self.executor.state();
        let (from, to) = (state.network.name(link.from), state.network.name(link.to));
        let message = format!("the link {from}-{to} did not come up: {reason}");
        let mut failure = Failure::new(FailureKind::Step, Some(at), state.now, message);
        for node in [from, to] {
            let (node, held) = (node.to_owned(), reason.to_owned());
            failure.findings.push(Finding { node, held, fits: false, since: None });
        }
        failure.into()
    }

    /// Returns true if a node lists another as its neighbour.
    async fn has_peer(&self, node: NodeIndex, neighbour: NodeIndex) -> bool {
        let asked = self.ask(node, &["peers".to_owned()]).await;
        let name = self.executor.state().network.name(neighbour).to_owned();
        matches!(
            asked.observed,
            Observed::Answered(Answer { value: Value::List(peers), .. }) if peers.contains(&name)
        )
    }
}
