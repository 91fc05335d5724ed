//! What a line says: from whom, to whom, and what.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::language;
use crate::world::NodeIndex;

/// The name under which the harness asks nodes. No node can be called so: `-` parts names.
pub(super) const CLIENT: &str = "c-harness";

/// A message: its body is looked at by whoever it is for.
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
    /// Out of a line. The reason why it is none is for people.
    pub(super) fn parse(line: &'a [u8]) -> Result<Self, String> {
        let message: Self = serde_json::from_slice(line)
            .map_err(|error| format!("which is no message: {}", reason(&error)))?;
        if message.body.get().starts_with('{') {
            Ok(message)
        } else {
            Err("which is no message: its body is no object".to_owned())
        }
    }

    /// Its body, taken apart.
    pub(super) fn body(&self) -> Map<String, Value> {
        let mut body = serde_json::from_str(self.body.get()).unwrap_or_default();
        language::keep_id(&mut body, self.body.get());
        body
    }
}

/// What serde says, without the place in a line that nobody sees as a file.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let cut = text.find(" at line").unwrap_or(text.len());
    format!("{} (column {})", &text[..cut], error.column())
}

/// The id that a node has in its protocol.
pub(super) fn id(node: NodeIndex) -> String {
    format!("n{}", node.0)
}

/// The node of that id.
pub(super) fn node(id: &str) -> Option<NodeIndex> {
    let digits = id.strip_prefix('n')?;
    let index = digits.parse().ok()?;
    // One node has one id.
    (digits == "0" || !digits.starts_with(['0', '+'])).then_some(NodeIndex(index))
}

/// A message as a line, its end included.
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
        assert_eq!(message.body()["type"], "x");
        for (line, why) in [
            ("hello", "expected value (column 1)"),
            (r#"{"src":"n1"}"#, "missing field `dest`"),
            (r#"{"src":"n1","dest":"n2","body":[]}"#, "its body is no object"),
            ("{\"src\":\"\u{fffd}", "EOF while parsing a string"),
        ] {
            let wrong = Message::parse(line.as_bytes()).unwrap_err();
            assert!(wrong.contains(why), "{line}: {wrong}");
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
