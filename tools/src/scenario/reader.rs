//! A cursor that moves over the tokens of a scenario's text. It also holds the context of the reading: the
//! chosen parameters, and the function that gets included files.

use std::collections::{BTreeMap, BTreeSet};

use nom::Parser;

use super::marks::{Gap, GapKind, Marks, Name, NameKind};
use super::token::{self, Nothing};
use crate::text::{Diagnostic, Source, Span, nearest};

/// The value that was read, or the first mistake.
pub(super) type Read<T> = Result<T, Diagnostic>;

/// The function that gets the text of an included file.
pub(super) type Includes<'a> = dyn FnMut(&str) -> Result<Source, String> + 'a;

/// The deepest nesting of blocks, parentheses and included files. Chosen: far deeper than a person reads, and
/// far shallower than what exhausts the stack.
pub(super) const DEPTH_MAX: usize = 32;

/// A stretch of text and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) span: Span,
}

/// The state that all readers of one scenario share.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The parameters that the text uses.
    pub(super) used: BTreeSet<String>,
    /// The warnings about text that is valid, and probably not meant so.
    pub(super) warnings: Vec<Diagnostic>,
    /// The mistakes so far, in the order of the text. The reader goes on behind each where it can.
    pub(super) mistakes: Vec<Diagnostic>,
    /// The files being read, the innermost last.
    pub(super) files: Vec<String>,
    /// The bytes of all included files.
    pub(super) included_bytes: usize,
    /// The nodes and links of all topologies.
    pub(super) network_size: usize,
    /// The number of blocks and parentheses that are open.
    pub(super) depth: usize,
    /// The marks on the text of the first file, if they are collected.
    pub(super) marks: Option<Marks>,
}

/// The place of the parameter whose value is being read: spans of that value point there.
#[derive(Debug, Clone)]
struct Pin {
    source: Source,
    span: Span,
    param: String,
}

/// A reader of a text, from its beginning to its end.
pub(super) struct Reader<'a> {
    source: &'a Source,
    at: usize,
    pin: Option<Pin>,
    /// True for the reader of the text that marks are collected of.
    marks: bool,
    pub(super) params: &'a BTreeMap<String, String>,
    pub(super) state: &'a mut State,
    pub(super) includes: &'a mut Includes<'a>,
}

impl<'a> Reader<'a> {
    /// Returns a reader at the beginning of a file, behind a byte order mark if there is one.
    pub(super) fn new(
        source: &'a Source,
        params: &'a BTreeMap<String, String>,
        state: &'a mut State,
        includes: &'a mut Includes<'a>,
    ) -> Self {
        let at = if source.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { source, at, pin: None, marks: true, params, state, includes }
    }

    /// Returns a reader at the beginning of another file, with the same parameters and state.
    pub(super) fn of_file<'b>(&'b mut self, source: &'b Source) -> Reader<'b> {
        Reader { marks: false, ..Reader::new(source, self.params, self.state, self.includes) }
    }

    /// Returns the file that steps stand in, as messages name it.
    pub(super) fn source(&self) -> &Source {
        self.pin.as_ref().map_or(self.source, |pin| &pin.source)
    }

