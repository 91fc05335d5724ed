//! Builds a graph from what the readers find, within its bounds, and notes what is odd.

use std::sync::Arc;

use super::cursor::{Token, is_name_char};
use super::generator::{Generator, Kind};
use super::graph::Graph;
use super::parse::Parsed;
use super::problem::{Problem, ProblemKind, shown};
use super::{LINKS_MAX, NAME_MAX, NODES_MAX, RESERVED};
use crate::text::{Diagnostic, Source, Span};

/// More warnings of one text than this nobody reads; the others are counted.
const WARNINGS_MAX: usize = 20;

/// A graph in the making.
pub(super) struct Builder<'a> {
    source: &'a Source,
    graph: Graph,
    warnings: Warnings,
}

/// What is odd, as far as anybody reads on.
#[derive(Default)]
struct Warnings {
    told: Vec<Diagnostic>,
    /// How many are not among those.
    untold: usize,
    /// The place of the last of them.
    last: Span,
}

impl Warnings {
    /// One more; it is only made if it is told, because looking for what it says may take time.
    fn add(&mut self, span: Span, warning: impl FnOnce() -> Diagnostic) {
        if self.told.len() < WARNINGS_MAX {
            self.told.push(warning());
        } else {
            self.untold += 1;
            self.last = span;
        }
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, graph: Graph::default(), warnings: Warnings::default() }
    }

    /// The node of this name, which may be new.
    pub(super) fn node(&mut self, name: Token<'_>) -> Result<usize, Problem> {
        let fail = |kind| Err(Problem::new(name.span, kind));
        if let Some(position) = self.graph.index_of(name.text) {
            return Ok(position);
        }
        if name.text.is_empty() || !name.text.chars().all(is_name_char) {
            return fail(ProblemKind::BadName(shown(name.text)));
        }
        if name.text.len() > NAME_MAX {
            return fail(ProblemKind::LongName(name.text.len()));
        }
        if RESERVED.contains(&name.text) {
            return fail(ProblemKind::Reserved(name.text.to_owned()));
        }
        self.room(1, 0, name.span)?;
        Ok(self.graph.add_node(&Arc::from(name.text), name.span))
    }

    /// A node that stands by itself. It may be a generator that lacks its size.
    pub(super) fn lone(&mut self, name: Token<'_>) -> Result<(), Problem> {
        self.node(name)?;
        if let Some(kind) = Kind::named(name.text) {
            self.warnings.add(name.span, || {
                Diagnostic::warning(self.source, name.span, format!("`{}` is taken as a node", name.text))
                    .help(format!("did you mean `{}`?", kind.example()))
            });
        }
        Ok(())
    }

    /// A link between two names; `repeat` says whether it may be there already without a word.
    pub(super) fn link(&mut self, left: Token<'_>, right: Token<'_>, repeat: Repeat) -> Result<(), Problem> {
        let span = left.span.to(right.span);
        let (from, to) = (self.node(left)?, self.node(right)?);
        if from == to {
            return Err(Problem::new(span, ProblemKind::SelfLink(shown(left.text))));
        }
        if self.graph.is_linked(from, to) {
            if repeat == Repeat::Told {
                self.warn_of_repeat(from, to, span);
            }
            return Ok(());
        }
        self.room(0, 1, span)?;
        self.graph.add_link(from, to, span);
        Ok(())
    }

    /// All nodes and links of a generator, whose text is at `span`.
    pub(super) fn generate(&mut self, generator: Generator, span: Span) -> Result<(), Problem> {
        let Generator { shape, names } = generator;
        // Before anything is made. The nodes and links may turn out to be there already, so that the
        // sum with those is looked at one by one below.
        within(shape.nodes(), shape.links(), span)?;
        let count = usize::try_from(shape.nodes()).unwrap_or(usize::MAX);
        let mut positions = Vec::with_capacity(count);
        for name in names.take(count) {
            if self.graph.index_of(&name).is_none() {
                self.room(1, 0, span)?;
            }
            positions.push(self.graph.add_node(&Arc::from(name), span));
        }
        let mut repeated = 0_usize;
        shape.each_link(|from, to| {
            let (from, to) = (positions[from], positions[to]);
            if self.graph.is_linked(from, to) {
                repeated += 1;
                return Ok(());
            }
            self.room(0, 1, span)?;
            self.graph.add_link(from, to, span);
            Ok(())
        })?;
        if repeated > 0 {
            self.warnings.add(span, || {
                let links = if repeated == 1 { "link that is" } else { "links that are" };
                Diagnostic::warning(
                    self.source,
                    span,
                    format!("this repeats {repeated} {links} there already"),
                )
                .help("each is taken once; for nodes of its own, add `prefix=n` or `from=n`")
            });
        }
        Ok(())
    }

    /// The finished graph; `span` is the text that it was read from.
    pub(super) fn finish(self, span: Span) -> Result<Parsed, Problem> {
        if self.graph.is_empty() {
            return Err(Problem::new(Span { start: span.start, end: span.start }, ProblemKind::Empty));
        }
        let Warnings { told: mut warnings, untold, last } = self.warnings;
        if untold > 0 {
            let places = if untold == 1 { "place is" } else { "places are" };
            let message = format!("{untold} more {places} odd in these ways; this is the last");
            warnings.push(Diagnostic::warning(self.source, last, message));
        }
        Ok(Parsed { graph: self.graph, warnings })
    }

    fn warn_of_repeat(&mut self, from: usize, to: usize, span: Span) {
        let (graph, source) = (&self.graph, self.source);
        self.warnings.add(span, || {
            let label = format!("{}-{}", graph.name(from), graph.name(to));
            let warning = Diagnostic::warning(source, span, format!("link `{label}` is there already"));
            match graph.links().iter().find(|link| link.ends() == (from.min(to), from.max(to))) {
                Some(first) => {
                    let line = source.place(first.span).line;
                    warning.help(format!("it is taken once, as `{}` in line {line}", graph.label(first)))
                }
                None => warning,
            }
        });
    }

    /// Whether so many more nodes and links may come.
    fn room(&self, nodes: usize, links: usize, span: Span) -> Result<(), Problem> {
        let nodes = self.graph.nodes().len() + nodes;
        let links = self.graph.links().len() + links;
        within(nodes as u128, links as u128, span)
    }
}

/// Whether a link that is there already is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Told,
    Untold,
}

fn within(nodes: u128, links: u128, span: Span) -> Result<(), Problem> {
    if nodes > NODES_MAX as u128 {
        return Err(Problem::new(span, ProblemKind::ManyNodes(nodes)));
    }
    if links > LINKS_MAX as u128 {
        return Err(Problem::new(span, ProblemKind::ManyLinks(links)));
    }
    Ok(())
}
