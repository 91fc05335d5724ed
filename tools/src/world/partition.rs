//! A partition of nodes into sets between which no traffic passes.

use std::collections::BTreeMap;

use crate::world::{Direction, NodeIndex};

/// A partition: the set that each node is in.
#[derive(Debug, Default)]
pub(super) struct Partition(BTreeMap<NodeIndex, usize>);

impl Partition {
    /// Creates a partition into these sets.
    pub(super) fn new(sets: &[Vec<NodeIndex>]) -> Self {
        let sides = sets.iter().enumerate();
        Self(sides.flat_map(|(side, set)| set.iter().map(move |node| (*node, side))).collect())
    }

    /// Returns true if the ends of the direction are in different sets; a node in no set is apart from no
    /// other.
    pub(super) fn separates(&self, direction: Direction) -> bool {
        // Most networks have no partition, and simulators ask for each packet.
        if self.0.is_empty() {
            return false;
        }
        let sides = [direction.from, direction.to].map(|node| self.0.get(&node));
        matches!(sides, [Some(one), Some(other)] if one != other)
    }
}
