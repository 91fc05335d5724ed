//! The graph: nodes and the links between them, in order of appearance.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::text::Span;

/// A node.
#[derive(Debug, Clone)]
pub struct Node {
    name: Arc<str>,
    span: Span,
}

impl Node {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name, to be kept without a copy.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Where it appears first: its name, or the generator that made it.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span
    }
}

/// A link. Traffic flows both ways; `from` is the end that dials.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// The node that dials, by its position in [`Graph::nodes`].
    pub from: usize,
    /// The node that is dialled.
    pub to: usize,
    /// Where it appears first: both names, or the generator that made it.
    pub span: Span,
}

impl Link {
    /// The two ends without a direction, the smaller position first.
    #[must_use]
    pub fn ends(&self) -> (usize, usize) {
        (self.from.min(self.to), self.from.max(self.to))
    }
}

/// Nodes and links. Two graphs are equal that have the same names and links in the same order;
/// places in the text are not compared.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    links: Vec<Link>,
    positions: BTreeMap<Arc<str>, usize>,
    /// Both ends of every link, the smaller first.
    ends: BTreeSet<(usize, usize)>,
    neighbours: Vec<Vec<usize>>,
}

/// What [`Graph::extend`] added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The positions of the new nodes.
    pub nodes: Range<usize>,
    /// The positions of the new links.
    pub links: Range<usize>,
}

impl Graph {
    /// The graph of a network that runs: nodes by name and links by position, known to be sound, with
    /// no place in any text. Links between positions that are not there are left out.
    pub fn from_names<'a>(
        names: impl IntoIterator<Item = &'a str>,
        links: impl IntoIterator<Item = (usize, usize)>,
    ) -> Self {
        let mut graph = Self::default();
        for name in names {
            graph.add_node(&Arc::from(name), Span::default());
        }
        for (from, to) in links {
            if from.max(to) < graph.nodes.len() && from != to {
                graph.add_link(from, to, Span::default());
            }
        }
        graph
    }

    /// Every node.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Every link.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Whether there is no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The position of the node called `name`.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// The name of the node at `index`; empty where there is none.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", Node::name)
    }

    /// The nodes linked to the one at `index`, whoever dials, in order of the links.
    #[must_use]
    pub fn neighbours(&self, index: usize) -> &[usize] {
        self.neighbours.get(index).map_or(&[], Vec::as_slice)
    }

    /// Whether two nodes are linked, whoever dials.
    #[must_use]
    pub fn is_linked(&self, one: usize, other: usize) -> bool {
        self.ends.contains(&(one.min(other), one.max(other)))
    }

    /// A link as it is written: `a-b`.
    #[must_use]
    pub fn label(&self, link: &Link) -> String {
        format!("{}-{}", self.name(link.from), self.name(link.to))
    }

    /// Grows by another graph. Nodes of the same name are one, and a link that is there already, in
    /// either direction, is kept as it is. Positions of what was there before do not change. Spans of
    /// what is new stay in terms of the other's text.
    pub fn extend(&mut self, other: &Self) -> Growth {
        let (nodes, links) = (self.nodes.len(), self.links.len());
        let moved: Vec<usize> =
            other.nodes.iter().map(|node| self.add_node(&node.shared_name(), node.span)).collect();
        for link in &other.links {
            self.add_link(moved[link.from], moved[link.to], link.span);
        }
        Growth { nodes: nodes..self.nodes.len(), links: links..self.links.len() }
    }

    /// The node called `name`, which appears at `span` if it is new. The caller has checked the name.
    pub(super) fn add_node(&mut self, name: &Arc<str>, span: Span) -> usize {
        if let Some(&position) = self.positions.get(&**name) {
            return position;
        }
        let position = self.nodes.len();
        self.nodes.push(Node { name: Arc::clone(name), span });
        self.neighbours.push(Vec::new());
        self.positions.insert(Arc::clone(name), position);
        position
    }

    /// Links two different nodes; `false` if they are linked already, whoever dials.
    pub(super) fn add_link(&mut self, from: usize, to: usize, span: Span) -> bool {
        debug_assert_ne!(from, to, "nobody is linked to itself");
        if !self.ends.insert((from.min(to), from.max(to))) {
            return false;
        }
        self.links.push(Link { from, to, span });
        self.neighbours[from].push(to);
        self.neighbours[to].push(from);
        true
    }

    /// What is to be written, and in which order, so that reading it gives this graph again: every
    /// link, and those nodes that no link names in time. It is what the drawings in text share.
    pub(super) fn items(&self) -> Vec<Item> {
        let mut items = Vec::with_capacity(self.links.len());
        let mut written = 0;
        for link in &self.links {
            loop {
                let new = [link.from, link.to].into_iter().filter(|&end| end >= written);
                let in_turn = new.clone().zip(written..).all(|(end, expected)| end == expected);
                if in_turn {
                    written += new.count();
                    break;
                }
                items.push(Item::Node(written));
                written += 1;
            }
            items.push(Item::Link(*link));
        }
        items.extend((written..self.nodes.len()).map(Item::Node));
        items
    }
}

impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        let ends = |link: &Link| (link.from, link.to);
        self.nodes.iter().map(Node::name).eq(other.nodes.iter().map(Node::name))
            && self.links.iter().map(ends).eq(other.links.iter().map(ends))
    }
}

impl Eq for Graph {}

/// One thing to write of a graph.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    /// A node by its position.
    Node(usize),
    /// A link.
    Link(Link),
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;
    use crate::text::Source;

    fn graph(text: &str) -> Graph {
        parse(&Source::new("topology", text)).unwrap().graph
    }

    #[test]
    fn finds_nodes_by_name_and_neighbours_whoever_dials() {
        let graph = graph("a-b, c-a, d");
        assert_eq!(graph.index_of("c"), Some(2));
        assert_eq!(graph.index_of("e"), None);
        assert_eq!(graph.neighbours(0), [1, 2]);
        assert_eq!(graph.neighbours(3), [0; 0]);
        assert_eq!(graph.neighbours(99), [0; 0]);
        assert!(graph.is_linked(0, 2) && graph.is_linked(2, 0) && !graph.is_linked(1, 2));
        assert_eq!(graph.label(&graph.links()[1]), "c-a");
    }

    #[test]
    fn grows_by_what_is_new_and_keeps_the_rest() {
        let mut network = graph("a-b");
        let growth = network.extend(&graph("b-a, a-c, b-c, d"));
        assert_eq!(growth, Growth { nodes: 2..4, links: 1..3 });
        assert_eq!(network, graph("a-b, a-c, b-c, d"));
        assert_eq!(network.extend(&graph("c-a, d")), Growth { nodes: 4..4, links: 3..3 });
    }

    #[test]
    fn equality_looks_at_names_links_and_their_order() {
        assert_eq!(graph("a-b,b-c"), graph("# a chain\na-b-c"));
        assert_ne!(graph("a-b"), graph("b-a"));
        assert_ne!(graph("a, b"), graph("b, a"));
        assert_ne!(graph("a-b"), graph("a, b"));
    }
}
