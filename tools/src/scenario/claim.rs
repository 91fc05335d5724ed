//! The parser of expectations: the claim, its nodes, and the time in which it must hold.

use regex::Regex;

use super::ask_text::addressed;
use super::ast::{Ask, Bound, Claim, Comparison, Predicate, Who};
use super::reader::{Read, Reader};
use super::token;
use crate::driver;
use crate::text::{Diagnostic, nearest, regex_cause};

/// The words that a predicate may begin with, beside the signs of comparisons.
pub const PREDICATES: [&str; 7] = ["agree", "in", "contains", "matches", "is", "not", "fails"];

/// The words that a bound begins with.
const BOUNDS: [&str; 2] = ["within", "for"];

/// Returns true if an unquoted `word` ends an ask within an expectation.
fn ends_ask(word: &str) -> bool {
    PREDICATES.contains(&word) || is_bound(word) || is_sign(word)
}

fn is_bound(word: &str) -> bool {
    BOUNDS.contains(&word)
}

fn is_sign(word: &str) -> bool {
    Comparison::ALL.iter().any(|comparison| comparison.sign() == word)
}

impl Reader<'_> {
    /// Reads the rest of an `expect` step.
    pub(super) fn expectation(&mut self) -> Read<(Claim, Option<Bound>)> {
        self.blanks();
        let claim = self.claim()?;
        let bound = self.bound()?;
        if !self.at_end() {
            let word = self.next_word().text;
            let error = self.expected("`within`, `for` or the end of the step");
            let words = PREDICATES.into_iter().chain(BOUNDS);
            return Err(match (&bound, nearest(word, words)) {
                (Some(_), _) if is_bound(word) => error.help("an expectation has one of `within` and `for`"),
                (Some(_), _) => error.help("`within` and `for` stand last"),
                (None, near) => error.did_you_mean(near),
            });
        }
        Ok((claim, bound))
    }

    fn claim(&mut self) -> Read<Claim> {
        let start = self.position();
        let any = self.keyword("any");
        if any && self.peek() == Some(':') {
            return Err(self.expected("nodes after `any`").help("such as `expect any all: get x == 1`"));
        }
        let any = any && self.blanks();
        let who = self.who();
        self.needless_blanks();
        if let Ok(who) = &who
            && self.eat_char(':')
        {
            return self.ask_claim(any, who.clone());
        }
        if any {
            who?;
            return Err(self.expected("`:`").help("`any` takes an ask: `expect any all: get x == 1`"));
        }
        let after_who = self.position();
        self.back_to(start);
        let negated = self.keyword("diverged");
        if negated || self.keyword("converged") {
            self.blanks();
            let bounded = token::bare(self.rest()).is_ok_and(|(_, word)| is_bound(word));
            let who = if bounded || self.at_end() { None } else { Some(self.who()?) };
            return Ok(Claim::Converged { who, negated });
        }
        self.figures().map_err(|error| self.colon_missing(start, after_who, who).unwrap_or(error))
    }

    fn figures(&mut self) -> Read<Claim> {
        let left = self.expr()?;
        self.blanks();
        let Some(comparison) = self.eat(token::comparison) else {
            return Err(self.expected("a comparison").help("one of `== != < <= > >=`"));
        };
        self.blanks();
        Ok(Claim::Figures { left, comparison, right: self.expr()? })
    }

    /// Returns the error for a claim that begins with nodes, and is neither an ask nor a comparison of
    /// figures.
    fn colon_missing(&mut self, start: usize, after_who: usize, who: Read<Who>) -> Option<Diagnostic> {
        who.ok()?;
        self.back_to(after_who);
        let subject = self.text_since(start).trim_end().to_owned();
        let next = self.next_word();
        if let Some(near) = nearest(&subject, ["converged", "diverged"]) {
            return Some(self.error(self.since(start), format!("unknown claim `{subject}`")))
                .map(|error| error.did_you_mean(Some(near)));
        }
        if matches!(next.text, "converged" | "diverged") {
            let error = self.error(next.span, format!("`{}` stands before the nodes", next.text));
            if subject == "not" {
                return Some(error.help("nodes that are to stay apart: `expect diverged for 5s`"));
            }
            return Some(error.help(format!("write `expect {} {subject}`", next.text)));
        }
        if next.text.is_empty() || !next.text.starts_with(token::is_name_char) || is_bound(next.text) {
            return None;
        }
        let line = token::line(self.rest()).map_or("", |(_, line)| line);
        if driver::DEFAULT.command(&subject).is_some() {
            let error =
                self.error(self.since(start), format!("expected the nodes to ask before `{subject}`"));
            return Some(error.help(format!("write `expect all: {subject} {line}`")));
        }
        let error = self.error(next.span, format!("expected `:` after `{subject}`, not `{}`", next.text));
        Some(error.help(match subject.as_str() {
            "not" => "`not` stands behind the ask: `expect a: get x not in 1 2`, or `!=`".to_owned(),
            _ => format!("write `expect {}`", addressed(&subject, line)),
        }))
    }

    fn ask_claim(&mut self, any: bool, who: Who) -> Read<Claim> {
        self.blanks();
        let ask = self.ask(ends_ask)?;
        let predicate = self.predicate()?;
        if predicate.is_none() {
            self.sign_touches(&ask)?;
        }
        Ok(Claim::Ask { any, who, ask, predicate })
    }

    /// Reports a comparison without blanks around it. It is read as a part of a word, which is seldom meant.
    fn sign_touches(&self, ask: &Ask) -> Read<()> {
        for word in &ask.words {
            let Some(text) = word.fixed() else { continue };
            let quoted = self.source().at(word.span).starts_with('"');
            let sign = Comparison::ALL
                .into_iter()
                .map(Comparison::sign)
                .find(|sign| if sign.len() > 1 { text.contains(sign) } else { text.starts_with(sign) });
            if let (Some(sign), false) = (sign, quoted) {
                let error = self.error(word.span, format!("`{sign}` is a part of the word `{text}`"));
                return Err(error.help("put blanks around it, or quote the word if it is data"));
            }
        }
        Ok(())
    }

    fn predicate(&mut self) -> Read<Option<Predicate>> {
        self.blanks();
        let start = self.position();
        if token::bare(self.rest()).is_ok_and(|(_, word)| is_sign(word)) {
            let Some(comparison) = self.eat(token::comparison) else {
                return Err(self.expected("a comparison"));
            };
            return Ok(Some(Predicate::Compare(comparison, self.values(comparison.sign())?)));
        }
        if self.keyword("agree") {
            return Ok(Some(Predicate::Agree));
        }
        if self.keyword("fails") {
            self.blanks();
            let bounded = token::bare(self.rest()).is_ok_and(|(_, word)| is_bound(word));
            let code = if bounded || self.at_end() { None } else { Some(self.code()?) };
            return Ok(Some(Predicate::Fails(code)));
        }
        let not = self.keyword("not");
        self.blanks();
        if self.keyword("in") {
            Ok(Some(Predicate::In { not, words: self.values("in")? }))
        } else if self.keyword("contains") {
            self.blanks();
            if self.at_end() {
                return Err(self.expected("what must be contained").help("such as `contains Paris`"));
            }
            Ok(Some(Predicate::Contains { not, word: self.word()? }))
        } else if self.keyword("matches") {
            self.blanks();
            Ok(Some(Predicate::Matches { not, regex: self.regex()? }))
        } else if self.keyword("is") {
            self.blanks();
            if self.keyword("empty") {
                return Ok(Some(Predicate::Empty { not }));
            }
            let help = if not { "write `not is empty`" } else { "write `is empty`, or `== V` for a value" };
            Err(self.expected("`empty`").help(help))
        } else if not {
            let word = self.next_word().text;
            let near = nearest(word, PREDICATES);
            let error = self.expected("`in`, `contains`, `matches` or `is empty` after `not`");
            Err(match near {
                None if word == "==" => error.help("write `!=`"),
                Some("agree") => error.help("`not agree` cannot be claimed"),
                Some("fails") => error.help("leave out `not fails`: an answer is expected anyway"),
                near => error.did_you_mean(near),
            })
        } else {
            self.back_to(start);
            Ok(None)
        }
    }

    /// Reads the words after a comparison or `in`, up to the bound.
    fn values(&mut self, after: &str) -> Read<Vec<super::ast::Word>> {
        let words = self.words(is_bound)?;
        if words.is_empty() {
            let error = self.expected(&format!("a value after `{after}`"));
            let quote = "quote words of the language that are data: `\"for\"`; nothing at all is `is empty`";
            return Err(error.help(quote));
        }
        Ok(words)
    }

    fn code(&mut self) -> Read<String> {
        self.fixed("an error's code", |reader| match reader.eat(token::name) {
            Some(code) => Ok(code.to_owned()),
            None => Err(reader.expected("an error's code").help("such as `absent` or `no_answer`")),
        })
    }

    fn regex(&mut self) -> Read<String> {
        let start = self.position();
        let Some(text) = self.eat(token::regex) else {
            if self.peek() == Some('/') {
                let error = self.error(self.next_word().span, "this regular expression is never closed");
                return Err(error.help("end it with `/` on the same line; a slash inside is `\\/`"));
            }
            return Err(self.expected("a regular expression").help("between slashes: `/^a.*z$/`"));
        };
        match Regex::new(text) {
            Ok(_) => Ok(text.to_owned()),
            Err(why) => Err(self.error(
                self.since(start),
                format!("this regular expression is invalid: {}", regex_cause(&why)),
            )),
        }
    }

    /// Reads `within 5s`, `for 2s`, or nothing.
    pub(super) fn bound(&mut self) -> Read<Option<Bound>> {
        self.blanks();
        let bound: (fn(std::time::Duration) -> Bound, &str) = if self.keyword("within") {
            (Bound::Within, "within")
        } else if self.keyword("for") {
            (Bound::For, "for")
        } else {
            return Ok(None);
        };
        self.blanks();
        if self.at_end() || !matches!(self.peek(), Some('0'..='9' | '$')) {
            let error = self.expected(&format!("a duration after `{}`", bound.1));
            return Err(error.help(format!("such as `{0} 5s`; if it is data, quote it: `\"{0}\"`", bound.1)));
        }
        Ok(Some(bound.0(self.duration()?)))
    }
}
