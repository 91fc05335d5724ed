//! A text with a name, and places in it.

use std::ops::Range;
use std::sync::Arc;

/// A text that a person wrote, with the name of its origin. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    name: String,
    text: String,
    is_confidential: bool,
}

/// A range of one source, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A span as people count: the line, the column and the width count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
    /// The whole line, without its end.
    pub text: String,
    /// The number of the line's characters that the span covers; at least 1.
    pub width: usize,
}

impl Source {
    /// Creates a source from a text and its name: a path, `-`, or a name for the command line.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Arc::new(Inner { name: name.into(), text: text.into(), is_confidential: false }))
    }

    /// Creates the source of a file that may be anything, such as one that a stranger's scenario includes.
    /// Diagnostics before it runs quote nothing of it (see
    /// [`Diagnostic::without_secrets`](super::Diagnostic::without_secrets)).
    pub fn confidential(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self(Arc::new(Inner { name: name.into(), text: text.into(), is_confidential: true }))
    }

    /// Returns true if nothing of the text may be quoted before it runs.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        self.0.is_confidential
    }

    /// Returns the name of the text's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the whole text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Returns the text at `span`; empty where the span lies outside of the text.
    #[must_use]
    pub fn at(&self, span: Span) -> &str {
        self.text().get(Range::from(span)).unwrap_or_default()
    }

    /// Returns the line, column and width of `span`.
    #[must_use]
    pub fn place(&self, span: Span) -> Place {
        let text = self.text();
        let start = (0..=span.start.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let end = (start..=span.end.clamp(start, line_end))
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(start);
        Place {
            line: text[..start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }
}

impl Span {
    /// Returns the span from the first byte of `self` to the last of `other`.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start..span.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_from_one() {
        let source = Source::new("x.scn", "a-b\né-é\r\nlast");
        let span = source.text().find("-é").map(|start| Span { start, end: start + 3 }).unwrap();
        let place = source.place(span);
        assert_eq!((place.line, place.column, place.text.as_str(), place.width), (2, 2, "é-é", 2));
        let end = source.place(Span { start: 999, end: 999 });
        assert_eq!((end.line, end.column, end.width), (3, 5, 1));
    }

    #[test]
    fn a_span_over_several_lines_is_shown_on_the_first() {
        let source = Source::new("-", "abc\ndef");
        assert_eq!(source.place(Span { start: 1, end: 6 }).width, 2);
    }
}
