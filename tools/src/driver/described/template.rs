//! Texts with placeholders, such as `PUT /kv/{key}` or `{"value": {value|json}}`.
//!
//! A placeholder is a name in braces, with filters after it. Braces around anything else are text.

use std::fmt;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::value;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// The name, such as `port.client`.
    pub(super) name: String,
    filters: Vec<Filter>,
    /// The place of the placeholder in the text, braces included.
    pub(super) at: Range<usize>,
}

/// A filter of a placeholder: the way in which its value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// As JSON: a text in quotes, or a typed value as it is.
    Json,
    /// In base64, with padding.
    Base64,
    /// As a part of a path or a query: all but letters, digits and `-_.~` is percent-encoded.
    Url,
}

/// The reason why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown filter `{name}`")]
pub(super) struct FilterError {
    /// The word that names no filter.
    pub(super) name: String,
    /// Its place in the text.
    pub(super) at: Range<usize>,
}

impl Filter {
    /// All filters, each by its word.
    const ALL: [(&'static str, Self); 3] =
        [("json", Self::Json), ("base64", Self::Base64), ("url", Self::Url)];

    /// Returns the words of all filters.
    pub(super) fn words() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(word, _)| *word)
    }

    fn apply(self, text: &str) -> String {
        match self {
            Self::Json => value::json(text).into_owned(),
            Self::Base64 => STANDARD.encode(text),
            Self::Url => encoded(text),
        }
    }
}

impl Template {
    /// Parses a text.
    pub(super) fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parts = Vec::new();
        let (mut from, mut rest) = (0, text);
        while let Some(open) = rest.find('{') {
            let start = text.len() - rest.len() + open;
            rest = &rest[open + 1..];
            let Some((inside, _)) = rest.split_once('}') else { break };
            let mut words = inside.split('|');
            let name = words.next().unwrap_or_default();
            if !is_name(name) {
                continue;
            }
            let mut filters = Vec::new();
            let mut at = start + 1 + name.len();
            for word in words {
                let range = at + 1..at + 1 + word.len();
                at = range.end;
                let found = Filter::ALL.iter().find(|(other, _)| *other == word.trim());
                let (_, filter) =
                    found.ok_or_else(|| FilterError { name: word.trim().to_owned(), at: range })?;
                filters.push(*filter);
            }
            if from < start {
                parts.push(Part::Text(text[from..start].to_owned()));
            }
            let end = start + inside.len() + 2;
            parts.push(Part::Slot(Slot { name: name.to_owned(), filters, at: start..end }));
            (from, rest) = (end, &text[end..]);
        }
        if from < text.len() {
            parts.push(Part::Text(text[from..].to_owned()));
        }
        Ok(Self { parts })
    }

    /// Returns the placeholders, in order.
    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Text(_) => None,
        })
    }

    /// Returns the template without the first bytes of its text, which hold no placeholder.
    pub(super) fn without_prefix(mut self, length: usize) -> Self {
        if let Some(Part::Text(text)) = self.parts.first_mut() {
            text.drain(..length.min(text.len()));
        }
        self
    }

    /// Fills in each placeholder by its name. One without filters gets `usual`, if there is one.
    ///
    /// The error is the name of the first placeholder for which there is no value.
    pub(super) fn fill(
        &self,
        usual: Option<Filter>,
        value: impl Fn(&str) -> Option<String>,
    ) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Slot(slot) => {
                    let value = value(&slot.name).ok_or_else(|| slot.name.clone())?;
                    let usual = usual.filter(|_| slot.filters.is_empty());
                    let filters = usual.iter().chain(&slot.filters);
                    text.push_str(&filters.fold(value, |text, filter| filter.apply(&text)));
                }
            }
        }
        Ok(text)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.name)
    }
}

/// Returns true if a text in braces is the name of a placeholder: words of letters and digits with dots between.
fn is_name(text: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    text.split('.').all(word)
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, usual: Option<Filter>, expected: &str) {
        let template = Template::parse(text).unwrap();
        let value = |name: &str| match name {
            "key" => Some("a b/ü".to_owned()),
            "value" => Some("5".to_owned()),
            "port.client" => Some("7000".to_owned()),
            _ => None,
        };
        assert_eq!(template.fill(usual, value).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn placeholders_are_filled_in_through_their_filters() {
        check("PUT /kv/{key}", Some(Filter::Url), "PUT /kv/a%20b%2F%C3%BC");
        check("PUT /kv/{key|json}", Some(Filter::Url), "PUT /kv/\"a b/ü\"");
        check("{key}", None, "a b/ü");
        check("{value|json} {key|json} {value|base64}", None, "5 \"a b/ü\" NQ==");
        check("{port.client}{value}", None, "70005");
    }

    #[test]
    fn other_braces_are_text() {
        for text in ["{\"a\": {}}", "{ value }", "{", "x{", "{1}", "{\"k\": \"{\"}", "a}b"] {
            check(text, None, text);
        }
        check("{\"v\": {value}}", None, "{\"v\": 5}");
    }

    #[test]
    fn an_unknown_name_or_filter_is_told() {
        let unknown = Template::parse("a {b} {c.d}").unwrap();
        assert_eq!(unknown.fill(None, |_| None), Err("b".to_owned()));
        assert_eq!(unknown.slots().map(|slot| slot.at.clone()).collect::<Vec<_>>(), [2..5, 6..11]);
        let error = Template::parse("x {key|json|bse64}").unwrap_err();
        assert_eq!((&*error.name, error.at), ("bse64", 12..17));
    }
}
