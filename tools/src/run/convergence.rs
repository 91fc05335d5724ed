//! Convergence: the check that nodes hold the same versions, and their differences when they do not.

mod content;
mod due;

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::laws::convergence;
use super::results::{Apart, Finding};
use super::state::{Content, Network};
use crate::world::NodeIndex;

/// The condition that in each component every running node holds the same versions.
///
/// It is checked after every change that is told, and each write brings as many changes as there are nodes.
/// So two nodes that differed are compared first; while they still differ, nothing else is looked at.
pub(in crate::run) struct Convergence {
    /// The nodes to compare, in order; all if absent.
    among: Option<Vec<NodeIndex>>,
    /// True if a step asked for the check. Then a node that cannot say what it holds differs from all
    /// others; otherwise such a node is left out.
    asked_for: bool,
    differing: Cell<Option<Differing>>,
}

/// Two nodes of one component that differed when they were last compared.
#[derive(Debug, Clone, Copy)]
struct Differing {
    one: NodeIndex,
    other: NodeIndex,
    /// The epoch of the components in which the comparison is valid.
    epoch: u64,
}

impl Convergence {
    /// Returns the check of all nodes that is made unasked at the end.
    pub(in crate::run) fn at_the_end() -> Self {
        Self { among: None, asked_for: false, differing: Cell::new(None) }
    }

    pub(in crate::run) fn of_all() -> Self {
        Self { asked_for: true, ..Self::at_the_end() }
    }

    pub(in crate::run) fn of(mut nodes: Vec<NodeIndex>) -> Self {
        nodes.sort_unstable();
        Self { among: Some(nodes), ..Self::of_all() }
    }

    /// Returns true if the nodes converge, by their last known contents. A write is told before it is
    /// acknowledged, so all writes acknowledged before now are included.
    pub(in crate::run) fn holds(&self, network: &Network) -> bool {
        if let Some(Differing { one, other, epoch }) = self.differing.get()
            && epoch == network.epoch()
            && !convergence([network.node(one).digest(), network.node(other).digest()])
        {
            return false;
        }
        let epoch = network.epoch();
        for component in self.components(network).iter().filter(|component| self.is_compared(component)) {
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
                // Contents found by asking are compared anew each time.
                self.differing.set(told.then_some(Differing { one, other, epoch }));
                return false;
            }
        }
        true
    }

    /// Returns true if two nodes are known to hold something else, whatever parts the network has.
    pub(in crate::run) fn nodes_differ(&self, network: &Network) -> bool {
        let nodes = self.components(network).concat();
        let told = network.all_tell(&nodes);
        let mut known = nodes.iter().filter_map(|node| held(network, *node, told));
        known.next().is_some_and(|first| known.any(|other| other != first))
    }

    /// Returns the last known content of each node.
    pub(in crate::run) fn contents(&self, network: &Network) -> Vec<Finding> {
        let nodes = self.components(network).concat();
        let told = network.all_tell(&nodes);
        let finding = |node: &NodeIndex| {
            let entry = network.node(*node);
            let held = match (&entry.content, held(network, *node, told)) {
                (_, Some(digest)) if told => format!("digest {digest}"),
                (_, Some(content)) => content.to_owned(),
                (Content::Unsaid(why) | Content::Silent(why), None) => why.clone(),
                (_, None) => "has told nothing".to_owned(),
            };
            Finding { node: entry.name().to_owned(), held, fits: false, since: entry.known_since() }
        };
        nodes.iter().map(finding).collect()
    }

    /// Returns the nodes of components that do not hold the same, where all of them tell.
    pub(in crate::run) fn nodes(&self, network: &Network) -> Vec<NodeIndex> {
        let components = self.components(network);
        let differing = components.iter().filter(|component| !alike(network, component));
        differing.filter(|component| network.all_tell(component)).flatten().copied().collect()
    }

    /// Returns true if in each component all nodes tell, and either hold the same or satisfy `otherwise`.
    pub(in crate::run) fn holds_in_each(
        &self,
        network: &Network,
        otherwise: impl Fn(&[NodeIndex]) -> bool,
    ) -> bool {
        let components = self.components(network);
        let holds = |component: &Vec<NodeIndex>| {
            network.all_tell(component) && (alike(network, component) || otherwise(component))
        };
        components.iter().filter(|component| self.is_compared(component)).all(holds)
    }

    /// Returns true if there is anything to compare. A node that is alone agrees with all others of its
    /// component, even if it cannot say what it holds. But a step that asks for the check requires an
    /// answer of that node, too.
    fn is_compared(&self, component: &[NodeIndex]) -> bool {
        self.asked_for || component.len() > 1
    }

    /// Returns true if a step asked for the check.
    pub(in crate::run) fn is_asked_for(&self) -> bool {
        self.asked_for
    }

    /// Returns true if the check includes this node. A node that cannot say what it holds is included
    /// only if a step asked for the check.
    fn is_judged(&self, network: &Network, node: NodeIndex) -> bool {
        self.asked_for || !matches!(network.node(node).content, Content::Unsaid(_))
    }

    /// Returns the nodes whose content must be asked for, component by component, since
    /// some of each do not tell.
    pub(in crate::run) fn untold(&self, network: &Network) -> Vec<Vec<NodeIndex>> {
        let untold =
            |component: &&Vec<NodeIndex>| self.is_compared(component) && !network.all_tell(component);
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

impl Convergence {
    /// Returns the last known content of each node, if any node differs, and the nodes that are apart.
    pub(in crate::run) fn divergence(&self, network: &Network) -> (Vec<Finding>, Vec<Apart>) {
        let (mut findings, mut apart) = (Vec::new(), Vec::new());
        for component in &*self.components(network) {
            let told = network.all_tell(component);
            // A node that was asked too late to answer still has the content that it told a moment before.
            let digest = |node: NodeIndex| match &network.node(node).content {
                Content::Unknown | Content::Silent(_) if !told => network.node(node).said.as_deref(),
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
                    (Content::Unsaid(why) | Content::Silent(why), None) if !told => why.clone(),
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
                    since: entry.known_since(),
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

/// Returns true if the nodes last told the same digest.
fn alike(network: &Network, nodes: &[NodeIndex]) -> bool {
    convergence(nodes.iter().map(|node| network.node(*node).digest()))
}

/// Returns the content of a node: the digest that it last told. In a component with nodes that do not
/// tell, it is the content that was found by asking.
fn held(network: &Network, node: NodeIndex, told: bool) -> Option<&str> {
    let node = network.node(node);
    match &node.content {
        _ if told => node.digest(),
        Content::Is(content) => Some(content),
        Content::Unsaid(_) | Content::Unknown | Content::Silent(_) | Content::Unasked => None,
    }
}

/// Returns the item that occurs most often; of equals, the first.
fn most_common<T: Ord + Copy + Default>(items: impl Iterator<Item = T>) -> T {
    let mut counted: BTreeMap<T, (usize, Reverse<usize>)> = BTreeMap::new();
    for (place, item) in items.enumerate() {
        counted.entry(item).or_insert((0, Reverse(place))).0 += 1;
    }
    counted.into_iter().max_by_key(|(_, count)| *count).map(|(item, _)| item).unwrap_or_default()
}
