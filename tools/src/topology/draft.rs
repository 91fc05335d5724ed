//! A graph as a file of another language has it: any text can name a node.
//!
//! A topology can spell only some of these names. When all names are known, those are left as they are. The
//! others are mapped to names that it can spell, and stored as the originals of their nodes.

use std::collections::{BTreeMap, BTreeSet};

use super::builder::{Builder, Repeat};
use super::cursor::Token;
use super::parsed::Parsed;
use super::problem::{Problem, ProblemKind};
use super::spelling::{is_spelling_of, spelled_unlike};
use super::{LINKS_MAX, NODES_MAX, is_node_name};
use crate::text::Span;

/// Nodes and links in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Draft {
    nodes: Vec<Drafted>,
    places: BTreeMap<(NameKind, String), usize>,
    items: Vec<Item>,
}

/// The kind of text that a name is. Names of different kinds are different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NameKind {
    Plain,
    /// HTML of Graphviz, between angle brackets.
    Html,
}

#[derive(Debug)]
struct Drafted {
    name: String,
    span: Span,
    /// The name before it was mapped, if the file has it.
    original: Option<String>,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    Node(usize),
    Link(usize, usize, Span),
}

impl Draft {
    /// Returns the place of the node of that name, which may be new.
    pub(super) fn node(&mut self, name: &str, span: Span) -> Result<usize, Problem> {
        self.node_of_kind(NameKind::Plain, name, span)
    }

    /// Returns the place of the node whose name is of that kind, which may be new.
    pub(super) fn node_of_kind(&mut self, kind: NameKind, name: &str, span: Span) -> Result<usize, Problem> {
        let key = (kind, name.to_owned());
        if let Some(&place) = self.places.get(&key) {
            return Ok(place);
        }
        let place = self.nodes.len();
        if place >= NODES_MAX {
            return Err(Problem::new(span, ProblemKind::ManyNodes(place as u128 + 1)));
        }
        self.nodes.push(Drafted { name: key.1.clone(), span, original: None });
        self.places.insert(key, place);
        self.items.push(Item::Node(place));
        Ok(place)
    }

    /// Returns the place of the node of that name, if there is one.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        self.places.get(&(NameKind::Plain, name.to_owned())).copied()
    }

    /// Stores a label as the name that a node had before it was mapped, if the label can be that.
    pub(super) fn label(&mut self, place: usize, label: &str) {
        if let Some(node) = self.nodes.get_mut(place)
            && is_spelling_of(&node.name, label)
        {
            node.original = Some(label.to_owned());
        }
    }

    /// Adds a link from one node to another.
    pub(super) fn link(&mut self, from: usize, to: usize, span: Span) -> Result<(), Problem> {
        if self.items.len() >= NODES_MAX + LINKS_MAX {
            return Err(Problem::new(span, ProblemKind::ManyLinks(LINKS_MAX as u128 + 1)));
        }
        self.items.push(Item::Link(from, to, span));
        Ok(())
    }

    /// Returns the graph, with names that a topology can spell; `whole` is the place of the text.
    pub(super) fn finish(
        mut self,
        mut builder: Builder<'_>,
        repeat: Repeat,
        whole: Span,
    ) -> Result<Parsed, Problem> {
        let changed = self.spell();
        for item in &self.items {
            let token = |place: usize, span| Token { text: self.nodes[place].name.as_str(), span };
            match *item {
                Item::Node(place) => {
                    let node = &self.nodes[place];
                    let position = builder.node(token(place, node.span))?;
                    if let Some(original) = &node.original {
                        builder.original(position, original);
                    }
                }
                Item::Link(from, to, span) => builder.link(token(from, span), token(to, span), repeat)?,
            }
        }
        if let Some(&first) = changed.first() {
            let node = &self.nodes[first];
            builder.warn_of_spelling(
                node.span,
                node.original.as_deref().unwrap_or_default(),
                &node.name,
                changed.len(),
            );
        }
        builder.finish(whole)
    }

    /// Gives every node a name that a topology can spell. Returns the places of the renamed nodes.
    fn spell(&mut self) -> Vec<usize> {
        let mut taken = BTreeSet::new();
        let mut others = Vec::new();
        for (place, node) in self.nodes.iter().enumerate() {
            if !is_node_name(&node.name) || !taken.insert(node.name.clone()) {
                others.push(place);
            }
        }
        for &place in &others {
            let node = &mut self.nodes[place];
            let name = spelled_unlike(&node.name, &taken);
            taken.insert(name.clone());
            node.original = Some(std::mem::replace(&mut node.name, name));
        }
        others
    }
}
