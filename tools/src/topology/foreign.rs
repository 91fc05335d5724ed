//! Readers of graphs in the languages of other programs, one file a language. The text decides on the
//! language. Graphviz's language, which scenarios may hold as well, is in [`super::graphviz`].
//!
//! Each reader returns a [`Draft`]: nodes and links, under the names that the file has.

mod containerlab;
mod edges;
mod gml;
mod graphml;
mod json;
mod line;
mod mermaid;

use super::builder::{Builder, Repeat};
use super::draft::Draft;
use super::parsed::Parsed;
use super::problem::Problem;
use crate::text::Span;

/// A language: its test and its reader. The reader gets the text and its position in the source.
struct Language {
    is_written_in: fn(&str) -> bool,
    read: fn(&str, usize) -> Result<Draft, Problem>,
}

/// The languages; those whose tests look at more of the text come first.
const LANGUAGES: [Language; 6] = [
    Language { is_written_in: json::is_json, read: json::read },
    Language { is_written_in: graphml::is_graphml, read: graphml::read },
    Language { is_written_in: gml::is_gml, read: gml::read },
    Language { is_written_in: mermaid::is_mermaid, read: mermaid::read },
    Language { is_written_in: containerlab::is_containerlab, read: containerlab::read },
    Language { is_written_in: edges::is_edge_list, read: edges::read },
];

/// Reads a text that is in one of the languages; `at` is its position in the source. Returns none if it is in
/// no such language.
pub(super) fn read(text: &str, at: usize, builder: Builder<'_>) -> Result<Option<Parsed>, Problem> {
    let Some(language) = LANGUAGES.iter().find(|language| (language.is_written_in)(text)) else {
        return Ok(None);
    };
    let whole = Span { start: at, end: at + text.len() };
    // Links in both directions, and several between the same two nodes, are usual there.
    (language.read)(text, at)?.finish(builder, Repeat::Silent, whole).map(Some)
}
