//! The reader of Graphviz's language, as far as it describes nodes and links.
//!
//! It reads all of the grammar:
//!
//! - graphs of both kinds (in a `digraph` `a -> b` says that a dials b);
//! - `strict` (no warning for a link given twice);
//! - every kind of id, joined and continued strings;
//! - lists of nodes, and subgraphs as groups and as ends of links.
//!
//! Attributes and ports are skipped: a topology has no place for them.
//!
//! The language: <https://graphviz.org/doc/info/lang.html>.

mod token;

pub(super) use token::KEYWORDS;

use std::collections::{BTreeMap, BTreeSet};

use nom::branch::alt;
use nom::bytes::complete::tag;

use self::token::{eat_keyword, gap, id, operator, unexpected};
use super::LINKS_MAX;
use super::builder::{Builder, Repeat};
use super::cursor::Cursor;
use super::draft::{Draft, NameKind};
use super::parsed::Parsed;
use super::problem::{Problem, ProblemKind, shown};
use crate::text::Span;

/// The attribute that stores the name of a node before it was changed. A label would not do: people write
/// labels of their own, and some of those are spelled as the name beside them.
pub(super) const ORIGINAL: &str = "original";

/// Returns true if the text is one of Graphviz's: `graph`, a name or none, and `{`.
pub(super) fn is_graphviz(mut cursor: Cursor<'_>) -> bool {
    let Ok(_) = header(&mut cursor) else { return false };
    cursor.peek() == Some('{')
}

/// Reads the whole text.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, builder: Builder<'a>) -> Result<Parsed, Problem> {
    let whole = cursor.span(cursor.rest().len());
    let (directed, repeat) = header(&mut cursor)?;
    let mut reader = Reader { cursor, draft: Draft::default(), directed, pairs: 0 };
    reader.body()?;
    reader.cursor.eat(gap);
    match reader.cursor.rest().len() {
        0 => reader.draft.finish(builder, repeat, whole),
        left => Err(Problem::new(reader.cursor.span(left), ProblemKind::Trailing)),
    }
}

/// Reads up to the first `{`: returns true for a directed graph, and the treatment of repeated links.
fn header(cursor: &mut Cursor<'_>) -> Result<(bool, Repeat), Problem> {
    cursor.eat(gap);
    let strict = eat_keyword(cursor, "strict");
    let directed = eat_keyword(cursor, "digraph");
    if !directed && !eat_keyword(cursor, "graph") {
        return Err(unexpected(cursor));
    }
    id(cursor)?;
    cursor.eat(gap);
    Ok((directed, if strict { Repeat::Silent } else { Repeat::Warned }))
}

/// One end of links: all nodes of a list or of a subgraph.
#[derive(Debug, Clone, Default)]
struct End {
    nodes: Vec<usize>,
    span: Span,
}

/// A graph or a subgraph that is open.
#[derive(Debug, Default)]
struct Frame {
    /// The place of its `{`.
    open: Span,
    name: Option<(NameKind, String)>,
    nodes: BTreeSet<usize>,
    /// The nodes of its named subgraphs: each may be opened again.
    parts: BTreeMap<(NameKind, String), BTreeSet<usize>>,
    /// The left end of a link whose right end is still to be read.
    left: Option<End>,
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    draft: Draft,
    directed: bool,
    /// The work so far: the pairs of nodes that were linked, plus the nodes that were counted in subgraphs.
    pairs: usize,
}

