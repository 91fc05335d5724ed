//! The parser of texts with placeholders.

use std::ops::Range;

use super::filter::Filter;
use super::{Condition, List, Nodes, Part, Slot, Template, When};

/// The reason why a text is no template, with the place in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum TemplateError {
    /// A word behind a bar names no filter.
    #[error("unknown filter `{name}`")]
    Filter {
        /// The word.
        name: String,
        /// Its place.
        at: Range<usize>,
    },
    /// A list lacks its text in quotes, or has more than it may.
    #[error("this is no list of nodes")]
    List {
        /// Its place.
        at: Range<usize>,
    },
    /// A condition has no known word, lacks its text in quotes, or has more than it may.
    #[error("this is no condition")]
    Condition {
        /// Its place.
        at: Range<usize>,
    },
}

impl Template {
    /// Parses a text.
    pub(in super::super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let (mut from, mut search) = (0, 0);
        while let Some(open) = text[search..].find('{') {
            let start = search + open;
            search = start + 1;
            let part = if let Some(list) = list(text, start)? {
                Some((list.at.end, Part::List(list)))
            } else if let Some((condition, end)) = condition(text, start)? {
                Some((end, Part::Condition(condition)))
            } else {
                slot(text, start)?.map(|slot| (slot.at.end, Part::Slot(slot)))
            };
            let Some((end, part)) = part else { continue };
            if from < start {
                parts.push(Part::Text(text[from..start].to_owned()));
            }
            parts.push(part);
            (from, search) = (end, end);
        }
        if from < text.len() {
            parts.push(Part::Text(text[from..].to_owned()));
        }
        Ok(Self { parts })
    }
}

/// Returns the placeholder that begins with the brace at `start`; none if it begins none.
fn slot(text: &str, start: usize) -> Result<Option<Slot>, TemplateError> {
    let Some((inside, _)) = text[start + 1..].split_once('}') else { return Ok(None) };
    let mut words = inside.split('|');
    let first = words.next().unwrap_or_default();
    // Space stands before a bar only: `{ x }` is no placeholder.
    let name = if inside.contains('|') { first.trim_end() } else { first };
    if !is_name(name) {
        return Ok(None);
    }
    let mut filters = Vec::new();
    let mut at = start + 1 + first.len();
    for word in words {
        let range = at + 1..at + 1 + word.len();
        at = range.end;
        let found = Filter::ALL.iter().find(|(other, _)| *other == word.trim());
        let unknown = || TemplateError::Filter { name: word.trim().to_owned(), at: range };
        filters.push(found.ok_or_else(unknown)?.1);
    }
    Ok(Some(Slot { name: name.to_owned(), filters, at: start..start + inside.len() + 2 }))
}

/// Returns the list that begins with the brace at `start`; none if it begins none.
fn list(text: &str, start: usize) -> Result<Option<List>, TemplateError> {
    let inside = &text[start + 1..];
    let begun = Nodes::WORDS.iter().find_map(|(word, nodes)| Some((inside.strip_prefix(word)?, *nodes)));
    let begun = begun.and_then(|(rest, of)| Some((rest.strip_prefix(':')?.trim_start(), of)));
    let Some((rest, of)) = begun else { return Ok(None) };
    let wrong = || TemplateError::List {
        at: start..start + 1 + inside.find('}').map_or(inside.len(), |end| end + 1),
    };
    let (each, rest) = quoted(rest).ok_or_else(wrong)?;
    let rest = rest.trim_start();
    let (join, rest) = match rest.strip_prefix("join") {
        Some(rest) => quoted(rest.trim_start()).map(|(join, rest)| (Some(join), rest)).ok_or_else(wrong)?,
        None => (None, rest),
    };
    let rest = rest.trim_start().strip_prefix('}').ok_or_else(wrong)?;
    let each = Template::parse(each).map_err(|_| wrong())?;
    Ok(Some(List { of, each, join: join.map(str::to_owned), at: start..text.len() - rest.len() }))
}

/// Returns the condition that begins with the brace at `start`, and its end; none if it begins none.
fn condition(text: &str, start: usize) -> Result<Option<(Condition, usize)>, TemplateError> {
    let inside = &text[start + 1..];
    let Some(rest) = inside.strip_prefix("if ") else { return Ok(None) };
    let wrong = || TemplateError::Condition {
        at: start..start + 1 + inside.find('}').map_or(inside.len(), |end| end + 1),
    };
    let (word, rest) = rest.split_once(':').ok_or_else(wrong)?;
    let when = When::WORDS.iter().find(|(other, _)| *other == word.trim()).ok_or_else(wrong)?.1;
    let (inner, rest) = quoted(rest.trim_start()).ok_or_else(wrong)?;
    let rest = rest.trim_start().strip_prefix('}').ok_or_else(wrong)?;
    let inner = Template::parse(inner).map_err(|_| wrong())?;
    Ok(Some((Condition { when, text: inner }, text.len() - rest.len())))
}

/// Returns the text in quotes at the beginning of a text, and the rest.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text[1..].split_once(quote)
}

/// Returns true if a text in braces is the name of a placeholder: words of letters and digits with dots between.
fn is_name(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    text.split('.').all(word)
}
