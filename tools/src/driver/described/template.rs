//! Texts with placeholders, such as `PUT /kv/{key}` or `{"value": {value|json}}`.
//!
//! A placeholder is a name in braces, with filters after it. A list is a text for each of several nodes, such as
//! `{peers: "http://{host}:{port}" join ","}`. Braces around anything else are text.

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
    List(List),
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

/// A text for each of several nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    /// The nodes.
    pub(super) of: Nodes,
    /// The text for one node.
    pub(super) each: Template,
    /// The text between two nodes.
    join: String,
    /// The place of the list in the text, braces included.
    pub(super) at: Range<usize>,
}

/// The nodes of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nodes {
    /// The neighbours of the node.
    Neighbours,
    /// All nodes, the node itself among them.
    All,
    /// All nodes but the node itself.
    Others,
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

/// The reason why a text is no template, with the place in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
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
}

/// The source of the texts for placeholders.
pub(super) trait Filling {
    /// Returns the text for a placeholder; none if there is none.
    fn text(&self, name: &str) -> Option<String>;

    /// Returns the source of the texts of each of several nodes.
    fn nodes(&self, nodes: Nodes) -> Vec<&dyn Filling>;
}

impl Nodes {
    /// The words of lists.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("peers", Self::Neighbours), ("nodes", Self::All), ("others", Self::Others)];
}

impl Filter {
    /// All filters, each by its word.
    const ALL: [(&'static str, Self); 3] =
        [("json", Self::Json), ("base64", Self::Base64), ("url", Self::Url)];

    /// Returns the words of all filters.
    pub(super) fn words() -> impl Iterator<Item = &'static str> + Clone {
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
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let (mut from, mut search) = (0, 0);
        while let Some(open) = text[search..].find('{') {
            let start = search + open;
            search = start + 1;
            let part = match list(text, start)? {
                Some(list) => Some((list.at.end, Part::List(list))),
                None => slot(text, start)?.map(|slot| (slot.at.end, Part::Slot(slot))),
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

    /// Returns the words of a command line, as a shell splits it; none if a quote is not closed. Whatever stands in a
    /// placeholder divides no word.
    pub(super) fn words(&self) -> Option<Vec<Self>> {
        /// The character that stands for a placeholder meanwhile: one that no text has.
        const STAND_IN: char = '\u{10FFFF}';
        let line: String = self
            .parts
            .iter()
            .map(|part| if let Part::Text(text) = part { text.clone() } else { STAND_IN.to_string() })
            .collect();
        let mut slots = self.parts.iter().filter(|part| !matches!(part, Part::Text(_)));
        let word = |word: String| {
            let mut parts = Vec::new();
            for (index, text) in word.split(STAND_IN).enumerate() {
                parts.extend((index > 0).then(|| slots.next().cloned()).flatten());
                parts.extend((!text.is_empty()).then(|| Part::Text(text.to_owned())));
            }
            Self { parts }
        };
        Some(shlex::split(&line)?.into_iter().map(word).collect())
    }

    /// Returns the lists of nodes, in order.
    pub(super) fn lists(&self) -> impl Iterator<Item = &List> {
        self.parts.iter().filter_map(|part| match part {
            Part::List(list) => Some(list),
            Part::Text(_) | Part::Slot(_) => None,
        })
    }

    /// Returns the placeholders, in order.
    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Text(_) | Part::List(_) => None,
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
    pub(super) fn fill(&self, usual: Option<Filter>, filling: &dyn Filling) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Slot(slot) => {
                    let value = filling.text(&slot.name).ok_or_else(|| slot.name.clone())?;
                    let usual = usual.filter(|_| slot.filters.is_empty());
                    let filters = usual.iter().chain(&slot.filters);
                    text.push_str(&filters.fold(value, |text, filter| filter.apply(&text)));
                }
                Part::List(list) => {
                    let nodes = filling.nodes(list.of).into_iter();
                    let texts: Vec<String> =
                        nodes.map(|node| list.each.fill(usual, node)).collect::<Result<_, _>>()?;
                    text.push_str(&texts.join(&list.join));
                }
            }
        }
        Ok(text)
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
        Some(rest) => quoted(rest.trim_start()).ok_or_else(wrong)?,
        None => (" ", rest),
    };
    let rest = rest.trim_start().strip_prefix('}').ok_or_else(wrong)?;
    let each = Template::parse(each).map_err(|_| wrong())?;
    Ok(Some(List { of, each, join: join.to_owned(), at: start..text.len() - rest.len() }))
}

/// Returns the text in quotes at the beginning of a text, and the rest.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    text[1..].split_once(quote)
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

