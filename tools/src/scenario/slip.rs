//! What is said where no step can be read: what was probably meant.

use super::claim::PREDICATES;
use super::header::HEADERS;
use super::reader::Reader;
use super::step::keywords;
use super::token;
use crate::driver;
use crate::text::{Diagnostic, Span, nearest};

impl Reader<'_> {
    /// What stands to the end of the line.
    pub(super) fn line(&self) -> String {
        token::line(self.rest()).map_or_else(|_| String::new(), |(_, line)| line.to_owned())
    }

    /// What is said where no word stands that a step could begin with.
    pub(super) fn no_step(&mut self) -> Diagnostic {
        if self.peek() == Some('$') {
            let start = self.position();
            if let Err(error) = self.who() {
                return error;
            }
            let subject = self.text_since(start).to_owned();
            return self.colon_missing_after(&subject);
        }
        let error = self.expected("a step");
        match self.peek() {
            Some('#') => error.help("a comment begins at the start of a line or after a blank"),
            Some('{') => error.help("a block stands after `together`, `do`, `measure`, `repeat` and `each`"),
            _ => error,
        }
    }

    /// What is said of a step that begins with a word that no step begins with. The reader stands
    /// behind that word.
    pub(super) fn unknown(&mut self, start: usize, word: &str, span: Span) -> Diagnostic {
        if HEADERS.contains(&word) {
            return if self.state.files.len() > 1 {
                let error = self.error(span, format!("`{word}` is a header, and this file is included"));
                error.help("headers stand in the scenario that includes it")
            } else {
                let error =
                    self.error(span, format!("`{word}` is a header, and headers stand before all steps"));
                error.help("move it to the top of the file")
            };
        }
        self.back_to(start);
        let who = self.who();
        let subject = self.text_since(start).to_owned();
        if subject != word {
            return match who {
                Err(error) => error,
                Ok(_) => self.colon_missing_after(&subject),
            };
        }
        let touches = !self.blanks() && !self.at_end();
        let next = self.next_word().text;
        let is_command = [word, next].into_iter().any(|word| driver::NATIVE.command(word).is_some());
        let near = nearest(word, keywords().chain(HEADERS)).filter(|_| !is_command);
        let error = self.error(span, format!("unknown step `{word}`"));
        match near {
            Some(near) => error.did_you_mean(Some(near)),
            None if PREDICATES.contains(&word) || word == "within" || word == "for" => {
                error.help("a newline ends a step, so an expectation stands on one line")
            }
            None if driver::NATIVE.command(word).is_some() => {
                let rest = self.line();
                error.help(format!("say first whom to ask: `all: {word} {rest}`"))
            }
            None if touches => error.help("a node's name is made of letters, digits and `_`"),
            None if next.starts_with(token::is_name_char) => {
                error.help(format!("to ask the node `{word}`, write `{word}: {}`", self.line()))
            }
            None => error.help("a step is an ask, as in `a: get x`, or begins with a word such as `network`"),
        }
    }

    fn colon_missing_after(&mut self, subject: &str) -> Diagnostic {
        self.blanks();
        let error = self.expected(&format!("`:` after `{subject}`"));
        error.help(format!(
            "to ask them, write `{subject}: {}`",
            if self.at_end() { "get x".to_owned() } else { self.line() }
        ))
    }
}
