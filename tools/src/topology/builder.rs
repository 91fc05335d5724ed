//! The builder of a graph from the items that the readers find; it checks the bounds and collects warnings.

use std::sync::Arc;

use super::cursor::{Token, is_name_char};
use super::generator::{Generator, Kind};
use super::graph::Graph;
use super::parsed::Parsed;
use super::problem::{NAMES, Problem, ProblemKind, shown};
use super::{LINKS_MAX, NAME_MAX, NODES_MAX, RESERVED};
use crate::text::{Diagnostic, Source, Span};

/// The most warnings about one text; the others are only counted. Chosen: about a screen of them.
const WARNINGS_MAX: usize = 20;

/// A graph that is being built.
pub(super) struct Builder<'a> {
    source: &'a Source,
    graph: Graph,
    warnings: Warnings,
    /// True if a link from a node to itself is left out, and not refused.
    lenient: bool,
}

/// The warnings about a text, with a bound on their number.
#[derive(Default)]
struct Warnings {
    reported: Vec<Diagnostic>,
    /// The number of warnings beyond the bound.
    omitted: usize,
    /// The place of the last of those.
    last_omitted: Span,
}

impl Warnings {
    /// Adds a warning. It is made only if it is within the bound, because making it may take time.
    fn add(&mut self, span: Span, warning: impl FnOnce() -> Diagnostic) {
        if self.reported.len() < WARNINGS_MAX {
            self.reported.push(warning());
        } else {
            self.omitted += 1;
            self.last_omitted = span;
        }
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, graph: Graph::default(), warnings: Warnings::default(), lenient: false }
    }

    /// Leaves out links from a node to itself, with a warning.
    pub(super) fn lenient(self, lenient: bool) -> Self {
        Self { lenient, ..self }
    }

    /// Stores the name that a node had before its name was mapped.
    pub(super) fn original(&mut self, position: usize, name: &str) {
        self.graph.set_original(position, name);
    }

    /// Warns that names were mapped: with the first of them, and their number.
    pub(super) fn warn_of_spelling(&mut self, span: Span, original: &str, name: &str, count: usize) {
        let source = self.source;
        self.warnings.add(span, || {
            let more = match count {
                0 | 1 => String::new(),
                more => format!(", and {} more are changed likewise", more - 1),
            };
            let message = format!("`{}` is called `{name}` here{more}", shown(original));
            Diagnostic::warning(source, span, message)
                .help(format!("{NAMES}; what the file calls a node is kept as its label"))
        });
    }

    /// Returns the position of the node of this name, which may be new.
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
        self.check_bounds(1, 0, name.span)?;
        Ok(self.graph.add_node(&Arc::from(name.text), name.span))
    }

    /// Adds a node that stands by itself, and warns if it has the name of a generator.
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

    /// Adds a link between two names; `repeat` decides on a warning if it exists already.
    pub(super) fn link(&mut self, left: Token<'_>, right: Token<'_>, repeat: Repeat) -> Result<(), Problem> {
        let span = left.span.to(right.span);
        let (from, to) = (self.node(left)?, self.node(right)?);
        if from == to && self.lenient {
            self.warnings.add(span, || {
                let message = format!("`{}` is linked to itself: this is left out", left.text);
                Diagnostic::warning(self.source, span, message)
            });
            return Ok(());
        }
        if from == to {
            return Err(Problem::new(span, ProblemKind::SelfLink(shown(left.text))));
        }
        if self.graph.is_linked(from, to) {
            if repeat == Repeat::Warned {
                self.warn_of_repeat(from, to, span);
            }
            return Ok(());
        }
        self.check_bounds(0, 1, span)?;
        self.graph.add_link(from, to, span);
        Ok(())
    }

    /// Adds all nodes and links of a generator, whose text is at `span`.
    pub(super) fn generate(&mut self, generator: Generator, span: Span) -> Result<(), Problem> {
        let Generator { shape, names } = generator;
        // The size is checked before anything is made. Some nodes and links may exist already, so that their
        // sum with the existing ones is checked one by one below.
        within_bounds(shape.nodes(), shape.links(), span)?;
        let count = usize::try_from(shape.nodes()).unwrap_or(usize::MAX);
        let mut positions = Vec::with_capacity(count);
        for name in names.take(count) {
            if self.graph.index_of(&name).is_none() {
                self.check_bounds(1, 0, span)?;
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
            self.check_bounds(0, 1, span)?;
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

    /// Returns the finished graph; `span` is the text that it was read from.
    pub(super) fn finish(self, span: Span) -> Result<Parsed, Problem> {
        if self.graph.is_empty() {
            return Err(Problem::new(Span { start: span.start, end: span.start }, ProblemKind::Empty));
        }
        let Warnings { reported: mut warnings, omitted, last_omitted } = self.warnings;
        if omitted > 0 {
            let places = if omitted == 1 { "place is" } else { "places are" };
            let message = format!("{omitted} more {places} odd in these ways; this is the last");
            warnings.push(Diagnostic::warning(self.source, last_omitted, message));
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

    /// Checks that this number of further nodes and links is within the bounds.
    fn check_bounds(&self, nodes: usize, links: usize, span: Span) -> Result<(), Problem> {
        let nodes = self.graph.nodes().len() + nodes;
        let links = self.graph.links().len() + links;
        within_bounds(nodes as u128, links as u128, span)
    }
}

/// The treatment of a link that exists already: with a warning or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    Warned,
    Silent,
}

fn within_bounds(nodes: u128, links: u128, span: Span) -> Result<(), Problem> {
    if nodes > NODES_MAX as u128 {
        return Err(Problem::new(span, ProblemKind::ManyNodes(nodes)));
    }
    if links > LINKS_MAX as u128 {
        return Err(Problem::new(span, ProblemKind::ManyLinks(links)));
    }
    Ok(())
}
