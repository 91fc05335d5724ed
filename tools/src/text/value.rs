//! Values as words: one rule for all values that are asked, kept and compared.
//!
//! A quoted word is text. A bare word that is JSON is that value, and every other bare word is text. So
//! each JSON value can be written as a bare word. Equal values have one *canonical* word: numbers by
//! their exact value, objects by their names in order. Values that are passed on as words are bare.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The most digits with which a number is written out. Chosen: 64-bit numbers have 20, and 128-bit ones 39.
const DIGITS_MAX: i128 = 40;

/// Returns the JSON text of a bare word's value.
#[must_use]
pub fn json(word: &str) -> Cow<'_, str> {
    if is_json(word) { Cow::Borrowed(word.trim()) } else { Cow::Owned(literal(word)) }
}

/// Returns the bare word of a text.
#[must_use]
pub fn of_text(text: &str) -> Cow<'_, str> {
    // A text that opens like a list, an object or a string is always quoted, whether it is JSON or not.
    let opens = text.trim_start().starts_with(['[', '{', '"']);
    if opens || is_json(text) { Cow::Owned(literal(text)) } else { Cow::Borrowed(text) }
}

/// Returns the text of a JSON value, if the value is a text.
#[must_use]
pub fn text_of(json: &str) -> Option<String> {
    serde_json::from_str(json).ok()
}

/// Returns the canonical word of a value, given as any bare word for it.
#[must_use]
pub fn canonical(word: &str) -> String {
    let json = json(word);
    match text_of(&json) {
        Some(text) => of_text(&text).into_owned(),
        None => canonical_json(&json),
    }
}

/// Returns the canonical word of a value, with whole numbers told from numbers with a fraction or an exponent:
/// `1.0` stays that, and is not 1. This is the equality of Clojure, in which Maelstrom's own checkers compare.
#[must_use]
pub fn with_number_types(word: &str) -> String {
    let json = json(word);
    match text_of(&json) {
        Some(text) => of_text(&text).into_owned(),
        None => rendered(&json, typed_number),
    }
}

/// Returns the members of a list, each as its canonical word; `None` if the word is no list.
#[must_use]
pub fn members(word: &str) -> Option<Vec<String>> {
    let members: Vec<&RawValue> = serde_json::from_str(word).ok()?;
    Some(members.into_iter().map(|member| canonical(member.get())).collect())
}

/// Returns true if two bare words have the same value.
#[must_use]
pub fn same(one: &str, other: &str) -> bool {
    canonical(one) == canonical(other)
}

/// Returns the order of the values of two bare words: two numbers by value, two texts by their characters.
/// Values of different kinds have no order.
#[must_use]
pub fn order(one: &str, other: &str) -> Option<Ordering> {
    let (one, other) = (json(one), json(other));
    if let (Some(one), Some(other)) = (Number::read(&one), Number::read(&other)) {
        return Some(one.order(&other));
    }
    if let (Some(one), Some(other)) = (text_of(&one), text_of(&other)) {
        return Some(one.cmp(&other));
    }
    (canonical_json(&one) == canonical_json(&other)).then_some(Ordering::Equal)
}

/// Returns true if a bare word is a number.
#[must_use]
pub fn is_number(word: &str) -> bool {
    is_json(word) && Number::read(word.trim()).is_some()
}

/// Returns true if a bare word is JSON.
#[must_use]
pub fn is_json(word: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(word).is_ok()
}

/// Returns a text as JSON.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Returns JSON in its canonical form.
fn canonical_json(json: &str) -> String {
    rendered(json, plain_number)
}

/// Returns a number by its value alone.
fn plain_number(json: &str) -> String {
    Number::read(json).map_or_else(|| json.to_owned(), |number| number.to_string())
}

/// Returns a number by its value and its type: whole, or with a fraction or an exponent.
fn typed_number(json: &str) -> String {
    let number = plain_number(json);
    let is_float = |text: &str| {
        text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && text.contains(['.', 'e', 'E'])
    };
    if is_float(json) && !is_float(&number) { number + ".0" } else { number }
}

/// Returns JSON with the names of objects in order and numbers in one form. The reader of JSON bounds its depth.
fn rendered(json: &str, number: fn(&str) -> String) -> String {
    match json.as_bytes().first() {
        Some(b'[') => {
            let Ok(members) = serde_json::from_str::<Vec<&RawValue>>(json) else { return json.to_owned() };
            let members: Vec<String> = members.iter().map(|member| rendered(member.get(), number)).collect();
            format!("[{}]", members.join(","))
        }
        Some(b'{') => {
            let Ok(fields) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
                return json.to_owned();
            };
            let field = |(name, value): (&String, &&RawValue)| {
                format!("{}:{}", literal(name), rendered(value.get(), number))
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
        }
        Some(b'"') => text_of(json).map_or_else(|| json.to_owned(), |text| literal(&text)),
        _ => number(json),
    }
}

/// A number as its digits, without zeros at either end, times a power of ten.
#[derive(Debug, PartialEq, Eq)]
struct Number {
    negative: bool,
    digits: String,
    exponent: i128,
}

impl Number {
    /// Reads a number of JSON. Returns `None` if it is none, or if its exponent fits no 64 bits.
    fn read(json: &str) -> Option<Self> {
        let (negative, rest) = json.strip_prefix('-').map_or((false, json), |rest| (true, rest));
        if !rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (mantissa, exponent) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0').trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = all.len() - all.trim_end_matches('0').len();
        let shift = i128::try_from(zeros).ok()? - i128::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().map(i128::from).ok()? + shift;
        Some(Self { negative, digits: digits.to_owned(), exponent })
    }

