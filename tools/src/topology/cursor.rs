//! A cursor that moves over a text by nom's parsers.
//!
//! A token parser returns only the text that it recognised, or fails without a reason. The grammar reports
//! errors, since it knows which tokens may stand at a place.

use nom::bytes::complete::{take_till, take_while, take_while1};
use nom::combinator::recognize;
use nom::multi::many0_count;
use nom::{IResult, Parser};

use crate::text::{Source, Span};

/// The error of a token parser that does not recognise its token: it has no content.
pub(super) type Nothing = ();

/// A stretch of text together with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

/// A cursor over a part of a source, from its beginning to its end.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// Returns a cursor at the beginning of `span`. A span that does not fit the text, or cuts a character,
    /// gives an empty one.
    pub(super) fn new(source: &'a Source, span: Span) -> Self {
        let text = source.text();
        let fits = text.get(span.start..span.end).is_some();
        let (at, end) = if fits { (span.start, span.end) } else { (text.len(), text.len()) };
        Self { text, at, end }
    }

    /// Returns the text that is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    /// Returns the next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Returns the place of the next `len` bytes, cut at the end of the text.
    pub(super) fn span(&self, len: usize) -> Span {
        Span { start: self.at, end: (self.at + len).min(self.end) }
    }

    /// Returns the place of the next character.
    pub(super) fn here(&self) -> Span {
        self.span(self.peek().map_or(0, char::len_utf8))
    }

    /// Moves over the text that `parser` recognises, and returns it with its place.
    pub(super) fn eat<P>(&mut self, mut parser: P) -> Option<Token<'a>>
    where
        P: Parser<&'a str, Output = &'a str, Error = Nothing>,
    {
        let rest = self.rest();
        let (left, text) = parser.parse(rest).ok()?;
        let span = self.span(rest.len() - left.len());
        self.at = span.end;
        Some(Token { text, span })
    }

    /// Moves over `expected` if it comes next, and returns its place.
    pub(super) fn eat_char(&mut self, expected: char) -> Option<Span> {
        self.eat(recognize(nom::character::complete::char(expected))).map(|token| token.span)
    }
}

/// Returns true if `c` may stand in a node's name.
pub(super) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns true if `c` separates words without ending a line.
pub(super) fn is_blank(c: char) -> bool {
    c.is_ascii_whitespace() && c != '\n'
}

/// Recognises letters, digits and `_`, at least one.
pub(super) fn word(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(is_name_char).parse(input)
}

/// Recognises a comment: `#` to the end of the line.
pub(super) fn comment(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((nom::character::complete::char('#'), take_till(|c| c == '\n'))).parse(input)
}

/// Recognises blanks, newlines and comments, or nothing. The parser is for places behind a blank or at a
/// line's start.
pub(super) fn layout(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((take_while(|c: char| c.is_ascii_whitespace()), many0_count(commented))).parse(input)
}

/// Recognises commas, blanks, newlines and comments, or nothing.
pub(super) fn separators(input: &str) -> IResult<&str, &str, Nothing> {
    let gap = take_while1(|c: char| c == ',' || c.is_ascii_whitespace());
    recognize(many0_count(nom::branch::alt((gap, comment)))).parse(input)
}

fn commented(input: &str) -> IResult<&str, &str, Nothing> {
    recognize((comment, take_while(|c: char| c.is_ascii_whitespace()))).parse(input)
}
