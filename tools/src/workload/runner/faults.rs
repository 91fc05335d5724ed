//! The partitions that come and go during a test.

use crate::random::Rng;
use crate::world::{Direction, LinkChange, NodeIndex, Operation};

/// A partition of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Partition {
    /// Sets of nodes; no node hears one of another set.
    Sets(Vec<Vec<NodeIndex>>),
    /// Overlapping majorities: every node hears a majority, and no two nodes hear the same one.
    Ring {
        /// The nodes in a ring; each hears those that stand next to it here.
        order: Vec<NodeIndex>,
        /// The pairs of nodes that do not hear each other.
        pairs: Vec<(NodeIndex, NodeIndex)>,
    },
}

impl Partition {
    /// Draws a partition: halves, one node alone, or overlapping majorities, each with the same probability.
    pub(super) fn draw(rng: &mut Rng, nodes: usize) -> Self {
        let mut order: Vec<NodeIndex> = (0..nodes).map(NodeIndex).collect();
        rng.shuffle(&mut order);
        // Fewer than five nodes have no majorities that overlap and differ.
        match rng.below(if nodes < 5 { 2 } else { 3 }) {
            0 => Self::halves(order, nodes / 2),
            1 => Self::halves(order, 1),
            _ => Self::ring(order),
        }
    }

    fn halves(mut order: Vec<NodeIndex>, count: usize) -> Self {
        let mut rest = order.split_off(count.min(order.len()));
        order.sort_unstable();
        rest.sort_unstable();
        Self::Sets(vec![order, rest])
    }

    /// Returns a ring in which each node hears its neighbours, as many as make a majority with itself.
    fn ring(order: Vec<NodeIndex>) -> Self {
        let count = order.len();
        let reach = (count / 2).div_ceil(2);
        let mut pairs = Vec::new();
        for one in 0..count {
            for other in one + 1..count {
                let apart = other - one;
                if apart.min(count - apart) > reach {
                    pairs.push((order[one].min(order[other]), order[one].max(order[other])));
                }
            }
        }
        pairs.sort_unstable();
        Self::Ring { order, pairs }
    }

    /// Returns the operation that begins the partition.
    pub(super) fn begin(&self) -> Operation {
        match self {
            Self::Sets(sets) => Operation::Partition(sets.clone()),
            Self::Ring { pairs, .. } => Operation::Links(changes(pairs, LinkChange::Cut)),
        }
    }

    /// Returns the operation that ends the partition.
    pub(super) fn end(&self) -> Operation {
        match self {
            Self::Sets(_) => Operation::Partition(Vec::new()),
            Self::Ring { pairs, .. } => Operation::Links(changes(pairs, LinkChange::Join)),
        }
    }

    /// Returns true if two nodes do not hear each other.
    pub(super) fn parts(&self, one: NodeIndex, other: NodeIndex) -> bool {
        match self {
            Self::Sets(sets) => {
                let side = |node| sets.iter().position(|set| set.contains(&node));
                side(one) != side(other)
            }
            Self::Ring { pairs, .. } => pairs.contains(&(one.min(other), one.max(other))),
        }
    }

    /// Describes the partition for people.
    pub(super) fn describe(&self, name: impl Fn(NodeIndex) -> String) -> String {
        let names =
            |nodes: &Vec<NodeIndex>| nodes.iter().map(|node| name(*node)).collect::<Vec<_>>().join(" ");
        match self {
            Self::Sets(sets) => {
                format!("partition {}", sets.iter().map(names).collect::<Vec<_>>().join(" | "))
            }
            Self::Ring { order, .. } => {
                format!("partition into overlapping majorities of the ring {}", names(order))
            }
        }
    }
}

fn changes(pairs: &[(NodeIndex, NodeIndex)], change: fn(Direction) -> LinkChange) -> Vec<LinkChange> {
    pairs
        .iter()
        .flat_map(|(one, other)| [Direction { from: *one, to: *other }, Direction { from: *other, to: *one }])
        .map(change)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(partition: &Partition, one: usize, other: usize) -> bool {
        let (one, other) = (NodeIndex(one), NodeIndex(other));
        match partition {
            Partition::Sets(sets) => sets.iter().any(|set| set.contains(&one) && set.contains(&other)),
            Partition::Ring { pairs, .. } => !pairs.contains(&(one.min(other), one.max(other))),
        }
    }

    #[test]
    fn every_kind_comes_up_and_parts_somebody() {
        let mut rng = Rng::new(1);
        for nodes in 2..8 {
            let (mut alone, mut halves, mut rings) = (0, 0, 0);
            for _ in 0..300 {
                let partition = Partition::draw(&mut rng, nodes);
                let heard: Vec<usize> = (0..nodes)
                    .map(|one| (0..nodes).filter(|other| hears(&partition, one, *other)).count())
                    .collect();
                assert!(heard.iter().any(|count| *count < nodes), "{partition:?}");
                match &partition {
                    Partition::Sets(sets) if sets[0].len() == 1 => alone += 1,
                    Partition::Sets(_) => halves += 1,
                    Partition::Ring { .. } => {
                        assert!(heard.iter().all(|count| *count > nodes / 2), "{nodes} {heard:?}");
                        rings += 1;
                    }
                }
            }
            assert!(alone > 50 && (nodes < 4 || halves > 50) && (nodes < 5 || rings > 50));
        }
    }
}
