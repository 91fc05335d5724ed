//! The outcomes of operations, and the answers of nodes.

use super::node_spec::NodeIndex;
use crate::text::value;

/// The outcome of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The operation was carried out.
    Done,
    /// The answer to an ask.
    Answered(Answer),
    /// The node refused the ask.
    Refused {
        /// One of the driver's codes, for programs.
        code: String,
        /// The node's reason, for people.
        message: String,
    },
    /// The operation may or may not have happened: the node was silent or a connection was lost.
    Unknown {
        /// The cause of the uncertainty, for people.
        reason: String,
    },
    /// The environment failed: a port taken, a program missing, a node that died before it was ready.
    Failed {
        /// The failure and its remedy, for people.
        reason: String,
    },
    /// The ask was never put to the node: its turn came too late.
    Unasked,
    /// Lines of a log, oldest first.
    Lines(Vec<String>),
    /// Connections that bypass the proxies in links, each pair of nodes once.
    Bypasses(Vec<Bypass>),
}

/// A connection to a node that no proxy in a link has carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Bypass {
    /// The node at the connection's other end; none where the owner of that end cannot be read.
    pub from: Option<NodeIndex>,
    /// The node that was dialled.
    pub to: NodeIndex,
}

/// A node's answer to an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The value of the answer.
    pub value: Value,
    /// The version that a `set`, `delete`, `stamp` or `get` concerns, if it is known.
    pub written: Option<Written>,
}

/// An answer's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A single text.
    Text(String),
    /// A JSON value that is no text, as the node wrote it.
    Json(String),
    /// A set: texts, such as keys, or bare words for values of any kind; in the node's order.
    List(Vec<String>),
    /// The mere fact that it was done, without a value.
    Done,
}

impl Value {
    /// Reads the value of a JSON text.
    #[must_use]
    pub fn of_json(json: &str) -> Self {
        value::text_of(json).map_or_else(|| Self::Json(json.to_owned()), Self::Text)
    }

    /// Returns the value of a number.
    #[must_use]
    pub fn number(number: impl std::fmt::Display) -> Self {
        Self::Json(number.to_string())
    }

    /// Returns the canonical bare word for the value: equal values have equal words.
    #[must_use]
    pub fn word(&self) -> String {
        match self {
            Self::Text(text) => value::of_text(text).into_owned(),
            Self::Json(json) => value::canonical(json),
            Self::List(_) | Self::Done => self.to_string(),
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) | Self::Json(text) => f.write_str(text),
            Self::List(list) => f.write_str(&list.join(" ")),
            Self::Done => f.write_str("done"),
        }
    }
}

/// A version that a node wrote or holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    /// The stamp of the version.
    pub stamp: String,
    /// The rank of the version among those of its key: the greater text wins.
    pub rank: String,
}
