//! What an adapter is asked, and what its answers mean.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::driver::{ASK, Directory, Meeting, What};
use crate::world::{Answer, Outcome, Value as Held};

/// The line that an adapter is handed; or what came of the request, if it is for no adapter.
pub(super) fn question(meeting: &Meeting, what: &What) -> Result<String, Outcome> {
    let words = match what {
        What::Watch => return Err(Outcome::Done),
        What::Wire(to) => vec!["addPeer".to_owned(), to.clone()],
        What::Words(words) => words.clone(),
    };
    let (command, arguments) = words.split_first().ok_or(Outcome::Done)?;
    let command = ASK.command(command).map_or(command.as_str(), |known| known.name);
    let place = &meeting.place;
    let mut question = json!({
        "node": meeting.spec.name,
        "host": place.host,
        "port": place.port,
        "command": command,
        "arguments": arguments,
    });
    if command == "addPeer"
        && let Some(to) = arguments.first()
    {
        let refused = |message| Outcome::Refused { code: "refused".to_owned(), message };
        let address = meeting.directory.address(meeting.node, to).map_err(refused)?;
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        let host = host.trim_matches(['[', ']']);
        question["peer"] = json!({ "node": to, "host": host, "port": port.parse::<u16>().ok() });
    }
    let mut line = question.to_string();
    line.push('\n');
    Ok(line)
}

/// An adapter's answer.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Ok(Value),
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

/// What an answer means.
pub(super) fn outcome(directory: &dyn Directory, what: &What, line: &str) -> Outcome {
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
        Said::Error(Wrong::Coded { code, .. }) if code == "unknown" => {
            return Outcome::Unknown { reason: "the adapter does not know what came of it".to_owned() };
        }
        Said::Error(Wrong::Coded { code, message }) => {
            let message = if message.is_empty() { code.replace('_', " ") } else { message };
            return Outcome::Refused { code, message };
        }
    };
    let peers = matches!(what, What::Words(words) if words.first().is_some_and(|word| word == "peers"));
    let value = match value {
        Value::Null | Value::Bool(true) => Held::Done,
        Value::Array(items) => Held::List(
            items
                .into_iter()
                .map(plain)
                .map(|item| if peers { named(directory, item) } else { item })
                .collect(),
        ),
        other => Held::Text(plain(other)),
    };
    Outcome::Answered(Answer { value, written: None })
}

/// A string as it is, all else as JSON.
fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The name of the node that listens there, by its address, or by its port alone.
fn named(directory: &dyn Directory, peer: String) -> String {
    let at = |address: &str| directory.name(address);
    at(&peer).or_else(|| at(&format!("127.0.0.1:{peer}"))).unwrap_or(peer)
}
