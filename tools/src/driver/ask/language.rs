//! The translation of requests to lines for an adapter, and of its answers to outcomes.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::declaration::{ASK, UNKNOWN};
use crate::driver::directory::named;
use crate::driver::{AddressError, Answer as Kind, Directory, NodeSession, RequestBody, Values};
use crate::text::value;
use crate::world::{Answer, Outcome, Value as Held};

/// Returns the line for the adapter, or the outcome of a request that needs no adapter.
pub(super) fn question(session: &NodeSession, what: &RequestBody) -> Result<String, Outcome> {
    let words = match what {
        RequestBody::Watch => return Err(Outcome::Done),
        RequestBody::Wire(to) => vec!["addPeer".to_owned(), to.clone()],
        RequestBody::Words(words) => words.clone(),
    };
    let (command, arguments) = words.split_first().ok_or(Outcome::Done)?;
    let command = ASK.command(command).map_or(command.as_str(), |known| known.name);
    let place = &session.place;
    let typed = ASK.values_of(session.spec.values.as_deref()) == Values::Json;
    let mut question = Question {
        node: &session.spec.name,
        host: &place.host,
        port: place.port,
        command,
        arguments: arguments
            .iter()
            .enumerate()
            .map(|(index, word)| argument(command, index, word, typed))
            .collect(),
        peer: None,
    };
    if command == "addPeer"
        && let Some(to) = arguments.first()
    {
        let refused =
            |error: AddressError| Outcome::Refused { code: "refused".to_owned(), message: error.to_string() };
        let address = session.directory.address(session.node, to).map_err(refused)?;
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        let host = host.trim_matches(['[', ']']);
        question.peer = Some(json!({ "node": to, "host": host, "port": port.parse::<u16>().ok() }));
    }
    let failed = |error: serde_json::Error| Outcome::Failed { reason: error.to_string() };
    let mut line = serde_json::to_string(&question).map_err(failed)?;
    line.push('\n');
    Ok(line)
}

/// The line for an adapter.
#[derive(Serialize)]
struct Question<'a> {
    node: &'a str,
    host: &'a str,
    port: u16,
    command: &'a str,
    arguments: Vec<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<Value>,
}

/// Returns an argument as JSON: a text, or a typed value if the store tells types apart.
fn argument(command: &str, index: usize, word: &str, typed: bool) -> Box<RawValue> {
    let arguments = ASK.command(command).map_or(&[][..], |command| command.arguments);
    let typed = typed && arguments.get(index).is_some_and(|argument| argument.value);
    let json = if typed { value::json(word).into_owned() } else { Value::from(word).to_string() };
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The answer of an adapter.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Ok(Box<RawValue>),
    Error(Wrong),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wrong {
    Text(String),
    Coded {
        code: String,
        #[serde(default)]
        message: String,
    },
}

/// Returns the outcome of an adapter's answer.
pub(super) fn outcome(directory: &dyn Directory, what: &RequestBody, line: &str) -> Outcome {
    let said = match serde_json::from_str(line) {
        Ok(said) => said,
        Err(error) => {
            let reason = format!(
                "the adapter wrote `{}`, which is no answer: {error}; `{{\"ok\": VALUE}}` and `{{\"error\": \
                 {{\"code\": CODE, \"message\": TEXT}}}}` are",
                line.chars().take(200).collect::<String>()
            );
            return Outcome::Failed { reason };
        }
    };
    let value = match said {
        Said::Ok(value) => value,
        Said::Error(Wrong::Text(message)) => return Outcome::Refused { code: "refused".to_owned(), message },
        Said::Error(Wrong::Coded { code, .. }) if code == UNKNOWN => {
            let message = "the adapter does not know the outcome".to_owned();
            return Outcome::Unknown { reason: message };
        }
        Said::Error(Wrong::Coded { code, message }) => {
            let message = if message.is_empty() { code.replace('_', " ") } else { message };
            return Outcome::Refused { code, message };
        }
    };
    let command = match what {
        RequestBody::Words(words) => words.first().map_or("", String::as_str),
        RequestBody::Wire(_) => "addPeer",
        RequestBody::Watch => "",
    };
    match held(directory, command, value.get()) {
        Ok(value) => Outcome::Answered(Answer { value, written: None }),
        Err(wanted) => {
            let said: String = value.get().chars().take(200).collect();
            Outcome::Failed {
                reason: format!("the adapter answered `{command}` with `{said}`; {wanted} is expected"),
            }
        }
    }
}

/// Returns the value of `ok` for a command. The error is the kind of value that is expected.
fn held(directory: &dyn Directory, command: &str, json: &str) -> Result<Held, &'static str> {
    let declared = ASK.command(command);
    let kind = declared.map_or(Kind::Done, |command| command.answer);
    match kind {
        Kind::List | Kind::Nodes => {
            if matches!(json, "true" | "null") {
                return Err("a list");
            }
            let Ok(items) = serde_json::from_str::<Vec<Value>>(json) else { return Ok(Held::of_json(json)) };
            let member = |item| if kind == Kind::Nodes { named(directory, item) } else { item };
            Ok(Held::List(items.into_iter().map(plain).map(member).collect()))
        }
        Kind::Number => {
            let number = value::text_of(json).unwrap_or_else(|| json.to_owned());
            match json {
                "true" | "null" => Err("a number"),
                _ if value::is_number(&number) => Ok(Held::Json(number)),
                _ => Ok(Held::of_json(json)),
            }
        }
        // Only a command that changes state may be answered by `true` or `null`, without a result.
        _ if declared.is_none_or(|command| command.changes) && matches!(json, "true" | "null") => {
            Ok(Held::Done)
        }
        _ => Ok(Held::of_json(json)),
    }
}

