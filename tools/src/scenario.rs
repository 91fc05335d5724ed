//! Scenarios: a parser from text to steps with spans, and a check before anything starts.
//!
//! A text is parsed once for each combination of its parameters, so that the result holds no parameters.
//! Values that are known only at run time (answers stored by `let`, counters, draws) stay as [`Expr`] and
//! [`Who`].
//!
//! This module reads no file, prints nothing, and starts nothing.

mod ask_text;
mod ast;
mod block;
mod check;
mod claim;
mod combination;
mod expression;
mod header;
mod include;
mod marks;
mod needs;
mod network;
mod parse;
mod quantity;
mod reader;
mod recovery;
mod step;
mod suggestion;
mod token;
mod who;
mod word;

#[cfg(test)]
pub(crate) mod tests;

pub use ast::{
    Ask, At, Block, Bound, Claim, Comparison, Effort, Expr, Fact, Headers, Item, LEADER, LinkSet, Load,
    MEASURED, NAMED, NodeOption, Operator, Param, Part, Pick, Predicate, Rate, RateUnit, Scenario, Shape,
    Step, StepKind, Subject, Verb, Way, Who, Word, second_load,
};
pub use check::{Fit, Setting, check, fit, is_routed, options_in_use};
pub use claim::PREDICATES;
pub use combination::{
    COMBINATIONS_MAX, CombinationError, Combinations, EXTENSION, combination_name, combinations, name,
};
pub use header::{HEADERS, about};
pub use include::beside;
pub use marks::{Gap, GapKind, Marks, Name, NameKind};
pub use parse::{headers, marks, parse, parse_all, parse_steps};
pub use quantity::{QuantityError, UNITS, Units, duration, shift_ms};
pub use step::{SHAPES, keywords as step_names};
