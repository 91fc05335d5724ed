//! The graph: nodes and the links between them, in order of appearance.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use crate::text::Span;

/// A node of a graph.
#[derive(Debug, Clone)]
pub struct Node {
    name: Arc<str>,
    span: Span,
}

impl Node {
    /// Returns the name of the node.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name as a shared string, which is stored without a copy.
    #[must_use]
    pub fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Returns the place of its first appearance: its name, or the generator that made it.
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
    /// The place of its first appearance: both names, or the generator that made it.
    pub span: Span,
}

impl Link {
    /// Returns the two ends without a direction, the smaller position first.
    #[must_use]
    pub fn ends(&self) -> (usize, usize) {
        (self.from.min(self.to), self.from.max(self.to))
    }
}

/// Nodes and links. Two graphs are equal if they have the same names and links in the same order; places in
/// the text are not compared.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    links: Vec<Link>,
    positions: BTreeMap<Arc<str>, usize>,
    /// The ends of every link, the smaller first.
    ends: BTreeSet<(usize, usize)>,
    neighbours: Vec<Vec<usize>>,
    /// The names that nodes had before, by position; only names that a topology cannot spell.
    originals: BTreeMap<usize, Arc<str>>,
}

/// The nodes and links that [`Graph::extend`] added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Growth {
    /// The positions of the new nodes.
    pub nodes: Range<usize>,
    /// The positions of the new links.
    pub links: Range<usize>,
}

impl Graph {
    /// Returns the graph of a running network, with no place in any text. The caller gives valid node names,
    /// and links by position. Links between positions that do not exist are left out.
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

    /// Returns all nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns all links.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// Returns true if the graph has no node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Returns the position of the node called `name`.
    #[must_use]
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Returns the name of the node at `index`; empty if there is none.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.nodes.get(index).map_or("", Node::name)
    }

    /// Returns the name that the node at `index` had in the file that it was read from, if a topology cannot
    /// spell that name.
    #[must_use]
    pub fn original(&self, index: usize) -> Option<&str> {
        self.originals.get(&index).map(|name| &**name)
    }

    /// Stores the name that the node at `index` had before.
    pub(super) fn set_original(&mut self, index: usize, name: &str) {
        self.originals.insert(index, Arc::from(name));
    }

    /// Returns the nodes linked to the one at `index`, in either direction, in order of the links.
    #[must_use]
    pub fn neighbours(&self, index: usize) -> &[usize] {
        self.neighbours.get(index).map_or(&[], Vec::as_slice)
    }

    /// Returns true if two nodes are linked, in either direction.
    #[must_use]
    pub fn is_linked(&self, one: usize, other: usize) -> bool {
        self.ends.contains(&(one.min(other), one.max(other)))
    }

    /// Returns a link as it is written: `a-b`.
    #[must_use]
    pub fn label(&self, link: &Link) -> String {
        format!("{}-{}", self.name(link.from), self.name(link.to))
    }

    /// Adds another graph. Nodes of the same name are merged, and a link that exists already, in either
    /// direction, stays as it is. Positions of existing nodes and links do not change. Spans of new ones
    /// refer to the text of `other`.
    pub fn extend(&mut self, other: &Self) -> Growth {
        let (nodes, links) = (self.nodes.len(), self.links.len());
        let moved: Vec<usize> =
            other.nodes.iter().map(|node| self.add_node(&node.shared_name(), node.span)).collect();
        for (index, original) in &other.originals {
            self.originals.insert(moved[*index], Arc::clone(original));
        }
        for link in &other.links {
            self.add_link(moved[link.from], moved[link.to], link.span);
        }
        Growth { nodes: nodes..self.nodes.len(), links: links..self.links.len() }
    }

    /// Adds the node called `name`, at `span`, unless it exists; returns its position. The caller has checked
    /// the name.
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

    /// Links two different nodes; returns `false` if they are linked already, in either direction.
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

    /// Returns the items to write, in an order from which this graph is read again: every link, and those
    /// nodes that no link names in time. All drawings in text use it.
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

/// One item to write of a graph.
#[derive(Debug, Clone, Copy)]
pub(super) enum Item {
    /// A node, by its position.
    Node(usize),
    /// A link between two nodes.
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
