//! Whether nodes hold the same versions, and how they differ when they do not.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::failure::Finding;
use super::laws::convergence;
use super::network::Network;
use crate::world::NodeIndex;

/// That in each component every running node holds the same versions. Looked at after every change
/// that is told, and there are as many as nodes after each write: while two nodes that differed still
/// do, nothing else is looked at.
pub(super) struct Convergence {
    /// Only these, in order; all if absent.
    among: Option<Vec<NodeIndex>>,
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
    pub(super) fn of_all() -> Self {
        Self { among: None, differing: Cell::new(None) }
    }

    pub(super) fn of(mut nodes: Vec<NodeIndex>) -> Self {
        nodes.sort_unstable();
        Self { among: Some(nodes), differing: Cell::new(None) }
    }

    /// Whether it holds, by what the nodes last told. A write is told before it is acknowledged, so
    /// that what was acknowledged before now is in there.
    pub(super) fn holds(&self, network: &Network) -> bool {
        let digest = |node: NodeIndex| network.node(node).digest();
        if let Some(Differing { one, other, epoch }) = self.differing.get()
            && epoch == network.epoch()
            && !convergence([digest(one), digest(other)])
        {
            return false;
        }
        let epoch = network.epoch();
        for component in &*self.components(network) {
            let Some(&one) = component.first() else { continue };
            let apart = component.iter().find(|other| !convergence([digest(one), digest(**other)]));
            if let Some(&other) = apart {
                self.differing.set(Some(Differing { one, other, epoch }));
                return false;
            }
        }
        true
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
        let digest = |node: NodeIndex| network.node(node).digest();
        let (mut findings, mut apart) = (Vec::new(), Vec::new());
        for component in &*self.components(network) {
            let common = most_common(component.iter().map(|node| digest(*node)));
            let mut groups: BTreeMap<Option<&str>, Vec<NodeIndex>> = BTreeMap::new();
            for &node in component {
                groups.entry(digest(node)).or_default().push(node);
                let entry = network.node(node);
                findings.push(Finding {
                    node: entry.name().to_owned(),
                    held: digest(node)
                        .map_or("has told nothing".to_owned(), |digest| format!("digest {digest}")),
                    fits: component.len() < 2 || digest(node) == common,
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

/// What occurs most often; of equals, the first.
fn most_common<T: Ord + Copy + Default>(items: impl Iterator<Item = T>) -> T {
    let mut counted: BTreeMap<T, (usize, Reverse<usize>)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        counted.entry(item).or_insert((0, Reverse(place))).0 += 1;
    }
    counted.into_iter().max_by_key(|(_, count)| *count).map(|(item, _)| item).unwrap_or_default()
}
