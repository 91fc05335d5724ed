//! The check of expectations: a claim that cannot hold is an error.

use super::checker::Checker;
use super::choice::Role;
use super::figures::{Worth, place};
use super::wording::nearest_of;
use crate::driver::{Answer, Command, Content, READ_WORKLOADS};
use crate::scenario::ast::{Ask, Bound, Claim, Comparison, Pick, Predicate, Who, Word};
use crate::text::{Span, nearest, value};

/// The error code for a node that does not answer.
const NO_ANSWER: &str = "no_answer";

impl Checker<'_> {
    /// Checks an `expect` step at `span`.
    pub(super) fn expectation(&mut self, claim: &Claim, bound: Option<Bound>, span: Span) {
        self.expectations += 1;
        // The span of the claim, and the span of its bound, which goes to the end of the step.
        let (span, bound_span) = self.split(span, bound);
        if let Some(Bound::Within(time) | Bound::For(time)) = bound {
            self.within_timeout(time, bound_span);
        }
        match claim {
            Claim::Ask { any, who, ask, predicate } => {
                self.choice(who, Role::Act);
                let command = self.ask(who, ask);
                if let Some(predicate) = predicate {
                    self.words(predicate);
                }
                let Some(command) = command else { return };
                if let (true, Some(bound)) = (command.changes, bound) {
                    let word = if matches!(bound, Bound::Within(_)) { "within" } else { "for" };
                    let message =
                        format!("`{}` changes something: it is sent once, and not asked again", command.name);
                    let error = self.error(ask.span, message);
                    self.report(
                        error.help(format!("leave out `{word}`, and expect the change in a step of its own")),
                    );
                }
                if let Some(predicate) = predicate {
                    self.predicate(*any, who, ask, command, predicate, span);
                }
            }
            Claim::Converged { who: Some(who), .. } => {
                self.choice(who, Role::Act);
                self.hold_something(span);
            }
            Claim::Converged { who: None, .. } => {
                let everyone = Who {
                    pick: Pick::All(crate::scenario::Subject::Everyone),
                    at: crate::scenario::At { source: self.source.clone(), span },
                };
                self.choice(&everyone, Role::Act);
                self.hold_something(span);
            }
            Claim::Figures { left, right, .. } => {
                let worth = (self.expr(left), self.expr(right));
                let text = match worth {
                    (Worth::Text, Worth::Number) => Some(left),
                    (Worth::Number, Worth::Text) => Some(right),
                    _ => None,
                };
                if let Some(text) = text {
                    let error = self.error(place(text), "this is text, and the other side is a number");
                    self.report(error.help("compare numbers with numbers, or texts with texts"));
                }
                if bound.is_some() {
                    let warning =
                        self.warning(bound_span, "figures do not change, so there is nothing to wait for");
                    self.report(warning.help("leave out `within` and `for`"));
                }
            }
        }
    }

    /// Checks that the workload of each node has a question for its content, which `converged` compares.
    fn hold_something(&mut self, span: Span) {
        let hidden =
            self.nodes.all(&self.nodes.now).find(|(_, facts)| facts.driver.content == Content::Hidden);
        if let Some((node, facts)) = hidden {
            let driver = facts.driver.name;
            let message =
                format!("`{node}` does not say what it holds: the driver `{driver}` has no such command");
            let error = self.error(span, message);
            return self.report(error.help("`keys` and `get`, or `read`, show the content of a node"));
        }
        let all = self.nodes.all(&self.nodes.now);
        let workloads = all.filter_map(|(node, facts)| Some((node, facts.workload.as_deref()?)));
        let Some((node, workload)) =
            workloads.into_iter().find(|(_, workload)| !READ_WORKLOADS.contains(workload))
        else {
            return;
        };
        let message =
            format!("`{node}` does not say what it holds: the workload `{workload}` has no such question");
        let error = self.error(span, message);
        self.report(error.help(format!("the workloads that have one: {}", READ_WORKLOADS.join(", "))));
    }

    /// Returns the span of the step without its bound, and the span of the bound.
    fn split(&self, span: Span, bound: Option<Bound>) -> (Span, Span) {
        let text = self.source.at(span);
        let word = match bound {
            None => return (span, span),
            Some(Bound::Within(_)) => "within",
            Some(Bound::For(_)) => "for",
        };
        let at = text.rfind(word).unwrap_or(text.len());
        let claim_end = span.start + text[..at].trim_end().len();
        (Span { end: claim_end, ..span }, Span { start: span.start + at, ..span })
    }

    /// Checks the expressions in a predicate's words.
    fn words(&mut self, predicate: &Predicate) {
        match predicate {
            Predicate::Compare(_, words) | Predicate::In { words, .. } => {
                for word in words {
                    self.filled_in(word);
                }
            }
            Predicate::Contains { word, .. } => self.filled_in(word),
            Predicate::Fails(_) | Predicate::Agree | Predicate::Matches { .. } | Predicate::Empty { .. } => {}
        }
    }

    fn predicate(
        &mut self,
        any: bool,
        who: &Who,
        ask: &Ask,
        command: &Command,
        predicate: &Predicate,
        span: Span,
    ) {
        let answer = command.answer;
        let is_list = matches!(answer, Answer::List | Answer::Nodes);
        // The predicate follows the ask, up to the end of the step.
        let text = self.source.at(Span { start: ask.span.end, end: span.end });
        let start = ask.span.end + (text.len() - text.trim_start().len());
        let here = Span { start, end: span.end.max(start) };
        if answer == Answer::Done && !matches!(predicate, Predicate::Fails(_)) {
            let error =
                self.error(here, format!("`{}` answers nothing that could be compared", command.name));
            self.report(error.help("expect it alone, or that it `fails`"));
            return;
        }
        match predicate {
            Predicate::Compare(comparison, words) => self.comparison(command, *comparison, words, here),
            Predicate::Fails(Some(code)) => self.code(who, code, here),
            Predicate::Fails(None) => {}
            Predicate::Agree if any => {
                let error = self.error(here, "`agree` compares all answers, and `any` needs one");
                self.report(error.help("leave out `any`"));
            }
            Predicate::Agree => {
                if self.is_one(who) {
                    let warning = self.warning(here, "one node always agrees with itself");
                    self.report(warning.help("name several nodes, such as `all`"));
                }
            }
            Predicate::In { words, .. } => {
                if is_list {
                    let error = self.error(
                        here,
                        format!("`{}` answers with a list, which is `in` nothing", command.name),
                    );
                    self.report(error.help("compare lists with `==`, or use `contains`"));
                } else {
                    for word in words {
                        self.value(command, word);
                    }
                }
            }
            Predicate::Contains { word, .. } => match answer {
                Answer::Number | Answer::Stamp | Answer::Node => self.unfit(command, "contains", here),
                Answer::Nodes => self.value(command, word),
                Answer::Text | Answer::Value | Answer::List | Answer::Any | Answer::Done => {}
            },
            Predicate::Matches { .. } => {
                if is_list {
                    self.unfit(command, "matches", here);
                }
            }
            Predicate::Empty { .. } => {
                if matches!(answer, Answer::Number | Answer::Stamp) {
                    self.unfit(command, "is empty", here);
                }
            }
        }
    }

    fn comparison(&mut self, command: &Command, comparison: Comparison, words: &[Word], here: Span) {
        let is_list = matches!(command.answer, Answer::List | Answer::Nodes);
        let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if (is_list || command.answer == Answer::Node) && ordered {
            self.unfit(command, comparison.sign(), here);
            return;
        }
        let is_any = command.answer == Answer::Any && !ordered;
        if let (false, [_, second, ..]) = (is_list, words) {
            let last = words.last().map_or(second.span, |word| word.span);
            let all = words.first().map_or(last, |word| word.span.to(last));
            let error =
                self.error(all, format!("`{}` answers with one value, not with a list", command.name));
            let bounded =
                words.iter().filter_map(Word::fixed).any(|word| nearest(&word, ["within"]).is_some());
            if is_any && !bounded {
                return;
            }
            if bounded {
                self.report(error.did_you_mean(Some("within")));
                return;
            }
            let text = self.source.at(all).replace('"', "");
            self.report(
                error.help(format!("quote a value that holds blanks: `\"{text}\"`; one of several is `in`")),
            );
            return;
        }
        for word in words {
            self.value(command, word);
        }
    }

    /// Checks a word that an answer is compared with.
    fn value(&mut self, command: &Command, word: &Word) {
        let Some(text) = word.fixed() else { return };
        match command.answer {
            Answer::Number if word.quoted || !value::is_number(&text) => {
                let shown = if word.quoted { format!("`\"{text}\"`") } else { format!("`{text}`") };
                let message = format!("`{}` answers with a number, and {shown} is none", command.name);
                let error = self.error(word.span, message);
                self.report(if word.quoted {
                    error.help("a quoted word is text; leave the quotes out")
                } else {
                    error
                });
            }
            Answer::Node | Answer::Nodes => self.mention(&text, word.span),
            _ => {}
        }
    }

    /// Reports that a predicate does not fit the kind of the command's answer.
    fn unfit(&mut self, command: &Command, predicate: &str, span: Span) {
        let (is, use_) = match command.answer {
            Answer::Number => ("a number", "`==`, `<` and the like, or `in`"),
            Answer::Stamp => ("a stamp", "`==`, `<` and the like, or `in`"),
            Answer::List | Answer::Nodes => ("a list", "`==`, `!=`, `contains` or `is empty`"),
            Answer::Node => ("one node", "`==`, `!=` or `in`"),
            Answer::Text | Answer::Value | Answer::Any | Answer::Done => ("text", "another predicate"),
        };
        let message = format!("`{}` answers with {is}, which `{predicate}` does not fit", command.name);
        let error = self.error(span, message);
        self.report(error.help(format!("use {use_}")));
    }

    fn code(&mut self, who: &Who, code: &str, here: Span) {
        if code == NO_ANSWER {
            return;
        }
        for driver in self.nodes.drivers_of(who, &self.nodes.now) {
            if !driver.codes.contains(&code) {
                let at = self.source.at(here).rfind(code).map_or(here.start, |offset| here.start + offset);
                let error = self
                    .error(Span { start: at, end: at + code.len() }, format!("unknown error code `{code}`"));
                let codes = driver.codes.iter().copied().chain([NO_ANSWER]);
                self.report(nearest_of(error, code, codes, "the codes are"));
                return;
            }
        }
    }
}
