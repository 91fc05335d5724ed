//! The reader of JSON: the output of `tools graph --json`, networkx's node-link data, and the JSON Graph
//! Format.
//!
//! Nodes, and ends of links, are texts, numbers, or objects with an `id`, `name` or `key`; links are pairs, or
//! objects with `source` and `target`.

use serde_json::{Map, Value};

use super::super::draft::Draft;
use super::super::problem::Problem;
use super::line::line_span;
use crate::text::Span;

const FORMAT: &str = "JSON";

/// Returns true if the text begins with a `{`, as an object of JSON does and no other of these languages.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// Reads the whole text.
pub(super) fn read(text: &str, at: usize) -> Result<Draft, Problem> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| Problem::malformed(FORMAT, &error, line_span(text, at, error.line())))?;
    let span = line_span(text, at, 1);
    let graph =
        graph_of(&value).ok_or_else(|| Problem::malformed(FORMAT, "there is no list `nodes`", span))?;
    let mut reader = Reader { draft: Draft::default(), names: Vec::new(), span };
    match graph.get("nodes") {
        Some(Value::Array(nodes)) => nodes.iter().try_for_each(|node| reader.node(node))?,
        Some(Value::Object(nodes)) => nodes.keys().try_for_each(|name| reader.named(name.clone()))?,
        _ => return Err(Problem::malformed(FORMAT, "`nodes` is no list", span)),
    }
    for key in ["links", "edges"] {
        match graph.get(key) {
            Some(Value::Array(links)) => links.iter().try_for_each(|link| reader.link(link))?,
            Some(_) => return Err(Problem::malformed(FORMAT, &format!("`{key}` is no list"), span)),
            None => {}
        }
    }
    if let Some(Value::Object(labels)) = graph.get("labels") {
        for (name, label) in labels {
            if let (Some(place), Some(label)) = (reader.draft.place_of(name), label.as_str()) {
                reader.draft.label(place, label);
            }
        }
    }
    Ok(reader.draft)
}

/// Returns the object that has the nodes.
fn graph_of(value: &Value) -> Option<&Map<String, Value>> {
    let whole = value.as_object()?;
    if whole.contains_key("nodes") {
        return Some(whole);
    }
    whole.get("graph")?.as_object().filter(|graph| graph.contains_key("nodes"))
}

struct Reader {
    draft: Draft,
    /// The names of the nodes, in the order of the list.
    names: Vec<String>,
    span: Span,
}

impl Reader {
    fn node(&mut self, node: &Value) -> Result<(), Problem> {
        match name_of(node) {
            Some(name) => self.named(name),
            None => Err(Problem::malformed(FORMAT, &format!("a node without an `id`: {node}"), self.span)),
        }
    }

    fn named(&mut self, name: String) -> Result<(), Problem> {
        self.draft.node(&name, self.span)?;
        self.names.push(name);
        Ok(())
    }

    fn link(&mut self, link: &Value) -> Result<(), Problem> {
        let ends = match link {
            Value::Array(ends) if ends.len() >= 2 => Some((&ends[0], &ends[1])),
            Value::Object(link) => {
                let end = |keys: [&str; 2]| keys.iter().find_map(|key| link.get(*key));
                end(["source", "from"]).zip(end(["target", "to"]))
            }
            _ => None,
        };
        let ends = ends.and_then(|(from, to)| Some((self.end(from)?, self.end(to)?)));
        let Some((from, to)) = ends else {
            return Err(Problem::malformed(FORMAT, &format!("a link without two ends: {link}"), self.span));
        };
        let (from, to) = (self.draft.node(&from, self.span)?, self.draft.node(&to, self.span)?);
        self.draft.link(from, to, self.span)
    }

    /// Returns the name of an end. A number that is no name is an index into the list of nodes, as some
    /// programs write it.
    fn end(&self, end: &Value) -> Option<String> {
        let name = name_of(end)?;
        let place = end.as_u64().and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.names.get(place)) {
            Some(named) if self.draft.place_of(&name).is_none() => Some(named.clone()),
            _ => Some(name),
        }
    }
}

/// Returns the name of a node, which is an object with an `id`, `name` or `key`, or the name itself.
fn name_of(node: &Value) -> Option<String> {
    match node {
        Value::Object(node) => name(["id", "name", "key"].iter().find_map(|key| node.get(*key))?),
        id => name(id),
    }
}

/// Returns a name as Python writes it: networkx makes lists of pairs.
fn name(id: &Value) -> Option<String> {
    match id {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(parts) => {
            let parts: Option<Vec<String>> = parts.iter().map(name).collect();
            Some(format!("({})", parts?.join(", ")))
        }
        _ => None,
    }
}
