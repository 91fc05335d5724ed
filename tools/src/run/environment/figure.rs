//! The value of an expression.

use std::cmp::Ordering;

use super::error::ValueError;
use crate::text::value;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) enum Figure {
    /// A number.
    Number(f64),
    /// A text; in a calculation it is read as a number, if it is one.
    Text(String),
    /// A value of another type, as a bare word.
    Json(String),
    /// A value from a store that knows only text.
    Untyped(String),
}

impl Figure {
    /// Returns the number that it is, or that its text says.
    pub(in crate::run) fn number(&self) -> Result<f64, ValueError> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Text(text) | Self::Json(text) | Self::Untyped(text) => {
                text.parse().map_err(|_| ValueError::NotANumber(text.clone()))
            }
        }
    }

    /// Returns the bare word for its value.
    pub(in crate::run) fn word(&self) -> String {
        match self {
            Self::Text(text) => value::of_text(text).into_owned(),
            Self::Number(_) | Self::Json(_) | Self::Untyped(_) => self.to_string(),
        }
    }

    /// Returns the order of two figures by type and value. A value from a store that knows only text is
    /// compared as text with text.
    pub(in crate::run) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.partial_cmp(other),
            (Self::Untyped(one), Self::Text(other) | Self::Untyped(other))
            | (Self::Text(one), Self::Untyped(other)) => Some(one.cmp(other)),
            _ => value::order(&self.word(), &other.word()),
        }
    }
}

impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            // Whole numbers print whole, others with the digits that are needed to read them back.
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Json(text) | Self::Untyped(text) => f.write_str(text),
        }
    }
}
