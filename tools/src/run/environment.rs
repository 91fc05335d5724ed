//! The environment of a step: the values of names while a scenario runs, and of words and expressions.

mod error;
mod figure;
mod node_rule;
mod selection;

use std::collections::BTreeMap;

pub(in crate::run) use error::{SelectionError, ValueError};
pub(in crate::run) use figure::Figure;
pub(in crate::run) use node_rule::NodeRule;
pub(in crate::run) use selection::resolve;

use super::answers::FilledWord;
use super::state::RunState;
use crate::scenario::{Expr, Fact, Operator, Part, Word};
use crate::text::value;
use crate::world::NodeIndex;

/// The value of a name.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) enum Binding {
    /// An answer that is text.
    Text(String),
    /// An answer of another type, as a bare word.
    Json(String),
    /// An answer of a store that knows only text: a bare word that is compared as text with text.
    Untyped(String),
    /// A counter.
    Number(f64),
    /// A choice of nodes.
    Nodes(Vec<NodeIndex>),
}

/// The names known at one place. The environment is cloned where steps run side by side, so that none
/// sees the names of another.
#[derive(Debug, Clone, Default)]
pub(in crate::run) struct Environment {
    variables: BTreeMap<String, Binding>,
    /// The counters of the loops around this place, outermost first; draws depend on them.
    pub iteration: Vec<u64>,
    /// The leader at this step, if the step names it.
    pub leader: Option<NodeIndex>,
}

impl Environment {
    pub(in crate::run) fn bind(&mut self, name: &str, binding: Binding) {
        self.variables.insert(name.to_owned(), binding);
    }

    pub(in crate::run) fn get(&self, name: &str) -> Option<&Binding> {
        self.variables.get(name)
    }

    /// Returns the environment one loop deeper, in turn `index`.
    pub(in crate::run) fn turn(&self, index: u64) -> Self {
        let mut inner = self.clone();
        inner.iteration.push(index);
        inner
    }

    /// Returns the text of a word.
    pub(in crate::run) fn word(&self, word: &Word, state: &RunState) -> Result<String, ValueError> {
        let mut text = String::new();
        for part in &word.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Expr(expr) => text.push_str(&self.value(expr, state)?.to_string()),
            }
        }
        Ok(text)
    }

    /// Returns a word with its value.
    pub(in crate::run) fn filled(&self, word: &Word, state: &RunState) -> Result<FilledWord, ValueError> {
        let text = self.word(word, state)?;
        let value = match word.parts.as_slice() {
            _ if word.quoted => value::of_text(&text).into_owned(),
            [Part::Expr(expr)] => self.value(expr, state)?.word(),
            _ => text.clone(),
        };
        Ok(FilledWord { text, value })
    }

    /// Returns several words with their values.
    pub(in crate::run) fn all_filled(
        &self,
        words: &[Word],
        state: &RunState,
    ) -> Result<Vec<FilledWord>, ValueError> {
        words.iter().map(|word| self.filled(word, state)).collect()
    }

    /// Returns the value of an expression.
    pub(in crate::run) fn value(&self, expr: &Expr, state: &RunState) -> Result<Figure, ValueError> {
        match expr {
            Expr::Fact(fact, _) => self.fact(fact, state),
            Expr::Binary(left, operator, right) => {
                let (left, right) = (self.value(left, state)?.number()?, self.value(right, state)?.number()?);
                let value = match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide | Operator::Remainder if right == 0.0 => {
                        return Err(ValueError::DivisionByZero);
                    }
                    Operator::Divide => left / right,
                    Operator::Remainder => left % right,
                };
                Ok(Figure::Number(value))
            }
        }
    }

    fn fact(&self, fact: &Fact, state: &RunState) -> Result<Figure, ValueError> {
        Ok(match fact {
            Fact::Number(number) => Figure::Number(*number),
            Fact::Text(text) => Figure::Text(text.clone()),
            Fact::Variable(name) => match self.get(name) {
                Some(Binding::Number(number)) => Figure::Number(*number),
                Some(Binding::Text(text)) => Figure::Text(text.clone()),
                Some(Binding::Json(word)) => Figure::Json(word.clone()),
                Some(Binding::Untyped(text)) => Figure::Untyped(text.clone()),
                Some(Binding::Nodes(nodes)) => {
                    let names: Vec<&str> = nodes.iter().map(|node| state.network.name(*node)).collect();
                    Figure::Text(names.join(" "))
                }
                None => return Err(ValueError::Unbound(name.clone())),
            },
            Fact::Named(name) => Figure::Number(match name.as_str() {
                "nodes" => state.network.indices().count() as f64,
                "links" => state.network.links().len() as f64,
                "diameter" => state.network.diameter() as f64,
                _ => return Err(ValueError::UnknownFigure(name.clone())),
            }),
            Fact::Measured(measure, figure) => {
                let measured = state.measures.figure(measure, figure).map(Figure::Number);
                let (measure, figure) = (measure.clone(), figure.clone());
                measured.ok_or(ValueError::NotMeasured { measure, figure })?
            }
        })
    }
}
