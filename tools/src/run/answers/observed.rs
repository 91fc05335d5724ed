//! The result of an ask, as the runner saw it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::world::{Answer, NodeIndex, Outcome, Value};

/// The code of a refusal by a node that holds nothing of a key.
pub(in crate::run) const ABSENT: &str = "absent";

/// An ask of one node: its result, and its time.
pub(in crate::run) struct Asked {
    pub node: NodeIndex,
    pub observed: Observed,
    /// The time at which the question was put.
    pub put: Duration,
    /// The time at which the answer came, or was given up.
    pub answered: Duration,
}

impl Asked {
    /// Returns true if the node did what it was asked, and said so.
    pub(in crate::run) fn is_answered(&self) -> bool {
        matches!(self.observed, Observed::Answered(_))
    }
}

#[cfg(test)]
impl Asked {
    /// Creates an ask of the first node, put and answered at these times in milliseconds.
    pub(in crate::run) fn between(put_ms: u64, answered_ms: u64, observed: Observed) -> Self {
        let (put, answered) = (Duration::from_millis(put_ms), Duration::from_millis(answered_ms));
        Self { node: NodeIndex(0), observed, put, answered }
    }
}

/// The result of asking one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Observed {
    /// The node answered.
    Answered(Answer),
    /// The node refused.
    Refused {
        /// The reason as a code, for programs.
        code: String,
        /// The reason in words, for people.
        message: String,
    },
    /// The node gave no answer, for this reason.
    Silent(String),
    /// The node was not asked: the turn of the question came too late.
    Unasked,
}

impl Observed {
    /// Returns true if both say the same to a client: a value may stay while the version behind it changes.
    pub(in crate::run) fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answered(one), Self::Answered(other)) => one.value == other.value,
            _ => self == other,
        }
    }

    /// Returns an answer of one text.
    pub(in crate::run) fn text(text: impl Into<String>) -> Self {
        Self::Answered(Answer { value: Value::Text(text.into()), written: None })
    }

    /// Returns the figures of a `stats` answer, by name; none if the answer is no list.
    pub(in crate::run) fn figures(&self) -> Option<BTreeMap<String, u64>> {
        let Self::Answered(Answer { value: Value::List(list), .. }) = self else { return None };
        let figures = list.iter().filter_map(|figure| figure.split_once('='));
        Some(figures.filter_map(|(name, figure)| Some((name.to_owned(), figure.parse().ok()?))).collect())
    }
}

impl From<Outcome> for Observed {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered(answer) => Self::Answered(answer),
            Outcome::Refused { code, message } => Self::Refused { code, message },
            Outcome::Unknown { reason } | Outcome::Failed { reason } => Self::Silent(reason),
            // No node is asked for bypasses.
            Outcome::Done | Outcome::Bypasses(_) => {
                Self::Answered(Answer { value: Value::Done, written: None })
            }
            Outcome::Lines(lines) => Self::text(lines.join("\n")),
            Outcome::Unasked => Self::Unasked,
        }
    }
}

impl std::fmt::Display for Observed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// The most characters of an answer that are shown; longer ones are cut. Chosen: about
        /// two lines of a terminal, since a person reads the report.
        const SHOWN: usize = 200;
        match self {
            Self::Answered(answer) => {
                let text = answer.value.to_string();
                match text.char_indices().nth(SHOWN) {
                    Some((cut, _)) => write!(f, "{}… ({} bytes)", &text[..cut], text.len()),
                    None if text.is_empty() => f.write_str("nothing"),
                    None => f.write_str(&text),
                }
            }
            Self::Refused { message, code } => write!(f, "error: {message} ({code})"),
            Self::Silent(reason) => write!(f, "no answer: {reason}"),
            Self::Unasked => f.write_str("not asked in time"),
        }
    }
}
