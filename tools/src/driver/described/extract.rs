//! The part of an answer that is the command's, such as `/kvs/0/value | base64`.
//!
//! An extraction is a row of steps with ` | ` between them. Each takes what the one before it found; where that is a
//! list, a step takes each of its members. Numbers keep their digits.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::value::RawValue;

use crate::text::{regex_cause, value};

/// The steps that have no argument, each by its word.
const WORDS: [(&str, Step); 8] = [
    ("text", Step::Text),
    ("json", Step::Json),
    ("lines", Step::Lines),
    ("trim", Step::Trim),
    ("base64", Step::Base64),
    ("number", Step::Number),
    ("names", Step::Names),
    ("first", Step::First),
];

/// The part of an answer that is the command's.
#[derive(Debug, Clone, Default)]
pub(super) struct Extraction(Vec<Step>);

#[derive(Debug, Clone)]
enum Step {
    /// The text as it is.
    Text,
    /// The text read as JSON.
    Json,
    /// The lines of the text that are not blank.
    Lines,
    /// The text without space around it.
    Trim,
    /// The text that stands in base64.
    Base64,
    /// The number that the text is.
    Number,
    /// The names of the members of an object.
    Names,
    /// The first member of a list.
    First,
    /// A part of JSON.
    Pointer(Vec<String>),
    /// The first group of a regular expression, or all that matches it.
    Match(Regex),
    /// The same of each place that matches, as a list.
    Matches(Regex),
}

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A text.
    Text(String),
    /// A value of JSON, as it stands in the answer.
    Json(String),
    /// A list.
    List(Vec<Part>),
}

/// The reason why an extraction cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExtractionError {
    /// A step has no such name.
    #[error("unknown step `{0}` of an answer")]
    Step(String),
    /// A pattern is no regular expression.
    #[error("`{pattern}` is no pattern: {cause}")]
    Pattern {
        /// The text after `match`.
        pattern: String,
        /// The mistake in it.
        cause: String,
    },
}

/// The reason why an answer lacks a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum PartError {
    /// The place named by a pointer, a match or `first` is not there.
    #[error("there is no {0} in it")]
    Missing(String),
    /// The answer is of another kind than a step takes.
    #[error("it is not {0}")]
    Kind(&'static str),
}

impl Extraction {
    /// Returns the words of steps that have no argument.
    pub(super) fn words() -> impl Iterator<Item = &'static str> + Clone {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// Returns the extraction of a whole answer that is JSON.
    pub(super) fn json() -> Self {
        Self(vec![Step::Json])
    }

    /// Parses a row of steps.
    pub(super) fn parse(text: &str) -> Result<Self, ExtractionError> {
        let mut steps = Vec::new();
        let mut rest = Some(text.trim());
        while let Some(text) = rest {
            let one = text.strip_prefix("match ").map(|pattern| (pattern, Step::Match as fn(Regex) -> Step));
            let all = || Some((text.strip_prefix("matches ")?, Step::Matches as fn(Regex) -> Step));
            if let Some((pattern, step)) = one.or_else(all) {
                // A pattern may have bars in it, so nothing follows it.
                let wrong = |error: regex::Error| ExtractionError::Pattern {
                    pattern: pattern.to_owned(),
                    cause: regex_cause(&error),
                };
                steps.push(step(Regex::new(pattern).map_err(wrong)?));
                break;
            }
            let (step, further) = match text.split_once(" | ") {
                Some((step, further)) => (step.trim(), Some(further.trim())),
                None => (text, None),
            };
            let known = WORDS.iter().find(|(word, _)| *word == step);
            steps.push(match known {
                Some((_, step)) => step.clone(),
                None if step.starts_with('/') => Step::Pointer(segments(step)),
                None => return Err(ExtractionError::Step(step.to_owned())),
            });
            rest = further;
        }
        Ok(Self(steps))
    }

