//! The translation of typed commands to bodies of messages, and of bodies of replies to outcomes.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::driver::error_codes;
use crate::text::value;
use crate::world::{Answer, Outcome, Value as Held};

/// Returns the body of the message for a command, without its number. The error is for a person.
pub(super) fn body(words: &[String]) -> Result<Map<String, Value>, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let body = match *words.as_slice() {
        ["echo", text] => json!({ "type": "echo", "echo": value(text) }),
        ["generate"] => json!({ "type": "generate" }),
        ["broadcast", message] => json!({ "type": "broadcast", "message": value(message) }),
        ["read"] => json!({ "type": "read" }),
        ["read", key] => json!({ "type": "read", "key": value(key) }),
        ["add", number] => {
            let number = value(number);
            json!({ "type": "add", "element": number, "delta": number })
        }
        ["write", key, new] => json!({ "type": "write", "key": value(key), "value": value(new) }),
        ["cas", key, from, to] => {
            json!({ "type": "cas", "key": value(key), "from": value(from), "to": value(to) })
        }
        ["txn", txn] => {
            let txn: Value =
                serde_json::from_str(txn).map_err(|error| format!("`{txn}` is no JSON: {error}"))?;
            json!({ "type": "txn", "txn": txn })
        }
        [] => return Err("there is nothing to ask".to_owned()),
        [command, ..] => return Err(format!("`{command}` cannot be asked like that")),
    };
    match body {
        Value::Object(body) => Ok(body),
        _ => Ok(Map::new()),
    }
}

/// Keeps the id in the reply to `generate` as the node wrote it. Otherwise large integers could be rounded to
/// the same number, and a number would equal the string of its digits.
pub(super) fn keep_id(body: &mut Map<String, Value>, text: &str) {
    #[derive(Deserialize)]
    struct Generated<'a> {
        #[serde(borrow)]
        id: &'a RawValue,
    }
    if body.get("type").and_then(Value::as_str) == Some("generate_ok")
        && let Ok(Generated { id }) = serde_json::from_str(text)
    {
        body.insert("id".to_owned(), Value::String(id.get().to_owned()));
    }
}

/// Returns the value of a bare word.
fn value(word: &str) -> Value {
    serde_json::from_str(&value::json(word)).unwrap_or_else(|_| Value::String(word.to_owned()))
}

/// Returns the outcome of asking `kind`, of one key or not, from the body of the reply. The error, for a
/// person, is the reason why this is no reply to that.
pub(super) fn outcome(kind: &str, of_key: bool, mut body: Map<String, Value>) -> Result<Outcome, String> {
    let said = body.get("type").and_then(Value::as_str).unwrap_or_default();
    if said == "error" {
        return Ok(failure(&body));
    }
    if said.strip_suffix("_ok") != Some(kind) {
        return Err(if said.is_empty() {
            format!("answered `{kind}` with a message that has no type")
        } else {
            format!("answered `{kind}` with `{said}`")
        });
    }
    let mut part = |names: &[&str]| {
        let found = names.iter().find_map(|name| body.remove(*name));
        found.ok_or_else(|| format!("answered `{kind}` without `{}`", names.join("` or `")))
    };
    let held = match kind {
        "echo" => one(&part(&["echo"])?),
        "generate" => match part(&["id"])? {
            // The text of the number is kept: see `keep_id`.
            Value::String(written) => Held::Json(written),
            other => one(&other),
        },
        "txn" => one(&part(&["txn"])?),
        // The read of one key returns a value; without a key, a read returns a set.
        "read" => match part(&["messages", "value"])? {
            Value::Array(items) if !of_key => {
                Held::List(items.iter().map(|item| value::with_number_types(&item.to_string())).collect())
            }
            other => one(&other),
        },
        _ => Held::Done,
    };
    Ok(Outcome::Answered(Answer { value: held, written: None }))
}

/// Returns an answer of one value.
fn one(value: &Value) -> Held {
    Held::of_json(&value.to_string())
}

