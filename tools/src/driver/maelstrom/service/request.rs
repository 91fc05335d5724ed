//! The requests of a key-value store, and its answers.

use serde_json::{Value, json};

/// The most keys that a store holds, so that a node cannot fill the harness's memory. Chosen: far more than
/// the keys of any workload (a few hundred), and some ten megabytes of short values.
pub(super) const KEYS_MAX: usize = 100_000;

/// A request of a store. Keys and values may be any JSON; equal keys are equal texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Read { key: String },
    Write { key: String, value: Value },
    Cas { key: String, from: Value, to: Value, create: bool },
}

/// The effect of a request on a store.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Effect {
    /// The body of the answer.
    pub(super) body: Value,
    /// The new value of the key, if the request changes it.
    pub(super) value: Option<Value>,
}

impl Request {
    /// Reads a request. Returns the body of an error if it is malformed.
    pub(super) fn of(body: &Value) -> Result<Self, Value> {
        let kind = kind(body)?;
        let field = |name: &str| {
            body.get(name).cloned().ok_or_else(|| error(12, &format!("`{kind}` needs the field `{name}`")))
        };
        match kind {
            "read" => Ok(Self::Read { key: field("key")?.to_string() }),
            "write" => Ok(Self::Write { key: field("key")?.to_string(), value: field("value")? }),
            "cas" => Ok(Self::Cas {
                key: field("key")?.to_string(),
                from: field("from")?,
                to: field("to")?,
                // As in the original, all other values count as true.
                create: !matches!(
                    body.get("create_if_not_exists"),
                    None | Some(Value::Null | Value::Bool(false))
                ),
            }),
            other => Err(error(10, &format!("no request `{other}` is known here"))),
        }
    }

    pub(super) fn key(&self) -> &str {
        match self {
            Self::Read { key } | Self::Write { key, .. } | Self::Cas { key, .. } => key,
        }
    }

    /// Returns the effect of the request where the key holds `held`.
    pub(super) fn on(&self, held: Option<&Value>) -> Effect {
        let answer = |body| Effect { body, value: None };
        match (self, held) {
            (Self::Read { .. }, Some(value)) => answer(json!({ "type": "read_ok", "value": value })),
            (Self::Write { value, .. }, _) => {
                Effect { body: json!({ "type": "write_ok" }), value: Some(value.clone()) }
            }
            (Self::Cas { from, to, .. }, Some(value)) if value == from => {
                Effect { body: json!({ "type": "cas_ok" }), value: Some(to.clone()) }
            }
            (Self::Cas { from, .. }, Some(value)) => {
                answer(error(22, &format!("expected {from}, but it is {value}")))
            }
            (Self::Cas { to, create: true, .. }, None) => {
                Effect { body: json!({ "type": "cas_ok" }), value: Some(to.clone()) }
            }
            (Self::Read { key } | Self::Cas { key, .. }, None) => {
                answer(error(20, &format!("there is no key {key}")))
            }
        }
    }
}

/// Returns the kind of a request, or the body of an error if it has none.
pub(super) fn kind(body: &Value) -> Result<&str, Value> {
    body.get("type").and_then(Value::as_str).ok_or_else(|| error(12, "a request needs a `type`"))
}

/// Returns the body of an error.
pub(super) fn error(code: u32, text: &str) -> Value {
    json!({ "type": "error", "code": code, "text": text })
}

/// Returns the answer of a full store.
pub(super) fn full() -> Value {
    error(11, "the store is full")
}
