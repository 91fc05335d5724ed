//! Whether what nodes answered satisfies a predicate.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::desk::Desk;
use super::environment::Environment;
use crate::driver;
use crate::scenario::{Comparison, Predicate};
use crate::world::{Answer, Outcome, Value};

/// What came of asking one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Observed {
    /// It answered.
    Answered(Answer),
    /// It said no.
    Refused {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// It said nothing, for this reason.
    Silent(String),
}

impl Observed {
    /// Whether both say the same to a client: a value may stay while the version behind it changes.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answered(one), Self::Answered(other)) => one.value == other.value,
            _ => self == other,
        }
    }

    /// An answer of one text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Answered(Answer { value: Value::Text(text.into()), written: None })
    }
}

impl From<Outcome> for Observed {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Answered(answer) => Self::Answered(answer),
            Outcome::Refused { code, message } => Self::Refused { code, message },
            Outcome::Unknown { reason } | Outcome::Failed { reason } => Self::Silent(reason),
            Outcome::Done => Self::Answered(Answer { value: Value::Done, written: None }),
            Outcome::Lines(lines) => Self::text(lines.join("\n")),
        }
    }
}

impl std::fmt::Display for Observed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        /// Longer answers are cut: a report is read by a person.
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
        }
    }
}

/// A predicate whose words are filled in.
#[derive(Debug, Clone)]
pub(super) enum Judge {
    /// There is an answer.
    Answers,
    /// The answer compares like this with these words.
    Compare(Comparison, Vec<String>),
    /// An error, of this code if one is named.
    Fails(Option<String>),
    /// All answers are equal.
    Agree,
    /// The answer is one of these, or is not.
    In(bool, Vec<String>),
    /// The answer contains this, or does not.
    Contains(bool, String),
    /// The answer matches, or does not.
    Matches(bool, Box<regex::Regex>),
    /// The answer is empty, or is not.
    Empty(bool),
}

impl Judge {
    /// Fills in a predicate's words.
    pub(super) fn new(
        predicate: Option<&Predicate>,
        environment: &Environment,
        desk: &Desk,
    ) -> Result<Self, String> {
        Ok(match predicate {
            None => Self::Answers,
            Some(Predicate::Compare(comparison, words)) => {
                Self::Compare(*comparison, environment.words(words, desk)?)
            }
            Some(Predicate::Fails(code)) => Self::Fails(code.clone()),
            Some(Predicate::Agree) => Self::Agree,
            Some(Predicate::In { not, words }) => Self::In(!not, environment.words(words, desk)?),
            Some(Predicate::Contains { not, word }) => Self::Contains(!not, environment.word(word, desk)?),
            Some(Predicate::Matches { not, regex }) => {
                let regex = regex::Regex::new(regex).map_err(|error| error.to_string())?;
                Self::Matches(!not, Box::new(regex))
            }
            Some(Predicate::Empty { not }) => Self::Empty(!not),
        })
    }

    /// Whether one answer satisfies it, of a command that answers `kind`. An error or silence
    /// satisfies only `fails`. Of `agree` this says only that there is an answer.
    pub(super) fn fits(&self, observed: &Observed, kind: driver::Answer) -> bool {
        match (self, observed) {
            (Self::Fails(wanted), Observed::Refused { code, .. }) => {
                wanted.as_ref().is_none_or(|wanted| wanted == code)
            }
            (Self::Fails(wanted), Observed::Silent(_)) => wanted.as_deref() == Some("no_answer"),
            (Self::Fails(_), Observed::Answered(_)) | (_, Observed::Refused { .. } | Observed::Silent(_)) => {
                false
            }
            (Self::Answers | Self::Agree, Observed::Answered(_)) => true,
            (Self::Compare(comparison, words), Observed::Answered(answer)) => {
                compare(*comparison, &answer.value, words, kind)
            }
            (Self::In(wanted, words), Observed::Answered(answer)) => {
                let text = answer.value.to_string();
                words.iter().any(|word| order(&text, word, kind) == Some(Ordering::Equal)) == *wanted
            }
            (Self::Contains(wanted, word), Observed::Answered(answer)) => {
                let contains = match &answer.value {
                    Value::Text(text) => text.contains(word.as_str()),
                    Value::List(list) => list.contains(word),
                    Value::Done => false,
                };
                contains == *wanted
            }
            (Self::Matches(wanted, regex), Observed::Answered(answer)) => {
                regex.is_match(&answer.value.to_string()) == *wanted
            }
            (Self::Empty(wanted), Observed::Answered(answer)) => {
                let empty = match &answer.value {
                    Value::Text(text) => text.is_empty(),
                    Value::List(list) => list.is_empty(),
                    Value::Done => true,
                };
                empty == *wanted
            }
        }
    }

    /// Whether it compares the answers of several nodes with each other.
    pub(super) fn is_agree(&self) -> bool {
        matches!(self, Self::Agree)
    }

