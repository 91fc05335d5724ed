//! A place in a scenario's text that moves forward over tokens, with what the text is read with: the
//! chosen parameters, and how included files are got.

use std::collections::{BTreeMap, BTreeSet};

use nom::Parser;

use super::token::{self, Nothing};
use crate::text::{Diagnostic, Source, Span, nearest};

/// What was read, or the first thing that could not be.
pub(super) type Read<T> = Result<T, Diagnostic>;

/// Gets the text of an included file.
pub(super) type Includes<'a> = dyn FnMut(&str) -> Result<Source, String> + 'a;

/// How deep blocks, parentheses and included files may be nested: far deeper than a person reads,
/// far shallower than what exhausts the stack.
pub(super) const DEPTH_MAX: usize = 32;

/// A stretch of text and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

/// What all readers of one scenario share.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The parameters that something stands for.
    pub(super) used: BTreeSet<String>,
    /// What is taken as it stands, and probably not what was meant.
    pub(super) warnings: Vec<Diagnostic>,
    /// The files being read, the innermost last.
    pub(super) files: Vec<String>,
    /// The bytes of all included files.
    pub(super) included_bytes: usize,
    /// The nodes and links of all topologies.
    pub(super) network_size: usize,
    /// How many blocks and parentheses are open.
    pub(super) depth: usize,
}

/// The place where the text being read is the value of a parameter: all that is read from it stands
/// there.
#[derive(Debug, Clone)]
struct Pin {
    source: Source,
    span: Span,
    param: String,
}

/// Reads a text from its beginning to its end.
pub(super) struct Reader<'a> {
    source: &'a Source,
    at: usize,
    pin: Option<Pin>,
    pub(super) params: &'a BTreeMap<String, String>,
    pub(super) state: &'a mut State,
    pub(super) includes: &'a mut Includes<'a>,
}

impl<'a> Reader<'a> {
    /// At the beginning of a file; a byte order mark is passed over.
    pub(super) fn new(
        source: &'a Source,
        params: &'a BTreeMap<String, String>,
        state: &'a mut State,
        includes: &'a mut Includes<'a>,
    ) -> Self {
        let at = if source.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { source, at, pin: None, params, state, includes }
    }

    /// At the beginning of another file, with the same surroundings.
    pub(super) fn of_file<'b>(&'b mut self, source: &'b Source) -> Reader<'b> {
        Reader::new(source, self.params, self.state, self.includes)
    }

    /// The file that steps stand in, as messages name it.
    pub(super) fn source(&self) -> &Source {
        self.pin.as_ref().map_or(self.source, |pin| &pin.source)
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        self.source.text().get(self.at..).unwrap_or_default()
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// How far it has read, in bytes: to come back with [`Reader::back_to`], to measure with
    /// [`Reader::since`].
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to an earlier position.
    pub(super) fn back_to(&mut self, position: usize) {
        self.at = position;
    }

    /// What was read since `start`, for the tree.
    pub(super) fn since(&self, start: usize) -> Span {
        self.pin.as_ref().map_or(Span { start, end: self.at }, |pin| pin.span)
    }

    /// The text that was read since `start`.
    pub(super) fn text_since(&self, start: usize) -> &'a str {
        self.source.text().get(start..self.at).unwrap_or_default()
    }

