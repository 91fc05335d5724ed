//! The network as the runner knows it: what was asked for, and what events told since.

mod components;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use components::Components;

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
    /// What it was last found to hold, if it does not tell.
    pub(super) content: Content,
    /// What it was found to hold when it said so last: for reports.
    pub(super) said: Option<String>,
    /// Whether it tells.
    pub(super) tells: bool,
    /// When what it told or was found to hold changed.
    pub since: Duration,
    /// The count of changes told in the whole network when that changed.
    pub(super) changed_at: u64,
}

impl Node {
    fn new(spec: NodeSpec) -> Self {
        Self {
            spec,
            life: Life::Stopped,
            incarnation: 0,
            state: None,
            content: Content::Unknown,
            said: None,
            tells: true,
            since: Duration::ZERO,
            changed_at: 0,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// The digest that it last told.
    pub(super) fn digest(&self) -> Option<&str> {
        self.state.as_ref().map(|state| state.digest.as_str())
    }

    /// It told its state; whether the number of its neighbours is another than before.
    pub(super) fn told(&mut self, change: Change, now: Duration, changes: u64) -> bool {
        let before = self.state.replace(change);
        let told = self.state.as_ref();
        if before.as_ref().map(|state| &state.digest) != told.map(|state| &state.digest) {
            self.since = now;
        }
        self.changed_at = changes;
        before.map(|state| state.peers) != told.map(|state| state.peers)
    }
}

/// What a node that does not tell was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    /// It was not asked, or did not answer.
    Unknown,
    /// It cannot say, for this reason.
    Unsaid(String),
    /// Equal texts mean that the same is held.
    Is(String),
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
#[derive(Debug, Clone)]
pub struct Network {
    nodes: Vec<Node>,
    by_name: BTreeMap<String, NodeIndex>,
    links: Vec<Link>,
    linked: BTreeSet<(NodeIndex, NodeIndex)>,
    /// The positions of each node's links.
    adjacent: Vec<Vec<usize>>,
    /// Directions silenced one by one.
    cut: BTreeSet<Direction>,
    /// The set that each node is in, while there is a partition.
    sides: BTreeMap<NodeIndex, usize>,
    /// Directions that have a shape.
    shaped: BTreeSet<Direction>,
    /// By how much clocks are shifted, where they are.
    shifts: BTreeMap<NodeIndex, i64>,
    /// How many nodes are frozen.
    paused: usize,
    /// Whether every node tells of its changes.
    all_tell: bool,
    /// Grows with every change of what the components depend on.
    epoch: u64,
    cache: Cache,
}

/// What follows from the rest and takes time to work out: kept until that changes.
#[derive(Debug, Clone, Default)]
struct Cache {
    running: OnceCell<Vec<NodeIndex>>,
    components: OnceCell<Components>,
    diameter: OnceCell<usize>,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            by_name: BTreeMap::new(),
            links: Vec::new(),
            linked: BTreeSet::new(),
            adjacent: Vec::new(),
            cut: BTreeSet::new(),
            sides: BTreeMap::new(),
            shaped: BTreeSet::new(),
            shifts: BTreeMap::new(),
            paused: 0,
            all_tell: true,
            epoch: 0,
            cache: Cache::default(),
        }
    }
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
    pub fn running(&self) -> &[NodeIndex] {
        self.cache.running.get_or_init(|| {
            let running = self.nodes().filter(|(_, node)| node.life == Life::Running);
            running.map(|(index, _)| index).collect()
        })
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

    /// A node's life has changed; `changes` is the count of changes told with this one.
    pub(super) fn set_life(&mut self, node: NodeIndex, life: Life, changes: u64) {
        let entry = &mut self.nodes[node.0];
        let before = std::mem::replace(&mut entry.life, life);
        entry.changed_at = changes;
        self.paused -= usize::from(before == Life::Paused);
        self.paused += usize::from(life == Life::Paused);
        if (before == Life::Running) != (life == Life::Running) {
            self.cache.running.take();
            self.regroup();
        }
    }

    /// A node is about to be started once more.
    pub(super) fn begin_incarnation(&mut self, node: NodeIndex) {
        self.nodes[node.0].incarnation += 1;
    }

    /// How a node is to be started.
    /// Whether it will tell of its changes is known by its driver.
    pub(super) fn set_spec(&mut self, node: NodeIndex, spec: NodeSpec, tells: bool) {
        self.shift(node, spec.clock_ms);
        self.nodes[node.0].tells = tells;
        self.all_tell &= tells;
        self.nodes[node.0].spec = spec;
    }

    /// A node told its state; whether the number of its neighbours is another than before.
    pub(super) fn told(&mut self, node: NodeIndex, change: Change, now: Duration, changes: u64) -> bool {
        self.nodes[node.0].told(change, now, changes)
    }

    /// A node was found to hold this.
    pub(super) fn found(&mut self, node: NodeIndex, content: Content, now: Duration) {
        let node = &mut self.nodes[node.0];
        if let Content::Is(held) = &content
            && node.said.as_ref() != Some(held)
        {
            node.said = Some(held.clone());
            node.since = now;
        }
        node.content = content;
    }

    /// Whether all these nodes tell of their changes.
    pub(super) fn all_tell(&self, nodes: &[NodeIndex]) -> bool {
        self.all_tell || nodes.iter().all(|node| self.node(*node).tells)
    }

    /// A node has ended: what it told holds no more.
    pub(super) fn forget_state(&mut self, node: NodeIndex) {
        self.nodes[node.0].state = None;
        self.nodes[node.0].content = Content::Unknown;
        self.nodes[node.0].said = None;
    }

    /// What the components depend on has changed.
    fn regroup(&mut self) {
        self.epoch += 1;
        self.cache.components.take();
    }

    /// Equal as long as the components are the same.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
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
        self.adjacent.push(Vec::new());
        self.cache.diameter.take();
        self.regroup();
        (node, true)
    }

