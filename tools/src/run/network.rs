//! The network as the runner knows it: what was asked for, and what events told since.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::world::{Change, Direction, Ending, NodeIndex, NodeSpec};

/// The state of a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// Being started.
    Starting,
    /// Ready.
    Running,
    /// Frozen.
    Paused,
    /// Told to end; has not ended yet.
    Ending,
    /// Ended because it was told to.
    Stopped,
    /// Ended by itself.
    Exited(Ending),
}

impl std::fmt::Display for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Running => f.write_str("running"),
            Self::Paused => f.write_str("paused"),
            Self::Ending => f.write_str("stopping"),
            Self::Stopped => f.write_str("stopped"),
            Self::Exited(Ending::Code(code)) => write!(f, "exited {code}"),
            Self::Exited(ending) => write!(f, "exited {ending}"),
        }
    }
}

/// One node.
#[derive(Debug, Clone)]
pub struct Node {
    /// How it was, or will be, started; its name is in there.
    pub spec: NodeSpec,
    /// The state of its life.
    pub life: Life,
    /// How often it was started.
    pub incarnation: u64,
    /// What it last told of itself, if it tells.
    pub state: Option<Change>,
    /// When that changed.
    pub since: Duration,
    /// The count of changes told in the whole network when that changed.
    pub(super) changed_at: u64,
}

impl Node {
    fn new(spec: NodeSpec) -> Self {
        Self { spec, life: Life::Stopped, incarnation: 0, state: None, since: Duration::ZERO, changed_at: 0 }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    pub(super) fn told(&mut self, change: Change, now: Duration, changes: u64) {
        if self.state.as_ref().map(|state| &state.digest) != Some(&change.digest) {
            self.since = now;
        }
        self.state = Some(change);
        self.changed_at = changes;
    }
}

/// A link that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Who dials.
    pub from: NodeIndex,
    /// Who is dialled.
    pub to: NodeIndex,
}

impl Link {
    /// The two ends in order, whoever dials.
    pub(super) fn ends(self) -> (NodeIndex, NodeIndex) {
        (self.from.min(self.to), self.from.max(self.to))
    }
}

/// All nodes that have appeared, and the links that were asked for.
#[derive(Debug, Clone, Default)]
pub struct Network {
    nodes: Vec<Node>,
    by_name: BTreeMap<String, NodeIndex>,
    links: Vec<Link>,
    linked: BTreeSet<(NodeIndex, NodeIndex)>,
    /// Directions silenced one by one.
    cut: BTreeSet<Direction>,
    /// The set that each node is in, while there is a partition.
    sides: BTreeMap<NodeIndex, usize>,
}