    /// What is expected, in words.
    pub(super) fn describe(&self) -> String {
        let not = |wanted: &bool| if *wanted { "" } else { "not " };
        match self {
            Self::Answers => "an answer".to_owned(),
            Self::Compare(comparison, words) => format!("{} {}", comparison.sign(), words.join(" ")),
            Self::Fails(None) => "an error".to_owned(),
            Self::Fails(Some(code)) if code == "no_answer" => "no answer".to_owned(),
            Self::Fails(Some(code)) => format!("the error {code}"),
            Self::Agree => "the same answer from all".to_owned(),
            Self::In(wanted, words) => format!("{}one of {}", not(wanted), words.join(" ")),
            Self::Contains(wanted, word) => format!("{}something that contains {word}", not(wanted)),
            Self::Matches(wanted, regex) => format!("{}something that matches /{regex}/", not(wanted)),
            Self::Empty(wanted) => format!("{}nothing", not(wanted)),
        }
    }
}

/// Whether the answers of several nodes are all equal; lists are compared as sets.
pub(super) fn agree<'a>(observed: impl IntoIterator<Item = &'a Observed>) -> bool {
    let mut answers = observed.into_iter().map(|observed| match observed {
        Observed::Answered(Answer { value: Value::List(list), .. }) => {
            let mut list = list.clone();
            list.sort();
            Some(Value::List(list))
        }
        Observed::Answered(answer) => Some(answer.value.clone()),
        Observed::Refused { .. } | Observed::Silent(_) => None,
    });
    match answers.next() {
        Some(Some(first)) => answers.all(|answer| answer.as_ref() == Some(&first)),
        Some(None) => false,
        None => true,
    }
}

fn compare(comparison: Comparison, value: &Value, words: &[String], kind: driver::Answer) -> bool {
    if let Value::List(list) = value {
        let equal = list.iter().collect::<BTreeSet<_>>() == words.iter().collect::<BTreeSet<_>>();
        return match comparison {
            Comparison::Equal => equal,
            Comparison::NotEqual => !equal,
            _ => false,
        };
    }
    order(&value.to_string(), &words.join(" "), kind).is_some_and(|ordering| comparison.holds(ordering))
}

/// How two answers of one kind compare: stamps by their order, two numbers as numbers, else text.
pub(super) fn order(left: &str, right: &str, kind: driver::Answer) -> Option<Ordering> {
    if kind == driver::Answer::Stamp {
        let stamps = (stamp(left), stamp(right));
        if let (Some(left), Some(right)) = stamps {
            return Some(left.cmp(&right));
        }
    }
    // Whole numbers are compared whole: a float would round them from 2^53 on.
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return Some(left.cmp(&right));
    }
    // `nan` and `inf` are words here.
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => Some(left.cmp(right)),
    }
}

fn stamp(text: &str) -> Option<(u64, u64)> {
    let (wall, counter) = text.split_once('.')?;
    Some((wall.parse().ok()?, counter.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(value: Value) -> Observed {
        Observed::Answered(Answer { value, written: None })
    }

    #[track_caller]
    fn check(judge: &Judge, observed: &Observed, kind: driver::Answer, expected: bool) {
        assert_eq!(judge.fits(observed, kind), expected, "{judge:?} of {observed:?}");
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn numbers_compare_as_numbers_and_texts_as_texts() {
        let less = Judge::Compare(Comparison::Less, words("10"));
        check(&less, &answered(Value::Text("9".to_owned())), driver::Answer::Text, true);
        check(&less, &answered(Value::Text("9x".to_owned())), driver::Answer::Text, false);
        let big = Judge::Compare(Comparison::Equal, words("9007199254740993"));
        check(&big, &answered(Value::Text("9007199254740992".to_owned())), driver::Answer::Text, false);
    }

    #[test]
    fn stamps_compare_by_wall_then_counter() {
        let greater = Judge::Compare(Comparison::Greater, words("1732180000123.9"));
        let stamp = answered(Value::Text("1732180000123.10".to_owned()));
        check(&greater, &stamp, driver::Answer::Stamp, true);
    }

    #[test]
    fn lists_compare_as_sets() {
        let list = answered(Value::List(words("c b")));
        check(&Judge::Compare(Comparison::Equal, words("b c")), &list, driver::Answer::Nodes, true);
        check(&Judge::Compare(Comparison::NotEqual, words("b")), &list, driver::Answer::Nodes, true);
        check(&Judge::Contains(true, "b".to_owned()), &list, driver::Answer::Nodes, true);
        check(&Judge::Empty(false), &list, driver::Answer::Nodes, true);
    }

    #[test]
    fn an_error_or_silence_satisfies_no_predicate_but_fails() {
        let refused =
            Observed::Refused { code: "absent".to_owned(), message: "key `k` is absent".to_owned() };
        let silent = Observed::Silent("5 s passed".to_owned());
        let text = driver::Answer::Text;
        for judge in [
            Judge::Answers,
            Judge::Compare(Comparison::NotEqual, words("x")),
            Judge::In(false, words("x")),
            Judge::Contains(false, "x".to_owned()),
            Judge::Empty(true),
            Judge::Empty(false),
        ] {
            check(&judge, &refused, text, false);
            check(&judge, &silent, text, false);
        }
        check(&Judge::Fails(None), &refused, text, true);
        check(&Judge::Fails(Some("absent".to_owned())), &refused, text, true);
        check(&Judge::Fails(Some("exists".to_owned())), &refused, text, false);
        check(&Judge::Fails(None), &silent, text, false);
        check(&Judge::Fails(Some("no_answer".to_owned())), &silent, text, true);
        assert!(!agree([&refused, &refused]));
    }
}
