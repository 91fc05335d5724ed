//! The runner's view of the network: the nodes and links that steps asked for, and their
//! state by later events.

mod clocks;
mod components;
mod link;
mod node;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(in crate::run) use self::node::Content;
pub use self::node::{Life, Node};
use clocks::Clocks;
use components::{Adjacency, Components, diameter};
pub(in crate::run) use link::Link;

use crate::scenario::Shape;
use crate::world::{Change, Direction, NodeIndex, NodeSpec};

/// All nodes that have appeared, and the links that were asked for.
#[derive(Debug, Clone)]
pub struct Network {
    nodes: Vec<Node>,
    by_name: BTreeMap<String, NodeIndex>,
    links: Vec<Link>,
    linked: BTreeSet<(NodeIndex, NodeIndex)>,
    /// The positions of each node's links.
    adjacent: Vec<Vec<usize>>,
    /// Directions that were cut one by one.
    cut: BTreeSet<Direction>,
    /// The set that each node is in, while there is a partition.
    sides: BTreeMap<NodeIndex, usize>,
    /// The shapes of directions that have one.
    shapes: BTreeMap<Direction, Vec<Shape>>,
    clocks: Clocks,
    /// The number of frozen nodes.
    paused: usize,
    /// True if every node tells of its changes.
    all_tell: bool,
    /// True if some node ran before, and may hold what nobody writes in this run.
    ran_before: bool,
    /// A counter that grows with every change that the components depend on.
    epoch: u64,
    cache: Cache,
}

/// Derived values that take time to compute; each is kept until its inputs change.
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
            shapes: BTreeMap::new(),
            clocks: Clocks::default(),
            paused: 0,
            all_tell: true,
            ran_before: false,
            epoch: 0,
            cache: Cache::default(),
        }
    }
}

