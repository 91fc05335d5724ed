//! Figures of a graph: components, diameter, degrees and bridges.
//!
//! Links are undirected here. No function recurses, so that a line of a hundred thousand nodes is measured on
//! any stack.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::Graph;

/// The most steps from node to neighbour that an exact diameter may take. A random graph of four thousand
/// nodes with four neighbours each is within it. This takes less than a second in a debug build.
pub const EXACT_STEPS_MAX: usize = 100_000_000;

/// All figures of a graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Measures {
    /// The number of nodes.
    pub nodes: usize,
    /// The number of links.
    pub links: usize,
    /// The number of components: sets of nodes that can reach each other.
    pub components: usize,
    /// The greatest distance between two nodes.
    pub diameter: Diameter,
    /// The numbers of neighbours of the nodes.
    pub degrees: Degrees,
    /// The links, by position, whose loss would split a component.
    pub bridges: Vec<usize>,
}

/// The greatest distance, in links, between two nodes that can reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diameter {
    /// The greatest distance itself.
    Exact(usize),
    /// A lower bound: some nodes are this far apart, and others may be farther. For graphs beyond
    /// [`EXACT_STEPS_MAX`].
    AtLeast(usize),
}

/// The numbers of neighbours of the nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Degrees {
    /// The fewest neighbours of a node.
    pub min: usize,
    /// The mean number of neighbours.
    pub average: f64,
    /// The most neighbours of a node.
    pub max: usize,
    /// The number of nodes for each number of neighbours.
    pub histogram: BTreeMap<usize, usize>,
}

impl Diameter {
    /// Returns the number, exact or not.
    #[must_use]
    pub fn value(self) -> usize {
        match self {
            Self::Exact(value) | Self::AtLeast(value) => value,
        }
    }

    /// Returns true if the number is known to be the greatest distance.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Exact(_))
    }
}

impl Measures {
    /// Measures a graph.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        Self {
            nodes: graph.nodes().len(),
            links: graph.links().len(),
            components: components(graph).len(),
            diameter: diameter(graph),
            degrees: degrees(graph),
            bridges: bridges(graph),
        }
    }
}

/// Returns the components, each a sorted list of positions, in order of their first nodes.
#[must_use]
pub fn components(graph: &Graph) -> Vec<Vec<usize>> {
    let mut sweep = Sweep::new(graph);
    let mut seen = vec![false; graph.nodes().len()];
    let mut found = Vec::new();
    for node in 0..seen.len() {
        if !seen[node] {
            let mut component = sweep.from(node).to_vec();
            for &member in &component {
                seen[member] = true;
            }
            component.sort_unstable();
            found.push(component);
        }
    }
    found
}

/// Returns the greatest distance between two nodes that can reach each other. A search starts from every
/// node, as far as [`EXACT_STEPS_MAX`] allows. For a tree, a ring or a clique two searches give the exact
/// distance. Beyond that, the two searches give a lower bound (the double sweep of Magnien, Latapy, Habib
/// 2009).
#[must_use]
pub fn diameter(graph: &Graph) -> Diameter {
    diameter_within(graph, EXACT_STEPS_MAX)
}

fn diameter_within(graph: &Graph, mut steps: usize) -> Diameter {
    let mut sweep = Sweep::new(graph);
    let (mut greatest, mut exact) = (0, true);
    for component in components(graph) {
        let nodes = component.len();
        let ends: usize = component.iter().map(|&node| graph.neighbours(node).len()).sum();
        let cost = nodes.saturating_mul(nodes + ends);
        let is_tree = ends == 2 * (nodes - 1);
        let is_ring = component.iter().all(|&node| graph.neighbours(node).len() == 2);
        let is_clique = ends == nodes * (nodes - 1);
        let two_tell = is_tree || is_ring || is_clique;
        if !two_tell && cost <= steps {
            steps -= cost;
            let farthest = component.iter().map(|&node| sweep.farthest_from(node).1).max();
            greatest = greatest.max(farthest.unwrap_or_default());
        } else {
            let (end, _) = sweep.farthest_from(component[0]);
            greatest = greatest.max(sweep.farthest_from(end).1);
            exact &= two_tell;
        }
    }
    if exact { Diameter::Exact(greatest) } else { Diameter::AtLeast(greatest) }
}

