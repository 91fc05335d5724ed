//! What a key-value store is asked, and how it answers.

use serde_json::{Value, json};

/// A request of a store. Keys and values may be any JSON; equal keys are equal texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Request {
    Read { key: String },
    Write { key: String, value: Value },
    Cas { key: String, from: Value, to: Value, create: bool },
}

/// What a store makes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Effect {
    /// The answer.
    pub(super) body: Value,
    /// What the key holds from now on, if that changes.
    pub(super) value: Option<Value>,
}

impl Request {
    /// Reads a request, or says what is wrong with it.
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
                create: body.get("create_if_not_exists").and_then(Value::as_bool).unwrap_or(false),
            }),
            other => Err(error(10, &format!("no request `{other}` is known here"))),
        }
    }

    pub(super) fn key(&self) -> &str {
        match self {
            Self::Read { key } | Self::Write { key, .. } | Self::Cas { key, .. } => key,
        }
    }

    /// What comes of it where the key holds this.
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

/// What kind of request a body is.
pub(super) fn kind(body: &Value) -> Result<&str, Value> {
    body.get("type").and_then(Value::as_str).ok_or_else(|| error(12, "a request needs a `type`"))
}

/// The body of an error.
pub(super) fn error(code: u32, text: &str) -> Value {
    json!({ "type": "error", "code": code, "text": text })
}

/// The answer of a store that is full.
pub(super) fn full() -> Value {
    error(11, "the store is full")
}