    /// Returns the power of ten above the first digit.
    fn magnitude(&self) -> i128 {
        self.exponent + i128::try_from(self.digits.len()).unwrap_or(i128::MAX)
    }

    fn order(&self, other: &Self) -> Ordering {
        let sign = |number: &Self| match (number.digits.is_empty(), number.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let size = |one: &Self, other: &Self| {
            one.magnitude().cmp(&other.magnitude()).then_with(|| one.digits.cmp(&other.digits))
        };
        sign(self).cmp(&sign(other)).then_with(|| match sign(self) {
            0 => Ordering::Equal,
            -1 => size(other, self),
            _ => size(self, other),
        })
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let (digits, magnitude) = (&self.digits, self.magnitude());
        let zeros = |count: i128| "0".repeat(usize::try_from(count).unwrap_or(0));
        match usize::try_from(magnitude) {
            _ if digits.is_empty() => f.write_str("0"),
            _ if magnitude > DIGITS_MAX || self.exponent < -DIGITS_MAX => {
                write!(f, "{sign}{digits}e{}", self.exponent)
            }
            Ok(_) if self.exponent >= 0 => write!(f, "{sign}{digits}{}", zeros(self.exponent)),
            Ok(place) if place > 0 => write!(f, "{sign}{}.{}", &digits[..place], &digits[place..]),
            _ => write!(f, "{sign}0.{}{digits}", zeros(-magnitude)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_same(one: &str, other: &str, expected: bool) {
        assert_eq!(same(one, other), expected, "{one} and {other}");
        assert_eq!(order(one, other) == Some(Ordering::Equal), expected, "{one} and {other}");
    }

    #[test]
    fn a_bare_word_is_the_value_that_it_is_as_json_and_else_text() {
        for (word, value) in [
            ("42", "42"),
            ("true", "true"),
            ("null", "null"),
            ("[1,\"x\"]", "[1,\"x\"]"),
            ("01234", "\"01234\""),
            ("Reimert", "\"Reimert\""),
            ("+5", "\"+5\""),
            ("nan", "\"nan\""),
            ("", "\"\""),
        ] {
            assert_eq!(json(word), value, "{word}");
        }
    }

    #[test]
    fn a_text_has_a_word_that_is_no_other_value() {
        for text in ["5", "true", " 7", "[1]", "[", "{", "\"", "\"x\"", "Reimert", "01", "a b", ""] {
            assert_eq!(text_of(&json(&of_text(text))).as_deref(), Some(text));
        }
        assert_eq!((of_text("5"), of_text("007")), (Cow::Borrowed("\"5\""), Cow::Borrowed("007")));
    }

    #[test]
    fn values_are_the_same_by_type_and_value() {
        check_same("1.0", "1", true);
        check_same("1e2", "100", true);
        check_same("-0", "0.0", true);
        check_same("0.10", "1e-1", true);
        check_same("9007199254740993", "9007199254740992", false);
        check_same("0.1", "0.10000000000000000001", false);
        check_same("1e999", "1e1000", false);
        check_same("007", "7", false);
        check_same("\" 7\"", "7", false);
        check_same("\"5\"", "5", false);
        check_same("null", "\"null\"", false);
        check_same("[1.0,\"a\"]", "[1, \"a\"]", true);
        check_same("[1,2]", "[2,1]", false);
        check_same("{\"b\":1,\"a\":[2.0]}", "{\"a\":[2],\"b\":1}", true);
        check_same("\"caf\\u00e9\"", "café", true);
    }

    #[test]
    fn numbers_have_types_where_they_are_told_apart() {
        for (word, typed) in [
            ("1", "1"),
            ("1.0", "1.0"),
            ("10e-1", "1.0"),
            ("-0.50", "-0.5"),
            ("1e60", "1e60"),
            ("true", "true"),
            ("x.y", "x.y"),
            ("\"1.0\"", "\"1.0\""),
            ("[1.0, {\"b\": 2, \"a\": 3.00}]", "[1.0,{\"a\":3.0,\"b\":2}]"),
        ] {
            assert_eq!(with_number_types(word), typed, "{word}");
        }
    }

    #[test]
    fn only_values_of_one_kind_have_an_order() {
        assert_eq!(order("9", "10"), Some(Ordering::Less));
        assert_eq!(order("-9", "-10"), Some(Ordering::Greater));
        assert_eq!(order("-1", "0"), Some(Ordering::Less));
        assert_eq!(order("0.09", "0.1"), Some(Ordering::Less));
        assert_eq!(order("1.5", "12e-1"), Some(Ordering::Greater));
        assert_eq!(order("\"9\"", "\"10\""), Some(Ordering::Greater));
        assert_eq!(order("\"9\"", "10"), None);
        assert_eq!(order("true", "false"), None);
    }

    #[test]
    fn a_canonical_word_is_read_as_its_value() {
        for word in ["1e400", "-12.50e3", "0.001", "1e-60", "123456789012345678901234567890", "\"5\"", "x y"]
        {
            assert_eq!(canonical(&canonical(word)), canonical(word));
        }
        assert_eq!(canonical("-12.50e3"), "-12500");
        assert_eq!(canonical("12.50e-1"), "1.25");
        assert_eq!(canonical("12e-3"), "0.012");
        assert_eq!(members("[1.0,\"1\",[2]]").unwrap(), ["1", "\"1\"", "[2]"]);
        assert_eq!(members("x"), None);
    }
}
