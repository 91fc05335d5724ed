//! Graphviz's language, as far as it says who is linked to whom.
//!
//! Read are `graph` and `digraph` (there `a -> b` says that a dials b), `strict` (a link given twice is
//! not spoken of), chains, lone nodes, quoted names, and subgraphs as groups. Attributes and ports are
//! passed over: a topology has no place for them. A subgraph as an end of a link is refused, and so are
//! names that a topology could not write.
//!
//! The language: <https://graphviz.org/doc/info/lang.html>.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_until, take_while1};
use nom::combinator::recognize;
use nom::multi::{many0_count, many1_count};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

use super::builder::{Builder, Repeat};
use super::cursor::{Cursor, Nothing, Token, comment, word};
use super::parse::Parsed;
use super::problem::{Problem, ProblemKind, shown};
use crate::text::Span;

/// Words that are no names unless they are quoted, in any case of letters.
pub(super) const KEYWORDS: [&str; 6] = ["graph", "digraph", "subgraph", "strict", "node", "edge"];

/// Whether the text is one of Graphviz's: `graph`, a name or none, and `{`.
pub(super) fn is_graphviz(mut cursor: Cursor<'_>) -> bool {
    let Ok(_) = header(&mut cursor) else { return false };
    cursor.peek() == Some('{')
}

/// Reads the whole text.
pub(super) fn read<'a>(mut cursor: Cursor<'a>, builder: Builder<'a>) -> Result<Parsed, Problem> {
    let whole = cursor.span(cursor.rest().len());
    let (directed, repeat) = header(&mut cursor)?;
    let mut reader = Reader { cursor, builder, directed, repeat };
    reader.body()?;
    reader.cursor.eat(gap);
    match reader.cursor.rest().len() {
        0 => reader.builder.finish(whole),
        left => Err(Problem::new(reader.cursor.span(left), ProblemKind::Trailing)),
    }
}

/// Reads up to the first `{`: whether the graph is directed, and whether repeats are told of.
fn header(cursor: &mut Cursor<'_>) -> Result<(bool, Repeat), Problem> {
    cursor.eat(gap);
    let strict = eat_keyword(cursor, "strict").is_some();
    let directed = eat_keyword(cursor, "digraph").is_some();
    if !directed && eat_keyword(cursor, "graph").is_none() {
        return Err(unexpected(cursor));
    }
    cursor.eat(alt((quoted, word)));
    cursor.eat(gap);
    Ok((directed, if strict { Repeat::Untold } else { Repeat::Told }))
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    builder: Builder<'a>,
    directed: bool,
    repeat: Repeat,
}

impl<'a> Reader<'a> {
    /// From the first `{` to its `}`.
    fn body(&mut self) -> Result<(), Problem> {
        // The places of the braces that are open. A list of its own instead of a recursion, which a
        // hostile text could drive as deep as it is long.
        let mut open: Vec<Span> = Vec::new();
        loop {
            self.cursor.eat(gap);
            if let Some(brace) = self.cursor.eat_char('{') {
                open.push(brace);
            } else if let Some(brace) = self.cursor.eat_char('}') {
                open.pop();
                if open.is_empty() {
                    return Ok(());
                }
                self.cursor.eat(gap);
                if self.cursor.eat(operator).is_some() {
                    return Err(Problem::new(brace, ProblemKind::SubgraphInLink));
                }
            } else if self.cursor.eat_char(';').is_some() {
                // Ends a statement, or nothing.
            } else if eat_keyword(&mut self.cursor, "subgraph").is_some() {
                self.cursor.eat(alt((quoted, word)));
                self.cursor.eat(gap);
                if self.cursor.peek() != Some('{') {
                    return Err(unexpected(&self.cursor));
                }
            } else if self.cursor.rest().is_empty() {
                let last = open.last().copied().unwrap_or_default();
                return Err(Problem::new(last, ProblemKind::Open("{")));
            } else {
                self.statement()?;
            }
        }
    }

