//! A text in an editor: its marks, and its steps as far as they can be read.

use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::{self, Marks, Name, NameKind, Scenario, Step, StepKind};
use crate::text::{Source, Span};
use crate::topology::Graph;

/// The most nodes that are named in an answer. Chosen: more than a person looks through.
pub const NODES_MAX: usize = 500;

/// A text that an editor shows.
#[derive(Debug)]
pub struct Document {
    /// The text, with its name.
    pub source: Source,
    /// The marks on it.
    pub marks: Marks,
    /// The scenario, if it can be read. Included files count as empty.
    pub scenario: Option<Scenario>,
}

impl Document {
    /// Reads a text.
    #[must_use]
    pub fn new(source: Source) -> Self {
        let (marks, _) = scenario::marks(&source);
        let mut includes = |path: &str| Ok(Source::new(path, ""));
        let scenario = scenario::parse(&source, &BTreeMap::new(), &mut includes).ok().map(|(read, _)| read);
        Self { source, marks, scenario }
    }

    /// Returns the text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.source.text()
    }

    /// Returns the text of a name.
    #[must_use]
    pub fn name(&self, name: &Name) -> &str {
        self.source.at(name.span)
    }

    /// Returns the name at a byte, or just before it. The `$` before a name belongs to it.
    #[must_use]
    pub fn name_at(&self, byte: usize) -> Option<Name> {
        let byte = if self.text().as_bytes().get(byte) == Some(&b'$') { byte + 1 } else { byte };
        let touches = |span: Span| span.start <= byte && byte <= span.end;
        self.marks.names.iter().find(|name| touches(name.span)).copied()
    }

    /// Returns the names of some kinds.
    pub fn names(&self, kinds: &'static [NameKind]) -> impl Iterator<Item = &Name> {
        self.marks.names.iter().filter(move |name| kinds.contains(&name.kind))
    }

    /// Returns the topologies of the scenario with the places of their steps, in the order of the text.
    #[must_use]
    pub fn graphs(&self) -> Vec<(&Graph, Span)> {
        let mut graphs = Vec::new();
        add_graphs(self.scenario.as_ref().map_or(&[], |scenario| &scenario.steps), &mut graphs);
        graphs
    }

    /// Returns the place that makes a node in a topology: its name, or else the generator or the parameter.
    #[must_use]
    pub fn maker(&self, node: &str, graph: &Graph, step: Span) -> Option<Span> {
        let index = graph.index_of(node)?;
        let within = |span: Span| step.start <= span.start && span.end <= step.end;
        let mut named = self.names(&[NameKind::Node]).filter(|name| within(name.span));
        // Of a topology with parameters, the places are those in the text with their values.
        let is_filled = self.source.at(step).contains('$');
        let made = if is_filled { step } else { graph.nodes()[index].span() };
        Some(named.find(|name| self.name(name) == node).map_or(made, |name| name.span))
    }

    /// Returns the names of nodes: those of topologies in order, then others, up to [`NODES_MAX`].
    #[must_use]
    pub fn nodes(&self) -> Vec<String> {
        let made = self.graphs().into_iter().flat_map(|(graph, _)| graph.nodes()).take(NODES_MAX);
        let made = made.map(|node| node.name().to_owned());
        let named = self.names(&[NameKind::Node]).map(|name| self.name(name).to_owned());
        let mut nodes: Vec<String> = Vec::new();
        let mut seen = BTreeSet::new();
        for node in made.chain(named) {
            if nodes.len() < NODES_MAX && seen.insert(node.clone()) {
                nodes.push(node);
            }
        }
        nodes
    }
}

fn add_graphs<'a>(steps: &'a [Step], graphs: &mut Vec<(&'a Graph, Span)>) {
    for step in steps {
        match &step.kind {
            StepKind::Network(graph) => graphs.push((graph, step.at.span)),
            kind => add_graphs(kind.block().map_or(&[], Vec::as_slice), graphs),
        }
    }
}
