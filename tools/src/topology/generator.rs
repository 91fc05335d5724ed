//! Generators: the shapes of graphs that have a name.

use std::collections::BTreeSet;

use super::names::Names;
use crate::random::Rng;

/// The kinds of generators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ring,
    Star,
    Line,
    Clique,
    Grid,
    Tree,
    Random,
}

/// Returns the names of all generators.
pub fn names() -> impl Iterator<Item = &'static str> {
    Kind::ALL.into_iter().map(Kind::name)
}

impl Kind {
    pub(super) const ALL: [Self; 7] =
        [Self::Ring, Self::Star, Self::Line, Self::Clique, Self::Grid, Self::Tree, Self::Random];

    /// Returns the name of the generator, as it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Star => "star",
            Self::Line => "line",
            Self::Clique => "clique",
            Self::Grid => "grid",
            Self::Tree => "tree",
            Self::Random => "random",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the names of the generator's options.
    pub(super) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Tree => &["from", "prefix", "arity"],
            Self::Random => &["from", "prefix", "degree", "seed"],
            _ => &["from", "prefix"],
        }
    }

    /// Returns an example that everybody understands.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Ring => "ring(5)",
            Self::Star => "star(6)",
            Self::Line => "line(26)",
            Self::Clique => "clique(4)",
            Self::Grid => "grid(3x4)",
            Self::Tree => "tree(15)",
            Self::Random => "random(50)",
        }
    }

    /// Returns the example with an option.
    pub(super) fn full_example(self) -> String {
        let option = match self {
            Self::Tree => "arity=2",
            Self::Random => "degree=4, seed=7",
            _ => "from=d",
        };
        format!("{}, {option})", self.example().trim_end_matches(')'))
    }

    /// Returns the generator of a single node.
    pub(super) fn smallest(self) -> String {
        let size = if self == Self::Grid { "1x1" } else { "1" };
        format!("{}({size})", self.name())
    }
}

/// A generator with all its arguments, which are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Generator {
    pub(super) shape: Shape,
    pub(super) names: Names,
}

/// A shape of a graph. Nodes are numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Links from each node to the next, and from the last to the first. Two nodes share one link; one node
    /// has none.
    Ring { nodes: u64 },
    /// Links from the first node to each other.
    Star { nodes: u64 },
    /// Links from each node to the next.
    Line { nodes: u64 },
    /// Links from each node to each later one.
    Clique { nodes: u64 },
    /// Nodes row by row; each is linked to the one on its right and the one below.
    Grid { width: u64, height: u64 },
    /// Nodes level by level; each is linked to at most `arity` children.
    Tree { nodes: u64, arity: u64 },
    /// A connected graph with `nodes * degree / 2` links, rounded down.
    Random { nodes: u64, degree: u64, seed: u64 },
}

impl Shape {
    /// Returns the number of nodes.
    pub(super) fn nodes(self) -> u128 {
        match self {
            Self::Grid { width, height } => u128::from(width) * u128::from(height),
            Self::Ring { nodes }
            | Self::Star { nodes }
            | Self::Line { nodes }
            | Self::Clique { nodes }
            | Self::Tree { nodes, .. }
            | Self::Random { nodes, .. } => u128::from(nodes),
        }
    }

    /// Returns the number of links, without making them.
    pub(super) fn links(self) -> u128 {
        let nodes = self.nodes();
        match self {
            Self::Ring { nodes: 3.. } => nodes,
            Self::Ring { .. } | Self::Star { .. } | Self::Line { .. } | Self::Tree { .. } => {
                nodes.saturating_sub(1)
            }
            Self::Clique { .. } => nodes * nodes.saturating_sub(1) / 2,
            // Two links a cell, but for the last column and the last row. A width and a height of
            // 2^64 - 1 would overflow here by three bits.
            Self::Grid { width, height } => {
                nodes.saturating_mul(2).saturating_sub(u128::from(width) + u128::from(height))
            }
            Self::Random { degree, .. } => nodes * u128::from(degree) / 2,
        }
    }

    /// Calls `link` with both ends of every link, the one that dials first. The caller has checked that the
    /// counts are small enough.
    pub(super) fn each_link<E>(self, mut link: impl FnMut(usize, usize) -> Result<(), E>) -> Result<(), E> {
        let count = usize::try_from(self.nodes()).unwrap_or(usize::MAX);
        match self {
            Self::Ring { .. } => {
                (1..count).try_for_each(|node| link(node - 1, node))?;
                if count > 2 { link(count - 1, 0) } else { Ok(()) }
            }
            Self::Line { .. } => (1..count).try_for_each(|node| link(node - 1, node)),
            Self::Star { .. } => (1..count).try_for_each(|node| link(0, node)),
            Self::Clique { .. } => {
                (0..count).try_for_each(|one| (one + 1..count).try_for_each(|other| link(one, other)))
            }
            Self::Grid { width, .. } => {
                let width = usize::try_from(width).unwrap_or(usize::MAX);
                (0..count).try_for_each(|node| {
                    if (node + 1) % width != 0 {
                        link(node, node + 1)?;
                    }
                    if count - node > width { link(node, node + width) } else { Ok(()) }
                })
            }
            Self::Tree { arity, .. } => {
                let arity = usize::try_from(arity).unwrap_or(usize::MAX);
                (1..count).try_for_each(|node| link((node - 1) / arity, node))
            }
            Self::Random { seed, .. } => {
                let links = usize::try_from(self.links()).unwrap_or(usize::MAX);
                random_links(count, links, seed).into_iter().try_for_each(|(one, other)| link(one, other))
            }
        }
    }
}

/// Draws a random path through all nodes, which connects them all, and then the missing links, each with the
/// same probability. Returns them sorted.
fn random_links(nodes: usize, links: usize, seed: u64) -> BTreeSet<(usize, usize)> {
    let sorted = |one: usize, other: usize| (one.min(other), one.max(other));
    let mut rng = Rng::zero_padded(seed);
    let mut order: Vec<usize> = (0..nodes).collect();
    rng.shuffle(&mut order);
    let mut chosen: BTreeSet<_> = order.windows(2).map(|pair| sorted(pair[0], pair[1])).collect();
    let possible = nodes * nodes.saturating_sub(1) / 2;
    if links <= possible / 2 {
        // At least every second draw is a new link.
        while chosen.len() < links {
            let (one, other) = (rng.index(nodes), rng.index(nodes));
            if one != other {
                chosen.insert(sorted(one, other));
            }
        }
    } else {
        // Few pairs are not linked, so that all fit into memory: they are shuffled, and the missing links are
        // taken from them.
        let mut others: Vec<_> = (0..nodes)
            .flat_map(|one| (one + 1..nodes).map(move |other| (one, other)))
            .filter(|pair| !chosen.contains(pair))
            .collect();
        rng.shuffle(&mut others);
        let missing = links.saturating_sub(chosen.len());
        chosen.extend(others.into_iter().take(missing));
    }
    chosen
}
