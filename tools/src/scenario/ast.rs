//! The syntax tree of a scenario, after its parameters are fixed.

mod choice;
mod claim;
mod expression;
mod place;
mod step;
mod word;

pub use self::choice::{Item, LEADER, LinkSet, Pick, Subject, Way, Who};
pub use self::claim::{Bound, Claim, Comparison, Predicate};
pub use self::expression::{Expr, Fact, MEASURED, NAMED, Operator};
pub use self::place::At;
pub use self::step::{
    Block, Effort, Load, NodeOption, Rate, RateUnit, Shape, Step, StepKind, Verb, second_load,
};
pub use self::word::{Ask, Part, Word};

use std::collections::BTreeMap;
use std::time::Duration;

use crate::text::{Source, Span};

/// One scenario with one choice of its parameters.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file's name without `.scn`. With several combinations it also has the choice, as in
    /// `latency[net=ring(26),policy=last]`.
    pub name: String,
    /// The comment that opens the file, its first paragraph as one line.
    pub about: String,
    /// The file that the scenario was read from.
    pub source: Source,
    /// The headers, which stand before the first step.
    pub headers: Headers,
    /// The choice of parameters, by name.
    pub params: BTreeMap<String, String>,
    /// The steps, in the order of the text.
    pub steps: Vec<Step>,
}

/// The headers of a scenario: the lines before the first step.
#[derive(Debug, Clone, PartialEq)]
pub struct Headers {
    /// The parameters with all their values.
    pub params: Vec<Param>,
    /// The time after which the whole scenario is ended.
    pub timeout: Duration,
    /// The longest time that the end of a run waits for convergence.
    pub settle: Duration,
    /// The names of the worlds in which the scenario applies; all worlds if empty.
    pub worlds: Vec<String>,
    /// The tags that `--tag` selects by.
    pub tags: Vec<String>,
}

impl Default for Headers {
    fn default() -> Self {
        Self {
            params: Vec::new(),
            timeout: Duration::from_mins(1),
            settle: Duration::from_secs(5),
            worlds: Vec::new(),
            tags: Vec::new(),
        }
    }
}

/// A parameter and its values; each combination of all parameters is one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The parameter's name.
    pub name: String,
    /// The parameter's values, in order; at least one.
    pub values: Vec<String>,
    /// The place of the declaration.
    pub span: Span,
}