    /// Defaults, an attribute of the graph, a node, or a chain.
    fn statement(&mut self) -> Result<(), Problem> {
        let (name, quoted) = self.id()?;
        self.cursor.eat(gap);
        let is_keyword = !quoted && KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name.text));
        if is_keyword && self.cursor.peek() == Some('[') {
            return self.attributes();
        }
        if self.cursor.eat_char('=').is_some() {
            self.cursor.eat(gap);
            return self.cursor.eat(value).map(drop).ok_or_else(|| unexpected(&self.cursor));
        }
        if is_keyword {
            return Err(Problem::new(name.span, ProblemKind::Keyword(name.text.to_owned())));
        }
        let mut left = name;
        let mut links = 0_usize;
        self.cursor.eat(port);
        while let Some(sign) = self.sign()? {
            let right = self.end(sign)?;
            self.builder.link(left, right, self.repeat)?;
            left = right;
            links += 1;
        }
        if links == 0 {
            self.builder.node(name)?;
        }
        self.attributes()
    }

    /// `--` or `->`, the one of this kind of graph.
    fn sign(&mut self) -> Result<Option<Span>, Problem> {
        self.cursor.eat(gap);
        let Some(sign) = self.cursor.eat(operator) else { return Ok(None) };
        let (keyword, expected) = if self.directed { ("digraph", "->") } else { ("graph", "--") };
        if sign.text == expected {
            return Ok(Some(sign.span));
        }
        Err(Problem::new(sign.span, ProblemKind::Operator { found: shown(sign.text), keyword }))
    }

    /// The node behind a link's sign.
    fn end(&mut self, sign: Span) -> Result<Token<'a>, Problem> {
        self.cursor.eat(gap);
        let start = self.cursor.here();
        if self.cursor.peek() == Some('{') || eat_keyword(&mut self.cursor, "subgraph").is_some() {
            return Err(Problem::new(start, ProblemKind::SubgraphInLink));
        }
        let (name, quoted) = match self.cursor.peek() {
            None => return Err(Problem::new(sign, ProblemKind::Unexpected('-'))),
            Some(_) => self.id()?,
        };
        if !quoted && KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name.text)) {
            return Err(Problem::new(name.span, ProblemKind::Keyword(name.text.to_owned())));
        }
        self.cursor.eat(port);
        Ok(name)
    }

    /// A name, bare or quoted. Whether it may be a node's is for the builder to say.
    fn id(&mut self) -> Result<(Token<'a>, bool), Problem> {
        if let Some(name) = self.cursor.eat(quoted) {
            let inner = &name.text[1..name.text.len() - 1];
            return Ok((Token { text: inner, span: name.span }, true));
        }
        match self.cursor.eat(bare) {
            Some(name) => Ok((name, false)),
            None => Err(unexpected(&self.cursor)),
        }
    }

    /// Lists of attributes, as many as there are.
    fn attributes(&mut self) -> Result<(), Problem> {
        loop {
            self.cursor.eat(gap);
            let Some(open) = self.cursor.eat_char('[') else { return Ok(()) };
            loop {
                self.cursor.eat(gap);
                if self.cursor.eat_char(']').is_some() {
                    break;
                }
                if self.cursor.eat(alt((value, tag("="), tag(","), tag(";"), tag("+")))).is_none() {
                    return Err(match self.cursor.peek() {
                        Some('"' | '<' | '/') => unexpected(&self.cursor),
                        _ => Problem::new(open, ProblemKind::Open("[")),
                    });
                }
            }
        }
    }
}

/// What cannot be read here, or what is open to the end.
fn unexpected(cursor: &Cursor<'_>) -> Problem {
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
fn eat_keyword<'a>(cursor: &mut Cursor<'a>, keyword: &str) -> Option<Token<'a>> {
    let mut ahead = cursor.clone();
    let found = ahead.eat(word).filter(|found| found.text.eq_ignore_ascii_case(keyword))?;
    ahead.eat(gap);
    *cursor = ahead;
    Some(found)
}

/// Blanks, newlines and the three kinds of comments, or nothing.
fn gap(input: &str) -> IResult<&str, &str, Nothing> {
    let blanks = take_while1(|c: char| c.is_ascii_whitespace());
    let line = recognize((tag("//"), take_till(|c| c == '\n')));
    let block = recognize((tag("/*"), take_until("*/"), tag("*/")));
    recognize(many0_count(alt((blanks, line, block, comment)))).parse(input)
}

/// A name without quotes: letters of any alphabet, digits, `_` and `.`.
fn bare(input: &str) -> IResult<&str, &str, Nothing> {
    take_while1(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || !c.is_ascii()).parse(input)
}

/// A string with its quotes; `\` takes the next character's meaning away.
fn quoted(input: &str) -> IResult<&str, &str, Nothing> {
    let plain = take_while1(|c| c != '"' && c != '\\');
    let escaped = recognize((tag("\\"), nom::character::complete::anychar));
    recognize(delimited(tag("\""), many0_count(alt((plain, escaped))), tag("\""))).parse(input)
}

/// HTML between angle brackets, which nest.
fn html(input: &str) -> IResult<&str, &str, Nothing> {
    let mut depth = 0_usize;
    for (at, c) in input.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if depth > 1 => depth -= 1,
            '>' if depth == 1 => return Ok((&input[at + 1..], &input[..=at])),
            _ if depth == 0 => break,
            _ => {}
        }
    }
    Err(nom::Err::Error(()))
}

/// What may stand for an attribute's name or value.
fn value(input: &str) -> IResult<&str, &str, Nothing> {
    let number = recognize(preceded(tag("-"), bare));
    alt((quoted, html, number, bare)).parse(input)
}

/// `--` or `->`.
fn operator(input: &str) -> IResult<&str, &str, Nothing> {
    alt((tag("--"), tag("->"))).parse(input)
}

/// Where on a node's shape a link ends: `:n`, `:port:n`.
fn port(input: &str) -> IResult<&str, &str, Nothing> {
    let id = alt((quoted, html, bare));
    recognize(many1_count((gap, tag(":"), gap, id))).parse(input)
}