impl Network {
    /// The nodes, in order of appearance.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeIndex(index), node))
    }

    /// The indices of all nodes.
    pub fn indices(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..self.nodes.len()).map(NodeIndex)
    }

    /// The nodes that run, in order of appearance.
    #[must_use]
    pub fn running(&self) -> Vec<NodeIndex> {
        let running = self.nodes().filter(|(_, node)| node.life == Life::Running);
        running.map(|(index, _)| index).collect()
    }

    /// The links that were asked for, in order.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// One node.
    ///
    /// # Panics
    /// If the index comes from another network: indices are handed out here and nowhere else.
    #[must_use]
    pub fn node(&self, node: NodeIndex) -> &Node {
        &self.nodes[node.0]
    }

    pub(super) fn node_mut(&mut self, node: NodeIndex) -> &mut Node {
        &mut self.nodes[node.0]
    }

    /// The name of a node.
    #[must_use]
    pub fn name(&self, node: NodeIndex) -> &str {
        self.node(node).name()
    }

    /// The names of several nodes, for people.
    #[must_use]
    pub fn names(&self, nodes: &[NodeIndex]) -> String {
        nodes.iter().map(|node| self.name(*node)).collect::<Vec<_>>().join(", ")
    }

    /// The node of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeIndex> {
        self.by_name.get(name).copied()
    }

    /// Gives a node its place, unless it has one; whether it is new.
    pub(super) fn add_node(&mut self, spec: NodeSpec) -> (NodeIndex, bool) {
        if let Some(node) = self.find(&spec.name) {
            return (node, false);
        }
        let node = NodeIndex(self.nodes.len());
        self.by_name.insert(spec.name.clone(), node);
        self.nodes.push(Node::new(spec));
        (node, true)
    }

    /// Adds a link, unless it is there; whether it is new.
    pub(super) fn add_link(&mut self, link: Link) -> bool {
        let new = self.linked.insert(link.ends());
        if new {
            self.links.push(link);
        }
        new
    }

    /// The links that a node has.
    pub fn links_of(&self, node: NodeIndex) -> impl Iterator<Item = Link> {
        self.links.iter().copied().filter(move |link| link.from == node || link.to == node)
    }

    /// Whether traffic may pass in that direction, as far as cuts and partitions go.
    #[must_use]
    pub fn permits(&self, direction: Direction) -> bool {
        let sides = (self.sides.get(&direction.from), self.sides.get(&direction.to));
        let apart = matches!(sides, (Some(one), Some(other)) if one != other);
        !apart && !self.cut.contains(&direction)
    }

    /// Whether a link may be up: both ends run, and traffic passes both ways.
    #[must_use]
    pub fn is_open(&self, link: Link) -> bool {
        let Link { from, to } = link;
        [from, to].into_iter().all(|node| self.node(node).life == Life::Running)
            && self.permits(Direction { from, to })
            && self.permits(Direction { from: to, to: from })
    }

    pub(super) fn cut(&mut self, direction: Direction) {
        self.cut.insert(direction);
    }

    pub(super) fn join(&mut self, direction: Direction) {
        self.cut.remove(&direction);
    }

    /// Puts nodes apart; a node in no set is on no side and is apart from nobody.
    pub(super) fn set_sides(&mut self, sides: BTreeMap<NodeIndex, usize>) {
        self.sides = sides;
    }

    pub(super) fn heal(&mut self) {
        self.cut.clear();
        self.sides.clear();
    }

    /// The running nodes, as the links that may be up divide them: each component in order of
    /// appearance, the components by their first node.
    #[must_use]
    pub fn components(&self) -> Vec<Vec<NodeIndex>> {
        let mut neighbours: Vec<Vec<NodeIndex>> = vec![Vec::new(); self.nodes.len()];
        for link in self.links.iter().filter(|link| self.is_open(**link)) {
            neighbours[link.from.0].push(link.to);
            neighbours[link.to.0].push(link.from);
        }
        let mut seen = vec![false; self.nodes.len()];
        let mut components = Vec::new();
        for (first, node) in self.nodes() {
            if seen[first.0] || node.life != Life::Running {
                continue;
            }
            seen[first.0] = true;
            let mut component = vec![first];
            let mut next = 0;
            while let Some(node) = component.get(next).copied() {
                next += 1;
                for neighbour in &neighbours[node.0] {
                    if !std::mem::replace(&mut seen[neighbour.0], true) {
                        component.push(*neighbour);
                    }
                }
            }
            component.sort_unstable();
            components.push(component);
        }
        components
    }

    /// The longest of the shortest ways between two linked nodes, in links, over all links asked for.
    #[must_use]
    pub fn diameter(&self) -> usize {
        let mut neighbours: Vec<Vec<usize>> = vec![Vec::new(); self.nodes.len()];
        for link in &self.links {
            neighbours[link.from.0].push(link.to.0);
            neighbours[link.to.0].push(link.from.0);
        }
        let mut longest = 0;
        for first in 0..self.nodes.len() {
            let mut distance = vec![usize::MAX; self.nodes.len()];
            distance[first] = 0;
            let mut queue = vec![first];
            let mut next = 0;
            while let Some(node) = queue.get(next).copied() {
                next += 1;
                for &neighbour in &neighbours[node] {
                    if distance[neighbour] == usize::MAX {
                        distance[neighbour] = distance[node] + 1;
                        longest = longest.max(distance[neighbour]);
                        queue.push(neighbour);
                    }
                }
            }
        }
        longest
    }

    /// The component that a running node is in.
    pub(super) fn component_of(&self, node: NodeIndex) -> Vec<NodeIndex> {
        self.components().into_iter().find(|component| component.contains(&node)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(links: &[(&str, &str)]) -> Network {
        let mut network = Network::default();
        for (from, to) in links {
            let [from, to] = [from, to].map(|name| {
                let spec = NodeSpec { name: (*name).to_owned(), ..NodeSpec::default() };
                network.add_node(spec).0
            });
            network.add_link(Link { from, to });
        }
        for node in network.indices() {
            network.node_mut(node).life = Life::Running;
        }
        network
    }

    #[track_caller]
    fn check_components(network: &Network, expected: &[&str]) {
        let named: Vec<String> = network
            .components()
            .into_iter()
            .map(|component| {
                component.into_iter().map(|node| network.name(node)).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(named, expected);
    }

    #[test]
    fn components_leave_out_what_is_cut_or_not_running() {
        let mut network = network(&[("a", "b"), ("b", "c"), ("c", "d")]);
        check_components(&network, &["a b c d"]);
        let [b, c] = ["b", "c"].map(|name| network.find(name).unwrap());
        network.cut(Direction { from: c, to: b });
        check_components(&network, &["a b", "c d"]);
        network.heal();
        network.node_mut(b).life = Life::Paused;
        check_components(&network, &["a", "c d"]);
    }

    #[test]
    fn a_partition_parts_only_nodes_on_different_sides() {
        let mut network = network(&[("a", "b"), ("b", "c")]);
        network.set_sides(BTreeMap::from([(NodeIndex(0), 0), (NodeIndex(1), 1)]));
        check_components(&network, &["a", "b c"]);
    }

    #[test]
    fn a_link_is_the_same_whoever_dials() {
        let mut network = network(&[("a", "b")]);
        assert!(!network.add_link(Link { from: NodeIndex(1), to: NodeIndex(0) }));
        assert_eq!(network.links().len(), 1);
    }
}
