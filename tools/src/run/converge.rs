//! Whether nodes hold the same versions, and how they differ when they do not.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::failure::Finding;
use super::laws::convergence;
use super::network::{Content, Network};
use crate::world::NodeIndex;

/// That in each component every running node holds the same versions. Looked at after every change
/// that is told, and there are as many as nodes after each write: while two nodes that differed still
/// do, nothing else is looked at.
pub(super) struct Convergence {
    /// Only these, in order; all if absent.
    among: Option<Vec<NodeIndex>>,
    /// Whether it was asked for: then a node that cannot say what it holds does not hold the same as
    /// another. Otherwise nothing is said of it.
    asked_for: bool,
    differing: Cell<Option<Differing>>,
}

/// Two nodes of one component that did not hold the same when they were looked at last.
#[derive(Debug, Clone, Copy)]
struct Differing {
    one: NodeIndex,
    other: NodeIndex,
    /// While the components are these.
    epoch: u64,
}

impl Convergence {
    /// Of all nodes, as it is checked unasked at the end.
    pub(super) fn at_the_end() -> Self {
        Self { among: None, asked_for: false, differing: Cell::new(None) }
    }

    pub(super) fn of_all() -> Self {
        Self { asked_for: true, ..Self::at_the_end() }
    }

    pub(super) fn of(mut nodes: Vec<NodeIndex>) -> Self {
        nodes.sort_unstable();
        Self { among: Some(nodes), ..Self::of_all() }
    }

    /// Whether it holds, by what the nodes last told. A write is told before it is acknowledged, so
    /// that what was acknowledged before now is in there.
    pub(super) fn holds(&self, network: &Network) -> bool {
        if let Some(Differing { one, other, epoch }) = self.differing.get()
            && epoch == network.epoch()
            && !convergence([network.node(one).digest(), network.node(other).digest()])
        {
            return false;
        }
        let epoch = network.epoch();
        for component in &*self.components(network) {
            let told = network.all_tell(component);
            let held = |node: NodeIndex| held(network, node, told);
            let mut judged = component.iter().copied().filter(|node| told || self.is_judged(network, *node));
            let Some(one) = judged.next() else { continue };
            let apart = if held(one).is_none() {
                Some(one)
            } else {
                judged.find(|other| !convergence([held(one), held(*other)]))
            };
            if let Some(other) = apart {
                // What was found is looked at anew each time.
                self.differing.set(told.then_some(Differing { one, other, epoch }));
                return false;
            }
        }
        true
    }

    /// Whether a step asked for it.
    pub(super) fn is_asked_for(&self) -> bool {
        self.asked_for
    }

    /// Whether anything is said of a node that does not tell.
    fn is_judged(&self, network: &Network, node: NodeIndex) -> bool {
        self.asked_for || !matches!(network.node(node).content, Content::Unsaid(_))
    }

    /// The nodes to be looked at, component by component, since some of each do not tell.
    pub(super) fn untold(&self, network: &Network) -> Vec<Vec<NodeIndex>> {
        let untold = |component: &&Vec<NodeIndex>| !network.all_tell(component);
        self.components(network).iter().filter(untold).cloned().collect()
    }

    fn components<'a>(&self, network: &'a Network) -> Cow<'a, [Vec<NodeIndex>]> {
        let components = network.components();
        let Some(among) = &self.among else { return Cow::Borrowed(components) };
        let mut components = components.to_vec();
        for component in &mut components {
            component.retain(|node| among.binary_search(node).is_ok());
        }
        Cow::Owned(components)
    }
}

/// The running nodes of one component that do not hold the same, as they last told: grouped by digest.
pub(super) type Apart = Vec<Vec<NodeIndex>>;

impl Convergence {
    /// What each node of a component that differs holds, by what it last told, and the nodes that are
    /// apart.
    pub(super) fn divergence(&self, network: &Network) -> (Vec<Finding>, Vec<Apart>) {
        let (mut findings, mut apart) = (Vec::new(), Vec::new());
        for component in &*self.components(network) {
            let told = network.all_tell(component);
            // Who was asked too late to answer has told what it held a moment before.
            let digest = |node: NodeIndex| match &network.node(node).content {
                Content::Unknown if !told => network.node(node).said.as_deref(),
                _ => held(network, node, told),
            };
            let judged = |node: &NodeIndex| told || self.is_judged(network, *node);
            let component: Vec<NodeIndex> = component.iter().copied().filter(judged).collect();
            let common = most_common(component.iter().filter_map(|node| digest(*node)));
            let mut groups: BTreeMap<Option<&str>, Vec<NodeIndex>> = BTreeMap::new();
            for &node in &component {
                groups.entry(digest(node)).or_default().push(node);
                let entry = network.node(node);
                let held = match (&entry.content, digest(node)) {
                    (Content::Unsaid(why), None) if !told => why.clone(),
                    (_, Some(digest)) if told => format!("digest {digest}"),
                    (_, Some(content)) => content.to_owned(),
                    (_, None) => "has told nothing".to_owned(),
                };
                let matches = component.len() < 2 || digest(node) == Some(common);
                let fits = matches && (told || digest(node).is_some());
                findings.push(Finding {
                    node: entry.name().to_owned(),
                    held,
                    fits,
                    since: Some(entry.since),
                });
            }
            if groups.len() > 1 {
                apart.push(groups.into_values().collect());
            }
        }
        if findings.iter().all(|finding| finding.fits) {
            findings.clear();
        }
        (findings, apart)
    }
}

/// What a node holds: by what it last told or, in a component with nodes that do not tell, by what was
/// found.
fn held(network: &Network, node: NodeIndex, told: bool) -> Option<&str> {
    let node = network.node(node);
    match &node.content {
        _ if told => node.digest(),
        Content::Is(content) => Some(content),
        Content::Unsaid(_) | Content::Unknown => None,
    }
}

/// What occurs most often; of equals, the first.
fn most_common<T: Ord + Copy + Default>(items: impl Iterator<Item = T>) -> T {
    let mut counted: BTreeMap<T, (usize, Reverse<usize>)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        counted.entry(item).or_insert((0, Reverse(place))).0 += 1;
    }
    counted.into_iter().max_by_key(|(_, count)| *count).map(|(item, _)| item).unwrap_or_default()
}
