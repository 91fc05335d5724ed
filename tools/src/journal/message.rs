//! The properties of messages, as a journal states them.

use serde::{Deserialize, Serialize};

use crate::world::NodeIndex;

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
