//! The parser of a generator's arguments: `(50, degree=4, seed=7)` or `:50`.

use nom::Parser;
use nom::bytes::complete::{take_till, take_till1};

use super::cursor::{Cursor, Nothing, Token, is_name_char, layout};
use super::generator::{Generator, Kind, Shape};
use super::names::Names;
use super::problem::{Problem, ProblemKind, shown};
use super::{NAME_MAX, RESERVED};
use crate::text::Span;

/// The default average degree of a random graph: low enough for thousands of nodes, high enough to survive
/// the loss of a few.
const DEGREE: u64 = 4;
/// The default arity of a tree: that of a binary one.
const ARITY: u64 = 2;
/// The default seed of a random graph: any fixed number would do.
const SEED: u64 = 1;

/// The arguments as they were written.
struct Arguments<'a> {
    kind: Kind,
    size: Token<'a>,
    options: Vec<(Token<'a>, Token<'a>)>,
}

/// Reads `(…)` behind the name of a generator, the `(` being next.
pub(super) fn long(cursor: &mut Cursor<'_>, kind: Kind) -> Result<Generator, Problem> {
    let start = cursor.here();
    cursor.eat_char('(');
    let open = Problem::new(start, ProblemKind::OpenParenthesis(kind));
    let (mut size, mut options) = (None, Vec::new());
    loop {
        cursor.eat(layout);
        let Some(argument) = cursor.eat(argument).map(trimmed).filter(|token| !token.text.is_empty()) else {
            let missing = if size.is_none() && options.is_empty() {
                ProblemKind::MissingSize(kind)
            } else {
                ProblemKind::MissingOption(kind)
            };
            return Err(match cursor.peek() {
                Some(')' | ',') => Problem::new(cursor.here(), missing),
                _ => open,
            });
        };
        match split(argument) {
            Some(option) => options.push(option),
            None if size.is_none() && options.is_empty() => size = Some(argument),
            // No `)` follows before the text goes on to other items.
            None if !closes(cursor.rest()) => return Err(open),
            None => {
                let stray = ProblemKind::StrayArgument(kind, shown(argument.text));
                return Err(Problem::new(argument.span, stray));
            }
        }
        cursor.eat(layout);
        if cursor.eat_char(')').is_some() {
            break;
        }
        if cursor.eat_char(',').is_none() {
            return Err(match cursor.peek() {
                Some(found) if closes(cursor.rest()) => {
                    Problem::new(cursor.here(), ProblemKind::Unexpected(found))
                }
                _ => open,
            });
        }
    }
    let size = size.ok_or_else(|| size_missing(kind, start, &options))?;
    Arguments { kind, size, options }.generator()
}

/// Returns the problem of a list of arguments without a size. In `15 arity=2` only the comma is missing.
fn size_missing(kind: Kind, start: Span, options: &[(Token<'_>, Token<'_>)]) -> Problem {
    let words = options.first().and_then(|(key, _)| Some((key, key.text.split_once(char::is_whitespace)?)));
    match words {
        Some((key, (_, option))) => {
            Problem::new(key.span, ProblemKind::MissingComma(shown(option.trim_start())))
        }
        None => Problem::new(start, ProblemKind::MissingSize(kind)),
    }
}

/// Reads `:5` behind the name of a generator, the `:` being next.
pub(super) fn short(cursor: &mut Cursor<'_>, kind: Kind) -> Result<Generator, Problem> {
    let colon = cursor.eat_char(':').unwrap_or_default();
    let size = cursor
        .eat(take_till1::<_, _, Nothing>(|c: char| c == ',' || c.is_ascii_whitespace()))
        .ok_or_else(|| Problem::new(colon, ProblemKind::MissingSize(kind)))?;
    Arguments { kind, size, options: Vec::new() }.generator()
}

