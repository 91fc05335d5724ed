//! Whether figures can be compared.

use std::collections::BTreeMap;

use super::Checker;
use super::options::one_of;
use super::scope::Kind;
use crate::driver::Answer;
use crate::scenario::ast::{Expr, Fact, MEASURED};
use crate::text::{Span, nearest};

/// The blocks that measure, by name.
pub(super) type Measures = BTreeMap<String, Measure>;

/// How far a measurement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Its block is open.
    Open,
    /// It is taken by a step that runs at the same time.
    Beside,
    /// Its figures can be read.
    Done,
}

/// What an expression is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// A number.
    Number,
    /// Text that is known to be no number.
    Text,
    /// Whatever a node answers.
    Anything,
}

impl Checker<'_> {
    /// An expression: what it is worth.
    pub(super) fn expr(&mut self, expr: &Expr) -> Worth {
        match expr {
            Expr::Fact(fact, span) => self.fact(fact, *span),
            Expr::Binary(left, _, right) => {
                for side in [left, right] {
                    if self.expr(side) == Worth::Text {
                        let error = self.error(place(side), "only numbers can be calculated with");
                        self.say(error);
                    }
                }
                Worth::Number
            }
        }
    }

    fn fact(&mut self, fact: &Fact, span: Span) -> Worth {
        match fact {
            Fact::Number(_) | Fact::Named(_) => Worth::Number,
            Fact::Text(_) => Worth::Text,
            Fact::Variable(name) => match self.kept(name, span) {
                Some(Kind::Counter | Kind::Answer(Answer::Number)) => Worth::Number,
                Some(Kind::Nodes { .. }) => Worth::Text,
                Some(Kind::Answer(_)) | None => Worth::Anything,
            },
            Fact::Measured(measure, figure) => {
                self.measured(measure, figure, span);
                Worth::Number
            }
        }
    }

    fn measured(&mut self, measure: &str, figure: &str, span: Span) {
        let name = Span { end: span.start + measure.len(), ..span };
        let silent = self.nodes.all(&self.nodes.now).find(|(_, facts)| !facts.driver.gives(figure));
        let error = match self.measures.get(measure) {
            Some(Measure::Done) => silent.map(|(node, facts)| {
                let message = format!(
                    "`{measure}.{figure}` is not known: `{node}`, a `{}` node, does not tell what it is made of",
                    facts.driver.name
                );
                self.error(span, message)
            }),
            Some(Measure::Open) => Some(
                self.error(name, format!("`{measure}` is measured until its block ends"))
                    .help("read its figures after the `}`"),
            ),
            Some(Measure::Beside) => Some(
                self.error(name, format!("`{measure}` is measured at the same time"))
                    .help("read its figures after the `together`"),
            ),
            None => {
                let error = self.error(name, format!("nothing is measured as `{measure}`"));
                let near = nearest(measure, self.measures.keys().map(String::as_str));
                Some(match near {
                    Some(near) => error.did_you_mean(Some(near)),
                    None => error.help(format!("`measure {measure} {{ … }}` takes its figures")),
                })
            }
        };
        if let Some(error) = error {
            self.say(error);
        }
        if !MEASURED.contains(&figure) {
            let place = Span { start: span.end.saturating_sub(figure.len()), ..span };
            let error = self.error(place, format!("unknown figure `{figure}`"));
            self.say(one_of(error, figure, MEASURED.iter().copied(), "the figures are"));
        }
    }
}

/// Where an expression stands.
pub(super) fn place(expr: &Expr) -> Span {
    match expr {
        Expr::Fact(_, span) => *span,
        Expr::Binary(left, _, right) => place(left).to(place(right)),
    }
}