    /// A node of a network of two.
    struct Node(&'static str, Vec<Node>);

    impl Filling for Node {
        fn text(&self, name: &str) -> Option<String> {
            match name {
                "key" => Some("a b/ü".to_owned()),
                "value" => Some("5".to_owned()),
                "port.client" => Some("7000".to_owned()),
                "name" => Some(self.0.to_owned()),
                _ => None,
            }
        }
        fn nodes(&self, nodes: Nodes) -> Vec<&dyn Filling> {
            let own = (nodes == Nodes::All).then_some(self as &dyn Filling);
            own.into_iter().chain(self.1.iter().map(|node| node as &dyn Filling)).collect()
        }
    }

    fn node() -> Node {
        Node("a", vec![Node("b", Vec::new()), Node("c", Vec::new())])
    }

    #[track_caller]
    fn check(text: &str, usual: Option<Filter>, expected: &str) {
        let template = Template::parse(text).unwrap();
        assert_eq!(template.fill(usual, &node()).as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn placeholders_are_filled_in_through_their_filters() {
        check("PUT /kv/{key}", Some(Filter::Url), "PUT /kv/a%20b%2F%C3%BC");
        check("PUT /kv/{key|json}", Some(Filter::Url), "PUT /kv/\"a b/ü\"");
        check("{key}", None, "a b/ü");
        check("{value|json} {key|json} {value|base64}", None, "5 \"a b/ü\" NQ==");
        check("{port.client}{value}", None, "70005");
        check("{value | json} { value } {value }", None, "5 { value } {value }");
    }

    #[test]
    fn other_braces_are_text() {
        for text in ["{\"a\": {}}", "{ value }", "{", "x{", "{1}", "{\"k\": \"{\"}", "a}b"] {
            check(text, None, text);
        }
        check("{\"v\": {value}}", None, "{\"v\": 5}");
    }

    #[test]
    fn lists_have_a_text_for_each_node() {
        check("{nodes: \"{name}={port.client}\" join \",\"}", None, "a=7000,b=7000,c=7000");
        check("x {peers: 'http://{name}'}", None, "x http://b http://c");
        let wrong = |text: &str| Template::parse(text).unwrap_err();
        assert_eq!(wrong("a {peers: x}"), TemplateError::List { at: 2..12 });
        assert_eq!(wrong("{nodes: \"{name}\" by \",\"}").to_string(), "this is no list of nodes");
    }

    #[test]
    fn a_placeholder_divides_no_word() {
        let template =
            Template::parse("sh -c 'x {key}' {nodes: \"{name} {key}\" join \" \"} {value}").unwrap();
        let words = template.words().unwrap();
        let words: Vec<String> = words.iter().map(|word| word.fill(None, &node()).unwrap()).collect();
        assert_eq!(words, ["sh", "-c", "x a b/ü", "a a b/ü b a b/ü c a b/ü", "5"]);
        assert!(Template::parse("sh 'x").unwrap().words().is_none());
    }

    #[test]
    fn an_unknown_name_or_filter_is_told() {
        let unknown = Template::parse("a {b} {c.d}").unwrap();
        assert_eq!(unknown.fill(None, &node()), Err("b".to_owned()));
        assert_eq!(unknown.slots().map(|slot| slot.at.clone()).collect::<Vec<_>>(), [2..5, 6..11]);
        let error = Template::parse("x {key|json|bse64}").unwrap_err();
        assert_eq!(error, TemplateError::Filter { name: "bse64".to_owned(), at: 12..17 });
    }
}