impl Reader<'_> {
    /// Reads from the first `{` to its `}`.
    fn body(&mut self) -> Result<(), Problem> {
        // An explicit stack instead of recursion: a hostile text could make recursion as deep as the text is
        // long.
        let mut open: Vec<Frame> = Vec::new();
        loop {
            self.cursor.eat(gap);
            if self.opens(&mut open)? {
                continue;
            }
            let Some(frame) = open.last_mut() else { return Err(unexpected(&self.cursor)) };
            if frame.left.is_some() {
                let end = self.nodes(frame)?;
                self.end(frame, end)?;
            } else if let Some(brace) = self.cursor.eat_char('}') {
                let Some(closed) = open.pop() else { return Err(unexpected(&self.cursor)) };
                let Some(outer) = open.last_mut() else { return Ok(()) };
                let end = self.close(closed, outer, brace)?;
                self.end(outer, end)?;
            } else if self.cursor.eat_char(';').is_some() {
                // The semicolon ends a statement, or an empty one.
            } else if self.cursor.rest().is_empty() {
                return Err(Problem::new(frame.open, ProblemKind::Open("{")));
            } else {
                self.statement(frame)?;
            }
        }
    }

    /// Opens the graph or a subgraph, if one begins here.
    fn opens(&mut self, open: &mut Vec<Frame>) -> Result<bool, Problem> {
        let mut name = None;
        let begins = !open.is_empty() && eat_keyword(&mut self.cursor, "subgraph");
        if begins {
            name = id(&mut self.cursor)?.map(|id| (id.kind, id.text));
            self.cursor.eat(gap);
        }
        match self.cursor.eat_char('{') {
            Some(brace) => {
                open.push(Frame { open: brace, name, ..Frame::default() });
                Ok(true)
            }
            None if begins => Err(unexpected(&self.cursor)),
            None => Ok(false),
        }
    }

    /// Reads a statement: defaults, an attribute of the graph, or nodes.
    fn statement(&mut self, frame: &mut Frame) -> Result<(), Problem> {
        let ahead = self.cursor.clone();
        let Some(first) = id(&mut self.cursor)? else { return Err(unexpected(&self.cursor)) };
        self.cursor.eat(gap);
        if first.is_keyword() && self.cursor.peek() == Some('[') {
            return self.attributes().map(drop);
        }
        if self.cursor.eat_char('=').is_some() {
            self.cursor.eat(gap);
            return match id(&mut self.cursor)? {
                Some(_) => Ok(()),
                None => Err(unexpected(&self.cursor)),
            };
        }
        self.cursor = ahead;
        let end = self.nodes(frame)?;
        self.end(frame, end)
    }

    /// Reads a list of nodes: `a`, `a:port`, `a, b`.
    fn nodes(&mut self, frame: &mut Frame) -> Result<End, Problem> {
        let mut end = End { span: self.cursor.here(), ..End::default() };
        loop {
            let Some(name) = id(&mut self.cursor)? else {
                return Err(unexpected(&self.cursor));
            };
            if name.is_keyword() {
                return Err(Problem::new(name.span, ProblemKind::Keyword(name.text)));
            }
            let node = self.draft.node_of_kind(name.kind, &name.text, name.span)?;
            end.nodes.push(node);
            end.span = end.span.to(name.span);
            frame.nodes.insert(node);
            self.port()?;
            self.cursor.eat(gap);
            if self.cursor.eat_char(',').is_none() {
                return Ok(end);
            }
            self.cursor.eat(gap);
        }
    }

    /// Reads the port of a node, where a link ends on its shape: `:n`, `:port:n`.
    fn port(&mut self) -> Result<(), Problem> {
        loop {
            self.cursor.eat(gap);
            if self.cursor.eat_char(':').is_none() {
                return Ok(());
            }
            self.cursor.eat(gap);
            if id(&mut self.cursor)?.is_none() {
                return Err(unexpected(&self.cursor));
            }
        }
    }

    /// Reads the rest of a statement behind an end: a sign and another end, or attributes.
    fn end(&mut self, frame: &mut Frame, end: End) -> Result<(), Problem> {
        let lone = frame.left.is_none();
        if let Some(left) = frame.left.take() {
            self.link(&left, &end)?;
        }
        if self.sign()? {
            frame.left = Some(end);
            return Ok(());
        }
        let original = self.attributes()?;
        if let (true, [node], Some(original)) = (lone, end.nodes.as_slice(), original) {
            self.draft.label(*node, &original);
        }
        Ok(())
    }

    /// Adds the nodes of a closed subgraph to the one around it. Returns the end of links that the subgraph
    /// makes, if it is one.
    fn close(&mut self, closed: Frame, outer: &mut Frame, brace: Span) -> Result<End, Problem> {
        let span = closed.open.to(brace);
        let mut end = End { nodes: Vec::new(), span };
        let mut ahead = self.cursor.clone();
        ahead.eat(gap);
        let is_end = outer.left.is_some() || ahead.eat(operator).is_some();
        let mut nodes = closed.nodes;
        if let Some(name) = closed.name {
            self.count(nodes.len(), span)?;
            let part = outer.parts.entry(name).or_default();
            part.extend(&nodes);
            if is_end {
                end.nodes.extend(part.iter());
            }
        } else if is_end {
            end.nodes.extend(&nodes);
        }
        self.count(end.nodes.len(), span)?;
        // The smaller set goes into the greater one, so that deep nesting stays fast.
        if outer.nodes.len() < nodes.len() {
            std::mem::swap(&mut outer.nodes, &mut nodes);
        }
        outer.nodes.extend(nodes);
        Ok(end)
    }

    /// Counts pairs, and reports an error beyond the bound: a short text could ask for much work.
    fn count(&mut self, pairs: usize, span: Span) -> Result<(), Problem> {
        self.pairs = self.pairs.saturating_add(pairs);
        if self.pairs > LINKS_MAX {
            return Err(Problem::new(span, ProblemKind::ManyLinks(self.pairs as u128)));
        }
        Ok(())
    }

    /// Links every node of one end to every one of the other.
    fn link(&mut self, left: &End, right: &End) -> Result<(), Problem> {
        let span = left.span.to(right.span);
        self.count(left.nodes.len().saturating_mul(right.nodes.len()), span)?;
        for &from in &left.nodes {
            for &to in &right.nodes {
                self.draft.link(from, to, span)?;
            }
        }
        Ok(())
    }

    /// Reads the sign of a link, `--` or `->`, and refuses the one of the other kind of graph.
    fn sign(&mut self) -> Result<bool, Problem> {
        self.cursor.eat(gap);
        let Some(sign) = self.cursor.eat(operator) else { return Ok(false) };
        let (keyword, expected) = if self.directed { ("digraph", "->") } else { ("graph", "--") };
        if sign.text == expected {
            return Ok(true);
        }
        Err(Problem::new(sign.span, ProblemKind::Operator { found: shown(sign.text), keyword }))
    }

    /// Reads all lists of attributes that come next. Returns the value of [`ORIGINAL`].
    fn attributes(&mut self) -> Result<Option<String>, Problem> {
        let mut original = None;
        loop {
            self.cursor.eat(gap);
            let Some(open) = self.cursor.eat_char('[') else { return Ok(original) };
            loop {
                self.cursor.eat(gap);
                if self.cursor.eat_char(']').is_some() {
                    break;
                }
                if self.cursor.eat(alt((tag(","), tag(";"), tag("=")))).is_some() {
                    continue;
                }
                let Some(name) = id(&mut self.cursor)? else {
                    return Err(Problem::new(open, ProblemKind::Open("[")));
                };
                self.cursor.eat(gap);
                if self.cursor.eat_char('=').is_some() {
                    self.cursor.eat(gap);
                    let value = id(&mut self.cursor)?;
                    let value = value.filter(|value| name.text == ORIGINAL && value.kind == NameKind::Plain);
                    original = value.map(|value| value.text).or(original);
                }
            }
        }
    }
}