impl Network {
    /// Returns the nodes, in order of appearance.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &Node)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeIndex(index), node))
    }

    /// Returns the indices of all nodes.
    pub fn indices(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..self.nodes.len()).map(NodeIndex)
    }

    /// Returns the nodes that run, in order of appearance.
    #[must_use]
    pub fn running(&self) -> &[NodeIndex] {
        self.cache.running.get_or_init(|| {
            let running = self.nodes().filter(|(_, node)| node.life == Life::Running);
            running.map(|(index, _)| index).collect()
        })
    }

    /// Returns the links that were asked for, in order.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Returns true if some node ran before, and may hold what nobody writes in this run.
    pub(in crate::run) fn ran_before(&self) -> bool {
        self.ran_before
    }

    /// Returns one node.
    ///
    /// # Panics If the index comes from another network: indices are handed out here and nowhere else.
    #[must_use]
    pub fn node(&self, node: NodeIndex) -> &Node {
        &self.nodes[node.0]
    }

    /// Sets the life of a node; `changes` is the count of changes told with this one.
    pub(in crate::run) fn set_life(&mut self, node: NodeIndex, life: Life, changes: u64) {
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

    /// Counts one more start of a node, and forgets that it was killed.
    pub(in crate::run) fn begin_incarnation(&mut self, node: NodeIndex) {
        self.nodes[node.0].incarnation += 1;
        self.nodes[node.0].killed = false;
    }

    /// Sets the options for the node's next start. `tells` is a property of its driver: true if the
    /// node will tell of its changes.
    pub(in crate::run) fn set_spec(&mut self, node: NodeIndex, spec: NodeSpec, tells: bool) {
        self.shift(node, spec.clock_ms);
        self.nodes[node.0].tells = tells;
        self.all_tell &= tells;
        self.ran_before |= spec.at.is_some();
        self.nodes[node.0].spec = spec;
    }

    /// Records a state that a node told. Returns true if its number of neighbours has changed.
    pub(in crate::run) fn record_change(
        &mut self,
        node: NodeIndex,
        change: Change,
        now: Duration,
        changes: u64,
    ) -> bool {
        self.nodes[node.0].record_change(change, now, changes)
    }

    /// Records the content that a node was found to hold.
    pub(in crate::run) fn record_content(&mut self, node: NodeIndex, content: Content, now: Duration) {
        let node = &mut self.nodes[node.0];
        if let Content::Is(held) = &content
            && node.said.as_ref() != Some(held)
        {
            node.said = Some(held.clone());
            node.since = now;
        }
        node.content = content;
    }

    /// Returns true if all these nodes tell of their changes.
    pub(in crate::run) fn all_tell(&self, nodes: &[NodeIndex]) -> bool {
        self.all_tell || nodes.iter().all(|node| self.node(*node).tells)
    }

    /// Forgets the state and the content of a node that has ended.
    pub(in crate::run) fn forget_state(&mut self, node: NodeIndex) {
        self.nodes[node.0].state = None;
        self.nodes[node.0].content = Content::Unknown;
        self.nodes[node.0].said = None;
    }

    /// Discards the components after a change that they depend on.
    fn regroup(&mut self) {
        self.epoch += 1;
        self.cache.components.take();
    }

    /// Returns a number that stays the same as long as the components do.
    pub(in crate::run) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Returns the name of a node.
    #[must_use]
    pub fn name(&self, node: NodeIndex) -> &str {
        self.node(node).name()
    }

    /// Returns the names of several nodes, for people.
    #[must_use]
    pub fn names(&self, nodes: &[NodeIndex]) -> String {
        nodes.iter().map(|node| self.name(*node)).collect::<Vec<_>>().join(", ")
    }

    /// Returns the node of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NodeIndex> {
        self.by_name.get(name).copied()
    }

    /// Adds a node, unless it is there. Returns its index, and true if it is new.
    pub(in crate::run) fn add_node(&mut self, spec: NodeSpec) -> (NodeIndex, bool) {
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

    /// Adds a link, unless it is there. Returns true if it is new.
    pub(in crate::run) fn add_link(&mut self, link: Link) -> bool {
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

    /// Returns the links of a node, in order.
    pub fn links_of(&self, node: NodeIndex) -> impl Iterator<Item = Link> {
        self.adjacent[node.0].iter().map(|position| self.links[*position])
    }

    /// Returns true if cuts and partitions let traffic pass in that direction.
    #[must_use]
    pub fn permits(&self, direction: Direction) -> bool {
        let sides = (self.sides.get(&direction.from), self.sides.get(&direction.to));
        let apart = matches!(sides, (Some(one), Some(other)) if one != other);
        !apart && !self.cut.contains(&direction)
    }

    /// Returns true if a link may be up: both ends run, and traffic passes both ways.
    #[must_use]
    pub fn is_open(&self, link: Link) -> bool {
        let Link { from, to } = link;
        [from, to].into_iter().all(|node| self.node(node).life == Life::Running)
            && self.permits(Direction { from, to })
            && self.permits(Direction { from: to, to: from })
    }

    pub(in crate::run) fn cut(&mut self, direction: Direction) {
        self.cut.insert(direction);
        self.regroup();
    }

    pub(in crate::run) fn join(&mut self, direction: Direction) {
        self.cut.remove(&direction);
        self.regroup();
    }

    /// Partitions the network. A node in no set is on no side and is apart from nobody.
    pub(in crate::run) fn set_sides(&mut self, sides: BTreeMap<NodeIndex, usize>) {
        self.sides = sides;
        self.regroup();
    }

    /// Ends all cuts and the partition. Returns the directions that were cut one by one.
    pub(in crate::run) fn heal(&mut self) -> BTreeSet<Direction> {
        self.sides.clear();
        self.regroup();
        std::mem::take(&mut self.cut)
    }

    /// Sets the shape of a direction; an empty shape removes it.
    pub(in crate::run) fn set_shape(&mut self, direction: Direction, shape: &[Shape]) {
        if shape.is_empty() {
            self.shapes.remove(&direction);
        } else {
            self.shapes.insert(direction, shape.to_vec());
        }
    }

    /// Returns the directions that were cut one by one.
    pub fn cuts(&self) -> impl Iterator<Item = Direction> {
        self.cut.iter().copied()
    }

    /// Returns the nodes on each side of the partition, in order; none without a partition.
    #[must_use]
    pub fn sides(&self) -> Vec<Vec<NodeIndex>> {
        let mut sides: BTreeMap<usize, Vec<NodeIndex>> = BTreeMap::new();
        for (node, side) in &self.sides {
            sides.entry(*side).or_default().push(*node);
        }
        sides.into_values().collect()
    }

    /// Returns the shapes of directions that have one.
    pub fn shapes(&self) -> impl Iterator<Item = (Direction, &[Shape])> {
        self.shapes.iter().map(|(direction, shape)| (*direction, shape.as_slice()))
    }

    /// Returns the nodes with shifted clocks, each with its shift in milliseconds.
    pub fn shifts(&self) -> impl Iterator<Item = (NodeIndex, i64)> {
        self.clocks.shifts()
    }

    /// Marks a node as killed: it is ended at once, and not in an orderly way.
    pub(in crate::run) fn set_killed(&mut self, node: NodeIndex) {
        self.nodes[node.0].killed = true;
    }

    /// Adds the nodes that a cut or a partition concerns.
    pub(in crate::run) fn silenced(&self, nodes: &mut BTreeSet<NodeIndex>) {
        nodes.extend(self.cut.iter().flat_map(|direction| [direction.from, direction.to]));
        let first = self.sides.values().next();
        if self.sides.values().any(|side| Some(side) != first) {
            nodes.extend(self.sides.keys());
        }
    }

    /// Adds the nodes at the ends of directions that delay traffic.
    pub(in crate::run) fn slowed(&self, nodes: &mut BTreeSet<NodeIndex>) {
        let slowed = self.shapes.keys().filter(|direction| self.is_slowed(**direction));
        nodes.extend(slowed.flat_map(|direction| [direction.from, direction.to]));
    }

    /// Returns true if a direction delays traffic: by a delay, jitter or rate.
    pub(in crate::run) fn is_slowed(&self, direction: Direction) -> bool {
        let slows = |shape: &Shape| !matches!(shape, Shape::Loss(_) | Shape::Duplicate(_));
        self.shapes.get(&direction).is_some_and(|shape| shape.iter().any(slows))
    }

    /// Shifts a node's clock by so many milliseconds more.
    pub(in crate::run) fn shift(&mut self, node: NodeIndex, offset_ms: i64) {
        self.clocks.shift(node, offset_ms);
    }

    /// Returns the shift of a node's clock, in milliseconds.
    pub(in crate::run) fn shift_of(&self, node: NodeIndex) -> i64 {
        self.clocks.shift_of(node)
    }

    /// Returns the greatest distance that there ever was between the clocks of two nodes, in milliseconds.
    pub(in crate::run) fn clocks_apart_ms_max(&self) -> u64 {
        self.clocks.apart_ms_max
    }

    /// Records that a node tells of all versions that it stores, from now on, including
    /// those that it held before.
    pub(in crate::run) fn set_tells_versions(&mut self, node: NodeIndex) {
        self.nodes[node.0].versions_of = Some(self.nodes[node.0].incarnation);
    }

    /// Forgets the nodes that report all versions: earlier reports were not kept.
    pub(in crate::run) fn forget_reporters(&mut self) {
        self.nodes.iter_mut().for_each(|node| node.versions_of = None);
    }

    /// Returns the greatest distance between two clocks, of nodes or right, in milliseconds.
    #[cfg(test)]
    pub(in crate::run) fn clock_spread_ms(&self) -> u64 {
        self.clocks.spread_ms()
    }

    /// Returns true if no node is frozen, no link is cut, partitioned or shaped, and no clock is shifted.
    pub(in crate::run) fn is_sound(&self) -> bool {
        self.paused == 0
            && self.cut.is_empty()
            && self.sides.is_empty()
            && self.shapes.is_empty()
            && self.clocks.are_right()
    }

    /// Returns the running nodes, divided by the links that may be up. Each component is in order of
    /// appearance, and the components are in the order of their first nodes.
    #[must_use]
    pub fn components(&self) -> &[Vec<NodeIndex>] {
        self.grouped().all()
    }

    /// Returns the component that a node is in; empty if it does not run.
    pub(in crate::run) fn component_of(&self, node: NodeIndex) -> &[NodeIndex] {
        self.grouped().of(node)
    }

    /// Returns true if both nodes run, in one component.
    pub(in crate::run) fn are_together(&self, one: NodeIndex, other: NodeIndex) -> bool {
        self.grouped().together(one, other)
    }

    fn adjacency(&self) -> Adjacency<'_> {
        Adjacency { links: &self.links, adjacent: &self.adjacent }
    }

    fn grouped(&self) -> &Components {
        self.cache
            .components
            .get_or_init(|| Components::new(&self.nodes, &self.adjacency(), |link| self.is_open(link)))
    }

    /// Returns the length of the longest shortest path between two linked nodes, in links, over all
    /// links asked for.
    #[must_use]
    pub fn diameter(&self) -> usize {
        *self.cache.diameter.get_or_init(|| diameter(&self.adjacency()))
    }
}

#[cfg(test)]
mod tests;
