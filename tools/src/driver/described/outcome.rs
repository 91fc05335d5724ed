//! The outcome of a command, by the answer of a node.

use super::description::Meaning;
use super::extract::{Part, PartError};
use super::plan::{CommandPlan, Sign};
use super::signatures::is_confirmation;
use crate::driver::Directory;
use crate::driver::command::{Answer as Kind, Command};
use crate::driver::directory::named;
use crate::text::value;
use crate::world::{Answer, Outcome, Value};

/// The most characters of an answer that a message shows. Chosen: two lines of a terminal.
const SHOWN: usize = 200;

/// An answer of a node.
#[derive(Debug)]
pub(super) struct Received {
    /// The status over HTTP, or the exit status of a program.
    pub(super) status: u16,
    /// True if the status is one of success.
    pub(super) is_success: bool,
    /// True if the status is one of failures in the middle, of which nobody knows what was done before.
    pub(super) may_have_happened: bool,
    /// The status as a person reads it, such as `HTTP 404`.
    pub(super) status_text: String,
    /// The body, or the standard output of the program.
    pub(super) body: Vec<u8>,
    /// True if the answer says that there is nothing.
    pub(super) is_nil: bool,
    /// The other text in which signs are looked for: the standard error of the program.
    pub(super) problems: String,
}

impl Received {
    /// Returns an answer of success.
    pub(super) fn of(body: Vec<u8>) -> Self {
        Self {
            status: 0,
            is_success: true,
            may_have_happened: false,
            status_text: String::new(),
            body,
            is_nil: false,
            problems: String::new(),
        }
    }
}

/// Returns the outcome of a command whose adapter answered by a word that is none of success. A sign of the
/// description comes before what the word itself means.
pub(super) fn said(command: &Command, plan: &CommandPlan, word: &str, message: &str) -> Outcome {
    let text = if message.is_empty() { word.to_owned() } else { format!("{word}: {message}") };
    let found =
        plan.meanings.iter().find(|(sign, _)| matches!(sign, Sign::Text(pattern) if pattern.is_match(&text)));
    match found.map(|found| found.1).or_else(|| Meaning::of_word(word)) {
        Some(meaning) => meant(command, meaning, if message.is_empty() { text } else { message.to_owned() }),
        // A word that nobody knows does not say that nothing was done.
        None if command.changes => meant(command, Meaning::Unknown, text),
        None => meant(command, Meaning::Refused, text),
    }
}

/// Returns the outcome of a command.
pub(super) fn outcome(
    directory: &dyn Directory,
    command: &Command,
    plan: &CommandPlan,
    received: Received,
) -> Outcome {
    let Received { status, is_success, may_have_happened, status_text, body, is_nil, problems } = received;
    let text = String::from_utf8_lossy(&body);
    let meaning = |lacks_part: bool| {
        let is_in = |sign: &Sign, part: &str| sign.is_in(status, part, lacks_part);
        let found = plan.meanings.iter().find(|(sign, _)| is_in(sign, &text) || is_in(sign, &problems));
        found.map(|found| found.1)
    };
    // What a program that failed says of it stands in its standard error.
    let first = if is_success { [&*text, &*problems] } else { [&*problems, &*text] };
    let shown = || match (first.into_iter().find_map(beginning), &*status_text) {
        (Some(beginning), "") => beginning,
        (Some(beginning), status) => format!("{status}: {beginning}"),
        (None, "") => "nothing".to_owned(),
        (None, status) => status.to_owned(),
    };
    if is_nil {
        return match meaning(true) {
            Some(meaning) => meant(command, meaning, String::new()),
            None if command.name == "get" => {
                meant(command, Meaning::Absent, "there is no such key".to_owned())
            }
            None => {
                let reason =
                    format!("`{}` was answered by nil: say in `means` what `missing` means", command.name);
                Outcome::Failed { reason }
            }
        };
    }
    match meaning(false) {
        None | Some(Meaning::Done) if is_success => {}
        Some(meaning) => return meant(command, meaning, shown()),
        // Nobody said what this means. What failed may have failed in the middle.
        None if command.changes && may_have_happened => return meant(command, Meaning::Unknown, shown()),
        None => return meant(command, Meaning::Refused, shown()),
    }
    if command.changes
        && plan.answer.is_all()
        && (is_confirmation(command.name)
            || beginning(&text).is_none_or(|_| std::str::from_utf8(&body).is_err()))
    {
        return meant(command, Meaning::Done, String::new());
    }
    let Ok(text) = std::str::from_utf8(&body) else {
        return Outcome::Failed { reason: format!("the answer to `{}` is no text", command.name) };
    };
    match plan.answer.of(text.to_owned()) {
        Ok(part) => match held(directory, command, part) {
            Ok(value) => Outcome::Answered(Answer { value, written: None }),
            Err(_) if command.answer == Kind::Node => {
                meant(command, Meaning::Unavailable, "it knows no leader".to_owned())
            }
            Err(wanted) => Outcome::Failed {
                reason: format!("`{}` was answered by {}; {wanted} is expected", command.name, shown()),
            },
        },
        Err(error) => match (&error, meaning(true)) {
            (PartError::Missing(_), Some(Meaning::Absent)) => {
                meant(command, Meaning::Absent, "there is no such key".to_owned())
            }
            (PartError::Missing(_), Some(meaning)) => meant(command, meaning, error.to_string()),
            _ => {
                Outcome::Failed { reason: format!("`{}` was answered by {}: {error}", command.name, shown()) }
            }
        },
    }
}

