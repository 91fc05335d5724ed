//! The parser of the headers, which stand before the first step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ast::{Headers, NAMED, Param};
use super::combination::COMBINATIONS_MAX;
use super::marks::NameKind;
use super::reader::{Read, Reader, Token};
use super::token;
use crate::text::{Source, Span, nearest};
use crate::world;

/// The most parameters that a scenario may have. Chosen: with two values each, fourteen already exceed
/// [`COMBINATIONS_MAX`].
const PARAMS_MAX: usize = 100;

/// The words that headers begin with.
pub const HEADERS: [&str; 5] = ["param", "timeout", "settle", "worlds", "tags"];

impl Reader<'_> {
    /// Reads the headers, up to the first step.
    pub(super) fn headers(&mut self) -> Read<Headers> {
        let mut headers = Headers::default();
        let mut once = Vec::new();
        loop {
            self.ends();
            let start = self.position();
            if self.addressed().is_some() {
                self.back_to(start);
                return Ok(headers);
            }
            let Some(word) = self.token(token::name).filter(|word| HEADERS.contains(&word.text)) else {
                self.back_to(start);
                return Ok(headers);
            };
            if let Err(mistake) = self.header(word, &mut once, &mut headers) {
                self.recover(mistake)?;
            }
        }
    }

    /// Reads the rest of a header, behind its first word.
    fn header<'t>(&mut self, word: Token<'t>, once: &mut Vec<&'t str>, headers: &mut Headers) -> Read<()> {
        if word.text != "param" {
            if once.contains(&word.text) {
                let error = self.error(word.span, format!("`{}` is given twice", word.text));
                return Err(error.help("keep one of the two"));
            }
            once.push(word.text);
        }
        if !self.blanks() {
            let (what, example) = match word.text {
                "param" => ("a name", "param net = line(5) | ring(5)"),
                "worlds" => ("a world", "worlds sim, netns"),
                "tags" => ("a tag", "tags slow, ci"),
                "settle" => ("a duration", "settle 10s"),
                _ => ("a duration", "timeout 120s"),
            };
            let error = self.expected(&format!("{what} after `{}`", word.text));
            return Err(error.help(format!("such as `{example}`")));
        }
        match word.text {
            "param" => {
                let param = self.param_header(word.span.start, headers)?;
                headers.params.push(param);
            }
            "timeout" => headers.timeout = self.header_duration(headers)?,
            "settle" => headers.settle = self.header_duration(headers)?,
            "worlds" => {
                headers.worlds = self.names("a world", Some(world::NAMES))?;
                self.separated(word.span.start, ", ")?;
            }
            _ => {
                headers.tags = self.names("a tag", None)?;
                self.separated(word.span.start, ", ")?;
            }
        }
        self.end()
    }

    /// Reads a duration, or one of the parameters above that stands for one.
    fn header_duration(&mut self, headers: &Headers) -> Read<Duration> {
        let chosen = chosen(headers, self.params);
        #[expect(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is not general over lifetimes"
        )]
        self.with_params(&chosen, |reader| reader.duration())
    }

    /// Reads `name, name`; where `known` is given, only those names are accepted.
    fn names(&mut self, what: &str, known: Option<&[&str]>) -> Read<Vec<String>> {
        let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
        loop {
            let Some(name) = self.token(token::name) else { return Err(self.expected(what)) };
            if let Some(known) = known
                && !known.contains(&name.text)
            {
                let error = self.error(name.span, format!("unknown world `{}`", name.text));
                return Err(match nearest(name.text, known.iter().copied()) {
                    Some(near) => error.did_you_mean(Some(near)),
                    None => error.help(format!("the worlds are {}", known.join(", "))),
                });
            }
            if !seen.insert(name.text) {
                let error = self.error(name.span, format!("`{}` is named twice", name.text));
                return Err(error.help("keep one of the two"));
            }
            names.push(name.text.to_owned());
            if !self.comma() {
                return Ok(names);
            }
        }
    }

    /// Reads the rest of a `param` header, such as `net = line(26) | ring(26)`.
    fn param_header(&mut self, start: usize, headers: &Headers) -> Read<Param> {
        let Some(name) = self.token(token::name) else { return Err(self.expected("a parameter's name")) };
        self.mark_name(NameKind::Param, name.span);
        if headers.params.iter().any(|param| param.name == name.text) {
            return Err(self
                .error(name.span, format!("the parameter `{}` is declared twice", name.text))
                .help("several values stand behind one name: `param x = 1 | 2`"));
        }
        if headers.params.len() >= PARAMS_MAX {
            let error = self.error(name.span, format!("more than {PARAMS_MAX} parameters"));
            return Err(error.help("divide the file into several scenarios"));
        }
        if NAMED.contains(&name.text) {
            let message = format!("`{}` is a figure that is always there", name.text);
            return Err(self.error(name.span, message).help("choose another name"));
        }
        self.blanks();
        if !self.eat_char('=') {
            let help = format!("write `param {} = VALUE | VALUE`", name.text);
            return Err(self.expected("`=`").help(help));
        }
        let mut values: Vec<String> = Vec::new();
        loop {
            self.blanks();
            let value_start = self.position();
            let value = self.choice()?;
            let span = Span { start: value_start, end: self.position() };
            if values.len() >= COMBINATIONS_MAX {
                let error = self.error(span, format!("more than {COMBINATIONS_MAX} values"));
                return Err(error.help("each value is a run of its own; write fewer"));
            }
            if values.contains(&value) {
                let error = self.error(span, format!("the value `{value}` is given twice"));
                return Err(error.help("keep one of the two"));
            }
            values.push(value);
            if !self.eat_char('|') {
                break;
            }
        }
        let end = self.source().text()[..self.position()].trim_end().len();
        Ok(Param { name: name.text.to_owned(), values, span: Span { start, end } })
    }

    /// Reads one value of a parameter: quoted, or as it stands up to `|` or the end of the header, without
    /// the blanks around it.
    fn choice(&mut self) -> Read<String> {
        if self.peek() == Some('"') {
            let mut parts = Vec::new();
            self.quoted(&mut parts, false)?;
            let word = super::ast::Word { parts, quoted: true, span: Span::default() };
            self.blanks();
            return Ok(word.fixed().unwrap_or_default());
        }
        let mut value = String::new();
        loop {
            let at_end = self.choice_ends();
            match self.token(token::choice) {
                Some(word) if !at_end => {
                    if !value.is_empty() {
                        value.push(' ');
                    }
                    value.push_str(word.text);
                }
                _ if self.peek() == Some('\n') && value.ends_with(',') => self.space(),
                _ if value.is_empty() => {
                    return Err(self.expected("a value").help("nothing at all is written `\"\"`"));
                }
                _ => return Ok(value),
            }
        }
    }

    /// Returns true if the value ends here: before `|`, a comment, or the end of the header.
    fn choice_ends(&mut self) -> bool {
        let brace = self.peek() == Some('}');
        (self.at_end() && !brace) || self.peek() == Some('|')
    }
}

/// Returns the value of every parameter: the chosen one, or else its first.
pub(super) fn chosen(headers: &Headers, params: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let value = |param: &Param| params.get(&param.name).or(param.values.first()).cloned();
    headers.params.iter().filter_map(|param| Some((param.name.clone(), value(param)?))).collect()
}

/// Returns the comment that opens a file: its first paragraph as one line. A `#!` line is skipped.
#[must_use]
pub fn about(source: &Source) -> String {
    let text = source.text().trim_start_matches('\u{feff}');
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with("#!"));
    let comments =
        lines.map_while(|line| line.strip_prefix('#')).map(|line| line.trim_matches(['#', ' ', '\t']));
    let paragraph = comments.skip_while(|line| line.is_empty()).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}
