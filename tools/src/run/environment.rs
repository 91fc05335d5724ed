//! What names stand for while a scenario runs, and the value of words and expressions.

use std::collections::BTreeMap;

use super::desk::Desk;
use crate::scenario::{Expr, Fact, Operator, Part, Word};
use crate::world::NodeIndex;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Binding {
    /// An answer, as text.
    Text(String),
    /// A counter.
    Number(f64),
    /// A choice of nodes.
    Nodes(Vec<NodeIndex>),
}

/// What is known at one place: cloned where steps run side by side, so that none sees the names of
/// another.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    variables: BTreeMap<String, Binding>,
    /// The counters of the loops around this place, outermost first: what draws depend on.
    pub iteration: Vec<u64>,
}

impl Environment {
    pub(super) fn bind(&mut self, name: &str, binding: Binding) {
        self.variables.insert(name.to_owned(), binding);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Binding> {
        self.variables.get(name)
    }

    /// One loop deeper.
    pub(super) fn turn(&self, index: u64) -> Self {
        let mut inner = self.clone();
        inner.iteration.push(index);
        inner
    }

    /// The text of a word.
    pub(super) fn word(&self, word: &Word, desk: &Desk) -> Result<String, String> {
        let mut text = String::new();
        for part in &word.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Expr(expr) => text.push_str(&self.value(expr, desk)?.to_string()),
            }
        }
        Ok(text)
    }

    /// The text of several words.
    pub(super) fn words(&self, words: &[Word], desk: &Desk) -> Result<Vec<String>, String> {
        words.iter().map(|word| self.word(word, desk)).collect()
    }

    /// The value of an expression.
    pub(super) fn value(&self, expr: &Expr, desk: &Desk) -> Result<Figure, String> {
        match expr {
            Expr::Fact(fact, _) => self.fact(fact, desk),
            Expr::Binary(left, operator, right) => {
                let (left, right) = (self.value(left, desk)?.number()?, self.value(right, desk)?.number()?);
                let value = match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide | Operator::Remainder if right == 0.0 => {
                        return Err("a division by zero".to_owned());
                    }
                    Operator::Divide => left / right,
                    Operator::Remainder => left % right,
                };
                Ok(Figure::Number(value))
            }
        }
    }

    fn fact(&self, fact: &Fact, desk: &Desk) -> Result<Figure, String> {
        let state = desk.state();
        Ok(match fact {
            Fact::Number(number) => Figure::Number(*number),
            Fact::Text(text) => Figure::Text(text.clone()),
            Fact::Variable(name) => match self.get(name) {
                Some(Binding::Number(number)) => Figure::Number(*number),
                Some(Binding::Text(text)) => Figure::Text(text.clone()),
                Some(Binding::Nodes(nodes)) => {
                    let names: Vec<&str> = nodes.iter().map(|node| state.network.name(*node)).collect();
                    Figure::Text(names.join(" "))
                }
                None => return Err(format!("`${name}` has no value here")),
            },
            Fact::Named(name) => Figure::Number(match name.as_str() {
                "nodes" => state.network.indices().count() as f64,
                "links" => state.network.links().len() as f64,
                "diameter" => state.network.diameter() as f64,
                _ => return Err(format!("there is no figure `{name}`")),
            }),
            Fact::Measured(measure, figure) => state
                .measures
                .figure(measure, figure)
                .map(Figure::Number)
                .ok_or_else(|| format!("`{measure}.{figure}` has not been measured"))?,
        })
    }
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Figure {
    /// A number.
    Number(f64),
    /// A text, which is a number where one is needed and it reads as one.
    Text(String),
}

impl Figure {
    pub(super) fn number(&self) -> Result<f64, String> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(text) => text.parse().map_err(|_| format!("`{text}` is not a number")),
        }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // Whole numbers print whole, others with what is needed to read them back.
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