    /// The place of the next word or sign, or of where the line ends.
    pub(super) fn next_word(&self) -> Token<'a> {
        let rest = self.rest();
        let text = match token::bare(rest) {
            Ok((_, word)) => {
                let name = word.find(|c| !token::is_name_char(c)).unwrap_or(word.len());
                if name == 0 { word } else { &word[..name] }
            }
            Err(_) => rest.chars().next().filter(|&c| c != '\n').map_or("", |c| &rest[..c.len_utf8()]),
        };
        Token { text, span: Span { start: self.at, end: self.at + text.len() } }
    }

    /// An error at `span`. In the value of a parameter it is shown where the parameter stands.
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        match &self.pin {
            None => Diagnostic::error(self.source, span, message),
            Some(pin) => {
                let message =
                    format!("`${}` stands for `{}`: {}", pin.param, self.source.text(), message.into());
                Diagnostic::error(&pin.source, pin.span, message)
            }
        }
    }

    /// An error at the next word: something else was expected there.
    pub(super) fn expected(&self, what: &str) -> Diagnostic {
        let next = self.next_word();
        let message = match next.text {
            "" if self.rest().is_empty() => format!("expected {what}, but the text ends"),
            "" => format!("expected {what}, but the line ends"),
            " " | "\t" | "\r" => format!("expected {what}, not a blank"),
            found => format!("expected {what}, not `{found}`"),
        };
        self.error(next.span, message)
    }

    /// Moves over what `parser` recognises.
    pub(super) fn eat<O>(
        &mut self,
        mut parser: impl Parser<&'a str, Output = O, Error = Nothing>,
    ) -> Option<O> {
        let rest = self.rest();
        let (left, output) = parser.parse(rest).ok()?;
        self.at += rest.len() - left.len();
        Some(output)
    }

    /// Moves over what `parser` recognises, and tells where that was.
    pub(super) fn token(
        &mut self,
        parser: impl Parser<&'a str, Output = &'a str, Error = Nothing>,
    ) -> Option<Token<'a>> {
        let start = self.at;
        let text = self.eat(parser)?;
        Some(Token { text, span: self.since(start) })
    }

    /// Moves over `expected` if it comes next.
    pub(super) fn eat_char(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    /// Moves over the word `keyword` if it comes next, and ends there.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let found = token::name(self.rest()).is_ok_and(|(_, name)| name == keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    /// Moves over blanks within the line; whether there were any.
    pub(super) fn blanks(&mut self) -> bool {
        self.eat(token::blanks).is_some()
    }

    /// Moves over a comment, where one may begin: at the start of a line or after a blank.
    fn comment(&mut self) -> bool {
        let before = self.source.text()[..self.at].chars().next_back();
        let opens = before.is_none_or(|c| c == '\n' || c == '\u{feff}' || token::is_blank(c));
        opens && self.eat(token::comment).is_some()
    }

    /// Moves over blanks, newlines and comments.
    pub(super) fn space(&mut self) {
        while self.eat(token::space).is_some() || self.comment() {}
    }

    /// Moves over all that may stand between two steps.
    pub(super) fn ends(&mut self) {
        while self.eat(token::ends).is_some() || self.comment() {}
    }

    /// Moves over a comma and what may follow it: blanks, comments and newlines.
    pub(super) fn comma(&mut self) -> bool {
        let start = self.at;
        self.blanks();
        if self.eat_char(',') {
            self.space();
            return true;
        }
        self.at = start;
        false
    }

    /// Whether nothing but a comment is left of the step. Moves up to its end.
    pub(super) fn at_end(&mut self) -> bool {
        self.blanks();
        self.comment();
        matches!(self.peek(), None | Some('\n' | ';' | '}'))
    }

    /// Nothing may be left of the step.
    pub(super) fn end(&mut self) -> Read<()> {
        if self.at_end() {
            return Ok(());
        }
        let error = self.expected("the end of the step");
        Err(match self.peek() {
            Some(',') => error.help("`all` and `random` stand alone, not in a list"),
            Some('#') => error.help("a comment begins at the start of a line or after a blank"),
            Some('{') => error.help(
                "quote a word that holds `{`; a block stands after `together`, `do`, \
                 `measure`, `repeat` and `each`",
            ),
            _ => error,
        })
    }

    /// One level of nesting more, for as long as `read` takes.
    pub(super) fn nested<T>(&mut self, span: Span, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.state.depth >= DEPTH_MAX {
            let message = format!("nested deeper than {DEPTH_MAX} levels");
            return Err(self.error(span, message).help("move the inner steps into a file, and `include` it"));
        }
        self.state.depth += 1;
        let result = read(self);
        self.state.depth -= 1;
        result
    }

    /// The name after a `$`, which comes next.
    pub(super) fn dollar(&mut self) -> Read<Token<'a>> {
        let start = self.at;
        self.at += '$'.len_utf8();
        match self.eat(token::name) {
            Some(text) => Ok(Token { text, span: self.since(start) }),
            None => Err(self
                .error(Span { start, end: self.at }, "a `$` that stands for nothing")
                .help("write `$name` or `${…}`; a dollar itself is `$$`")),
        }
    }

    /// Whether a parameter has that name. There are none in the value of a parameter.
    pub(super) fn is_param(&self, name: &str) -> bool {
        self.pin.is_none() && self.params.contains_key(name)
    }

    /// The value of the parameter of that name.
    pub(super) fn param(&mut self, name: &str) -> Option<&'a str> {
        if !self.is_param(name) {
            return None;
        }
        self.state.used.insert(name.to_owned());
        self.params.get(name).map(String::as_str)
    }

    /// Reads what must be fixed before anything starts: as it stands, or as the value of the
    /// parameter that stands there.
    pub(super) fn fixed<T>(
        &mut self,
        what: &str,
        read: impl for<'r> FnOnce(&mut Reader<'r>) -> Read<T>,
    ) -> Read<T> {
        if self.peek() != Some('$') || self.pin.is_some() {
            return read(self);
        }
        let token = self.dollar()?;
        if !self.is_param(token.text) {
            let message =
                format!("`${}` is no parameter, and {what} is fixed before anything starts", token.text);
            let params = self.params.keys().map(String::as_str);
            return Err(self.error(token.span, message).did_you_mean(nearest(token.text, params)));
        }
        self.in_param(&token, what, read)
    }

    /// Reads with other parameters.
    pub(super) fn with_params<T>(
        &mut self,
        params: &BTreeMap<String, String>,
        read: impl for<'r> FnOnce(&mut Reader<'r>) -> Read<T>,
    ) -> Read<T> {
        let mut reader = Reader {
            source: self.source,
            at: self.at,
            pin: self.pin.clone(),
            params,
            state: self.state,
            includes: self.includes,
        };
        let output = read(&mut reader);
        self.at = reader.at;
        output
    }

    /// Reads the value of the parameter at `token`, all of it.
    pub(super) fn in_param<T>(
        &mut self,
        token: &Token<'_>,
        what: &str,
        read: impl for<'r> FnOnce(&mut Reader<'r>) -> Read<T>,
    ) -> Read<T> {
        let value = Source::new(token.text, self.param(token.text).unwrap_or_default());
        let mut reader = Reader {
            source: &value,
            at: 0,
            pin: Some(Pin { source: self.source.clone(), span: token.span, param: token.text.to_owned() }),
            params: self.params,
            state: self.state,
            includes: self.includes,
        };
        let output = read(&mut reader)?;
        reader.blanks();
        if reader.rest().is_empty() {
            return Ok(output);
        }
        Err(reader.expected("the end").help(format!("all of the value stands for {what}")))
    }
}
