//! What all running nodes are asked for the laws: whom they list as neighbours, and how full their
//! queues are.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::failure::Finding;
use super::finish::{BATCH, shortened};
use super::judge::Observed;
use super::laws::{Broken, Law, Lists, Unmatched, queues, symmetric_links};
use super::network::{Life, Network};
use super::session::{Run, Stop};
use crate::text;
use crate::world::{Answer, NodeIndex, Value};

/// How long links may take, beyond `settle`, to be as they should: an end notices after 10 s that
/// nothing comes any more, dials again after up to 2 s, and has 3 s for that.
const PATIENCE: Duration = Duration::from_secs(15);

impl Run {
    /// Does steps; if queues are to be looked at meanwhile, they are, as often as is asked for.
    pub(super) async fn audited(&self, steps: impl Future<Output = Result<(), Stop>>) -> Result<(), Stop> {
        let Some(every) = self.options.audit else { return steps.await };
        let audit = async {
            loop {
                self.desk.until(self.desk.now() + every).await;
                self.queues_fit().await;
            }
        };
        match select(pin!(steps), pin!(audit)).await {
            Either::Left((result, _)) => result,
            Either::Right((never, _)) => never,
        }
    }

    /// Looks at the queues of every running node. One over its bound ends the run.
    pub(super) async fn queues_fit(&self) {
        let bounded = |node: &NodeIndex| !self.driver(*node).bounds.is_empty();
        let nodes: Vec<NodeIndex> = self.running().into_iter().filter(bounded).collect();
        for batch in nodes.chunks(BATCH) {
            for asked in self.ask_all(batch, &["stats".to_owned()]).await {
                let Observed::Answered(Answer { value: Value::List(list), .. }) = asked.observed else {
                    continue;
                };
                let bounds = self.driver(asked.node).bounds;
                let mut state = self.desk.state_mut();
                let broken = queues(state.network.name(asked.node), &figures(&list), bounds);
                state.judged(broken);
            }
        }
    }

    /// Waits until all running nodes list each other or neither does.
    pub(super) async fn links_match(&self, settle: Duration) -> Result<(), Stop> {
        let patience = settle + self.stretch(PATIENCE);
        let deadline = self.desk.now() + patience;
        let mut listing = Listing::default();
        let mut end = self.desk.until(deadline);
        loop {
            let seen = self.desk.changes();
            self.list_peers(&mut listing).await;
            if listing.unmatched.is_empty() {
                return Ok(());
            }
            if self.desk.now() >= deadline {
                return Err(self.broken(listing.broken(&self.desk.state().network, patience)));
            }
            select(pin!(self.desk.changed(seen)), &mut end).await;
        }
    }

    /// Asks those whose lists may have changed since they were asked last.
    async fn list_peers(&self, listing: &mut Listing) {
        let asked_at = self.desk.changes();
        let listed = |node: &NodeIndex| self.driver(*node).command("peers").is_some();
        let stale: Vec<NodeIndex> = {
            let running = self.running();
            let state = self.desk.state();
            let is_stale = |node: &NodeIndex| {
                let asked = listing.asked.get(node);
                asked.is_none_or(|asked| state.network.node(*node).changed_at > *asked)
            };
            running.into_iter().filter(is_stale).collect()
        };
        let stale: Vec<NodeIndex> = stale.into_iter().filter(listed).collect();
        for batch in stale.chunks(BATCH) {
            for asked in self.ask_all(batch, &["peers".to_owned()]).await {
                let network = &self.desk.state().network;
                // Who does not answer is not judged.
                if let Observed::Answered(Answer { value: Value::List(peers), .. }) = asked.observed {
                    listing.asked.insert(asked.node, asked_at);
                    let peers = peers.iter().filter_map(|peer| network.find(peer)).collect();
                    listing.listed(asked.node, peers);
                }
            }
        }
        listing.judge(&self.desk.state().network);
    }

    fn running(&self) -> Vec<NodeIndex> {
        self.desk.state().network.running().to_vec()
    }
}

/// The figures of a node's `stats`.
fn figures(list: &[String]) -> BTreeMap<String, u64> {
    let figures = list.iter().filter_map(|figure| figure.split_once('='));
    figures.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?))).collect()
}

/// Whom nodes list, as far as they were asked.
#[derive(Default)]
struct Listing {
    lists: Lists,
    /// The count of changes when each was asked last.
    asked: BTreeMap<NodeIndex, u64>,
    /// Whose lists are to be compared anew.
    touched: BTreeSet<NodeIndex>,
    /// By the node whose list shows it.
    unmatched: BTreeMap<NodeIndex, Vec<Unmatched>>,
}

impl Listing {
    fn listed(&mut self, node: NodeIndex, peers: BTreeSet<NodeIndex>) {
        let before = self.lists.get(&node);
        if before == Some(&peers) {
            return;
        }
        self.touched.insert(node);
        self.touched.extend(before.into_iter().flatten().chain(&peers));
        self.lists.insert(node, peers);
    }

    /// Compares the lists that have changed with those of the nodes beside.
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

    /// The failure after so long, with what each node lists that does not match.
    fn broken(&self, network: &Network, waited: Duration) -> Broken {
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
        Broken {
            law: Law::SymmetricLinks,
            message: format!("nodes do not list each other, {waited} after they held the same"),
            findings: findings.collect(),
            evidence: shortened(pairs.into_iter().map(|pair| pair.describe(network)).collect()),
        }
    }
}
