//! The parser of the topology of a `network` step: its text as it stands, or with parameters filled in.

use std::ops::Range;

use super::reader::{Read, Reader};
use super::token;
use crate::text::{Diagnostic, Source, Span, nearest};
use crate::topology::{self, Graph};

/// The most nodes and links that all `network` steps may have together: as many as one topology.
const SIZE_MAX: usize = topology::NODES_MAX + topology::LINKS_MAX;

/// A part of a topology whose parameters are filled in.
struct Piece {
    /// The bytes of the piece in the text that is parsed.
    range: Range<usize>,
    /// The place of the piece in the scenario.
    span: Span,
    /// The parameter whose value the piece is, if any.
    param: Option<String>,
}

impl Reader<'_> {
    /// Reads a topology, up to the end of its line; a newline after `,` counts as a blank.
    pub(super) fn topology(&mut self) -> Read<Graph> {
        let words = self.topology_words()?;
        let (Some(first), Some(last)) = (words.first(), words.last()) else {
            let error = self.expected("a topology");
            return Err(error.help("such as `network a-b, b-c` or `network ring(5)`"));
        };
        let span = first.to(*last);
        let source = self.source().clone();
        if let Some(marks) = self.marks() {
            marks.add_topology_names(words.iter().map(|&word| (source.at(word), word.start)));
        }
        let parsed = if words.iter().any(|&word| self.source().at(word).contains('$')) {
            let (filled, pieces) = self.fill_in(&words)?;
            let filled = Source::new(self.source().name(), filled);
            let placed = |diagnostic| self.placed(diagnostic, &pieces);
            topology::parse(&filled).map_err(placed).map(|mut parsed| {
                parsed.warnings = parsed.warnings.into_iter().map(placed).collect();
                parsed
            })
        } else {
            topology::parse_span(self.source(), span)
        }?;
        self.state.warnings.extend(parsed.warnings);
        self.state.network_size += parsed.graph.nodes().len() + parsed.graph.links().len();
        if self.state.network_size > SIZE_MAX {
            let message =
                format!("the networks of this scenario have more than {SIZE_MAX} nodes and links together");
            return Err(self.error(span, message));
        }
        Ok(parsed.graph)
    }

    /// Reads the words between blanks and comments, to the end of the topology.
    fn topology_words(&mut self) -> Read<Vec<Span>> {
        let mut words = Vec::new();
        loop {
            if self.at_end() {
                let continues = words.last().is_some_and(|&word| self.source().at(word).ends_with(','));
                if !continues || self.peek() != Some('\n') {
                    return Ok(words);
                }
                self.space();
            } else if let Some(word) = self.token(token::bare) {
                if let Some(marks) = self.marks() {
                    marks.add_topology_word(word.text, word.span.start);
                }
                words.push(word.span);
            } else if words.last().is_some_and(|&word| self.source().at(word).ends_with('$')) {
                let span = Span { start: self.position() - 1, end: self.position() + 1 };
                return Err(self
                    .error(span, "a topology holds parameters, no expressions")
                    .help("write `$name`"));
            } else {
                let error = self.error(self.next_word().span, "a topology holds no `{`");
                return Err(error.help("a `network` step ends with its line, or with `;`"));
            }
        }
    }

    /// Returns the text with the values of its parameters, and the pieces that it is made of.
    fn fill_in(&mut self, words: &[Span]) -> Read<(String, Vec<Piece>)> {
        let (mut filled, mut pieces) = (String::new(), Vec::new());
        for &word in words {
            let (text, mut at) = (self.source().at(word).to_owned(), 0);
            while let Some(dollar) = text[at..].find('$').map(|offset| at + offset) {
                let name = token::name(&text[dollar + 1..]).map_or("", |(_, name)| name);
                let place = |from: usize, to: usize| Span { start: word.start + from, end: word.start + to };
                let end = dollar + 1 + name.len();
                add(&mut filled, &mut pieces, &text[at..dollar], place(at, dollar), None);
                if name.is_empty() {
                    let error = self.error(place(dollar, end), "a `$` that stands for nothing");
                    return Err(error.help("`$name` stands for a parameter"));
                }
                let Some(value) = self.param(name) else {
                    let message =
                        format!("`${name}` is no parameter, and a topology is fixed before anything starts");
                    let near = nearest(name, self.params.keys().map(String::as_str));
                    let error = self.error(place(dollar, end), message);
                    return Err(match near {
                        Some(near) => error.did_you_mean(Some(near)),
                        None => error.help(format!("declare it above all steps: `param {name} = ring(5)`")),
                    });
                };
                add(&mut filled, &mut pieces, value, place(dollar, end), Some(name.to_owned()));
                at = end;
            }
            let tail = Span { start: word.start + at, end: word.end };
            add(&mut filled, &mut pieces, &text[at..], tail, None);
            filled.push(' ');
        }
        Ok((filled, pieces))
    }

    /// Returns the diagnostic with its place in the scenario.
    fn placed(&self, diagnostic: Diagnostic, pieces: &[Piece]) -> Diagnostic {
        let at = diagnostic.span;
        let piece = pieces
            .iter()
            .find(|piece| piece.range.contains(&at.start))
            .or_else(|| pieces.iter().rfind(|piece| !piece.range.is_empty()));
        let (span, message) = match piece {
            Some(Piece { span, param: Some(param), .. }) => {
                let value = self.params.get(param).map_or("", String::as_str);
                (*span, format!("`${param}` stands for `{value}`: {}", diagnostic.message))
            }
            Some(Piece { span, range, param: None }) => {
                let start = span.start + at.start.saturating_sub(range.start).min(range.len());
                let end = span.start + at.end.saturating_sub(range.start).min(range.len());
                (Span { start, end: end.max(start) }, diagnostic.message)
            }
            None => (Span::default(), diagnostic.message),
        };
        Diagnostic { source: self.source().clone(), span, message, ..diagnostic }
    }
}

/// Adds a piece of text unless it is empty.
fn add(filled: &mut String, pieces: &mut Vec<Piece>, text: &str, span: Span, param: Option<String>) {
    if !text.is_empty() {
        let start = filled.len();
        filled.push_str(text);
        pieces.push(Piece { range: start..filled.len(), span, param });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::reader::State;
    use super::*;

    #[test]
    fn networks_that_are_too_large_together_are_refused() {
        let source = Source::new("test.scn", "a-b, b-c");
        let read = |before: usize| {
            let mut state = State { network_size: before, ..State::default() };
            let mut includes = |path: &str| Err(path.to_owned());
            Reader::new(&source, &BTreeMap::new(), &mut state, &mut includes).topology()
        };
        // The graph of the test has three nodes and two links.
        assert!(read(SIZE_MAX - 5).is_ok());
        let message = read(SIZE_MAX - 4).unwrap_err().message;
        assert_eq!(message, "the networks of this scenario have more than 5000000 nodes and links together");
    }
}
