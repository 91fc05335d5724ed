//! The reader of `GraphML`, as networkx, yEd and Gephi write it: `node` with an `id`, `edge` with `source`
//! and `target`. The XML library knows no entities but XML's own, and opens no file.

use roxmltree::{Document, ParsingOptions};

use super::super::draft::Draft;
use super::super::problem::Problem;
use super::super::{LINKS_MAX, NODES_MAX};
use super::line::line_span;
use crate::text::Span;

const FORMAT: &str = "GraphML";

/// The most elements and texts that are read: each node and link may have some data.
const ELEMENTS_MAX: usize = 4 * (NODES_MAX + LINKS_MAX);

/// Returns true if the text is XML.
pub(super) fn is_graphml(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("<?xml") || text.starts_with("<graphml") || text.starts_with("<!--")
}

/// Reads the whole text.
pub(super) fn read(text: &str, at: usize) -> Result<Draft, Problem> {
    let trimmed = text.trim_start();
    let skipped = text.len() - trimmed.len();
    let options = ParsingOptions {
        nodes_limit: u32::try_from(ELEMENTS_MAX).unwrap_or(u32::MAX),
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(trimmed, options).map_err(|error| {
        let row = usize::try_from(error.pos().row).unwrap_or(1);
        Problem::malformed(FORMAT, &error, line_span(trimmed, at + skipped, row))
    })?;
    let root = document.root_element();
    if root.tag_name().name() != "graphml" {
        let reason = format!("its outermost element is `{}`, not `graphml`", root.tag_name().name());
        return Err(Problem::malformed(FORMAT, &reason, line_span(text, at, 1)));
    }
    let mut draft = Draft::default();
    for element in root.descendants().filter(roxmltree::Node::is_element) {
        let range = element.range();
        let start = at + skipped + range.start;
        let opening = trimmed[range.clone()].find('>').map_or(range.len(), |end| end + 1);
        let span = Span { start, end: start + opening };
        let needed = |name: &'static str| {
            let missing = || Problem::malformed(FORMAT, &format!("`{name}` is missing"), span);
            element.attribute(name).ok_or_else(missing)
        };
        match element.tag_name().name() {
            "node" => {
                draft.node(needed("id")?, span)?;
            }
            "edge" => {
                let (from, to) = (needed("source")?, needed("target")?);
                let (from, to) = (draft.node(from, span)?, draft.node(to, span)?);
                draft.link(from, to, span)?;
            }
            _ => {}
        }
    }
    Ok(draft)
}
