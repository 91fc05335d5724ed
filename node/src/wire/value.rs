//! Values: JSON text, as its author wrote it, within the limits.

use std::fmt;

use super::limits::Limits;

/// The reason why a text cannot be a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The text is not JSON.
    #[error("the value is not JSON: {0}")]
    NotJson(String),
    /// The text is longer than [`Limits::value`](super::Limits::value). Holds its length and the
    /// limit, in bytes.
    #[error("the value has {0} bytes; at most {1} are taken")]
    TooLong(usize, usize),
    /// The text is nested deeper than [`Limits::depth`](super::Limits::depth), which the variant
    /// holds.
    #[error("the value is nested more than {0} levels deep")]
    TooDeep(usize),
}

/// A JSON value as the bytes its author wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(Box<str>);

impl Value {
    /// Takes JSON text unchanged, except that surrounding white space is removed. Fails if the text
    /// is not JSON or exceeds a limit.
    pub fn new(text: &str, limits: &Limits) -> Result<Self, ValueError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.len() > limits.value {
            return Err(ValueError::TooLong(text.len(), limits.value));
        }
        if depth(text) > limits.depth {
            return Err(ValueError::TooDeep(limits.depth));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| ValueError::NotJson(error.to_string()))?;
        Ok(Self(text.into()))
    }

    /// Parses a word as a person typed it: JSON if it is JSON, otherwise a bare word that stands
    /// for a string. Fails if the value exceeds a limit.
    pub fn typed(word: &str, limits: &Limits) -> Result<Self, ValueError> {
        match Self::new(word, limits) {
            Err(ValueError::NotJson(_)) => Self::new(&serde_json::Value::from(word).to_string(), limits),
            other => other,
        }
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0
    }

    /// Returns the text that a person reads: a string without its quotes, any other value as its
    /// JSON text.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::from_str::<String>(&self.0).unwrap_or_else(|_| self.0.to_string())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns the deepest nesting of brackets outside of strings.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_word_is_a_string_and_json_stays_as_it_was_written() {
        let value = |text| Value::typed(text, &Limits::default()).unwrap();
        assert_eq!(value("Reimert").json(), "\"Reimert\"");
        assert_eq!(value("1.0").json(), "1.0");
        assert_eq!(value("{\"b\": 1, \"a\": 2}").json(), "{\"b\": 1, \"a\": 2}");
        assert_eq!(value("\"caf\\u00e9\"").json(), "\"caf\\u00e9\"");
        assert_eq!(value("\"caf\\u00e9\"").text(), "café");
    }

    #[test]
    fn a_value_is_bounded_in_length_and_depth() {
        let limits = Limits { value: 10, depth: 2, ..Limits::default() };
        assert_eq!(Value::new("[[1]]", &limits).map(|value| value.json().len()), Ok(5));
        assert_eq!(Value::new("[[[1]]]", &limits), Err(ValueError::TooDeep(2)));
        assert_eq!(Value::new("\"[[[\"", &limits).map(|value| value.json().len()), Ok(5));
        assert_eq!(Value::typed("01234567890", &limits), Err(ValueError::TooLong(11, 10)));
    }
}