    /// Returns true if the whole answer is the part.
    pub(super) fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the part of an answer.
    pub(super) fn of(&self, answer: String) -> Result<Part, PartError> {
        self.0.iter().try_fold(Part::Text(answer), |part, step| step.apply(part))
    }
}

impl Step {
    fn apply(&self, part: Part) -> Result<Part, PartError> {
        match (self, part) {
            (Self::First, Part::List(parts)) => {
                parts.into_iter().next().ok_or_else(|| PartError::Missing("first member".to_owned()))
            }
            (_, Part::List(parts)) => {
                parts.into_iter().map(|part| self.apply(part)).collect::<Result<_, _>>().map(Part::List)
            }
            (Self::Json, part) => Ok(Part::Json(json_of(part)?.get().to_owned())),
            (Self::Pointer(segments), part) => find(&json_of(part)?, segments, segments),
            (Self::Names, part) => {
                let json = json_of(part)?;
                let object: BTreeMap<String, &RawValue> =
                    serde_json::from_str(json.get()).map_err(|_| PartError::Kind("an object"))?;
                Ok(Part::List(object.into_keys().map(Part::Text).collect()))
            }
            (step, part) => step.apply_to_text(text_of(part)),
        }
    }

    fn apply_to_text(&self, text: String) -> Result<Part, PartError> {
        match self {
            Self::Lines => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                Ok(Part::List(lines.map(|line| Part::Text(line.to_owned())).collect()))
            }
            Self::Trim => Ok(Part::Text(text.trim().to_owned())),
            Self::Base64 => {
                let bytes = STANDARD.decode(text.trim()).map_err(|_| PartError::Kind("base64"))?;
                String::from_utf8(bytes).map(Part::Text).map_err(|_| PartError::Kind("text in base64"))
            }
            Self::Number if value::is_number(text.trim()) => Ok(Part::Json(text.trim().to_owned())),
            Self::Number => Err(PartError::Kind("a number")),
            Self::Match(pattern) => {
                let missing = || PartError::Missing(format!("match of `{pattern}`"));
                let found = pattern.captures(&text).ok_or_else(missing)?;
                let found = found.get(1).or(found.get(0)).ok_or_else(missing)?;
                Ok(Part::Text(found.as_str().to_owned()))
            }
            Self::Matches(pattern) => {
                let found = pattern.captures_iter(&text).filter_map(|found| found.get(1).or(found.get(0)));
                Ok(Part::List(found.map(|found| Part::Text(found.as_str().to_owned())).collect()))
            }
            Self::Text | Self::Json | Self::Names | Self::First | Self::Pointer(_) => Ok(Part::Text(text)),
        }
    }
}

/// Returns the segments of a JSON pointer (RFC 6901). `*` stands for all members of a list.
fn segments(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|segment| segment.replace("~1", "/").replace("~0", "~")).collect()
}

/// Returns the part of JSON at the rest of a pointer.
fn find(json: &RawValue, rest: &[String], pointer: &[String]) -> Result<Part, PartError> {
    let missing = || PartError::Missing(format!("`/{}`", pointer.join("/")));
    let Some((segment, rest)) = rest.split_first() else { return Ok(Part::Json(json.get().to_owned())) };
    if let Ok(members) = serde_json::from_str::<Vec<&RawValue>>(json.get()) {
        if segment == "*" {
            return members
                .into_iter()
                .map(|member| find(member, rest, pointer))
                .collect::<Result<_, _>>()
                .map(Part::List);
        }
        let member = segment.parse::<usize>().ok().and_then(|index| members.get(index).copied());
        return find(member.ok_or_else(missing)?, rest, pointer);
    }
    let object: BTreeMap<String, &RawValue> = serde_json::from_str(json.get()).map_err(|_| missing())?;
    match (object.get(segment), segment.strip_suffix('?').filter(|_| rest.is_empty())) {
        (Some(member), _) => find(member, rest, pointer),
        // Some formats leave out what is empty.
        (None, Some(name)) => match object.get(name) {
            Some(member) => find(member, rest, pointer),
            None => Ok(Part::Text(String::new())),
        },
        (None, None) => Err(missing()),
    }
}

