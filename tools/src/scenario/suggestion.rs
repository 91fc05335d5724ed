//! Messages for text in which no step can be read, with a guess at the intended step.

use super::ask_text::addressed;
use super::claim::PREDICATES;
use super::header::HEADERS;
use super::reader::{Read, Reader};
use super::step::keywords;
use super::token;
use crate::driver;
use crate::text::{Diagnostic, Span, nearest};

/// Words of other languages, and the steps that mean the same here.
const SYNONYMS: [(&str, &str); 24] = [
    ("assert", "expect"),
    ("check", "expect"),
    ("connect", "network"),
    ("crash", "kill"),
    ("delay", "wait"),
    ("disconnect", "cut"),
    ("foreach", "each"),
    ("freeze", "pause"),
    ("graph", "network"),
    ("halt", "stop"),
    ("import", "include"),
    ("isolate", "partition"),
    ("loop", "repeat"),
    ("nodes", "network"),
    ("parallel", "together"),
    ("reboot", "restart"),
    ("shutdown", "stop"),
    ("sleep", "wait"),
    ("split", "partition"),
    ("sync", "expect converged"),
    ("thaw", "resume"),
    ("topology", "network"),
    ("unpause", "resume"),
    ("verify", "expect"),
];

impl Reader<'_> {
    /// Reports names side by side where `sign` belongs between them.
    pub(super) fn separated(&mut self, start: usize, sign: &str) -> Read<()> {
        let end = self.position();
        if self.at_end() || !self.next_word().text.starts_with(token::is_name_char) {
            self.back_to(end);
            return Ok(());
        }
        let before = self.text_since(start).trim_end().to_owned();
        let line = self.line();
        let error = self.expected("the end of the step");
        // A line that has signs of its own is not taken apart.
        if line.contains('|') || line.contains(sign.trim()) {
            return Err(error.help(format!("put `{}` between names: `{before}{sign}…`", sign.trim())));
        }
        let rest = line.split_whitespace().collect::<Vec<_>>().join(sign);
        Err(error.help(format!("write `{before}{sign}{rest}`")))
    }

    /// Returns the text to the end of the line.
    pub(super) fn line(&self) -> String {
        token::line(self.rest()).map_or_else(|_| String::new(), |(_, line)| line.to_owned())
    }

    /// Returns the error for a place at which no word stands that a step could begin with.
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
            Some(':') => error.help("name the nodes first, as in `a: get x`"),
            Some('#') => error.help("a comment begins at the start of a line or after a blank"),
            Some('{') => error.help("a block stands after `together`, `do`, `measure`, `repeat` and `each`"),
            _ => error,
        }
    }

    /// Returns the error for a step that begins with an unknown word. The reader stands behind that word.
    pub(super) fn unknown(&mut self, start: usize, word: &str, span: Span) -> Diagnostic {
        if HEADERS.contains(&word) {
            return if self.state.files.len() > 1 {
                let error = self.error(span, format!("`{word}` is a header, and this file is included"));
                error.help("headers stand in the scenario that includes it")
            } else {
                let error =
                    self.error(span, format!("`{word}` is a header, and headers stand before all steps"));
                error.help("it belongs at the top of a scenario's file")
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
        if word == "any" {
            let rest = self.line();
            let error = self.error(span, "`any` is a word of expectations");
            return error.help(format!("write `expect any {}`", rest.trim_start()));
        }
        let touches = !self.blanks() && !self.at_end();
        let next = self.next_word().text;
        let is_command = [word, next].into_iter().any(|word| driver::DEFAULT.command(word).is_some());
        let line = self.line();
        let first = line.split(' ').next().unwrap_or_default();
        if word == "delay" && first.find('-').is_some_and(|at| at > 0) {
            let error = self.error(span, format!("unknown step `{word}`"));
            return error.help(format!("did you mean `link {first} delay …`?"));
        }
        let synonym = SYNONYMS.iter().find(|(other, _)| *other == word.to_ascii_lowercase());
        if let Some((_, step)) = synonym.filter(|_| !touches) {
            let line = format!("{step} {}", self.line());
            let error = self.error(span, format!("unknown step `{word}`"));
            return error.help(format!("did you mean `{}`?", line.trim_end()));
        }
        let near = nearest(word, keywords().chain(HEADERS)).filter(|_| !is_command);
        let error = self.error(span, format!("unknown step `{word}`"));
        match near {
            Some(near) => error.did_you_mean(Some(near)),
            None if PREDICATES.contains(&word) || word == "within" || word == "for" => {
                error.help("a newline ends a step, so an expectation stands on one line")
            }
            None if driver::DEFAULT.command(word).is_some() => {
                let rest = self.line();
                error.help(format!("say first whom to ask: `all: {word} {rest}`"))
            }
            None if touches => error.help("a node's name is made of letters, digits and `_`"),
            None if next.starts_with(token::is_name_char) && (is_command || self.line().contains(':')) => {
                let line = addressed(word, &self.line());
                error.help(format!("to ask the node `{word}`, write `{line}`"))
            }
            None => error.help("a step is an ask, as in `a: get x`, or begins with a word such as `network`"),
        }
    }

    fn colon_missing_after(&mut self, subject: &str) -> Diagnostic {
        self.blanks();
        let error = self.expected(&format!("`:` after `{subject}`"));
        let ask = if self.at_end() { "get x".to_owned() } else { self.line() };
        error.help(format!("to ask them, write `{}`", addressed(subject, &ask)))
    }
}
