//! Expectations: claims, predicates and their bounds in time.

use std::time::Duration;

use super::choice::Who;
use super::expression::Expr;
use super::word::{Ask, Word};

/// The claim of an expectation.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// `[any] who: ask predicate`.
    Ask {
        /// True if the claim has to hold at one node only.
        any: bool,
        /// The nodes that are asked.
        who: Who,
        /// The command and its arguments.
        ask: Ask,
        /// The predicate for the answer; without one, any answer satisfies the claim.
        predicate: Option<Predicate>,
    },
    /// `converged [who]`, or `diverged [who]`.
    Converged {
        /// The nodes that are compared; all if none are named.
        who: Option<Who>,
        /// True for `diverged`: at least two of them hold something else.
        negated: bool,
    },
    /// `expr cmp expr`.
    Figures {
        /// The expression on the left.
        left: Expr,
        /// The comparison of the two sides.
        comparison: Comparison,
        /// The expression on the right.
        right: Expr,
    },
}

/// The time in which an expectation must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The time before which the claim must hold at some moment.
    Within(Duration),
    /// The time for which the claim must hold without a break.
    For(Duration),
}

/// A condition on an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// `== V…` and the other comparisons; several words are a list.
    Compare(Comparison, Vec<Word>),
    /// `fails [code]`.
    Fails(Option<String>),
    /// `agree`: all answers are equal.
    Agree,
    /// `[not] in A B`.
    In {
        /// True if the predicate is negated.
        not: bool,
        /// The values, of which the answer must equal one.
        words: Vec<Word>,
    },
    /// `[not] contains V`.
    Contains {
        /// True if the predicate is negated.
        not: bool,
        /// The text, or the member of a list, that the answer must contain.
        word: Word,
    },
    /// `[not] matches /RE/`: the expression, known to be valid.
    Matches {
        /// True if the predicate is negated.
        not: bool,
        /// The regular expression, without its slashes.
        regex: String,
    },
    /// `[not] is empty`.
    Empty {
        /// True if the predicate is negated.
        not: bool,
    },
}

/// A comparison: `== != < <= > >=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// The sign `==`.
    Equal,
    /// The sign `!=`.
    NotEqual,
    /// The sign `<`.
    Less,
    /// The sign `<=`.
    AtMost,
    /// The sign `>`.
    Greater,
    /// The sign `>=`.
    AtLeast,
}

impl Comparison {
    /// All comparisons, longer signs first.
    pub const ALL: [Self; 6] =
        [Self::Equal, Self::NotEqual, Self::AtMost, Self::AtLeast, Self::Less, Self::Greater];

    /// Returns the sign of the comparison.
    #[must_use]
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
        }
    }

    /// Returns true if the comparison holds for an ordering.
    #[must_use]
    pub fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}
