//! The frames of the protocol, one JSON object each. A request carries an id that its reply
//! repeats; a notice and a message between neighbours carry none.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::census::Resident;
use super::hash::{Digest, NodeId};
use super::message::Message;
use super::peer::{Hello, PeerInfo};
use super::rank::Rank;
use super::refusal::Refusal;
use super::stamp::Stamp;
use super::value::Value;
use super::version::Version;

/// The number that matches a reply to its request. Chosen by the requester; unique among its open
/// requests.
pub type RequestId = u64;

/// One frame, in either direction.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// A request of a client or of a neighbour.
    Request {
        /// The id that the reply repeats.
        id: RequestId,
        /// The command to carry out.
        command: Command,
    },
    /// The answer to a request.
    Reply {
        /// The id of the request.
        id: RequestId,
        /// The answer, or the refusal.
        result: Result<Reply, Refusal>,
    },
    /// A notice to a watcher, sent without a request of its own.
    Notice(Notice),
    /// A message between neighbours.
    Message(Message),
}

/// A command to a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Request for the value of a key.
    Get {
        /// The key; at most [`Limits::key`](super::Limits::key) bytes.
        key: String,
    },
    /// Request for the stamp of the version held for a key, tombstones included.
    Stamp {
        /// The key.
        key: String,
    },
    /// Write of a value to a key.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: Value,
        /// The wall time of the stamp in milliseconds since 1970, in place of the node's clock.
        date: Option<u64>,
    },
    /// Deletion of a key.
    Delete {
        /// The key.
        key: String,
    },
    /// Request for one page of the keys that have a value, in order.
    Keys {
        /// The key after which the page begins; none for the first page.
        after: Option<String>,
    },
    /// Request for the number of keys that have a value.
    Count,
    /// Request for the list of neighbours whose links are up.
    Peers,
    /// Request to link this node to another one and to keep the link up.
    AddPeer {
        /// The address to dial: `host:port`, or `host:port/byc` for a node of another make.
        address: String,
    },
    /// Request to make this connection a link between neighbours.
    Auth(Hello),
    /// Request for a census: the nodes of the network that can be reached over links.
    Nodes,
    /// Request for a sign of life, which every node that can be reached logs once.
    Ping,
    /// Request for the digest of the versions held.
    Digest,
    /// Request for the node's counters.
    Stats,
    /// Request for a notice of every change from now on.
    Watch {
        /// True to be notified of every stored version too, beginning with those already stored.
        versions: bool,
    },
}

impl Command {
    /// Returns the name in the frame's `type`, which is also the one that people type.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Get { .. } => "get",
            Self::Stamp { .. } => "stamp",
            Self::Set { .. } => "set",
            Self::Delete { .. } => "delete",
            Self::Keys { .. } => "keys",
            Self::Count => "count",
            Self::Peers => "peers",
            Self::AddPeer { .. } => "addPeer",
            Self::Auth(_) => "auth",
            Self::Nodes => "nodes",
            Self::Ping => "ping",
            Self::Digest => "digest",
            Self::Stats => "stats",
            Self::Watch { .. } => "watch",
        }
    }
}

/// The answer to a command that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// The answer to `set` and `delete`: the version that was written. Also the answer to `stamp`:
    /// the version that is held.
    Written {
        /// The stamp of the version.
        stamp: Stamp,
        /// The node that wrote the version.
        author: NodeId,
        /// The rank of the version among those of its key.
        rank: Rank,
    },
    /// The answer to `get`.
    Value(Arc<Version>),
    /// The answer to `keys`.
    Keys {
        /// The keys of the page, in order.
        keys: Vec<String>,
        /// True if there are more keys after the last one.
        more: bool,
    },
    /// The answer to `count`; to `ping`, the number of neighbours that were told.
    Count(u64),
    /// The answer to `peers`, in order of name, then address.
    Peers(Vec<PeerInfo>),
    /// The answer to `nodes`, in order of name, then id; this node is among them.
    Nodes {
        /// The nodes.
        nodes: Vec<Resident>,
        /// True if all neighbours answered in time, and all nodes fit into the answer.
        complete: bool,
    },
    /// The answer to `addPeer`: the neighbour, now listed at both ends.
    Added(PeerInfo),
    /// The answer to `auth`.
    Hello(Hello),
    /// The answer to `digest`.
    Digest(Digest),
    /// The answer to `stats`: figures by name.
    Stats(BTreeMap<Cow<'static, str>, u64>),
    /// The answer to `watch`: the state from which on changes are notified.
    Watching(Change),
}

/// The state of a node, as watchers receive it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// A number that differs at each start of the node.
    pub incarnation: u64,
    /// The number of the change; grows with each change within an incarnation.
    pub sequence: u64,
    /// The digest of the versions held.
    pub digest: Digest,
    /// The number of neighbours whose links are up.
    pub peers: u64,
}

/// A notice to a watcher.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The digest or the list of neighbours changed. Sent before the reply to the write that caused
    /// the change; one notice may cover several changes.
    Changed(Change),
    /// A version was stored.
    Stored {
        /// The key of the version.
        key: String,
        /// The stamp of the version.
        stamp: Stamp,
        /// The node that wrote the version.
        author: NodeId,
        /// The rank of the version among those of its key.
        rank: Rank,
    },
}
