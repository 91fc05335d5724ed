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
    /// Two sets of nodes that do not hear each other, and one node that hears everybody.
    Bridge {
        /// The node that everybody hears.
        bridge: NodeIndex,
        /// The two sets.
        sides: [Vec<NodeIndex>; 2],
    },
    /// Silence in one direction.
    OneWay {
        /// The nodes that are not heard.
        from: Vec<NodeIndex>,
        /// The nodes that do not hear them; they are heard.
        to: Vec<NodeIndex>,
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

    /// Draws a partition of any kind that so many nodes can have, each with the same probability.
    pub(super) fn draw_of_all(rng: &mut Rng, nodes: usize) -> Self {
        let mut order: Vec<NodeIndex> = (0..nodes).map(NodeIndex).collect();
        rng.shuffle(&mut order);
        // A bridge has somebody on both sides. Of overlapping majorities, see above.
        let kinds = [2, 2, 2, 4, 4].get(nodes).copied().unwrap_or(5);
        match rng.below(kinds) {
            0 => Self::halves(order, nodes / 2),
            // A minority, against which a majority goes on.
            1 if nodes > 4 => Self::halves(order, 1 + rng.index((nodes - 1) / 2)),
            1 => Self::halves(order, 1),
            2 => {
                let bridge = order.remove(0);
                let mut rest = order.split_off(order.len() / 2);
                order.sort_unstable();
                rest.sort_unstable();
                Self::Bridge { bridge, sides: [order, rest] }
            }
            3 => {
                let count = 1 + rng.index(nodes / 2);
                let mut to = order.split_off(count);
                order.sort_unstable();
                to.sort_unstable();
                // Few are not heard by many, or do not hear many.
                if rng.percent(50) {
                    Self::OneWay { from: order, to }
                } else {
                    Self::OneWay { from: to, to: order }
                }
            }
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
            _ => Operation::Links(self.silent().into_iter().map(LinkChange::Cut).collect()),
        }
    }

    /// Returns the operation that ends the partition.
    pub(super) fn end(&self) -> Operation {
        match self {
            Self::Sets(_) => Operation::Partition(Vec::new()),
            _ => Operation::Links(self.silent().into_iter().map(LinkChange::Join).collect()),
        }
    }

    /// Returns the directions in which nothing is heard.
    fn silent(&self) -> Vec<Direction> {
        let ways = |from: &[NodeIndex], to: &[NodeIndex]| -> Vec<Direction> {
            from.iter().flat_map(|from| to.iter().map(|to| Direction { from: *from, to: *to })).collect()
        };
        let both = |one: &[NodeIndex], other: &[NodeIndex]| [ways(one, other), ways(other, one)].concat();
        match self {
            Self::Sets(sets) => {
                let pairs = sets
                    .iter()
                    .enumerate()
                    .flat_map(|(at, one)| sets[at + 1..].iter().map(move |other| (one, other)));
                pairs.flat_map(|(one, other)| both(one, other)).collect()
            }
            Self::Ring { pairs, .. } => {
                pairs.iter().flat_map(|(one, other)| both(&[*one], &[*other])).collect()
            }
            Self::Bridge { sides: [one, other], .. } => both(one, other),
            Self::OneWay { from, to } => ways(from, to),
        }
    }

    /// Returns true if one of two nodes does not hear the other.
    pub(super) fn parts(&self, one: NodeIndex, other: NodeIndex) -> bool {
        let is_between = |way: &Direction| [(one, other), (other, one)].contains(&(way.from, way.to));
        self.silent().iter().any(is_between)
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
            Self::Bridge { bridge, sides: [one, other] } => {
                format!("partition {} | {}, with the bridge {}", names(one), names(other), name(*bridge))
            }
            Self::OneWay { from, to } => {
                format!("partition one way: {} not heard by {}", names(from), names(to))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hears(partition: &Partition, one: usize, other: usize) -> bool {
        one == other
            || !partition.silent().contains(&Direction { from: NodeIndex(other), to: NodeIndex(one) })
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
                    other => panic!("{other:?}"),
                }
            }
            assert!(alone > 50 && (nodes < 4 || halves > 50) && (nodes < 5 || rings > 50));
        }
    }

    #[test]
    fn stores_meet_bridges_and_silence_in_one_direction_as_well() {
        let mut rng = Rng::new(1);
        for nodes in 2..8 {
            let (mut sets, mut rings, mut bridges, mut one_way) = (0, 0, 0, 0);
            for _ in 0..500 {
                let partition = Partition::draw_of_all(&mut rng, nodes);
                let heard = |one: usize| (0..nodes).filter(|other| hears(&partition, one, *other)).count();
                assert!((0..nodes).any(|one| heard(one) < nodes), "{partition:?}");
                match &partition {
                    Partition::Sets(_) => sets += 1,
                    Partition::Ring { .. } => rings += 1,
                    Partition::Bridge { bridge, .. } => {
                        assert_eq!(heard(bridge.0), nodes);
                        bridges += 1;
                    }
                    Partition::OneWay { from, to } => {
                        assert!(from.iter().all(|one| heard(one.0) == nodes), "{partition:?}");
                        assert!(to.iter().all(|one| heard(one.0) == nodes - from.len()), "{partition:?}");
                        one_way += 1;
                    }
                }
            }
            assert!(sets > 100 && (nodes < 3 || bridges.min(one_way) > 50) && (nodes < 5 || rings > 50));
        }
    }

    #[test]
    fn a_partition_is_told_with_the_nodes_that_do_not_hear() {
        let check = |partition: &Partition, expected: &str| {
            assert_eq!(partition.describe(|node| format!("n{}", node.0)), expected);
        };
        let nodes = |all: &[usize]| all.iter().map(|node| NodeIndex(*node)).collect::<Vec<_>>();
        let bridge = Partition::Bridge { bridge: NodeIndex(1), sides: [nodes(&[0]), nodes(&[2, 3])] };
        check(&bridge, "partition n0 | n2 n3, with the bridge n1");
        assert!(bridge.parts(NodeIndex(3), NodeIndex(0)) && !bridge.parts(NodeIndex(1), NodeIndex(0)));
        let one_way = Partition::OneWay { from: nodes(&[0]), to: nodes(&[1, 2]) };
        check(&one_way, "partition one way: n0 not heard by n1 n2");
        assert!(one_way.parts(NodeIndex(2), NodeIndex(0)) && !one_way.parts(NodeIndex(1), NodeIndex(2)));
    }
}