/// Returns the numbers of neighbours of the nodes; all are zero in an empty graph.
#[must_use]
pub fn degrees(graph: &Graph) -> Degrees {
    let mut histogram = BTreeMap::new();
    for node in 0..graph.nodes().len() {
        *histogram.entry(graph.neighbours(node).len()).or_default() += 1;
    }
    let min = histogram.first_key_value().map_or(0, |(degree, _)| *degree);
    let max = histogram.last_key_value().map_or(0, |(degree, _)| *degree);
    let average = 2.0 * graph.links().len() as f64 / graph.nodes().len().max(1) as f64;
    Degrees { min, average, max, histogram }
}

/// Returns the links whose loss would split a component, by position (Tarjan 1974, with an explicit stack).
#[must_use]
pub fn bridges(graph: &Graph) -> Vec<usize> {
    const UNSEEN: usize = usize::MAX;
    let count = graph.nodes().len();
    // For each node, the time of its entry, and the earliest node that its descendants reach by another way.
    let mut entered = vec![UNSEEN; count];
    let mut reached = vec![UNSEEN; count];
    let mut ends = BTreeSet::new();
    let mut time = 0;
    for root in 0..count {
        if entered[root] != UNSEEN {
            continue;
        }
        entered[root] = time;
        reached[root] = time;
        time += 1;
        // A node, its parent, and the index of its next neighbour.
        let mut path = vec![(root, root, 0)];
        while let Some((node, parent, next)) = path.last_mut() {
            let (node, parent) = (*node, *parent);
            if let Some(&neighbour) = graph.neighbours(node).get(*next) {
                *next += 1;
                if neighbour == parent {
                    continue;
                }
                if entered[neighbour] == UNSEEN {
                    entered[neighbour] = time;
                    reached[neighbour] = time;
                    time += 1;
                    path.push((neighbour, node, 0));
                } else {
                    reached[node] = reached[node].min(entered[neighbour]);
                }
            } else {
                path.pop();
                reached[parent] = reached[parent].min(reached[node]);
                if reached[node] > entered[parent] {
                    ends.insert((node.min(parent), node.max(parent)));
                }
            }
        }
    }
    graph
        .links()
        .iter()
        .enumerate()
        .filter(|(_, link)| ends.contains(&link.ends()))
        .map(|(at, _)| at)
        .collect()
}

/// Breadth-first searches, one after the other, in the same memory.
pub(super) struct Sweep<'a> {
    graph: &'a Graph,
    distances: Vec<usize>,
    /// The visited nodes, nearest first.
    visited: Vec<usize>,
}

impl<'a> Sweep<'a> {
    const UNSEEN: usize = usize::MAX;

    pub(super) fn new(graph: &'a Graph) -> Self {
        Self { graph, distances: vec![Self::UNSEEN; graph.nodes().len()], visited: Vec::new() }
    }

    /// Returns all nodes that `start` reaches, nearest first.
    pub(super) fn from(&mut self, start: usize) -> &[usize] {
        for node in self.visited.drain(..) {
            self.distances[node] = Self::UNSEEN;
        }
        self.distances[start] = 0;
        self.visited.push(start);
        let mut at = 0;
        while let Some(&node) = self.visited.get(at) {
            for &neighbour in self.graph.neighbours(node) {
                if self.distances[neighbour] == Self::UNSEEN {
                    self.distances[neighbour] = self.distances[node] + 1;
                    self.visited.push(neighbour);
                }
            }
            at += 1;
        }
        &self.visited
    }

    /// Returns the distance of `node` from the start of the last search, if the search reached it.
    pub(super) fn distance(&self, node: usize) -> Option<usize> {
        self.distances.get(node).copied().filter(|&distance| distance != Self::UNSEEN)
    }

