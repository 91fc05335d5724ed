//! The reader of lists of edges: two names a line, as networkx, SNAP and KONECT write them. A weight or data
//! may follow; `#` and `%` open comments.

use super::super::draft::Draft;
use super::super::problem::Problem;
use crate::text::Span;

/// Returns true if every line is a pair of names without the `-` of a topology's link.
pub(super) fn is_edge_list(text: &str) -> bool {
    let mut lines = lines(text).peekable();
    lines.peek().is_some() && lines.all(|(_, line)| pair(line).is_some())
}

/// Reads the whole text.
pub(super) fn read(text: &str, at: usize) -> Result<Draft, Problem> {
    let mut draft = Draft::default();
    for (start, line) in lines(text) {
        let span = Span { start: at + start, end: at + start + line.len() };
        let (from, to) = pair(line)
            .ok_or_else(|| Problem::malformed("list of edges", "this line has no two names", span))?;
        let (from, to) = (draft.node(from, span)?, draft.node(to, span)?);
        draft.link(from, to, span)?;
    }
    Ok(draft)
}

/// Returns the lines with content, each with the position where it begins.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split('\n').filter_map(move |line| {
        let begin = start + (line.len() - line.trim_start().len());
        start += line.len() + 1;
        let line = line.trim();
        (!line.is_empty() && !line.starts_with(['#', '%'])).then_some((begin, line))
    })
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let (from, to) = (words.next()?, words.next()?);
    let is_name = |word: &str| {
        word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || !c.is_ascii())
    };
    let mut rest = words.peekable();
    let is_data = rest.peek().is_none_or(|word| word.starts_with('{'));
    let ends = is_data || rest.all(|word| word.parse::<f64>().is_ok());
    (is_name(from) && is_name(to) && ends).then_some((from, to))
}
