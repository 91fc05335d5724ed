//! The requests in events, read from their arguments.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::dated::{DatedError, DatedValue};
use super::packet::elements;
use crate::wire::Limits;

/// The most characters of an unknown event's name that an error quotes: a line.
const QUOTED_MAX: usize = 80;

/// The reason why an event is no request.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CallError {
    /// The event is no array.
    #[error("an event is a JSON array, its name first")]
    NoArray,
    /// The first element is no name.
    #[error("an event begins with its name")]
    NoName,
    /// No request has this name.
    #[error("unknown event `{0}`: there are get, set, keys, peers, addPeer, auth, keysAndTime")]
    Unknown(String),
    /// The key is missing, or no string.
    #[error("{0} wants a key, a string")]
    NoKey(String),
    /// The key is too long.
    #[error("the key has {length} bytes; at most {length_max} are taken")]
    LongKey { length: usize, length_max: usize },
    /// The value is missing.
    #[error("set wants a value: set(key, value)")]
    NoValue,
    /// The value cannot be read.
    #[error(transparent)]
    Value(#[from] DatedError),
    /// The port is missing, or no port.
    #[error("{0} wants a port, a number from 1 to 65535")]
    NoPort(String),
}

/// An event that is a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call {
    Get { key: String },
    Set { key: String, dated: DatedValue },
    Keys,
    Peers,
    AddPeer { port: u16 },
    Auth { port: u16 },
    KeysAndTime,
}

impl Call {
    /// Reads the array of an event.
    pub(super) fn read(json: &str, limits: &Limits) -> Result<Self, CallError> {
        let elements = elements(json).ok_or(CallError::NoArray)?;
        let name = elements.first().and_then(|name| text(name)).ok_or(CallError::NoName)?;
        let argument = |index: usize| elements.get(index).copied();
        let key = || key(&name, argument(1), limits);
        Ok(match &*name {
            "get" => Self::Get { key: key()? },
            "set" => {
                let key = key()?;
                let value = argument(2).ok_or(CallError::NoValue)?;
                Self::Set { key, dated: DatedValue::read(value.get(), limits)? }
            }
            "keys" => Self::Keys,
            "peers" => Self::Peers,
            "keysAndTime" => Self::KeysAndTime,
            "addPeer" => Self::AddPeer { port: port(&name, argument(1))? },
            "auth" => Self::Auth { port: port(&name, argument(1))? },
            other => return Err(CallError::Unknown(other.chars().take(QUOTED_MAX).collect())),
        })
    }
}

fn text(json: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(json.get()).ok()
}

fn key(event: &str, argument: Option<&RawValue>, limits: &Limits) -> Result<String, CallError> {
    let key = argument.and_then(text).ok_or_else(|| CallError::NoKey(event.to_owned()))?;
    if key.len() > limits.key {
        return Err(CallError::LongKey { length: key.len(), length_max: limits.key });
    }
    Ok(key.into_owned())
}

/// Reads a port, given as a number or as its digits.
fn port(event: &str, argument: Option<&RawValue>) -> Result<u16, CallError> {
    argument
        .and_then(|json| serde_json::from_str::<serde_json::Value>(json.get()).ok())
        .and_then(|value| port_of(&value))
        .ok_or_else(|| CallError::NoPort(event.to_owned()))
}

/// Returns the port that a JSON value stands for.
pub(super) fn port_of(value: &serde_json::Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| {
        let digits = value.as_str()?.trim();
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    })?;
    u16::try_from(number).ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Value;

    #[track_caller]
    fn check(json: &str, expected: Result<Call, &str>) {
        match (Call::read(json, &Limits::default()), expected) {
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part), "`{error}` does not say `{part}`");
            }
            (read, expected) => {
                assert_eq!(read.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
            }
        }
    }

    #[test]
    fn an_event_is_its_name_and_its_arguments() {
        let dated = DatedValue { value: Value::new("1", &Limits::default()).unwrap(), date: None };
        check("[\"set\",\"k\",1]", Ok(Call::Set { key: "k".into(), dated }));
        check("[\"get\",\"k\",\"more\"]", Ok(Call::Get { key: "k".into() }));
        check("[\"addPeer\",3001]", Ok(Call::AddPeer { port: 3001 }));
        check("[\"addPeer\",\"3001\"]", Ok(Call::AddPeer { port: 3001 }));
        check("[\"keys\",null]", Ok(Call::Keys));
    }

    #[test]
    fn what_is_missing_or_of_the_wrong_type_is_said() {
        check("[\"get\"]", Err("get wants a key"));
        check("[\"get\",5]", Err("get wants a key"));
        check("[\"get\",null]", Err("get wants a key"));
        check("[\"set\",\"k\"]", Err("set wants a value"));
        check("[\"set\",\"k\",{\"value\":1,\"date\":\"x\"}]", Err("whole number of milliseconds"));
        for port in ["", ",0", ",65536", ",-1", ",3.5", ",\"x\"", ",[3000]", ",null", ",\"\""] {
            check(&format!("[\"addPeer\"{port}]"), Err("addPeer wants a port"));
        }
        check("[\"fly\"]", Err("unknown event `fly`"));
        check("[5]", Err("begins with its name"));
        check("[]", Err("begins with its name"));
        check("{}", Err("JSON array"));
        check(&format!("[\"get\",\"{}\"]", "k".repeat(1_025)), Err("1025 bytes; at most 1024"));
        let value = format!("[\"set\",\"k\",\"{}\"]", "v".repeat(1_100_000));
        check(&value, Err("at most 1032192"));
    }
}
