//! The tokens of Graphviz's language: names and values, keywords, signs of links, and the gaps between them.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_until, take_while, take_while1};
use nom::combinator::{opt, recognize};
use nom::multi::many0_count;
use nom::sequence::delimited;
use nom::{IResult, Parser};

use super::super::cursor::{Cursor, Nothing, comment, word};
use super::super::draft::NameKind;
use super::super::problem::{Problem, ProblemKind};
use crate::text::Span;

/// Words that are no names unless they are quoted, in upper or lower case.
pub(in super::super) const KEYWORDS: [&str; 6] = ["graph", "digraph", "subgraph", "strict", "node", "edge"];

/// A name, or a value of an attribute.
#[derive(Debug, Clone)]
pub(super) struct Id {
    pub(super) text: String,
    pub(super) kind: NameKind,
    quoted: bool,
    pub(super) span: Span,
}

impl Id {
    /// Returns true if the name is a keyword, which has a meaning of its own.
    pub(super) fn is_keyword(&self) -> bool {
        let bare = !self.quoted && self.kind == NameKind::Plain;
        bare && KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(&self.text))
    }
}

/// Reads a name or a value of any kind: bare, a number, HTML, or quoted strings joined by `+`.
pub(super) fn id(cursor: &mut Cursor<'_>) -> Result<Option<Id>, Problem> {
    match cursor.peek() {
        Some('"') => strings(cursor).map(Some),
        Some('<') => {
            let Some(found) = cursor.eat(html) else { return Err(unexpected(cursor)) };
            let text = found.text[1..found.text.len() - 1].to_owned();
            Ok(Some(Id { text, kind: NameKind::Html, quoted: false, span: found.span }))
        }
        _ => Ok(cursor.eat(alt((bare, number))).map(|found| Id {
            text: found.text.to_owned(),
            kind: NameKind::Plain,
            quoted: false,
            span: found.span,
        })),
    }
}

/// Reads strings joined by `+` as one text: `"a" + "b"`.
fn strings(cursor: &mut Cursor<'_>) -> Result<Id, Problem> {
    let mut id = Id { text: String::new(), kind: NameKind::Plain, quoted: true, span: cursor.here() };
    loop {
        let Some(found) = cursor.eat(quoted) else { return Err(unexpected(cursor)) };
        id.span = id.span.to(found.span);
        unescape(&found.text[1..found.text.len() - 1], &mut id.text);
        let mut ahead = cursor.clone();
        ahead.eat(gap);
        if ahead.eat_char('+').is_none() {
            return Ok(id);
        }
        ahead.eat(gap);
        *cursor = ahead;
    }
}

/// Adds the text between quotes to `whole`: `\"` is a quote, and `\` at a line's end joins it to the next
/// line. All other text stays as it is, `\\` as well.
fn unescape(text: &str, whole: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        let escaped = &rest[at + 1..];
        rest = if let Some(after) = escaped.strip_prefix('"') {
            whole.push('"');
            after
        } else if let Some(after) = escaped.strip_prefix("\r\n").or(escaped.strip_prefix('\n')) {
            after
        } else {
            let taken = escaped.chars().next().map_or(0, char::len_utf8);
            whole.push('\\');
            whole.push_str(&escaped[..taken]);
            &escaped[taken..]
        };
    }
    whole.push_str(rest);
}

/// Returns the error for text that cannot be read here, or for a quote or bracket that is open to the end.
pub(super) fn unexpected(cursor: &Cursor<'_>) -> Problem {
    let opening = match cursor.peek() {
        Some('"') => Some("\""),
        Some('<') => Some("<"),
        Some('/') if cursor.rest().starts_with("/*") => Some("/*"),
        _ => None,
    };
    match opening {
        Some(opening) => Problem::new(cursor.span(opening.len()), ProblemKind::Open(opening)),
        None => Problem::new(cursor.here(), ProblemKind::Unexpected(cursor.peek().unwrap_or('}'))),
    }
}

/// Moves over a keyword and the gap behind it.
pub(super) fn eat_keyword(cursor: &mut Cursor<'_>, keyword: &str) -> bool {
    let mut ahead = cursor.clone();
    let found = ahead.eat(word).is_some_and(|found| found.text.eq_ignore_ascii_case(keyword));
    // A letter outside of ASCII continues a name.
    if !found || ahead.peek().is_some_and(|next| !next.is_ascii()) {
        return false;
    }
    ahead.eat(gap);
    *cursor = ahead;
    true
}

/// Recognises blanks, newlines and the three kinds of comments, or nothing.
pub(super) fn gap(input: &str) -> IResult<&str, &str, Nothing> {
    let blanks = take_while1(|c: char| c.is_ascii_whitespace() || c == '\u{feff}' || c == '\u{b}');
    let line = recognize((tag("//"), take_till(|c| c == '\n')));
    let block = recognize((tag("/*"), take_until("*/"), tag("*/")));
    recognize(many0_count(alt((blanks, line, block, comment)))).parse(input)
}

/// Recognises a name without quotes: letters of any alphabet, digits and `_`; its first character is no
/// digit.
fn bare(input: &str) -> IResult<&str, &str, Nothing> {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    recognize((take_while1(begins), take_while(move |c: char| begins(c) || c.is_ascii_digit()))).parse(input)
}

/// Recognises a number: `-7`, `.5`, `1.5`. It ends where letters begin, as in Graphviz: `2B` is two names.
fn number(input: &str) -> IResult<&str, &str, Nothing> {
    let fraction = recognize((tag("."), digits));
    let whole = recognize((digits, opt(recognize((tag("."), take_while(|c: char| c.is_ascii_digit()))))));
    recognize((opt(tag("-")), alt((fraction, whole)))).parse(input)
}

fn digits(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c: char| c.is_ascii_digit()).parse(input)
}

/// Recognises a string with its quotes; `\` escapes the next character.
fn quoted(input: &str) -> IResult<&str, &str, Nothing> {
    let plain = take_while1(|c| c != '"' && c != '\\');
    let escaped = recognize((tag("\\"), nom::character::complete::anychar));
    recognize(delimited(tag("\""), many0_count(alt((plain, escaped))), tag("\""))).parse(input)
}

/// Recognises HTML between angle brackets, which nest; those in its comments do not count.
fn html(input: &str) -> IResult<&str, &str, Nothing> {
    let mut depth = 0_usize;
    let mut from = 0;
    while let Some(found) = input[from..].find(['<', '>']) {
        let at = from + found;
        from = at + 1;
        if depth == 0 && at > 0 {
            break;
        }
        if let Some(end) = input[at..].starts_with("<!--").then(|| input[at..].find("-->")).flatten() {
            from = at + end + "-->".len();
        } else if input[at..].starts_with('<') {
            depth += 1;
        } else if depth > 1 {
            depth -= 1;
        } else {
            return Ok((&input[at + 1..], &input[..=at]));
        }
    }
    Err(nom::Err::Error(()))
}

/// Recognises `--` or `->`.
pub(super) fn operator(input: &str) -> IResult<&str, &str, Nothing> {
    alt((tag("--"), tag("->"))).parse(input)
}
