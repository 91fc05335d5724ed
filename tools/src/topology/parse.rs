//! The grammar of topologies: chains, generators and lone names, between separators.
//!
//! ```text
//! topology  = item { sep item } ;          sep = one or more of "," blank newline
//! item      = chain | generator | name ;   a lone name is a node with no link yet
//! chain     = name "-" name { "-" name } ; a-b-c stands for a-b, b-c
//! generator = kind "(" size { "," key "=" value } ")" | kind ":" size
//! kind      = ring | star | line | clique | grid | tree | random
//! name      = letter, digit or "_" , one or more
//! comment   = "#" to the end of the line
//! ```
//!
//! - `ring(1)` is a lone node and `ring(2)` a single link: no node is linked to itself or twice to
//!   another. `ring(5)` ends in `e-a`.
//! - `grid(3x4)` is 3 wide and 4 high and names its nodes row by row. `tree(15, arity=2)` names them
//!   level by level; a parent dials its children. Elsewhere the earlier node dials the later.
//! - `random(50, degree=4, seed=7)` has `50 * 4 / 2` links, a random path through all nodes among them.
//!   The default degree is 4 (or that of a clique, if that is less), the default seed 1.
//! - `from=d` names nodes d, e, …; the reserved words are left out (z is followed by aa, so that the
//!   thousandth name would be `all`). `prefix=n` names them n1, n2, …; `prefix=n, from=3` n3, n4, ….
//! - Generators that name the same nodes share them: `ring(5), star(6)` has six nodes.
//! - A text whose first word is `graph`, `digraph` or `strict`, and that goes on to a `{`, is Graphviz's.
//! - A whole file may be in the language of another program (see [`Reading::is_file`]).

use nom::bytes::complete::{take_while, take_while1};

use super::arguments;
use super::builder::{Builder, Repeat};
use super::cursor::{Cursor, Nothing, Token, is_blank, separators, word};
use super::foreign;
use super::generator::Kind;
use super::graphviz;
use super::parsed::{Parsed, Reading};
use super::problem::{Problem, ProblemKind, shown};
use crate::text::{Diagnostic, Source, Span};

/// Parses a whole text as a topology.
pub fn parse(source: &Source) -> Result<Parsed, Diagnostic> {
    read(source, Reading::default())
}

/// Parses a whole text as a topology, with options.
pub fn read(source: &Source, reading: Reading) -> Result<Parsed, Diagnostic> {
    let span = Span { start: 0, end: source.text().len() };
    let cursor = Cursor::new(source, span);
    let builder = || Builder::new(source).lenient(reading.lenient);
    let graphviz = graphviz::is_graphviz(cursor.clone());
    let foreign =
        if reading.is_file && !graphviz { foreign::read(source.text(), 0, builder()) } else { Ok(None) };
    let parsed = match foreign {
        Ok(Some(parsed)) => Ok(parsed),
        Ok(None) if graphviz => graphviz::read(cursor, builder()),
        Ok(None) => Reader { cursor, builder: builder() }.topology(),
        Err(problem) => Err(problem),
    };
    parsed.map_err(|problem| {
        let is_self_link = matches!(problem.kind, ProblemKind::SelfLink(_));
        let diagnostic = problem.diagnostic(source);
        match &diagnostic.help {
            Some(help) if is_self_link && reading.is_file => {
                let help = format!("{help}; `--lenient` leaves such links out");
                diagnostic.help(help)
            }
            _ => diagnostic,
        }
    })
}

/// Parses the part of a text at `span` as a topology. All places refer to the whole text. The beginning of
/// the part counts as the start of a line: a comment may stand there.
pub fn parse_span(source: &Source, span: Span) -> Result<Parsed, Diagnostic> {
    let cursor = Cursor::new(source, span);
    let builder = Builder::new(source);
    let parsed = if graphviz::is_graphviz(cursor.clone()) {
        graphviz::read(cursor, builder)
    } else {
        Reader { cursor, builder }.topology()
    };
    parsed.map_err(|problem| problem.diagnostic(source))
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    builder: Builder<'a>,
}

impl<'a> Reader<'a> {
    fn topology(mut self) -> Result<Parsed, Problem> {
        let whole = self.cursor.span(self.cursor.rest().len());
        loop {
            self.cursor.eat(separators);
            if self.cursor.rest().is_empty() {
                return self.builder.finish(whole);
            }
            self.item()?;
        }
    }

    fn item(&mut self) -> Result<(), Problem> {
        let Some(name) = self.cursor.eat(word) else { return Err(self.no_item()) };
        match self.cursor.peek() {
            Some('(') => self.generator(name, arguments::long),
            Some(':') => self.generator(name, arguments::short),
            _ => self.chain(name),
        }
    }

