//! The named shapes of networks of any size, as Maelstrom has them.

use clap::ValueEnum;

/// The shape of a network: the pairs of nodes that are neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// A grid, as square as possible; the last row may be shorter
    Grid,
    /// A line
    Line,
    /// A link between every two nodes
    Total,
    /// A tree with two children a node
    #[value(alias = "tree")]
    Tree2,
    /// A tree with three children a node
    Tree3,
    /// A tree with four children a node
    Tree4,
}

impl Shape {
    /// Returns the links among this many nodes, as pairs of indices.
    pub(super) fn links(self, count: usize) -> Vec<(usize, usize)> {
        let above = |arity: usize| (1..count).map(|node| ((node - 1) / arity, node)).collect();
        match self {
            Self::Line => above(1),
            Self::Tree2 => above(2),
            Self::Tree3 => above(3),
            Self::Tree4 => above(4),
            Self::Total => {
                (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other))).collect()
            }
            Self::Grid => {
                let side = (1..=count).find(|side| side * side >= count).unwrap_or(1);
                let beside = |node: &usize| !(node + 1).is_multiple_of(side) && node + 1 < count;
                let right = (0..count).filter(beside).map(|node| (node, node + 1));
                let down = (side..count).map(|node| (node - side, node));
                right.chain(down).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_two_children_a_node_unless_it_says_otherwise() {
        assert_eq!(Shape::from_str("tree", false), Ok(Shape::Tree2));
    }

    #[test]
    fn shapes_are_what_they_say() {
        assert_eq!(Shape::Line.links(3), [(0, 1), (1, 2)]);
        assert_eq!(Shape::Total.links(3), [(0, 1), (0, 2), (1, 2)]);
        assert_eq!(Shape::Tree2.links(5), [(0, 1), (0, 2), (1, 3), (1, 4)]);
        assert_eq!(Shape::Tree4.links(6), [(0, 1), (0, 2), (0, 3), (0, 4), (1, 5)]);
        assert_eq!(Shape::Grid.links(5), [(0, 1), (1, 2), (3, 4), (0, 3), (1, 4)]);
        assert_eq!((Shape::Grid.links(25).len(), Shape::Grid.links(1).len()), (40, 0));
    }
}
