//! Predicates of expectations, with their words filled in.

use std::cmp::Ordering;

use crate::driver;
use crate::run::answers::{CompareBy, FilledWord, Observed, compare, contains};
use crate::run::environment::{Environment, ValueError};
use crate::run::state::RunState;
use crate::scenario::{Comparison, Predicate};
use crate::text::value;
use crate::world::Value;

/// An error that keeps a predicate from being applied. It changes nothing in the run.
#[derive(Debug, Clone, thiserror::Error)]
pub(in crate::run) enum PredicateError {
    /// A word of the predicate has no value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The expression after `matches` is no regular expression, or is too large a one.
    #[error(transparent)]
    Regex(#[from] regex::Error),
}

impl From<PredicateError> for String {
    fn from(error: PredicateError) -> Self {
        error.to_string()
    }
}

/// A predicate with its words filled in.
#[derive(Debug, Clone)]
pub(in crate::run) enum FilledPredicate {
    /// The predicate holds for any answer.
    Answers,
    /// The answer has this relation to these words.
    Compare(Comparison, Vec<FilledWord>),
    /// The node refuses, with this code if one is named.
    Fails(Option<String>),
    /// All answers are equal.
    Agree,
    /// The answer is one of these words, or is not.
    In(bool, Vec<FilledWord>),
    /// The answer contains this word, or does not.
    Contains(bool, FilledWord),
    /// The answer matches this expression, or does not.
    Matches(bool, Box<regex::Regex>),
    /// The answer is empty, or is not.
    Empty(bool),
}

impl FilledPredicate {
    /// Fills in a predicate's words.
    pub(in crate::run) fn new(
        predicate: Option<&Predicate>,
        environment: &Environment,
        state: &RunState,
    ) -> Result<Self, PredicateError> {
        Ok(match predicate {
            None => Self::Answers,
            Some(Predicate::Compare(comparison, words)) => {
                Self::Compare(*comparison, environment.all_filled(words, state)?)
            }
            Some(Predicate::Fails(code)) => Self::Fails(code.clone()),
            Some(Predicate::Agree) => Self::Agree,
            Some(Predicate::In { not, words }) => Self::In(!not, environment.all_filled(words, state)?),
            Some(Predicate::Contains { not, word }) => Self::Contains(!not, environment.filled(word, state)?),
            Some(Predicate::Matches { not, regex }) => {
                let regex = regex::Regex::new(regex)?;
                Self::Matches(!not, Box::new(regex))
            }
            Some(Predicate::Empty { not }) => Self::Empty(!not),
        })
    }

    /// Returns true if one answer satisfies the predicate, compared as the command and the node require. A
    /// refusal or silence satisfies only `fails`. For `agree`, true means only that there is an answer.
    pub(in crate::run) fn fits(&self, observed: &Observed, by: CompareBy) -> bool {
        match (self, observed) {
            (Self::Fails(wanted), Observed::Refused { code, .. }) => {
                wanted.as_ref().is_none_or(|wanted| wanted == code)
            }
            (Self::Fails(wanted), Observed::Silent(_)) => {
                matches!(wanted.as_deref(), Some("no_answer" | driver::UNKNOWN))
            }
            (Self::Fails(_), Observed::Answered(_))
            | (_, Observed::Refused { .. } | Observed::Silent(_) | Observed::Unasked) => false,
            (Self::Answers | Self::Agree, Observed::Answered(_)) => true,
            (Self::Compare(comparison, words), Observed::Answered(answer)) => {
                compare(*comparison, &answer.value, words, by)
            }
            (Self::In(wanted, words), Observed::Answered(answer)) => {
                let is = |word: &FilledWord| by.order(&answer.value, word) == Some(Ordering::Equal);
                words.iter().any(is) == *wanted
            }
            (Self::Contains(wanted, word), Observed::Answered(answer)) => {
                contains(&answer.value, word, by) == *wanted
            }
            (Self::Matches(wanted, regex), Observed::Answered(answer)) => {
                regex.is_match(&answer.value.to_string()) == *wanted
            }
            (Self::Empty(wanted), Observed::Answered(answer)) => {
                let empty = match &answer.value {
                    Value::Text(text) => text.is_empty(),
                    Value::Json(json) => value::members(json).is_some_and(|members| members.is_empty()),
                    Value::List(list) => list.is_empty(),
                    Value::Done => true,
                };
                empty == *wanted
            }
        }
    }

    /// Returns true if the predicate compares the answers of several nodes with each other.
    pub(in crate::run) fn is_agree(&self) -> bool {
        matches!(self, Self::Agree)
    }

    /// Returns the expectation in words.
    pub(in crate::run) fn describe(&self, by: CompareBy) -> String {
        let not = |wanted: &bool| if *wanted { "" } else { "not " };
        match self {
            Self::Answers => "an answer".to_owned(),
            Self::Compare(comparison, words) => format!("{} {}", comparison.sign(), shown(words, by)),
            Self::Fails(None) => "an error".to_owned(),
            Self::Fails(Some(code)) if code == driver::UNKNOWN => "an outcome that is not known".to_owned(),
            Self::Fails(Some(code)) if code == "no_answer" => "no answer".to_owned(),
            Self::Fails(Some(code)) => format!("the error {code}"),
            Self::Agree => "the same answer from all".to_owned(),
            Self::In(wanted, words) => format!("{}one of {}", not(wanted), shown(words, by)),
            Self::Contains(wanted, word) => {
                format!("{}something that contains {}", not(wanted), by.word(word))
            }
            Self::Matches(wanted, regex) => format!("{}something that matches /{regex}/", not(wanted)),
            Self::Empty(wanted) => format!("{}nothing", not(wanted)),
        }
    }
}

fn shown(words: &[FilledWord], by: CompareBy) -> String {
    words.iter().map(|word| by.word(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
