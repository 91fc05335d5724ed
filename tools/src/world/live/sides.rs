//! What stands between nodes, whoever carries: the sets of a partition, and a stream of draws for each
//! direction.

use std::collections::BTreeMap;

use crate::world::{Direction, NodeIndex};

/// Which set of a partition each node is in.
#[derive(Debug, Default)]
pub(super) struct Sides(BTreeMap<NodeIndex, usize>);

impl Sides {
    /// Of these sets.
    pub(super) fn new(sets: &[Vec<NodeIndex>]) -> Self {
        let sides = sets.iter().enumerate();
        Self(sides.flat_map(|(side, set)| set.iter().map(move |node| (*node, side))).collect())
    }

    /// Whether its ends are in different sets; who is in none is apart from nobody.
    pub(super) fn part(&self, direction: Direction) -> bool {
        let sides = [direction.from, direction.to].map(|node| self.0.get(&node));
        matches!(sides, [Some(one), Some(other)] if one != other)
    }
}

impl Direction {
    /// A stream of draws of its own for each direction, so that a link more leaves the others' alone.
    pub(super) fn draws(self, seed: u64) -> fastrand::Rng {
        let mut hasher = blake3::Hasher::new();
        for number in [seed, self.from.0 as u64, self.to.0 as u64] {
            hasher.update(&number.to_be_bytes());
        }
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        fastrand::Rng::with_seed(u64::from_be_bytes(bytes))
    }
}
