//! The network between nodes whose messages are carried: the nodes, their ids, the conditions of each direction,
//! and the services.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use crate::driver::Call;
use crate::driver::maelstrom::service::Services;
use crate::scenario::Shape;
use crate::world::link::{Conditions, DirectionModel};
use crate::world::live::error::LinkError;
use crate::world::partition::Partition;
use crate::world::{Direction, LinkChange, Members, NodeIndex};

/// The far end of the links between nodes and services, which is no node.
pub(super) const SERVICES: NodeIndex = NodeIndex(usize::MAX);

/// The nodes whose messages are carried, and the conditions between them.
pub(super) struct Network {
    seed: u64,
    began: Instant,
    services: Services,
    /// The nodes, each with its neighbours in the topology.
    members: BTreeMap<NodeIndex, BTreeSet<NodeIndex>>,
    ids: BTreeMap<NodeIndex, String>,
    by_id: BTreeMap<String, NodeIndex>,
    /// The models of directions that are shaped.
    models: BTreeMap<Direction, DirectionModel>,
    draws: BTreeMap<Direction, fastrand::Rng>,
    cut: BTreeSet<Direction>,
    partition: Partition,
    /// The nodes that are frozen, until the first read after they thawed.
    frozen: BTreeSet<NodeIndex>,
    /// The nodes that have thawed and not read since.
    thawing: BTreeSet<NodeIndex>,
}

impl Network {
    /// Returns a network without nodes.
    pub(super) fn new(seed: u64, began: Instant) -> Self {
        Self {
            seed,
            began,
            services: Services::new(seed),
            members: BTreeMap::new(),
            ids: BTreeMap::new(),
            by_id: BTreeMap::new(),
            models: BTreeMap::new(),
            draws: BTreeMap::new(),
            cut: BTreeSet::new(),
            partition: Partition::default(),
            frozen: BTreeSet::new(),
            thawing: BTreeSet::new(),
        }
    }

    /// Records that a node reads: if it was frozen, it no longer is.
    pub(super) fn record_read(&mut self, node: NodeIndex) {
        if self.thawing.remove(&node) {
            self.frozen.remove(&node);
        }
    }

    /// Returns the arrival times of a message of so many bytes that is sent now, and of its copy, or `None` if
    /// the direction is not shaped.
    pub(super) fn arrivals(&mut self, direction: Direction, bytes: usize) -> Option<[Option<Instant>; 2]> {
        let model = self.models.get_mut(&direction)?;
        let draws = self.draws.entry(direction).or_insert_with(|| direction.draws(self.seed));
        let arrivals = model.send_packet(self.began.elapsed(), bytes, |most| draws.u64(0..=most));
        Some(arrivals.map(|arrives| arrives.map(|arrives| self.began + arrives)))
    }

    /// Shapes a direction.
    fn shape(&mut self, direction: Direction, shapes: &[Shape]) {
        let conditions = Conditions::shaped(Conditions::IDEAL, shapes);
        self.models.entry(direction).or_insert_with(|| DirectionModel::new(conditions)).shape(conditions);
    }

    /// Returns true if messages in that direction are dropped.
    pub(super) fn is_silent(&self, direction: Direction) -> bool {
        self.cut.contains(&direction) || self.partition.separates(direction)
    }

    /// Adds nodes and the links between them.
    pub(super) fn admit(&mut self, members: &Members) {
        let keeps_names = members.ids_are_names || members.nodes.iter().all(|(_, name)| is_usual(name));
        for (node, name) in &members.nodes {
            let id = if keeps_names { name.clone() } else { format!("n{}", node.0) };
            self.members.entry(*node).or_default();
            self.by_id.insert(id.clone(), *node);
            self.ids.insert(*node, id);
            if !members.services.is_empty() {
                self.shape(Direction { from: *node, to: SERVICES }, &members.services);
                self.shape(Direction { from: SERVICES, to: *node }, &members.services);
            }
        }
        for Direction { from, to } in &members.links {
            for (one, other) in [(from, to), (to, from)] {
                if let Some(neighbours) = self.members.get_mut(one) {
                    neighbours.insert(*other);
                }
            }
        }
    }

