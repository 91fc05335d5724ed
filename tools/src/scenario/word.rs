//! The parser of words, which asks consist of: quoted or bare, with expressions that are evaluated later.

use super::ast::{Ask, NAMED, Part, Word};
use super::expression;
use super::marks::NameKind;
use super::reader::{Read, Reader};
use super::token;
use crate::text::Span;

impl Reader<'_> {
    /// Reads a command and its arguments, up to the end of the step or, in an expectation, to a word for
    /// which `stops` returns true.
    pub(super) fn ask(&mut self, stops: fn(&str) -> bool) -> Read<Ask> {
        let start = self.position();
        let words = self.words(stops)?;
        let Some(command) = words.first() else {
            return Err(self.expected("what to ask").help("such as `a: get x`"));
        };
        if command.fixed().is_none() {
            let message = "a command is fixed before anything starts";
            return Err(self.error(command.span, message).help("only its arguments may be filled in"));
        }
        let end = words.last().map_or(start, |word| word.span.end);
        Ok(Ask { words, span: Span { start, end } })
    }

    /// Reads words up to the end of the step, or to one for which `stops` returns true.
    pub(super) fn words(&mut self, stops: fn(&str) -> bool) -> Read<Vec<Word>> {
        let mut words = Vec::new();
        while !self.at_end() && !token::bare(self.rest()).is_ok_and(|(_, word)| stops(word)) {
            words.push(self.word()?);
        }
        Ok(words)
    }

    /// Reads one word.
    pub(super) fn word(&mut self) -> Read<Word> {
        let start = self.position();
        let mut parts = Vec::new();
        let quoted = self.peek() == Some('"');
        if quoted {
            self.quoted(&mut parts, true)?;
            if !matches!(self.peek(), None | Some('\n' | ';' | '}'))
                && !self.peek().is_some_and(token::is_blank)
            {
                let error = self.error(self.next_word().span, "a quoted word ends with its quote");
                return Err(
                    error.help("put a blank after it, or quote all of the word; a quote inside is `\\\"`")
                );
            }
        } else if let Some(length) = token::bracketed(self.rest()) {
            self.bracketed(&mut parts, length)?;
        } else {
            self.bare(&mut parts)?;
        }
        if parts.is_empty() {
            parts.push(Part::Text(String::new()));
        }
        Ok(Word { parts, quoted, span: self.since(start) })
    }

    /// Reads a list or an object of that length as a bare word: blanks, braces and quotes in it belong to it.
    fn bracketed(&mut self, parts: &mut Vec<Part>, length: usize) -> Read<()> {
        let end = self.position() + length;
        while self.position() < end {
            let inside = &self.rest()[..end - self.position()];
            let plain = inside.find('$').unwrap_or(inside.len());
            if plain == 0 {
                self.interpolated(parts)?;
            } else {
                push_text(parts, &inside[..plain]);
                self.back_to(self.position() + plain);
            }
        }
        Ok(())
    }

    fn bare(&mut self, parts: &mut Vec<Part>) -> Read<()> {
        loop {
            if let Some(text) = self.eat(token::bare_text) {
                push_text(parts, text);
            } else if self.peek() == Some('$') {
                self.interpolated(parts)?;
            } else if self.peek() == Some('{') {
                let error = self.error(self.next_word().span, "a bare word holds no `{`");
                return Err(error.help(
                    "an object is written `{\"name\": 1}` on one line; text that holds `{` is quoted",
                ));
            } else {
                return Ok(());
            }
        }
    }

    /// Reads a quoted text, whose quote comes next; its escapes are JSON's.
    pub(super) fn quoted(&mut self, parts: &mut Vec<Part>, interpolate: bool) -> Read<()> {
        let opening = self.next_char();
        self.eat_char('"');
        loop {
            if let Some(text) = self.eat(token::quoted_text) {
                push_text(parts, text);
            } else if self.eat_char('"') {
                return Ok(());
            } else if let Some(c) = self.eat(token::escape) {
                push_text(parts, c.encode_utf8(&mut [0; 4]));
            } else {
                match self.peek() {
                    Some('$') if interpolate => self.interpolated(parts)?,
                    Some('$') => {
                        self.eat_char('$');
                        push_text(parts, "$");
                    }
                    Some('\\') => {
                        let error = self.error(self.next_char(), "an unknown escape");
                        return Err(
                            error.help("the escapes are JSON's: `\\\"`, `\\\\`, `\\n`, `\\t`, `\\u00e9`")
                        );
                    }
                    _ => {
                        let error = self.error(opening, "this quote is never closed");
                        return Err(error.help("close it on the same line; a newline inside is `\\n`"));
                    }
                }
            }
        }
    }

    /// Reads `$x`, `${…}` or `$$`.
    fn interpolated(&mut self, parts: &mut Vec<Part>) -> Read<()> {
        let start = self.position();
        if self.rest().starts_with("$$") {
            self.back_to(start + 2);
            push_text(parts, "$");
            return Ok(());
        }
        if !self.rest().starts_with("${") {
            let token = self.dollar()?;
            match self.param(token.text) {
                Some(value) => push_text(parts, value),
                None => parts.push(Part::Expr(expression::variable(token.text, token.span))),
            }
            return Ok(());
        }
        let opening = Span { start, end: start + 2 };
        self.back_to(start + 2);
        // A parameter alone stands for its text, and not for its value as a number.
        let inner = self.position();
        self.needless_blanks();
        let name_start = self.position();
        if let Some(name) = self.eat(token::name) {
            let name_end = self.position();
            self.needless_blanks();
            if self.eat_char('}') {
                if !NAMED.contains(&name) {
                    self.mark_name(NameKind::Use, Span { start: name_start, end: name_end });
                }
                match self.param(name) {
                    Some(value) => push_text(parts, value),
                    None => parts.push(Part::Expr(expression::named(name, self.since(start)))),
                }
                return Ok(());
            }
        }
        self.back_to(inner);
        self.needless_blanks();
        let expr = self.expr()?;
        self.needless_blanks();
        if !self.eat_char('}') {
            if matches!(self.peek(), None | Some('\n')) {
                return Err(self
                    .error(opening, "this `${` is never closed")
                    .help("end the expression with `}`"));
            }
            return Err(self.expected("an operator or `}`"));
        }
        parts.push(Part::Expr(expr));
        Ok(())
    }

    /// Returns the place of the next character.
    fn next_char(&self) -> Span {
        let start = self.position();
        Span { start, end: start + self.peek().map_or(0, char::len_utf8) }
    }
}

/// Adds text, to the last part if that is text too.
fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => parts.push(Part::Text(text.to_owned())),
    }
}