/// Returns the outcome that an answer means.
fn meant(command: &Command, meaning: Meaning, message: String) -> Outcome {
    match meaning.code() {
        // The steps that link nodes know this by its own name.
        Some("exists") if command.name == "addPeer" => {
            Outcome::Refused { code: "neighbor_exists".to_owned(), message }
        }
        Some(code) => Outcome::Refused { code: code.to_owned(), message },
        None if meaning == Meaning::Unknown => Outcome::Unknown { reason: message },
        None => {
            // Of a list that is done without an answer there is nothing in it.
            let is_list = matches!(command.answer, Kind::List | Kind::Nodes);
            let value = if is_list { Value::List(Vec::new()) } else { Value::Done };
            Outcome::Answered(Answer { value, written: None })
        }
    }
}

/// Returns the beginning of a text for a message, on one line; none if the text is blank.
fn beginning(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut = line.char_indices().nth(SHOWN).map(|(at, _)| format!("{}…", &line[..at]));
    Some(cut.unwrap_or(line)).filter(|line| !line.is_empty())
}

/// Returns the value of a command's answer. The error is the kind of value that is expected.
fn held(directory: &dyn Directory, command: &Command, part: Part) -> Result<Value, &'static str> {
    match command.answer {
        Kind::List | Kind::Nodes => {
            let member = |text: String| match command.answer {
                Kind::Nodes => named(directory, text),
                _ => text,
            };
            Ok(Value::List(list(part).ok_or("a list")?.into_iter().map(member).collect()))
        }
        Kind::Number => {
            let number = plain(part).trim().to_owned();
            if value::is_number(&number) { Ok(Value::Json(number)) } else { Err("a number") }
        }
        Kind::Node => {
            let node = plain(part).trim().to_owned();
            // Nobody leads, for now.
            if matches!(&*node, "" | "null") {
                Err("a node")
            } else {
                Ok(Value::Text(named(directory, node)))
            }
        }
        // The whole content of a node is a list, or one value.
        _ if command.name == "read" => Ok(match part {
            Part::Json(json) => match list(Part::Json(json.clone())) {
                Some(members) => Value::List(members),
                None => Value::of_json(&json),
            },
            part => value_of(part),
        }),
        // The answer to a change says no more than that it was made, unless a part of it was asked for.
        _ if command.changes => match part {
            Part::Text(text) if text.trim().is_empty() => Ok(Value::Done),
            part => Ok(value_of(part)),
        },
        _ => Ok(value_of(part)),
    }
}

fn value_of(part: Part) -> Value {
    match part {
        Part::Text(text) => Value::Text(text),
        Part::Json(json) => Value::of_json(&json),
        Part::List(parts) => Value::List(parts.into_iter().map(plain).collect()),
    }
}

/// Returns the members of a list; none if a part is no list.
fn list(part: Part) -> Option<Vec<String>> {
    match part {
        Part::List(parts) => Some(parts.into_iter().map(plain).collect()),
        Part::Json(json) => members(&json),
        // A text is a list in JSON, or one of lines.
        Part::Text(text) => members(&text).or_else(|| {
            let is_json = serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            (!is_json || value::is_number(text.trim())).then(|| lines.map(str::to_owned).collect())
        }),
    }
}

/// Returns the members of a list in JSON; none if the text is no such list.
fn members(json: &str) -> Option<Vec<String>> {
    let members: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(json).ok()?;
    Some(members.into_iter().map(|member| plain(Part::Json(member.get().to_owned()))).collect())
}

/// Returns a text as it is, and any other value as JSON.
fn plain(part: Part) -> String {
    match part {
        Part::Text(text) => text,
        Part::Json(json) => value::text_of(&json).unwrap_or(json),
        Part::List(parts) => parts.into_iter().map(plain).collect::<Vec<_>>().join(" "),
    }
}
