//! The reader of containerlab's topologies: YAML with `topology: nodes:` and `topology: links:`, whose
//! endpoints are `NODE:INTERFACE`. The YAML is read event by event, so that no alias is ever expanded.

use yaml_rust2::parser::{Event, Parser};

use super::super::draft::Draft;
use super::super::problem::Problem;
use super::line::line_span;
use crate::text::Span;

const FORMAT: &str = "containerlab topology";

/// The ends of links that name the machine's own interfaces, and no node.
const NOT_NODES: [&str; 5] = ["host", "mgmt-net", "macvlan", "vxlan", "dummy"];

/// Returns true if a line begins the key that only these files have.
pub(super) fn is_containerlab(text: &str) -> bool {
    text.lines().any(|line| line.strip_prefix("topology:").is_some_and(|rest| rest.trim().is_empty()))
}

/// A list or a mapping that is open.
#[derive(Debug)]
enum Open {
    List,
    /// A mapping, with the key whose value comes next; none if a key comes next.
    Map(Option<String>),
}

/// Reads the whole text.
pub(super) fn read(text: &str, at: usize) -> Result<Draft, Problem> {
    let mut parser = Parser::new_from_str(text);
    let mut reader = Reader { draft: Draft::default(), open: Vec::new(), ends: Vec::new(), place: None };
    loop {
        let (event, mark) = parser.next_token().map_err(|error| {
            Problem::malformed(FORMAT, &error, line_span(text, at, error.marker().line()))
        })?;
        let span = line_span_of(text, at, mark.line());
        match event {
            Event::StreamEnd | Event::DocumentEnd => return Ok(reader.draft),
            Event::MappingStart(..) => reader.open.push(Open::Map(None)),
            Event::SequenceStart(..) => reader.open.push(Open::List),
            Event::MappingEnd | Event::SequenceEnd => {
                reader.open.pop();
                reader.close(span)?;
            }
            Event::Scalar(value, ..) => reader.scalar(value, span)?,
            Event::Alias(_) => reader.scalar(String::new(), span)?,
            _ => {}
        }
    }
}

/// Returns the place of a line. The search reads all lines before it, so that only small files get exact
/// places.
fn line_span_of(text: &str, at: usize, line: usize) -> Span {
    /// The size of a small file, in bytes. Chosen: a thousand lines, whose search takes no time that is seen.
    const SMALL: usize = 1 << 16;
    if text.len() > SMALL { Span { start: at, end: at } } else { line_span(text, at, line) }
}

struct Reader {
    draft: Draft,
    open: Vec<Open>,
    /// The ends of the link that is being read.
    ends: Vec<String>,
    /// The line of its last end.
    place: Option<Span>,
}

impl Reader {
    /// Returns the keys of all lists and mappings that are open, `-` for a list.
    fn path(&self) -> Vec<&str> {
        self.open
            .iter()
            .map(|open| match open {
                Open::List => "-",
                Open::Map(key) => key.as_deref().unwrap_or_default(),
            })
            .collect()
    }

    fn scalar(&mut self, value: String, span: Span) -> Result<(), Problem> {
        if let Some(Open::Map(key @ None)) = self.open.last_mut() {
            *key = Some(value);
            if let ["topology", "nodes", name] = self.path().as_slice() {
                let name = (*name).to_owned();
                self.draft.node(&name, span)?;
            }
            return Ok(());
        }
        match self.path().as_slice() {
            ["topology", "links", "-", "endpoints", "-"] => {
                let node = value.rsplit_once(':').map_or(value.as_str(), |(node, _)| node);
                self.ends.push(node.to_owned());
                self.place = Some(span);
            }
            ["topology", "links", "-", "endpoints", "-", "node"] => {
                self.ends.push(value);
                self.place = Some(span);
            }
            _ => {}
        }
        self.value_ended();
        Ok(())
    }

    /// Handles the end of a list or a mapping, which may have been a link.
    fn close(&mut self, span: Span) -> Result<(), Problem> {
        if let ["topology", "links", "-"] = self.path().as_slice() {
            let (ends, span) = (std::mem::take(&mut self.ends), self.place.take().unwrap_or(span));
            if let [from, to] = ends.as_slice() {
                let is_node = |name: &str| self.draft.place_of(name).is_some() || !NOT_NODES.contains(&name);
                if is_node(from) && is_node(to) {
                    let (from, to) = (self.draft.node(from, span)?, self.draft.node(to, span)?);
                    self.draft.link(from, to, span)?;
                }
            }
        }
        self.value_ended();
        Ok(())
    }

    fn value_ended(&mut self) {
        if let Some(Open::Map(key)) = self.open.last_mut() {
            *key = None;
        }
    }
}