/// Returns a string as it is, and any other value as JSON.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::{Reach, ReachError};

    struct Nobody;

    impl Directory for Nobody {
        fn address(&self, _: crate::world::NodeIndex, to: &str) -> Result<String, AddressError> {
            Err(AddressError::NoNode(to.to_owned()))
        }
        fn reach(&self, _: crate::world::NodeIndex, address: &str) -> Result<Reach, ReachError> {
            Err(ReachError::NoNode(address.to_owned()))
        }
        fn name(&self, address: &str) -> Option<String> {
            (address == "127.0.0.1:3001").then(|| "b".to_owned())
        }
        fn ports(&self, _: &str) -> Option<(crate::world::NodeIndex, Vec<u16>)> {
            None
        }
        fn driver(&self, _: &str) -> Option<&'static crate::driver::Declaration> {
            None
        }
        fn policy(&self, _: crate::world::NodeIndex) -> Option<String> {
            None
        }
        fn watch(&self, _: crate::world::NodeIndex) {}
        fn is_watched(&self, _: &str) -> bool {
            false
        }
    }

    #[track_caller]
    fn check(command: &str, json: &str, expected: &Result<Held, &'static str>) {
        assert_eq!(&held(&Nobody, command, json), expected, "{command}: {json}");
    }

    #[test]
    fn only_a_command_without_a_result_is_answered_by_true_or_null() {
        for done in ["true", "null"] {
            for command in ["set", "delete", "addPeer"] {
                check(command, done, &Ok(Held::Done));
            }
            check("get", done, &Ok(Held::Json(done.to_owned())));
            check("keys", done, &Err("a list"));
            check("peers", done, &Err("a list"));
            check("count", done, &Err("a number"));
        }
    }

    #[test]
    fn answers_keep_their_types() {
        check("get", "\"5\"", &Ok(Held::Text("5".to_owned())));
        check("get", "18446744073709551617", &Ok(Held::Json("18446744073709551617".to_owned())));
        check("get", "[2,1]", &Ok(Held::Json("[2,1]".to_owned())));
        check("count", "\"5\"", &Ok(Held::Json("5".to_owned())));
        check("peers", "[3001]", &Ok(Held::List(vec!["b".to_owned()])));
    }

    #[test]
    fn an_argument_is_text_unless_the_store_tells_values_apart() {
        let json = |index, word, typed| argument("set", index, word, typed).get().to_owned();
        assert_eq!(json(1, "5", false), "\"5\"");
        assert_eq!(json(1, "5", true), "5");
        assert_eq!(json(1, "\"5\"", true), "\"5\"");
        assert_eq!(json(0, "5", true), "\"5\"", "a key is text");
    }
}