    /// Returns a node farthest from `start`, and its distance.
    fn farthest_from(&mut self, start: usize) -> (usize, usize) {
        let last = self.from(start).last().copied().unwrap_or(start);
        (last, self.distance(last).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::parse;
    use super::*;
    use crate::text::Source;

    fn graph(text: &str) -> Graph {
        parse(&Source::new("topology", text)).unwrap().graph
    }

    #[track_caller]
    fn check(text: &str, components: usize, diameter: usize, degrees: (usize, usize), bridges: &[&str]) {
        let graph = graph(text);
        let measures = Measures::of(&graph);
        assert_eq!(measures.components, components, "components");
        assert_eq!(measures.diameter, Diameter::Exact(diameter));
        assert_eq!((measures.degrees.min, measures.degrees.max), degrees);
        let labels: Vec<_> = measures.bridges.iter().map(|&at| graph.label(&graph.links()[at])).collect();
        assert_eq!(labels, bridges);
    }

    #[test]
    fn measures_the_shapes() {
        check("a", 1, 0, (0, 0), &[]);
        check("a-b", 1, 1, (1, 1), &["a-b"]);
        check("ring(5)", 1, 2, (2, 2), &[]);
        check("line(4)", 1, 3, (1, 2), &["a-b", "b-c", "c-d"]);
        check("star(4)", 1, 2, (1, 3), &["a-b", "a-c", "a-d"]);
        check("grid(3x4)", 1, 5, (2, 4), &[]);
        check("tree(7)", 1, 4, (1, 3), &["a-b", "a-c", "b-d", "b-e", "c-f", "c-g"]);
        check("a-b-c-a, c-d, d-e-f-d, x-y, z", 3, 3, (0, 3), &["c-d", "x-y"]);
    }

    #[test]
    fn a_long_line_needs_no_deep_stack() {
        let measures = Measures::of(&graph("line(100000)"));
        assert_eq!(measures.diameter, Diameter::Exact(99_999));
        assert_eq!(measures.bridges.len(), 99_999);
    }

    #[test]
    fn a_diameter_that_would_take_too_long_is_a_lower_bound() {
        assert_eq!(diameter_within(&graph("grid(5x5)"), 10), Diameter::AtLeast(8));
        assert_eq!(diameter_within(&graph("grid(5x5)"), 3_000), Diameter::Exact(8));
        assert_eq!(diameter_within(&graph("grid(2x2), line(9, prefix=n)"), 100), Diameter::Exact(8));
        assert_eq!(diameter(&graph("grid(100x100)")), Diameter::AtLeast(198));
    }

    #[test]
    fn two_searches_tell_all_of_a_tree_a_ring_and_a_clique() {
        assert_eq!(diameter_within(&graph("tree(15)"), 0), Diameter::Exact(6));
        assert_eq!(diameter_within(&graph("ring(11)"), 0), Diameter::Exact(5));
        assert_eq!(diameter_within(&graph("clique(9)"), 0), Diameter::Exact(1));
    }

    #[test]
    fn degrees_count_every_node() {
        let degrees = degrees(&graph("star(6), z"));
        assert_eq!(degrees.histogram, BTreeMap::from([(0, 1), (1, 5), (5, 1)]));
        assert!((degrees.average - 10.0 / 7.0).abs() < 1e-9);
    }

    proptest! {
        /// A bridge splits a component when it is left out: the test tries the definition.
        #[test]
        fn bridges_are_what_splits(nodes in 2_u64..12, pairs in prop::collection::vec((0_u64..12, 0_u64..12), 1..20)) {
            let links = pairs.iter().map(|(a, b)| (a % nodes, b % nodes)).filter(|(a, b)| a != b);
            let text: String = (0..nodes).map(|node| format!("n{node} ")).chain(links.map(|(a, b)| format!("n{a}-n{b} "))).collect();
            let graph = graph(&text);
            let whole = components(&graph).len();
            let splits: Vec<usize> = (0..graph.links().len()).filter(|&left_out| {
                let mut less = Graph::default();
                for node in graph.nodes() { less.add_node(&node.shared_name(), node.span()); }
                for (at, link) in graph.links().iter().enumerate() {
                    if at != left_out { less.add_link(link.from, link.to, link.span); }
                }
                components(&less).len() > whole
            }).collect();
            prop_assert_eq!(bridges(&graph), splits);
        }
    }
}
