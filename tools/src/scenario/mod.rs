//! Scenarios: text to steps, with spans; checked before anything starts.
//!
//! What was typed is parsed once for each combination of its parameters; the result holds no
//! parameter any more. What can only be known while it runs (answers kept by `let`, counters,
//! draws) stays as [`Expr`] and [`Who`].
//!
//! Nothing here reads a file, prints, or starts anything.

mod ast;
mod check;
mod claim;
mod combination;
mod expression;
mod header;
mod include;
mod needs;
mod network;
mod parse;
mod quantity;
mod reader;
mod slip;
mod step;
mod token;
mod who;
mod word;

#[cfg(test)]
mod tests;

pub use ast::{
    Ask, At, Block, Bound, Claim, Comparison, Expr, Fact, Headers, Item, LinkSet, MEASURED, NAMED,
    NodeOption, Operator, Param, Part, Pick, Predicate, Rate, RateUnit, Scenario, Shape, Step, StepKind,
    Subject, Verb, Way, Who, Word,
};
pub use check::{Setting, check, is_routed};
pub use combination::{COMBINATIONS_MAX, CombinationError, combinations, name};
pub use header::about;
pub use parse::{headers, parse, parse_steps};
pub use quantity::{duration, shift_ms};
