//! The messages of the protocol: source, destination and body, one a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::language;
use crate::world::NodeIndex;

/// The name under which the harness asks nodes. No node has it, since `-` separates names in topologies.
pub(super) const CLIENT: &str = "c-harness";

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
    #[serde(borrow)]
    body: &'a RawValue,
}

impl<'a> Message<'a> {
    /// Parses a line.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, MessageError> {
        let message: Self =
            serde_json::from_slice(line).map_err(|error| MessageError::Malformed(reason(&error)))?;
        if message.body.get().starts_with('{') { Ok(message) } else { Err(MessageError::NoObject) }
    }

    /// Parses the body.
    pub(super) fn body(&self) -> Result<Map<String, Value>, MessageError> {
        let mut body =
            serde_json::from_str(self.body.get()).map_err(|error| MessageError::Body(reason(&error)))?;
        language::keep_id(&mut body, self.body.get());
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

/// Returns the id of a node in the protocol.
pub(super) fn id(node: NodeIndex) -> String {
    format!("n{}", node.0)
}

/// Returns the node with an id.
pub(super) fn node(id: &str) -> Option<NodeIndex> {
    let digits = id.strip_prefix('n')?;
    let index = digits.parse().ok()?;
    // A node has only one id, so numbers with a leading zero or a sign are no ids.
    (digits == "0" || !digits.starts_with(['0', '+'])).then_some(NodeIndex(index))
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
        for (line, why) in [
            ("hello", "expected value (column 1)"),
            (r#"{"src":"n1"}"#, "missing field `dest`"),
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

    #[test]
    fn a_node_has_one_id() {
        assert_eq!(node("n0"), Some(NodeIndex(0)));
        assert_eq!(node(&id(NodeIndex(12))), Some(NodeIndex(12)));
        for wrong in ["n", "n01", "n+1", "c1", "1", "n-1"] {
            assert_eq!(node(wrong), None, "{wrong}");
        }
    }
}
