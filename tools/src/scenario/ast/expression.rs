//! Arithmetic expressions over figures.

use crate::text::Span;

/// An arithmetic expression over figures.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// One figure or text.
    Fact(Fact, Span),
    /// Two expressions, joined by an operator.
    Binary(Box<Expr>, Operator, Box<Expr>),
}

impl Expr {
    /// Returns the names of the measures that the expression reads, in order.
    #[must_use]
    pub fn measures(&self) -> Vec<&str> {
        match self {
            Self::Fact(Fact::Measured(measure, _), _) => vec![measure],
            Self::Fact(..) => Vec::new(),
            Self::Binary(left, _, right) => [left.measures(), right.measures()].concat(),
        }
    }
}

/// One figure or text in an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A number; a duration is in seconds, a percentage a fraction, a rate in bits per second.
    Number(f64),
    /// A quoted text, without its quotes.
    Text(String),
    /// `$name`: a value that `let`, `as` or `each` stored.
    Variable(String),
    /// `nodes`, `links` or `diameter`.
    Named(String),
    /// `m.payloads`: a figure of `measure m`.
    Measured(String, String),
}

/// An arithmetic operator: `+ - * / %`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The sign `+`.
    Add,
    /// The sign `-`.
    Subtract,
    /// The sign `*`.
    Multiply,
    /// The sign `/`.
    Divide,
    /// The sign `%`.
    Remainder,
}

/// The figures of a `measure`, by the names that scenarios use.
pub const MEASURED: &[&str] = &[
    "ok",
    "refused",
    "unknown",
    "updates",
    "payloads",
    "messages",
    "bytes",
    "ack_p50",
    "ack_p99",
    "ack_max",
    "spread_p50",
    "spread_p99",
    "spread_max",
    "duration",
];

/// The figures that every scenario has.
pub const NAMED: &[&str] = &["nodes", "links", "diameter"];