    /// Reads a generator, whose name was read.
    fn generator(
        &mut self,
        name: Token<'a>,
        arguments: fn(&mut Cursor<'_>, Kind) -> Result<super::generator::Generator, Problem>,
    ) -> Result<(), Problem> {
        let Some(kind) = Kind::named(name.text) else {
            return Err(Problem::new(name.span, ProblemKind::UnknownGenerator(shown(name.text))));
        };
        let generator = arguments(&mut self.cursor, kind)?;
        let span = Span { start: name.span.start, end: self.cursor.here().start };
        if Dash::after(&self.cursor).is_some() {
            return Err(Problem::new(span, ProblemKind::GeneratorInChain));
        }
        self.item_ends()?;
        self.builder.generate(generator, span)
    }

    /// Reads names with dashes between them; the first name was read.
    fn chain(&mut self, first: Token<'a>) -> Result<(), Problem> {
        let mut left = first;
        let mut links = 0_usize;
        while let Some(dash) = Dash::after(&self.cursor) {
            let right = dash.right_of(left)?;
            self.cursor = dash.after;
            self.builder.link(left, right, Repeat::Warned)?;
            left = right;
            links += 1;
        }
        if links == 0 {
            self.item_ends()?;
            return self.builder.lone(first);
        }
        match self.cursor.peek() {
            Some('(' | ':') if Kind::named(left.text).is_some() => {
                Err(Problem::new(left.span, ProblemKind::GeneratorInChain))
            }
            _ => self.item_ends(),
        }
    }

    /// Checks that a separator follows the item.
    fn item_ends(&self) -> Result<(), Problem> {
        match self.cursor.peek() {
            None | Some(',') => Ok(()),
            Some(c) if c.is_ascii_whitespace() => Ok(()),
            Some(c) => Err(Problem::new(self.cursor.here(), ProblemKind::Unexpected(c))),
        }
    }

    /// Returns the error for a place where an item should begin.
    fn no_item(&mut self) -> Problem {
        let found = self.cursor.peek().unwrap_or_default();
        let here = self.cursor.here();
        if found != '-' {
            return Problem::new(here, ProblemKind::Unexpected(found));
        }
        self.cursor.eat_char('-');
        match self.cursor.eat(word) {
            Some(right) => Problem::new(here, ProblemKind::MissingLeft(shown(right.text))),
            None => Problem::new(here, ProblemKind::Unexpected('-')),
        }
    }
}

/// A sign that looks like the dash of a link, and the text around it.
struct Dash<'a> {
    /// The blanks before it.
    before: Token<'a>,
    /// The dash, or the dashes, or the arrow.
    sign: Token<'a>,
    /// The blanks behind it.
    behind: Token<'a>,
    /// The name behind those blanks.
    right: Option<Token<'a>>,
    /// The cursor behind all of these.
    after: Cursor<'a>,
}

impl<'a> Dash<'a> {
    /// Reads the dash that follows in the same line, even where none may stand.
    fn after(cursor: &Cursor<'a>) -> Option<Self> {
        let mut after = cursor.clone();
        let before = after.eat(take_while::<_, _, Nothing>(is_blank))?;
        let sign = after.eat(take_while1::<_, _, Nothing>(|c| matches!(c, '-' | '<' | '>')))?;
        let behind = after.eat(take_while::<_, _, Nothing>(is_blank))?;
        let right = after.eat(word);
        sign.text.contains('-').then_some(Self { before, sign, behind, right, after })
    }

    /// Returns the other end of the link, if the dash is valid.
    fn right_of(&self, left: Token<'_>) -> Result<Token<'a>, Problem> {
        let fail = |kind| Err(Problem::new(self.sign.span, kind));
        let touches = self.before.text.is_empty() && self.behind.text.is_empty();
        match self.right {
            Some(right) if self.sign.text == "-" && touches => return Ok(right),
            // Another character stands there, and it is no separator.
            None if touches => match self.after.peek() {
                Some(c) if c != ',' && !c.is_ascii_whitespace() && self.sign.text == "-" => {
                    return Err(Problem::new(self.after.here(), ProblemKind::Unexpected(c)));
                }
                _ => {}
            },
            _ => {}
        }
        let left = shown(left.text);
        let right = match self.right {
            Some(right) => shown(right.text),
            None if self.sign.text == "-" => return fail(ProblemKind::MissingRight(left)),
            None => if left == "b" { "a" } else { "b" }.to_owned(),
        };
        match self.sign.text {
            "-" => fail(ProblemKind::Apart { left, right }),
            sign if sign.contains('>') => fail(ProblemKind::Arrow { from: left, to: right }),
            sign if sign.contains('<') => fail(ProblemKind::Arrow { from: right, to: left }),
            sign => fail(ProblemKind::Dashes { dashes: shown(sign), left, right }),
        }
    }
}
