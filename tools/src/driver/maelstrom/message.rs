//! The messages of the protocol: source, destination and body, one a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::language;

/// The reason why a line that a node wrote cannot be carried out, in words that continue the line.
#[derive(Debug, thiserror::Error)]
pub(super) enum MessageError {
    /// The line is not JSON, or lacks a field.
    #[error("which is no message: {0}")]
    Malformed(String),
    /// The body is no JSON object.
    #[error("which is no message: its body is no object")]
    NoObject,
    /// The body is not JSON that can be represented.
    #[error("whose body cannot be read: {0}")]
    Body(String),
}

/// A message. Its body is parsed only by its recipient.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) src: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) dest: Cow<'a, str>,
    /// A message without a body has an empty one.
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Parses a line.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, MessageError> {
        let message: Self =
            serde_json::from_slice(line).map_err(|error| MessageError::Malformed(reason(&error)))?;
        let is_object = |body: &RawValue| body.get().starts_with('{');
        if message.body.is_none_or(is_object) { Ok(message) } else { Err(MessageError::NoObject) }
    }

    /// Parses the body.
    pub(super) fn body(&self) -> Result<Map<String, Value>, MessageError> {
        let text = self.body.map_or("{}", RawValue::get);
        let mut body = serde_json::from_str(text).map_err(|error| MessageError::Body(reason(&error)))?;
        language::keep_id(&mut body, text);
        Ok(body)
    }
}

/// Returns serde's message with the column, but without the line number, which means nothing to a person
/// here.
fn reason(error: &serde_json::Error) -> String {
    // These are the library's messages for the first half of a surrogate pair alone, and for the second.
    let text = error
        .to_string()
        .replace("recursion limit exceeded", "it nests deeper than 128")
        .replace("unexpected end of hex escape", "an escape of it is half of a surrogate pair, or cut off")
        .replace("lone leading surrogate in hex escape", "an escape of it is half of a surrogate pair");
    let cut = text.find(" at line").unwrap_or(text.len());
    format!("{} (column {})", &text[..cut], error.column())
}

/// Returns a message as a line, newline included.
pub(super) fn line(src: &str, dest: &str, body: &Value) -> Vec<u8> {
    let mut line = json!({ "src": src, "dest": dest, "body": body }).to_string().into_bytes();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_an_object_with_an_object_in_it() {
        let message = Message::parse(br#"{"src":"n1","dest":"c\u0031","body":{"type":"x"},"id":7}"#).unwrap();
        assert_eq!((&*message.src, &*message.dest), ("n1", "c1"));
        assert_eq!(message.body().unwrap()["type"], "x");
        for empty in [r#"{"src":"n1","dest":"n2"}"#, r#"{"src":"n1","dest":"n2","body":null}"#] {
            assert!(Message::parse(empty.as_bytes()).unwrap().body().unwrap().is_empty(), "{empty}");
        }
        for (line, why) in [
            ("hello", "expected value (column 1)"),
            (r#"{"src":"n1"}"#, "missing field `dest`"),
            (r#"{"src":null,"dest":"n2","body":{}}"#, "invalid type: null"),
            (r#"{"src":"n1","dest":"n2","body":[]}"#, "its body is no object"),
            ("{\"src\":\"\u{fffd}", "EOF while parsing a string"),
        ] {
            let wrong = Message::parse(line.as_bytes()).unwrap_err().to_string();
            assert!(wrong.contains(why), "{line}: {wrong}");
        }
    }

    #[test]
    fn a_body_that_cannot_be_read_is_blamed_for_what_it_is() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        for (value, why) in
            [("\"\\ud800\"", "surrogate"), ("\"\\udc00\"", "surrogate"), (&*deep, "it nests deeper than 128")]
        {
            let line = format!(r#"{{"src":"n1","dest":"c","body":{{"type":"x","value":{value}}}}}"#);
            let wrong = Message::parse(line.as_bytes()).unwrap().body().unwrap_err().to_string();
            assert!(wrong.starts_with("whose body cannot be read: ") && wrong.contains(why), "{wrong}");
        }
    }
}
