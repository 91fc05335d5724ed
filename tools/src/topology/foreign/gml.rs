//! The reader of GML (Himsolt 1997), as networkx, igraph and Gephi write it: `graph [ node [ id 0 label "x" ]
//! edge [ source 0 target 1 ] ]`. The name of a node is its label if no other node has the same, else its id.

use std::collections::BTreeMap;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while1};
use nom::combinator::recognize;
use nom::multi::many0_count;
use nom::sequence::delimited;
use nom::{IResult, Parser};

use super::super::cursor::Nothing;
use super::super::draft::Draft;
use super::super::problem::Problem;
use crate::text::Span;

const FORMAT: &str = "GML";

/// Returns true if the text is a list of keys and values, and one of them is `graph [`.
pub(super) fn is_gml(text: &str) -> bool {
    let mut tokens = Tokens { rest: text, at: 0 };
    loop {
        match (tokens.next(), tokens.next()) {
            (Some(("graph", _)), Some(("[", _))) => return true,
            (Some((key, _)), Some((value, _))) if is_key(key) && value != "[" && value != "]" => {}
            _ => return false,
        }
    }
}

fn is_key(token: &str) -> bool {
    token.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The keys and values between two brackets.
struct List<'t> {
    key: &'t str,
    values: BTreeMap<&'t str, String>,
    span: Span,
}

/// Reads the whole text.
pub(super) fn read(text: &str, at: usize) -> Result<Draft, Problem> {
    let mut tokens = Tokens { rest: text, at };
    let (mut nodes, mut links, mut open) = (Vec::new(), Vec::new(), Vec::<List<'_>>::new());
    while let Some((token, span)) = tokens.next() {
        if token == "]" {
            let Some(list) = open.pop() else {
                return Err(Problem::malformed(FORMAT, "this `]` closes nothing", span));
            };
            match (list.key, open.last().map(|outer| outer.key)) {
                ("node", Some("graph")) => nodes.push(list),
                ("edge", Some("graph")) => links.push(list),
                _ => {}
            }
            continue;
        }
        if !is_key(token) {
            return Err(Problem::malformed(FORMAT, &format!("`{token}` is no key"), span));
        }
        match tokens.next() {
            Some(("[", bracket)) => {
                open.push(List { key: token, values: BTreeMap::new(), span: span.to(bracket) });
            }
            Some(("]", bracket)) => {
                return Err(Problem::malformed(FORMAT, &format!("`{token}` has no value"), bracket));
            }
            Some((value, _)) => {
                if let Some(list) = open.last_mut() {
                    list.values.insert(token, plain(value));
                }
            }
            None => return Err(Problem::malformed(FORMAT, &format!("`{token}` has no value"), span)),
        }
    }
    if !tokens.rest.is_empty() {
        return Err(Problem::malformed(
            FORMAT,
            "this cannot be read",
            Span { start: tokens.at, end: tokens.at + 1 },
        ));
    }
    if let Some(list) = open.last() {
        return Err(Problem::malformed(FORMAT, "this `[` is never closed", list.span));
    }
    drafted(&nodes, &links)
}

fn drafted(nodes: &[List<'_>], links: &[List<'_>]) -> Result<Draft, Problem> {
    let mut count = BTreeMap::<&str, usize>::new();
    for label in nodes.iter().filter_map(|node| node.values.get("label")) {
        *count.entry(label).or_default() += 1;
    }
    let labelled = nodes.len() == count.len() && count.values().all(|count| *count == 1);
    let (mut draft, mut places) = (Draft::default(), BTreeMap::new());
    for node in nodes {
        let Some(id) = node.values.get("id") else {
            return Err(Problem::malformed(FORMAT, "a node has no `id`", node.span));
        };
        let name = node.values.get("label").filter(|_| labelled).unwrap_or(id);
        places.insert(id, draft.node(name, node.span)?);
    }
    for link in links {
        let mut end = |key: &'static str| {
            let missing = || Problem::malformed(FORMAT, &format!("an edge has no `{key}`"), link.span);
            let id = link.values.get(key).ok_or_else(missing)?;
            places.get(id).copied().map_or_else(|| draft.node(id, link.span), Ok)
        };
        let (from, to) = (end("source")?, end("target")?);
        draft.link(from, to, link.span)?;
    }
    Ok(draft)
}

/// Returns a value without its quotes and entities.
fn plain(value: &str) -> String {
    let Some(text) = value.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let entity = rest[at..].find(';').map(|end| &rest[at..=at + end]);
        if let Some((entity, character)) = entity.and_then(|entity| Some((entity, character(entity)?))) {
            plain.push(character);
            rest = &rest[at + entity.len()..];
        } else {
            plain.push('&');
            rest = &rest[at + 1..];
        }
    }
    plain + rest
}

/// Returns the character of an entity: `&amp;`, `&#228;`.
fn character(entity: &str) -> Option<char> {
    match entity {
        "&amp;" => Some('&'),
        "&quot;" => Some('"'),
        "&apos;" => Some('\''),
        "&lt;" => Some('<'),
        "&gt;" => Some('>'),
        _ => char::from_u32(entity.strip_prefix("&#")?.strip_suffix(';')?.parse().ok()?),
    }
}

/// The words, numbers, strings and brackets of a text, with their places.
struct Tokens<'t> {
    rest: &'t str,
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = (&'t str, Span);

    fn next(&mut self) -> Option<Self::Item> {
        if let Ok((rest, gone)) = gap(self.rest) {
            (self.rest, self.at) = (rest, self.at + gone.len());
        }
        let (rest, found) = token(self.rest).ok()?;
        let span = Span { start: self.at, end: self.at + found.len() };
        (self.rest, self.at) = (rest, span.end);
        Some((found, span))
    }
}

/// Recognises blanks and comments, or nothing.
fn gap(input: &str) -> IResult<&str, &str, Nothing> {
    let blanks = take_while1(|c: char| c.is_ascii_whitespace());
    let comment = recognize((tag("#"), take_till(|c| c == '\n')));
    recognize(many0_count(alt((blanks, comment)))).parse(input)
}

/// Recognises a bracket, a string with its quotes, a key or a number.
fn token(input: &str) -> IResult<&str, &str, Nothing> {
    let string = recognize(delimited(tag("\""), take_till(|c| c == '"'), tag("\"")));
    let word = take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-'));
    alt((tag("["), tag("]"), string, word)).parse(input)
}
