//! Questions to nodes, and their words.

use super::expression::Expr;
use crate::text::{Span, value};

/// A question to a node: a command and its arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// The words; at least the command, which holds no expression.
    pub words: Vec<Word>,
    /// The place of the whole ask.
    pub span: Span,
}

/// One word, with the expressions that are evaluated when it is needed.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The parts that together make the word.
    pub parts: Vec<Part>,
    /// True if the word stands in quotes: then it is text, even if it reads as JSON.
    pub quoted: bool,
    /// The place of the word.
    pub span: Span,
}

impl Word {
    /// Returns the word, if it holds no expression.
    #[must_use]
    pub fn fixed(&self) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                Part::Expr(_) => None,
            })
            .collect()
    }

    /// Returns the bare word for its value, if it holds no expression.
    #[must_use]
    pub fn fixed_value(&self) -> Option<String> {
        let text = self.fixed()?;
        Some(if self.quoted { value::of_text(&text).into_owned() } else { text })
    }
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Literal text.
    Text(String),
    /// An expression: `$x` or `${…}`.
    Expr(Expr),
}
