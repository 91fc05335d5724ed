//! The places of lines, for readers that know only the number of a line.

use crate::text::Span;

/// Returns the place of a line, which is counted from 1.
pub(super) fn line_span(text: &str, at: usize, line: usize) -> Span {
    let mut start = 0;
    for (number, content) in text.split('\n').enumerate() {
        if number + 1 == line {
            return Span { start: at + start, end: at + start + content.trim_end().len() };
        }
        start += content.len() + 1;
    }
    Span { start: at + text.len(), end: at + text.len() }
}