    /// Changes the effect of links on messages.
    pub(super) fn change(&mut self, changes: &[LinkChange]) -> Result<(), LinkError> {
        for change in changes {
            match change {
                LinkChange::Cut(direction) => drop(self.cut.insert(*direction)),
                LinkChange::Join(direction) => drop(self.cut.remove(direction)),
                LinkChange::Break(_) => {
                    return Err(LinkError::NoConnection);
                }
                LinkChange::Shape(direction, shapes) if shapes.is_empty() => {
                    self.models.remove(direction);
                }
                LinkChange::Shape(direction, shapes) => self.shape(*direction, shapes),
            }
        }
        Ok(())
    }

    /// Sets the partition, in place of the one before.
    pub(super) fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) {
        self.partition = Partition::new(sets);
    }

    /// Records that a node is frozen, or no longer is: a frozen node is not to blame for not reading.
    pub(super) fn freeze(&mut self, node: NodeIndex, frozen: bool) {
        if frozen {
            self.frozen.insert(node);
            self.thawing.remove(&node);
        } else if self.frozen.contains(&node) {
            self.thawing.insert(node);
        }
    }

    /// Returns true if a node is frozen, or was until just now.
    pub(super) fn is_frozen(&self, node: NodeIndex) -> bool {
        self.frozen.contains(&node)
    }

    /// Returns true if the messages of a node are carried.
    pub(super) fn has(&self, node: NodeIndex) -> bool {
        self.members.contains_key(&node)
    }

    /// Returns the nodes, in order of appearance.
    pub(super) fn members(&self) -> Vec<NodeIndex> {
        self.members.keys().copied().collect()
    }

    /// Returns the nodes that are linked to a node, in order of appearance.
    pub(super) fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex> {
        self.members.get(&node).into_iter().flatten().copied().collect()
    }

    /// Returns the id of a node in the protocol.
    pub(super) fn id(&self, node: NodeIndex) -> Option<&str> {
        self.ids.get(&node).map(String::as_str)
    }

    /// Returns the node with an id.
    pub(super) fn node(&self, id: &str) -> Option<NodeIndex> {
        self.by_id.get(id).copied()
    }

    /// Has a service handle a request now. Returns the line of the reply.
    pub(super) fn serve(&mut self, call: Call) -> Option<Vec<u8>> {
        let now = self.began.elapsed();
        self.services.answer(call, now)
    }
}

/// Returns true if a name has the form of the protocol's usual ids: `n` and a number.
fn is_usual(name: &str) -> bool {
    let digits = name.strip_prefix('n').unwrap_or_default();
    // A node has only one id, so numbers with a leading zero or a sign are no ids.
    digits.bytes().all(|digit| digit.is_ascii_digit())
        && (digits == "0" || (!digits.is_empty() && !digits.starts_with('0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str], ids_are_names: bool) -> Vec<String> {
        let mut network = Network::new(1, Instant::now());
        let nodes = names.iter().enumerate().map(|(index, name)| (NodeIndex(index), (*name).to_owned()));
        network.admit(&Members { nodes: nodes.collect(), ids_are_names, ..Members::default() });
        network.members().into_iter().filter_map(|node| network.id(node).map(str::to_owned)).collect()
    }

    #[tokio::test]
    async fn ids_are_names_where_they_are_wanted_or_all_have_the_usual_form() {
        assert_eq!(ids(&["a", "b"], false), ["n0", "n1"]);
        assert_eq!(ids(&["a", "b"], true), ["a", "b"]);
        assert_eq!(ids(&["n1", "n2"], false), ["n1", "n2"]);
        for other in ["n", "n01", "n+1", "c1", "1", "n-1"] {
            assert_eq!(ids(&["n5", other], false), ["n0", "n1"], "{other}");
        }
    }
}