/// Returns the outcome of an error: refused or unknown. The codes are Maelstrom's; with an indefinite or
/// unknown code, the operation may or may not have happened.
fn failure(body: &Map<String, Value>) -> Outcome {
    let number = body.get("code").and_then(Value::as_i64);
    let message = body.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(code) = number.and_then(error_codes::name) else {
        let number = number.map_or_else(|| "no number".to_owned(), |number| number.to_string());
        return Outcome::Unknown { reason: format!("error {number}: {message}") };
    };
    let message = if message.is_empty() { code.replace('_', " ") } else { message };
    Outcome::Refused { code: code.to_owned(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    fn reply(kind: &str, body: Value) -> Result<Outcome, String> {
        let Value::Object(body) = body else { panic!("{body} is no object") };
        outcome(kind, kind == "read" && body.contains_key("key"), body)
    }

    #[test]
    fn a_word_that_is_a_number_is_asked_as_one() {
        assert_eq!(Value::Object(body(&words("broadcast 5")).unwrap())["message"], 5);
        assert_eq!(Value::Object(body(&words("write k v")).unwrap())["value"], "v");
        assert_eq!(Value::Object(body(&words("add -3")).unwrap())["delta"], -3);
        assert!(body(&words("txn [[")).is_err());
    }

    #[test]
    fn replies_are_read_by_what_was_asked() {
        let list = reply("read", json!({"type": "read_ok", "messages": [1, "x"]}));
        let held = Held::List(words("1 x"));
        assert_eq!(list, Ok(Outcome::Answered(Answer { value: held, written: None })));
        assert!(reply("read", json!({"type": "write_ok"})).unwrap_err().contains("with `write_ok`"));
        assert!(reply("read", json!({"type": "read_ok"})).unwrap_err().contains("without `messages`"));
    }

    #[test]
    fn a_text_is_read_as_one_and_never_as_the_number_that_it_spells() {
        let held = |body| match reply("read", body) {
            Ok(Outcome::Answered(Answer { value, .. })) => value.word(),
            other => panic!("{other:?}"),
        };
        for field in ["messages", "value"] {
            let [numbers, texts] = [json!([5]), json!(["5"])].map(|list| {
                let mut body = Map::from_iter([("type".to_owned(), json!("read_ok"))]);
                body.insert(field.to_owned(), list);
                held(Value::Object(body))
            });
            assert_ne!(numbers, texts, "{field}");
        }
        assert_eq!(held(json!({"type": "read_ok", "key": 1, "value": 5})), "5");
        assert_eq!(held(json!({"type": "read_ok", "key": 1, "value": "5"})), "\"5\"");
    }

    #[test]
    fn ids_are_told_apart_as_they_were_written() {
        let id = |id: &str| {
            let text = format!(r#"{{"type":"generate_ok","id":{id},"in_reply_to":1}}"#);
            let mut body = serde_json::from_str(&text).unwrap();
            keep_id(&mut body, &text);
            match outcome("generate", false, body) {
                Ok(Outcome::Answered(Answer { value: Held::Json(text), .. })) => text,
                other => panic!("{other:?}"),
            }
        };
        for written in ["18446744073709551617", "18446744073709551618", "5", r#""5""#, "[1,2]"] {
            assert_eq!(id(written), written);
        }
        let mut other = serde_json::from_str(r#"{"type":"echo_ok","id":5}"#).unwrap();
        keep_id(&mut other, r#"{"type":"echo_ok","id":5}"#);
        assert_eq!(other["id"], 5);
    }

    #[test]
    fn indefinite_errors_leave_open_what_happened() {
        let code = |code: i64| reply("cas", json!({"type": "error", "code": code, "text": "x"})).unwrap();
        for open in [0, 13, 1_000] {
            assert!(matches!(code(open), Outcome::Unknown { .. }), "{open}");
        }
        for (definite, name) in [(20, "absent"), (22, "precondition_failed"), (11, "unavailable")] {
            assert_eq!(
                code(definite),
                Outcome::Refused { code: name.to_owned(), message: "x".to_owned() },
                "{definite}"
            );
        }
    }
}