    /// Returns the text that is still to be read.
    pub(super) fn rest(&self) -> &'a str {
        self.source.text().get(self.at..).unwrap_or_default()
    }

    /// Returns the next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Returns the position, in bytes. [`Reader::back_to`] returns to it, and [`Reader::since`] measures from
    /// it.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Goes back to an earlier position.
    pub(super) fn back_to(&mut self, position: usize) {
        self.at = position;
        if let Some(marks) = self.marks() {
            marks.forget_from(position);
        }
    }

    /// Returns the marks, if this reader makes some.
    pub(super) fn marks(&mut self) -> Option<&mut Marks> {
        self.state.marks.as_mut().filter(|_| self.marks)
    }

    /// Marks the text since `start` as a gap.
    pub(super) fn mark_gap(&mut self, kind: GapKind, start: usize) {
        let span = Span { start, end: self.at };
        if let Some(marks) = self.marks() {
            marks.gaps.push(Gap { kind, span });
        }
    }

    /// Marks a name.
    pub(super) fn mark_name(&mut self, kind: NameKind, span: Span) {
        if let Some(marks) = self.marks() {
            marks.names.push(Name { kind, span });
        }
    }

    /// Returns the span that was read since `start`, for the syntax tree.
    pub(super) fn since(&self, start: usize) -> Span {
        self.pin.as_ref().map_or(Span { start, end: self.at }, |pin| pin.span)
    }

    /// Returns the text that was read since `start`.
    pub(super) fn text_since(&self, start: usize) -> &'a str {
        self.source.text().get(start..self.at).unwrap_or_default()
    }

    /// Returns the next word or sign with its place, or the place where the line ends.
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

    /// Returns an error at `span`. In the value of a parameter it is shown where the parameter stands.
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

    /// Returns an error at the next word, where something else was expected.
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

    /// Moves over the text that `parser` recognises, and returns its output.
    pub(super) fn eat<O>(
        &mut self,
        mut parser: impl Parser<&'a str, Output = O, Error = Nothing>,
    ) -> Option<O> {
        let rest = self.rest();
        let (left, output) = parser.parse(rest).ok()?;
        self.at += rest.len() - left.len();
        Some(output)
    }

    /// Moves over the text that `parser` recognises, and returns it with its place.
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

    /// Moves over the word `keyword` if exactly that word comes next.
    pub(super) fn keyword(&mut self, keyword: &str) -> bool {
        let found = token::name(self.rest()).is_ok_and(|(_, name)| name == keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    /// Moves over blanks within the line; returns true if there were any.
    pub(super) fn blanks(&mut self) -> bool {
        self.gap(GapKind::Blank)
    }

    /// Moves over blanks that a tidy text does not have; returns true if there were any.
    pub(super) fn needless_blanks(&mut self) -> bool {
        self.gap(GapKind::Tight)
    }

    fn gap(&mut self, kind: GapKind) -> bool {
        let start = self.at;
        let found = self.eat(token::blanks).is_some();
        self.mark_gap(kind, start);
        found
    }

    /// Moves over the gap that `parser` recognises; returns true if there is one.
    fn wide_gap(
        &mut self,
        kind: GapKind,
        parser: impl Parser<&'a str, Output = &'a str, Error = Nothing>,
    ) -> bool {
        let start = self.at;
        let found = self.eat(parser).is_some();
        if found {
            self.mark_gap(kind, start);
        }
        found
    }

    /// Moves over a comment, where one may begin: at the start of a line or after a blank.
    fn comment(&mut self) -> bool {
        let before = self.source.text()[..self.at].chars().next_back();
        let opens = before.is_none_or(|c| c == '\n' || c == '\u{feff}' || token::is_blank(c));
        opens && self.wide_gap(GapKind::Comment, token::comment)
    }

    /// Moves over blanks, newlines and comments.
    pub(super) fn space(&mut self) {
        while self.wide_gap(GapKind::Soft, token::space) || self.comment() {}
    }

    /// Moves over all that may stand between two steps.
    pub(super) fn ends(&mut self) {
        while self.wide_gap(GapKind::Ends, token::ends) || self.comment() {}
    }

    /// Moves over a comma and what may follow it: blanks, comments and newlines.
    pub(super) fn comma(&mut self) -> bool {
        let start = self.at;
        self.needless_blanks();
        if self.eat_char(',') {
            self.mark_gap(GapKind::Blank, self.at);
            self.space();
            return true;
        }
        self.back_to(start);
        false
    }

    /// Moves to the end of the step over blanks and a comment; returns true if nothing else is left.
    pub(super) fn at_end(&mut self) -> bool {
        self.blanks();
        self.comment();
        matches!(self.peek(), None | Some('\n' | ';' | '}'))
    }

    /// Reports an error if something is left of the step.
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
            _ => error.help("a step ends with its line, or with `;`"),
        })
    }

    /// Runs `read` one level of nesting deeper; reports an error if that is too deep.
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

    /// Reads the `$` that comes next, and returns the name after it.
    pub(super) fn dollar(&mut self) -> Read<Token<'a>> {
        let start = self.at;
        self.at += '$'.len_utf8();
        match self.eat(token::name) {
            Some(text) => {
                self.mark_name(NameKind::Use, Span { start: start + 1, end: self.at });
                Ok(Token { text, span: self.since(start) })
            }
            None => Err(self
                .error(Span { start, end: self.at }, "a `$` that stands for nothing")
                .help("write `$name` or `${…}`; a dollar itself is `$$`")),
        }
    }

    /// Returns true if a parameter has that name. In the value of a parameter there are none.
    pub(super) fn is_param(&self, name: &str) -> bool {
        self.pin.is_none() && self.params.contains_key(name)
    }

    /// Returns the value of the parameter of that name.
    pub(super) fn param(&mut self, name: &str) -> Option<&'a str> {
        if !self.is_param(name) {
            return None;
        }
        self.state.used.insert(name.to_owned());
        self.params.get(name).map(String::as_str)
    }

    /// Reads a part that must be fixed before anything starts: as it stands, or as the value of the parameter
    /// that stands there.
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

    /// Runs `read` with other parameters.
    pub(super) fn with_params<T>(
        &mut self,
        params: &BTreeMap<String, String>,
        read: impl for<'r> FnOnce(&mut Reader<'r>) -> Read<T>,
    ) -> Read<T> {
        let mut reader = Reader {
            source: self.source,
            at: self.at,
            pin: self.pin.clone(),
            marks: self.marks,
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
            marks: false,
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
