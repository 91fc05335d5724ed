//! The parser of steps that have a head before their block: `measure`, `workload`, `repeat` and `each`.

use super::ast::{Load, StepKind};
use super::marks::NameKind;
use super::reader::{Read, Reader};
use super::token;
use crate::text::Span;
use crate::workload::Kind;

impl Reader<'_> {
    /// Reads the rest of a `measure` step.
    pub(super) fn measure(&mut self, start: usize, head: &mut Option<Span>) -> Read<StepKind> {
        self.blanks();
        let Some(name) = self.token(token::name) else {
            return Err(self.expected("a name for the figures").help("such as `measure m { … }`"));
        };
        self.mark_name(NameKind::Measured, name.span);
        if name.text.starts_with(|c: char| c.is_ascii_digit()) {
            let error = self.error(name.span, "a measure's name begins with a letter");
            return Err(error.help(format!("`{}.ok` would begin with a number", name.text)));
        }
        *head = Some(self.since(start));
        Ok(StepKind::Measure { name: name.text.to_owned(), block: self.block("measure")? })
    }

    /// Reads the rest of a `workload` step.
    pub(super) fn workload(&mut self, start: usize, head: &mut Option<Span>) -> Read<StepKind> {
        let help = "such as `workload lin-kv { … } for 20s at 100/s`";
        self.blanks();
        let Some(name) = self.token(token::bare) else {
            return Err(self.expected("the name of a workload").help(help));
        };
        let (kind, span) = (Kind::named(name.text), name.span);
        let kind = kind.map_err(|error| self.error(span, error.to_string()))?;
        *head = Some(self.since(start));
        let block = self.block("workload")?;
        self.blanks();
        if !self.keyword("for") {
            return Err(self.expected("the time of the load").help(help));
        }
        self.blanks();
        let time = self.duration()?;
        self.blanks();
        let rate = if self.keyword("at") {
            self.blanks();
            self.rate()?
        } else {
            Load::RATE
        };
        Ok(StepKind::Workload { load: Load { kind, time, rate }, block })
    }

    /// Reads the rest of a `repeat` step.
    pub(super) fn repeat(&mut self, start: usize, head: &mut Option<Span>) -> Read<StepKind> {
        let (mut count, mut rate, mut counter) = (None, None, None);
        *head = Some(self.since(start));
        self.blanks();
        if matches!(self.peek(), Some('0'..='9' | '$')) {
            count = Some(self.whole("a count")?);
            *head = Some(self.since(start));
            self.blanks();
        }
        if self.keyword("at") {
            self.blanks();
            rate = Some(self.rate()?);
            *head = Some(self.since(start));
            self.blanks();
        }
        if self.keyword("as") {
            self.blanks();
            let Some(name) = self.token(token::name) else {
                return Err(self.expected("the counter's name").help("such as `repeat 10 as i { … }`"));
            };
            self.mark_name(NameKind::Variable, name.span);
            counter = Some(name.text.to_owned());
            *head = Some(self.since(start));
            self.blanks();
        }
        if self.peek() != Some('{') {
            let error = self.expected("`{`");
            return Err(
                error.help("the order is `repeat 10 at 5/s as i { … }`, and each part may be left out")
            );
        }
        Ok(StepKind::Repeat { count, rate, counter, block: self.block("repeat")? })
    }

    /// Reads the rest of an `each` step.
    pub(super) fn each(&mut self, start: usize, head: &mut Option<Span>) -> Read<StepKind> {
        self.blanks();
        let help = "such as `each v in all { … }`";
        let Some(name) = self.token(token::name) else { return Err(self.expected("a name").help(help)) };
        self.mark_name(NameKind::Variable, name.span);
        let name = name.text.to_owned();
        self.blanks();
        if !self.keyword("in") || !self.blanks() {
            return Err(self.expected("`in`").help(help));
        }
        let who = self.who()?;
        *head = Some(self.since(start));
        Ok(StepKind::Each { name, who, block: self.block("each")? })
    }
}
