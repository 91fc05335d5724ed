//! The wiring of links: each is asked for until it is up.
//!
//! A node of ours acknowledges a link once it is up. Of other nodes, both ends are asked for their neighbours:
//! the word of the end that dials is no evidence.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join, select, try_join_all};

use crate::run::answers::Observed;
use crate::run::context::{Pace, RunContext};
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

/// The time after which a node that does not list its neighbour is asked to dial again. Chosen: many times the
/// round trip of a usual link, and often enough in [`WIRE`].
const REDIAL: Duration = Duration::from_secs(3);

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

    /// Wires one link, and waits until it is up.
    pub(in crate::run) async fn wire(&self, at: &At, link: Link) -> Result<(), StepFailure> {
        let Link { from, to } = link;
        if [from, to].into_iter().any(|end| self.driver(end).must_list_links()) {
            return self.wire_listed(at, link).await;
        }
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
                    return Err(self.unlinkable(at, link, &message, &code));
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
            select(pin!(self.executor.changed(seen)), &mut end).await;
        }
    }

    /// Wires one link, and waits until both ends list each other. The dialling end is asked again for as long
    /// as it does not list the other. It is no error that it says that the link exists: it may list the other
    /// end from before a restart, and dial it by itself.
    async fn wire_listed(&self, at: &At, link: Link) -> Result<(), StepFailure> {
        let Link { from, to } = link;
        let deadline = self.executor.now() + self.stretch(WIRE);
        let (mut dial, mut said) = (true, None);
        loop {
            if dial {
                match self.executor.submit(Operation::Wire { from, to, deadline }).await {
                    Outcome::Failed { reason } => return Err(self.not_linked(at, link, &reason)),
                    Outcome::Refused { code, message } if NEVER.contains(&code.as_str()) => {
                        return Err(self.unlinkable(at, link, &message, &code));
                    }
                    Outcome::Refused { code, message } if code != "neighbor_exists" => said = Some(message),
                    // A refusal says more than that no time was left to ask again.
                    Outcome::Unknown { reason } => said = said.or(Some(reason)),
                    _ => said = None,
                }
            }
            let until = deadline.min(self.executor.now() + REDIAL);
            let Some(lack) = self.wait_for_lists(link, until).await else { return Ok(()) };
            if self.executor.now() >= deadline {
                return Err(self.not_linked(at, link, said.as_ref().unwrap_or(&lack.reason)));
            }
            dial = !lack.is_listed_by_dialler;
        }
    }

    /// Waits until both ends of a link list each other. Returns what was lacking at the end of the time.
    async fn wait_for_lists(&self, link: Link, until: Duration) -> Option<Lack> {
        let Link { from, to } = link;
        let mut pace = Pace::new(None);
        let mut end = self.executor.sleep_until(until);
        loop {
            let seen = self.executor.changes();
            let now = self.executor.now();
            let listed = join(self.has_peer(from, to), self.has_peer(to, from)).await;
            if listed == (true, true) {
                return None;
            }
            if now >= until {
                let network = &self.executor.state().network;
                let (from, to) = (network.name(from), network.name(to));
                let reason = match listed {
                    (true, _) => format!("{to} does not list {from}"),
                    (_, true) => format!("{from} does not list {to}"),
                    _ => "neither end lists the other".to_owned(),
                };
                return Some(Lack { reason, is_listed_by_dialler: listed.0 });
            }
            let again = pin!(self.wait_for_change_or_poll(seen, Some(&mut pace)));
            select(again, &mut end).await;
        }
    }

    /// Returns the failure of a link for which a node has no command.
    fn unlinkable(&self, at: &At, link: Link, message: &str, code: &str) -> StepFailure {
        let mut stop = self.not_linked(at, link, &format!("{message} ({code})"));
        stop.failure.help = Some(
            "a link is made by `addPeer`, which this node, or what asks it, has to know; nodes that \
             find each other by themselves need no link in `network`"
                .to_owned(),
        );
        stop
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

/// The lists of neighbours that a link still lacks.
struct Lack {
    /// The lack in words.
    reason: String,
    is_listed_by_dialler: bool,
}