    /// Adds a link, unless it is there; whether it is new.
    pub(super) fn add_link(&mut self, link: Link) -> bool {
        let new = self.linked.insert(link.ends());
        if new {
            for end in [link.from, link.to] {
                self.adjacent[end.0].push(self.links.len());
            }
            self.links.push(link);
            self.cache.diameter.take();
            self.regroup();
        }
        new
    }

    /// The links that a node has, in order.
    pub fn links_of(&self, node: NodeIndex) -> impl Iterator<Item = Link> {
        self.adjacent[node.0].iter().map(|position| self.links[*position])
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
        self.regroup();
    }

    pub(super) fn join(&mut self, direction: Direction) {
        self.cut.remove(&direction);
        self.regroup();
    }

    /// Puts nodes apart; a node in no set is on no side and is apart from nobody.
    pub(super) fn set_sides(&mut self, sides: BTreeMap<NodeIndex, usize>) {
        self.sides = sides;
        self.regroup();
    }

    /// Nothing is cut or parted any more; the directions that were cut one by one.
    pub(super) fn heal(&mut self) -> BTreeSet<Direction> {
        self.sides.clear();
        self.regroup();
        std::mem::take(&mut self.cut)
    }

    /// A direction has a shape, or none any more.
    pub(super) fn set_shaped(&mut self, direction: Direction, shaped: bool) {
        if shaped {
            self.shaped.insert(direction);
        } else {
            self.shaped.remove(&direction);
        }
    }

    /// A node's clock was shifted by so many milliseconds more.
    pub(super) fn shift(&mut self, node: NodeIndex, offset_ms: i64) {
        let shift = self.shifts.entry(node).or_default();
        *shift = shift.saturating_add(offset_ms);
        if *shift == 0 {
            self.shifts.remove(&node);
        }
    }

    /// Whether no node is frozen, no link cut, parted or shaped, and no clock shifted.
    pub(super) fn is_sound(&self) -> bool {
        self.paused == 0
            && self.cut.is_empty()
            && self.sides.is_empty()
            && self.shaped.is_empty()
            && self.shifts.is_empty()
    }

    /// The running nodes, as the links that may be up divide them: each component in order of
    /// appearance, the components by their first node.
    #[must_use]
    pub fn components(&self) -> &[Vec<NodeIndex>] {
        self.grouped().all()
    }

    /// The component that a node is in; empty if it does not run.
    pub(super) fn component_of(&self, node: NodeIndex) -> &[NodeIndex] {
        self.grouped().of(node)
    }

    /// Whether both nodes run, in one component.
    pub(super) fn are_together(&self, one: NodeIndex, other: NodeIndex) -> bool {
        self.grouped().together(one, other)
    }

    fn grouped(&self) -> &Components {
        self.cache.components.get_or_init(|| Components::new(self))
    }

    /// The longest of the shortest ways between two linked nodes, in links, over all links asked for.
    #[must_use]
    pub fn diameter(&self) -> usize {
        *self.cache.diameter.get_or_init(|| components::diameter(self))
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
            network.set_life(node, Life::Running, 0);
        }
        network
    }

    #[track_caller]
    fn check_components(network: &Network, expected: &[&str]) {
        let named: Vec<String> = network
            .components()
            .iter()
            .map(|component| component.iter().map(|node| network.name(*node)).collect::<Vec<_>>().join(" "))
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
        network.set_life(b, Life::Paused, 0);
        check_components(&network, &["a", "c d"]);
    }

    #[test]
    fn a_partition_parts_only_nodes_on_different_sides() {
        let mut network = network(&[("a", "b"), ("b", "c")]);
        network.set_sides(BTreeMap::from([(NodeIndex(0), 0), (NodeIndex(1), 1)]));
        check_components(&network, &["a", "b c"]);
    }

    #[test]
    fn a_network_is_sound_while_nothing_is_between_its_nodes() {
        let mut network = network(&[("a", "b")]);
        let (a, b) = (NodeIndex(0), NodeIndex(1));
        let direction = Direction { from: a, to: b };
        assert!(network.is_sound());
        network.set_shaped(direction, true);
        assert!(!network.is_sound());
        network.set_shaped(direction, false);
        network.shift(a, 500);
        assert!(!network.is_sound());
        network.shift(a, -500);
        network.set_life(b, Life::Paused, 0);
        assert!(!network.is_sound());
        network.set_life(b, Life::Running, 0);
        network.cut(direction);
        assert!(!network.is_sound());
        network.heal();
        assert!(network.is_sound());
    }

    #[test]
    fn the_diameter_is_that_of_the_greatest_component() {
        assert_eq!(network(&[("a", "b"), ("b", "c"), ("c", "d"), ("x", "y")]).diameter(), 3);
        let ring = network(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "f"), ("f", "a")]);
        assert_eq!(ring.diameter(), 3);
        assert_eq!(Network::default().diameter(), 0);
    }

    #[test]
    fn a_link_is_the_same_whoever_dials() {
        let mut network = network(&[("a", "b")]);
        assert!(!network.add_link(Link { from: NodeIndex(1), to: NodeIndex(0) }));
        assert_eq!(network.links().len(), 1);
    }
}