/// Returns a part as JSON. A text is read as JSON.
fn json_of(part: Part) -> Result<Box<RawValue>, PartError> {
    let text = match part {
        Part::Text(text) | Part::Json(text) => text,
        Part::List(_) => return Err(PartError::Kind("JSON")),
    };
    serde_json::from_str::<&RawValue>(&text).map(ToOwned::to_owned).map_err(|_| PartError::Kind("JSON"))
}

/// Returns a part as text. JSON that is no text stays as it stands.
fn text_of(part: Part) -> String {
    match part {
        Part::Text(text) => text,
        Part::Json(json) => value::text_of(&json).unwrap_or(json),
        Part::List(parts) => parts.into_iter().map(text_of).collect::<Vec<_>>().join("\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    fn json(text: &str) -> Part {
        Part::Json(text.to_owned())
    }

    #[track_caller]
    fn check(extraction: &str, answer: &str, expected: &Part) {
        let extraction = Extraction::parse(extraction).unwrap();
        assert_eq!(extraction.of(answer.to_owned()).as_ref(), Ok(expected), "{extraction:?}");
    }

    #[test]
    fn a_part_of_an_answer_is_found() {
        check("text", "a b", &text("a b"));
        check("json", "[1,  2]", &json("[1,  2]"));
        check("/value", r#"{"value": 10000000000000000001}"#, &json("10000000000000000001"));
        check("/kvs/0/value | base64", r#"{"kvs": [{"value": "aGk="}]}"#, &text("hi"));
        check("/a~1b/~0", r#"{"a/b": {"~": null}}"#, &json("null"));
        check("/kvs/0/value? | base64", r#"{"kvs": [{"value": "aGk="}]}"#, &text("hi"));
        check("/kvs/0/value? | base64", r#"{"kvs": [{}]}"#, &text(""));
        check("number", " 7\n", &json("7"));
        check("trim", " 7\n", &text("7"));
        check("match version (\\d+)", "at version 12 | x", &text("12"));
        check("/ok | match a|b", r#"{"ok": "xb"}"#, &text("b"));
    }

    #[test]
    fn a_list_is_found() {
        check("lines", "a\n\nb\n", &Part::List(vec![text("a"), text("b")]));
        check("/*/key | base64", r#"[{"key": "aGk="}]"#, &Part::List(vec![text("hi")]));
        check("/kvs/*", r#"{"kvs": [1, "2"]}"#, &Part::List(vec![json("1"), json("\"2\"")]));
        check("names", r#"{"b": 1, "a": 2}"#, &Part::List(vec![text("a"), text("b")]));
        check("lines | first", "a\nb", &text("a"));
    }

    #[test]
    fn a_part_that_is_not_there_is_told() {
        let of = |extraction: &str, answer: &str| {
            Extraction::parse(extraction).unwrap().of(answer.to_owned()).unwrap_err().to_string()
        };
        assert_eq!(of("/kvs/0/value", r#"{"kvs": []}"#), "there is no `/kvs/0/value` in it");
        assert_eq!(of("/kvs/0/value?", r#"{"kvs": []}"#), "there is no `/kvs/0/value?` in it");
        assert_eq!(of("/value", "<html>"), "it is not JSON");
        assert_eq!(of("number", "seven"), "it is not a number");
        assert_eq!(of("lines | first", ""), "there is no first member in it");
        assert_eq!(of("names", "[1]"), "it is not an object");
    }

    #[test]
    fn a_wrong_step_is_told() {
        let parse = |text: &str| Extraction::parse(text).unwrap_err().to_string();
        assert_eq!(parse("jsn"), "unknown step `jsn` of an answer");
        assert!(parse("match (").starts_with("`(` is no pattern: "));
    }
}
