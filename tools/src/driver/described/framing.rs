//! The framing of an adapter's lines: requests to text, and text to answers.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json, json};

use super::description::{Framing, Meaning};
use crate::driver::error_codes;

/// The name under which the harness asks, where a framing has names.
const CLIENT: &str = "c1";
/// The fields of an answer of Maelstrom's that are no part of its value.
const OF_THE_FRAME: [&str; 3] = ["type", "msg_id", "in_reply_to"];

/// The answer of an adapter.
#[derive(Debug, Deserialize)]
pub(super) struct AdapterAnswer {
    pub(super) id: u64,
    /// The value, as JSON; `null` is one.
    #[serde(default, deserialize_with = "present")]
    pub(super) value: Option<Box<RawValue>>,
    /// The meaning of an answer that is none of success.
    #[serde(default)]
    pub(super) error: Option<String>,
    /// The explanation of it.
    #[serde(default)]
    pub(super) message: String,
}

fn present<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(reader).map(Some)
}

impl Framing {
    /// Returns the shape of an answer, for messages.
    pub(super) fn shape(self) -> &'static str {
        match self {
            Self::Lines => "{\"id\": …}",
            Self::Maelstrom => "{\"src\", \"dest\", \"body\": {\"type\", \"in_reply_to\", …}}",
        }
    }

    /// Returns the line that is written before any request to the adapter of a node; none if there is none.
    pub(super) fn greeting(self, id: u64, node: &str) -> Option<String> {
        let request =
            Map::from_iter([("node_id".to_owned(), node.into()), ("node_ids".to_owned(), json!([node]))]);
        (self == Self::Maelstrom).then(|| self.line(id, "init", node, request))
    }

    /// Returns the line of a request with these members.
    pub(super) fn line(self, id: u64, command: &str, node: &str, mut request: Map<String, Json>) -> String {
        let line = match self {
            Self::Lines => {
                request.insert("id".to_owned(), id.into());
                request.insert("command".to_owned(), command.into());
                Json::Object(request)
            }
            Self::Maelstrom => {
                request.insert("type".to_owned(), command.into());
                request.insert("msg_id".to_owned(), id.into());
                json!({ "src": CLIENT, "dest": node, "body": request })
            }
        };
        line.to_string() + "\n"
    }

    /// Reads an answer; none if the line is none.
    pub(super) fn answer(self, line: &[u8]) -> Option<AdapterAnswer> {
        match self {
            Self::Lines => serde_json::from_slice(line).ok(),
            Self::Maelstrom => of_message(serde_json::from_slice(line).ok()?),
        }
    }
}

/// A message of the Maelstrom protocol, as far as it is read.
#[derive(Deserialize)]
struct Message {
    body: Map<String, Json>,
}

/// Returns the answer in a message. Its value is the one field that it has, or an object of several.
fn of_message(Message { mut body }: Message) -> Option<AdapterAnswer> {
    let id = body.get("in_reply_to")?.as_u64()?;
    let kind = body.get("type")?.as_str()?.to_owned();
    if kind == "error" {
        let message = body.get("text").and_then(Json::as_str).unwrap_or_default();
        let code = body.get("code").and_then(Json::as_i64);
        let (word, message) = match code.and_then(error_codes::name) {
            None => ("unknown", format!("error {}: {message}", code.unwrap_or_default())),
            Some(word) if Meaning::of_word(word).is_some() => (word, message.to_owned()),
            Some(word) => ("refused", format!("{word}: {message}")),
        };
        return Some(AdapterAnswer { id, value: None, error: Some(word.to_owned()), message });
    }
    body.retain(|name, _| !OF_THE_FRAME.contains(&name.as_str()));
    let value = match body.len() {
        0 => None,
        1 => body.into_iter().next().map(|(_, value)| value),
        _ => Some(Json::Object(body)),
    };
    let value = value.map(|value| serde_json::value::to_raw_value(&value)).transpose().ok()?;
    Some(AdapterAnswer { id, value, error: None, message: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_line_of_its_framing() {
        let request = || Map::from_iter([("key".to_owned(), Json::from("k"))]);
        assert_eq!(
            Framing::Lines.line(7, "get", "a", request()),
            "{\"command\":\"get\",\"id\":7,\"key\":\"k\"}\n"
        );
        assert_eq!(
            Framing::Maelstrom.line(7, "read", "a", request()),
            "{\"body\":{\"key\":\"k\",\"msg_id\":7,\"type\":\"read\"},\"dest\":\"a\",\"src\":\"c1\"}\n"
        );
        assert_eq!(Framing::Lines.greeting(1, "a"), None);
        assert_eq!(
            Framing::Maelstrom.greeting(1, "a").unwrap(),
            "{\"body\":{\"msg_id\":1,\"node_id\":\"a\",\"node_ids\":[\"a\"],\"type\":\"init\"},\"dest\":\"a\",\"src\":\"c1\"}\n"
        );
    }

    #[track_caller]
    fn check(body: &str, expected: Option<(Option<&str>, Option<&str>, &str)>) {
        let line = format!("{{\"src\":\"a\",\"dest\":\"c1\",\"body\":{body}}}");
        let answer = Framing::Maelstrom.answer(line.as_bytes());
        let read = answer.as_ref().map(|answer| {
            assert_eq!(answer.id, 3);
            (answer.value.as_ref().map(|value| value.get()), answer.error.as_deref(), &*answer.message)
        });
        assert_eq!(read, expected, "{body}");
    }

    #[test]
    fn an_answer_has_the_value_of_its_one_field_or_an_error_by_its_code() {
        check(r#"{"type":"write_ok","in_reply_to":3}"#, Some((None, None, "")));
        check(r#"{"type":"read_ok","in_reply_to":3,"msg_id":9,"value":5}"#, Some((Some("5"), None, "")));
        check(r#"{"type":"read_ok","in_reply_to":3,"messages":[1,2]}"#, Some((Some("[1,2]"), None, "")));
        check(r#"{"type":"x_ok","in_reply_to":3,"a":1,"b":2}"#, Some((Some(r#"{"a":1,"b":2}"#), None, "")));
        let error = |code: i64| format!(r#"{{"type":"error","in_reply_to":3,"code":{code},"text":"no"}}"#);
        check(&error(20), Some((None, Some("absent"), "no")));
        check(&error(22), Some((None, Some("precondition_failed"), "no")));
        check(&error(30), Some((None, Some("refused"), "conflict: no")));
        for indefinite in [0, 13, 99] {
            check(&error(indefinite), Some((None, Some("unknown"), &format!("error {indefinite}: no"))));
        }
        for wrong in
            [r#"{"type":"read_ok"}"#, r#"{"in_reply_to":3}"#, r#"{"type":"x","in_reply_to":"3"}"#, "7"]
        {
            check(wrong, None);
        }
    }
}
