//! The messages between nodes, as far as the harness carries them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::node_spec::NodeIndex;

/// The way of a message: it is sent, and then arrives or is lost. A copy arrives once more. A message with neither end
/// was under way when the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageEvent {
    /// A message left its sender.
    Sent(Message),
    /// A message arrived.
    Arrived {
        /// The number of the message.
        number: u64,
    },
    /// A message was lost.
    Lost {
        /// The number of the message.
        number: u64,
        /// The reason, in words for people.
        reason: &'static str,
    },
    /// A message waits at the end of its way.
    Delayed {
        /// The number of the message.
        number: u64,
        /// The reason.
        reason: DelayReason,
    },
}

/// A message, as it leaves its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The number of the message, from 1.
    pub number: u64,
    /// The sender.
    pub from: Party,
    /// The receiver.
    pub to: Party,
    /// The message's own type.
    pub kind: Cow<'static, str>,
    /// The purpose of the message.
    pub class: MessageClass,
    /// The key of the version in the message, or of the first one, if it is known.
    pub key: Option<String>,
    /// The rank of that version.
    pub rank: Option<String>,
    /// The number of versions in the message, if there are several.
    pub keys: Option<u64>,
    /// The content of the message in short, if the harness knows nothing of it but its body.
    pub body: Option<String>,
    /// The size of the message, in bytes on the wire.
    pub bytes: u64,
}

/// The sender or the receiver of a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Party {
    /// A node.
    Node(NodeIndex),
    /// A participant that is no node, by its name: a client or a service.
    Other(String),
}

/// The purpose of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageClass {
    /// The message carries a version.
    Payload,
    /// The message announces a version that the receiver may ask for.
    Announcement,
    /// The sender asks for an eager link, and for the version that it lacks.
    Graft,
    /// The sender asks for a lazy link.
    Prune,
    /// The message compares the versions of two nodes, or asks for some of them.
    Reconciliation,
    /// The message opens a connection.
    Handshake,
    /// The message shows that the sender is there.
    KeepAlive,
    /// The message belongs to the nodes' own protocol, which the harness does not know.
    #[serde(other)]
    Other,
}

/// The reason for which a message waits at the end of its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DelayReason {
    /// A partition lies between sender and receiver.
    Partition,
    /// The direction is cut.
    Cut,
    /// The receiver is frozen.
    Frozen,
    /// A reason of a later version.
    #[serde(other)]
    Unknown,
}
