//! Comparisons of answers with words, and of answers with each other.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::observed::Observed;
use crate::driver;
use crate::scenario::Comparison;
use crate::text::value;
use crate::world::{Answer, Value};

/// A word of a step with its variables filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) struct FilledWord {
    /// The word as text.
    pub text: String,
    /// The bare word for its value.
    pub value: String,
}

/// A way to compare answers and words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum CompareBy {
    /// Comparison as texts.
    Text,
    /// Comparison by type and value.
    Value,
    /// Comparison as stamps.
    Stamp,
}

impl CompareBy {
    /// Returns the comparison for answers of a kind, from a node whose store tells such values apart.
    pub(in crate::run) fn of(kind: driver::Answer, values: driver::Values) -> Self {
        use driver::Answer;
        match kind {
            Answer::Stamp => Self::Stamp,
            Answer::Number => Self::Value,
            Answer::Value | Answer::Any if values == driver::Values::Json => Self::Value,
            Answer::Value
            | Answer::Any
            | Answer::Text
            | Answer::List
            | Answer::Node
            | Answer::Nodes
            | Answer::Done => Self::Text,
        }
    }

    /// Returns the form of a word that is compared.
    pub(in crate::run) fn word(self, word: &FilledWord) -> &str {
        if self == Self::Value { &word.value } else { &word.text }
    }

    /// Returns the order of an answer of one value and a word; none if their types differ.
    pub(in crate::run) fn order(self, value: &Value, word: &FilledWord) -> Option<Ordering> {
        match self {
            Self::Value => value::order(&value.word(), &word.value),
            Self::Text => Some(value.to_string().cmp(&word.text)),
            Self::Stamp => {
                let text = value.to_string();
                let stamps = stamp(&text).zip(stamp(&word.text));
                Some(stamps.map_or_else(|| text.cmp(&word.text), |(one, other)| one.cmp(&other)))
            }
        }
    }

    /// Returns a text that is equal for equal answers.
    pub(in crate::run) fn key(self, value: &Value) -> String {
        match value {
            // A list is compared as a set: order and repetition do not count.
            Value::List(list) => {
                let set: BTreeSet<String> = list.iter().map(|item| self.item(item)).collect();
                set.into_iter().collect::<serde_json::Value>().to_string()
            }
            value if self == Self::Value => value.word(),
            value => value.to_string(),
        }
    }

    /// Returns the form of a list's item that is compared: by value, `1.0` is 1.
    pub(in crate::run) fn item(self, item: &str) -> String {
        if self == Self::Value { value::canonical(item) } else { item.to_owned() }
    }

    /// Returns the answer in words. Where answers are compared by value, it shows values so that their
    /// types can be told apart.
    pub(in crate::run) fn shown(self, observed: &Observed) -> String {
        match observed {
            Observed::Answered(Answer { value: Value::Text(text), .. })
                if self == Self::Value && !text.is_empty() =>
            {
                Observed::text(value::of_text(text)).to_string()
            }
            other => other.to_string(),
        }
    }
}

/// Returns true if the answers of several nodes are all equal.
pub(in crate::run) fn agree<'a>(observed: impl IntoIterator<Item = &'a Observed>, by: CompareBy) -> bool {
    let mut answers = observed.into_iter().map(|observed| match observed {
        Observed::Answered(answer) => Some(by.key(&answer.value)),
        Observed::Refused { .. } | Observed::Silent(_) | Observed::Unasked => None,
    });
    match answers.next() {
        Some(Some(first)) => answers.all(|answer| answer.as_ref() == Some(&first)),
        Some(None) => false,
        None => true,
    }
}

/// Returns true if an answer has this relation to these words.
pub(in crate::run) fn compare(
    comparison: Comparison,
    value: &Value,
    words: &[FilledWord],
    by: CompareBy,
) -> bool {
    if let Value::List(list) = value {
        let wanted: BTreeSet<String> = words.iter().map(|word| member(word, by)).collect();
        let equal = list.iter().map(|item| by.item(item)).collect::<BTreeSet<_>>() == wanted;
        return match comparison {
            Comparison::Equal => equal,
            Comparison::NotEqual => !equal,
            _ => false,
        };
    }
    let joined;
    let word = if let [word] = words {
        word
    } else {
        let text = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        joined = FilledWord { value: value::of_text(&text).into_owned(), text };
        &joined
    };
    match (by.order(value, word), comparison) {
        // For more and less, two numerals are compared as numbers, even if a store knows only text.
        (Some(_), Comparison::Less | Comparison::AtMost | Comparison::Greater | Comparison::AtLeast)
            if by == CompareBy::Text
                && value::is_number(&value.to_string())
                && value::is_number(&word.text) =>
        {
            let ordering = value::order(&value.to_string(), &word.text);
            ordering.is_some_and(|ordering| comparison.holds(ordering))
        }
        (Some(ordering), comparison) => comparison.holds(ordering),
        // Values of different types are not equal, and neither is less.
        (None, comparison) => comparison == Comparison::NotEqual,
    }
}

/// Returns a word as a member of a set.
fn member(word: &FilledWord, by: CompareBy) -> String {
    if by == CompareBy::Value { value::canonical(&word.value) } else { word.text.clone() }
}

/// Returns true if an answer contains this word.
pub(in crate::run) fn contains(value: &Value, word: &FilledWord, by: CompareBy) -> bool {
    match value {
        Value::List(list) => {
            let wanted = member(word, by);
            list.iter().any(|item| by.item(item) == wanted)
        }
        Value::Json(json) if by == CompareBy::Value => match value::members(json) {
            Some(members) => members.contains(&member(word, by)),
            None => json.contains(&word.text),
        },
        Value::Text(text) | Value::Json(text) => text.contains(&word.text),
        Value::Done => false,
    }
}

fn stamp(text: &str) -> Option<(u64, u64)> {
    let (wall, counter) = text.split_once('.')?;
    Some((wall.parse().ok()?, counter.parse().ok()?))
}
