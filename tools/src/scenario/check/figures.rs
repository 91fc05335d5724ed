//! The check of figures and of the expressions that compare them.

use super::checker::Checker;
use super::scope::{Kind, Measure};
use super::wording::nearest_of;
use crate::driver::Answer;
use crate::scenario::ast::{Expr, Fact, MEASURED};
use crate::text::{Span, nearest};

/// The type of an expression's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// A number, in every run.
    Number,
    /// Text that is known to be no number.
    Text,
    /// Any value that a node answers.
    Anything,
}

impl Checker<'_> {
    /// Checks an expression, and returns the type of its value.
    pub(super) fn expr(&mut self, expr: &Expr) -> Worth {
        match expr {
            Expr::Fact(fact, span) => self.fact(fact, *span),
            Expr::Binary(left, _, right) => {
                for side in [left, right] {
                    if self.expr(side) == Worth::Text {
                        let error = self.error(place(side), "only numbers can be calculated with");
                        self.report(error.help("write a number, a figure or a variable that holds a number"));
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
            Fact::Variable(name) => match self.variable(name, span) {
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
            Some(Measure::Concurrent) => Some(
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
            self.report(error);
        }
        if !MEASURED.contains(&figure) {
            let place = Span { start: span.end.saturating_sub(figure.len()), ..span };
            let error = self.error(place, format!("unknown figure `{figure}`"));
            self.report(nearest_of(error, figure, MEASURED.iter().copied(), "the figures are"));
        }
    }
}

/// Returns the place of an expression.
pub(super) fn place(expr: &Expr) -> Span {
    match expr {
        Expr::Fact(_, span) => *span,
        Expr::Binary(left, _, right) => place(left).to(place(right)),
    }
}
