//! The audit of all running nodes for the laws: the neighbours that they list, and the fill of their queues.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::run::answers::Observed;
use crate::run::context::{ASKS_AT_ONCE, Pace, RunContext};
use crate::run::laws::{Breach, Law, Lists, Unmatched, queues, shortened, symmetric_links};
use crate::run::results::{Finding, StepFailure};
use crate::run::state::{Life, Network};
use crate::text;
use crate::world::{Answer, NodeIndex, Value};

/// The time that links may take, beyond `settle`, to be as they should. An end notices after 10 s that
/// nothing comes any more, dials again after up to 2 s, and has 3 s for that.
const PATIENCE: Duration = Duration::from_secs(15);

impl RunContext {
    /// Performs steps. If the options ask for it, the queues are looked at meanwhile, at the given interval.
    pub(in crate::run) async fn audited(
        &self,
        steps: impl Future<Output = Result<(), StepFailure>>,
    ) -> Result<(), StepFailure> {
        let Some(every) = self.options.audit else { return steps.await };
        let audit = async {
            loop {
                self.executor.sleep_until(self.executor.now() + every).await;
                self.queues_fit().await;
            }
        };
        match select(pin!(steps), pin!(audit)).await {
            Either::Left((result, _)) => result,
            Either::Right((never, _)) => never,
        }
    }

    /// Looks at the queues of every running node. A queue over its bound ends the run.
    pub(in crate::run) async fn queues_fit(&self) {
        let bounded = |node: &NodeIndex| !self.driver(*node).bounds.is_empty();
        let nodes: Vec<NodeIndex> = self.running().into_iter().filter(bounded).collect();
        for batch in nodes.chunks(ASKS_AT_ONCE) {
            for asked in self.ask_all(batch, &["stats".to_owned()]).await {
                let Some(figures) = asked.observed.figures() else { continue };
                let bounds = self.driver(asked.node).bounds;
                let mut state = self.executor.state_mut();
                let broken = queues(state.network.name(asked.node), &figures, bounds);
                state.abort_if_broken(broken);
            }
        }
    }

    /// Waits until, of any two running nodes, each lists the other or neither does.
    pub(in crate::run) async fn links_match(&self, settle: Duration) -> Result<(), StepFailure> {
        let patience = settle + self.stretch(PATIENCE);
        let deadline = self.executor.now() + patience;
        let mut listing = PeerListing::default();
        let mut end = self.executor.sleep_until(deadline);
        let mut pace = Pace::new(None);
        loop {
            let seen = self.executor.changes();
            self.list_peers(&mut listing).await;
            if listing.unmatched.is_empty() {
                return Ok(());
            }
            if self.executor.now() >= deadline {
                return Err(self.broken(listing.broken(&self.executor.state().network, patience)));
            }
            // Nodes that do not tell of changes are asked again.
            let polled = self.running().into_iter().any(|node| !self.tells(node));
            let again = self.wait_for_change_or_poll(seen, polled.then_some(&mut pace));
            select(pin!(again), &mut end).await;
        }
    }

    /// Asks the nodes whose lists may have changed since they were asked last.
    async fn list_peers(&self, listing: &mut PeerListing) {
        let asked_at = self.executor.changes();
        let listed = |node: &NodeIndex| self.driver(*node).command("peers").is_some();
        let stale: Vec<NodeIndex> = {
            let running = self.running();
            let state = self.executor.state();
            let is_stale = |node: &NodeIndex| {
                let asked = listing.asked.get(node);
                let node = state.network.node(*node);
                !node.tells || asked.is_none_or(|asked| node.changed_at > *asked)
            };
            running.into_iter().filter(is_stale).collect()
        };
        let stale: Vec<NodeIndex> = stale.into_iter().filter(listed).collect();
        for batch in stale.chunks(ASKS_AT_ONCE) {
            for asked in self.ask_all(batch, &["peers".to_owned()]).await {
                let network = &self.executor.state().network;
                // A node that does not answer is not judged.
                if let Observed::Answered(Answer { value: Value::List(peers), .. }) = asked.observed {
                    listing.asked.insert(asked.node, asked_at);
                    let peers = peers.iter().filter_map(|peer| network.find(peer)).collect();
                    listing.listed(asked.node, peers);
                }
            }
        }
        listing.judge(&self.executor.state().network);
    }

    fn tells(&self, node: NodeIndex) -> bool {
        self.executor.state().network.node(node).tells
    }

    fn running(&self) -> Vec<NodeIndex> {
        self.executor.state().network.running().to_vec()
    }
}

/// The lists of neighbours of the nodes that were asked.
#[derive(Default)]
struct PeerListing {
    lists: Lists,
    /// The count of changes at the last ask of each node.
    asked: BTreeMap<NodeIndex, u64>,
    /// The nodes whose lists must be compared anew.
    touched: BTreeSet<NodeIndex>,
    /// The mismatches, by the node whose list shows them.
    unmatched: BTreeMap<NodeIndex, Vec<Unmatched>>,
}

impl PeerListing {
    fn listed(&mut self, node: NodeIndex, peers: BTreeSet<NodeIndex>) {
        let before = self.lists.get(&node);
        if before == Some(&peers) {
            return;
        }
        self.touched.insert(node);
        self.touched.extend(before.into_iter().flatten().chain(&peers));
        self.lists.insert(node, peers);
    }

    /// Compares the lists that have changed with those of the nodes at the other ends of links.
    fn judge(&mut self, network: &Network) {
        let ended: Vec<NodeIndex> =
            self.lists.keys().copied().filter(|node| network.node(*node).life != Life::Running).collect();
        for node in ended {
            let peers = self.lists.remove(&node);
            self.asked.remove(&node);
            self.touched.insert(node);
            self.touched.extend(peers.into_iter().flatten());
        }
        let mut touched = std::mem::take(&mut self.touched);
        let beside = touched.iter().flat_map(|node| network.links_of(*node));
        let beside: Vec<NodeIndex> = beside.flat_map(|link| [link.from, link.to]).collect();
        touched.extend(beside);
        for node in touched {
            let unmatched = symmetric_links(network, &self.lists, node);
            if unmatched.is_empty() {
                self.unmatched.remove(&node);
            } else {
                self.unmatched.insert(node, unmatched);
            }
        }
    }

    /// Returns the failure after this wait, with the list of each node that does not match.
    fn broken(&self, network: &Network, waited: Duration) -> Breach {
        let findings = self.unmatched.keys().map(|node| {
            let list = self.lists.get(node).into_iter().flatten();
            let names: Vec<&str> = list.map(|peer| network.name(*peer)).collect();
            let held = if names.is_empty() {
                "lists nobody".to_owned()
            } else {
                format!("lists {}", names.join(" "))
            };
            Finding { node: network.name(*node).to_owned(), held, fits: false, since: None }
        });
        let pairs: BTreeSet<Unmatched> = self.unmatched.values().flatten().copied().collect();
        let waited = text::duration(waited);
        Breach {
            law: Law::SymmetricLinks,
            message: format!("nodes do not list each other, {waited} after they held the same"),
            findings: findings.collect(),
            evidence: shortened(pairs.into_iter().map(|pair| pair.describe(network)).collect()),
        }
    }
}
