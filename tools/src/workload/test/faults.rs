//! Partitions that come and go.

use crate::workload::Chance;
use crate::world::{Direction, LinkChange, NodeIndex, Operation};

/// What parts the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Partition {
    /// Sets of nodes of which none hears the other.
    Sets(Vec<Vec<NodeIndex>>),
    /// Every node hears a majority, and no two the same.
    Ring {
        /// Each hears those that stand next to it here.
        order: Vec<NodeIndex>,
        /// Those that do not hear each other.
        pairs: Vec<(NodeIndex, NodeIndex)>,
    },
}

impl Partition {
    /// Halves, one node alone, or overlapping majorities, each as likely as the other.
    pub(super) fn draw(chance: &mut Chance, nodes: usize) -> Self {
        let mut order: Vec<NodeIndex> = (0..nodes).map(NodeIndex).collect();
        for place in (1..order.len()).rev() {
            order.swap(place, chance.index(place + 1));
        }
        // Fewer than five have no majorities that overlap and differ.
        match chance.below(if nodes < 5 { 2 } else { 3 }) {
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

    /// Each hears those next to it in a ring, as many as make a majority with itself.
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

    /// What puts it in force.
    pub(super) fn begin(&self) -> Operation {
        match self {
            Self::Sets(sets) => Operation::Partition(sets.clone()),
            Self::Ring { pairs, .. } => Operation::Links(changes(pairs, LinkChange::Cut)),
        }
    }

    /// What ends it.
    pub(super) fn end(&self) -> Operation {
        match self {
            Self::Sets(_) => Operation::Partition(Vec::new()),
            Self::Ring { pairs, .. } => Operation::Links(changes(pairs, LinkChange::Join)),
        }
    }

    /// For people.
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
        let mut chance = Chance::new(1);
        for nodes in 2..8 {
            let (mut alone, mut halves, mut rings) = (0, 0, 0);
            for _ in 0..300 {
                let partition = Partition::draw(&mut chance, nodes);
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