impl Arguments<'_> {
    /// Checks the arguments, and returns the generator.
    fn generator(&self) -> Result<Generator, Problem> {
        self.check_options()?;
        let shape = self.shape()?;
        if shape.nodes() == 0 {
            return Err(Problem::new(self.size.span, ProblemKind::NoNodes(self.kind)));
        }
        Ok(Generator { shape, names: self.names(shape)? })
    }

    fn check_options(&self) -> Result<(), Problem> {
        for (at, (key, value)) in self.options.iter().enumerate() {
            let fail = |kind| Err(Problem::new(key.span, kind));
            if key.text.is_empty() {
                return Err(Problem::new(value.span, ProblemKind::MissingOption(self.kind)));
            }
            if !self.kind.options().contains(&key.text) {
                return fail(ProblemKind::UnknownOption(self.kind, shown(key.text)));
            }
            if value.text.is_empty() {
                return fail(ProblemKind::MissingValue(shown(key.text)));
            }
            if self.options[..at].iter().any(|(earlier, _)| earlier.text == key.text) {
                return fail(ProblemKind::OptionTwice(shown(key.text)));
            }
        }
        Ok(())
    }

    fn shape(&self) -> Result<Shape, Problem> {
        if self.kind == Kind::Grid {
            let (width, height) = self.area()?;
            return Ok(Shape::Grid { width, height });
        }
        let nodes = size(self.size.text).ok_or_else(|| self.bad_size())?;
        Ok(match self.kind {
            Kind::Ring => Shape::Ring { nodes },
            Kind::Star => Shape::Star { nodes },
            Kind::Line => Shape::Line { nodes },
            Kind::Clique => Shape::Clique { nodes },
            Kind::Tree => Shape::Tree { nodes, arity: self.figure("arity", 1)?.unwrap_or(ARITY) },
            Kind::Grid | Kind::Random => {
                let degree = self.degree(nodes)?;
                Shape::Random { nodes, degree, seed: self.figure("seed", 0)?.unwrap_or(SEED) }
            }
        })
    }

    /// Reads the size of a grid: `3x4`, also with blanks, and with the signs that some keyboards have for
    /// `x`.
    fn area(&self) -> Result<(u64, u64), Problem> {
        self.size
            .text
            .split_once(['x', 'X', '×', '*'])
            .and_then(|(width, height)| Some((size(width.trim())?, size(height.trim())?)))
            .ok_or_else(|| self.bad_size())
    }

    /// Returns the degree, which must be high enough to connect `nodes` nodes.
    fn degree(&self, nodes: u64) -> Result<u64, Problem> {
        let most = nodes.saturating_sub(1);
        let Some(degree) = self.figure("degree", 0)? else { return Ok(DEGREE.min(most)) };
        let fail = |kind| Err(Problem::new(self.value("degree").span, kind));
        if degree > most {
            return fail(ProblemKind::HighDegree { degree, nodes });
        }
        if (Shape::Random { nodes, degree, seed: 0 }).links() < u128::from(most) {
            return fail(ProblemKind::LowDegree { degree, nodes });
        }
        Ok(degree)
    }

    fn names(&self, shape: Shape) -> Result<Names, Problem> {
        let (from, prefix) = (self.value("from"), self.value("prefix"));
        if prefix.text.is_empty() {
            return letters(from);
        }
        if let Some((at, found)) = prefix.text.char_indices().find(|(_, c)| !is_name_char(*c)) {
            let start = prefix.span.start + at;
            let span = Span { start, end: start + found.len_utf8() };
            return Err(Problem::new(span, ProblemKind::BadName(shown(prefix.text))));
        }
        let first = match from.text {
            "" => 1,
            text => number(text)
                .ok_or_else(|| Problem::new(from.span, ProblemKind::FromWithPrefix(shown(text))))?,
        };
        let last = u128::from(first) + shape.nodes();
        if last > u128::from(u64::MAX) {
            let value = shown(from.text);
            return Err(Problem::new(from.span, ProblemKind::BadNumber { option: "from", value, least: 0 }));
        }
        let length = prefix.text.len() + last.to_string().len();
        if length > NAME_MAX {
            return Err(Problem::new(prefix.span, ProblemKind::LongName(length)));
        }
        Ok(Names::Prefixed(prefix.text.to_owned(), first))
    }

    /// Returns the number that is given for an option, at least `least`; none if the option is not given.
    fn figure(&self, option: &'static str, least: u64) -> Result<Option<u64>, Problem> {
        let value = self.value(option);
        if value.text.is_empty() {
            return Ok(None);
        }
        let bad = || {
            let kind = ProblemKind::BadNumber { option, value: shown(value.text), least };
            Problem::new(value.span, kind)
        };
        number(value.text).filter(|&figure| figure >= least).map(Some).ok_or_else(bad)
    }

    /// Returns the value of an option; empty if it is not given.
    fn value(&self, option: &str) -> Token<'_> {
        let found = self.options.iter().find(|(key, _)| key.text == option);
        found.map_or(Token { text: "", span: self.size.span }, |(_, value)| *value)
    }

    fn bad_size(&self) -> Problem {
        Problem::new(self.size.span, ProblemKind::BadSize(self.kind, shown(self.size.text)))
    }
}

/// Parses a whole number of digits only: no sign, no blank.
fn number(text: &str) -> Option<u64> {
    is_digits(text).then(|| text.parse().ok()).flatten()
}

/// Parses a size of digits only. A size beyond 64 bits becomes the greatest of 64 bits, which is as much too
/// large.
fn size(text: &str) -> Option<u64> {
    is_digits(text).then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns names that begin at `from`, a name made of small letters.
fn letters(from: Token<'_>) -> Result<Names, Problem> {
    let fail = |kind| Err(Problem::new(from.span, kind));
    match from.text {
        "" => Ok(Names::default()),
        text if !text.bytes().all(|byte| byte.is_ascii_lowercase()) => {
            fail(ProblemKind::FromWithoutPrefix(shown(text)))
        }
        // One letter of room is left for longer names.
        text if text.len() >= NAME_MAX => fail(ProblemKind::LongName(text.len())),
        text if RESERVED.contains(&text) => fail(ProblemKind::Reserved(text.to_owned())),
        text => Ok(Names::Letters(text.to_owned())),
    }
}

/// Recognises the text up to the sign that ends an argument.
fn argument(input: &str) -> nom::IResult<&str, &str, Nothing> {
    take_till(|c| matches!(c, ',' | '(' | ')' | '#' | '\n')).parse(input)
}

/// Returns true if a `)` follows before the next `(`.
fn closes(rest: &str) -> bool {
    rest.find(['(', ')']).is_some_and(|at| rest[at..].starts_with(')'))
}

fn trimmed(token: Token<'_>) -> Token<'_> {
    part(token, 0, token.text.len())
}

/// Splits `key=value`, if the argument is of that form.
fn split(argument: Token<'_>) -> Option<(Token<'_>, Token<'_>)> {
    let equals = argument.text.find('=')?;
    Some((part(argument, 0, equals), part(argument, equals + 1, argument.text.len())))
}

/// Returns a part of a token without the blanks at both ends.
fn part(token: Token<'_>, from: usize, to: usize) -> Token<'_> {
    let untrimmed = &token.text[from..to];
    let text = untrimmed.trim();
    let start = token.span.start + from + (untrimmed.len() - untrimmed.trim_start().len());
    Token { text, span: Span { start, end: start + text.len() } }
}
