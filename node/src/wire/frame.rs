//! Frames: one JSON object each. A request carries an id that its reply repeats; a notice and a
//! message between neighbours carry none.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use super::hash::{Digest, NodeId};
use super::message::Message;
use super::version::{Policy, Rank, Stamp, Value, Version};

/// What a reply is matched by. Chosen by whoever asks, unique among what it has under way.
pub type RequestId = u64;

/// One frame, either way.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// A client's, or a neighbour's, question.
    Request {
        /// Repeated by the reply.
        id: RequestId,
        /// What is asked.
        command: Command,
    },
    /// The answer to a request.
    Reply {
        /// The request's.
        id: RequestId,
        /// What came of it.
        result: Result<Reply, Refusal>,
    },
    /// What a watcher is told, unasked.
    Notice(Notice),
    /// What neighbours say.
    Message(Message),
}

/// What can be asked of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// The value of a key.
    Get {
        /// At most [`Limits::key`](super::Limits::key) bytes.
        key: String,
    },
    /// The stamp of a key's version, be it a tombstone.
    Stamp {
        /// The key.
        key: String,
    },
    /// Gives a key a value.
    Set {
        /// The key.
        key: String,
        /// The value.
        value: Value,
        /// The stamp's wall milliseconds, instead of the clock's.
        date: Option<u64>,
    },
    /// Deletes a key.
    Delete {
        /// The key.
        key: String,
    },
    /// The keys that have a value, in order, a page at a time.
    Keys {
        /// Only keys greater than this.
        after: Option<String>,
    },
    /// How many keys have a value.
    Count,
    /// The neighbours whose links are up.
    Peers,
    /// Links this node to another and keeps the link up.
    AddPeer {
        /// `host:port`.
        address: String,
    },
    /// Makes this connection a link between neighbours.
    Auth(Hello),
    /// The digest of what is held.
    Digest,
    /// The node's counters.
    Stats,
    /// Tells of every change from now on.
    Watch {
        /// Also of every stored version, and first of those already stored.
        versions: bool,
    },
}

impl Command {
    /// The name in the frame's `type`, and the one that people type.
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
            Self::Digest => "digest",
            Self::Stats => "stats",
            Self::Watch { .. } => "watch",
        }
    }
}

/// How a node introduces itself, in `auth` and in its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The protocol's version: 1.
    pub protocol: u32,
    /// What it understands beyond whole pushes, `keys` and `get`: [`Hello::TREE`],
    /// [`Hello::RANGES`], [`Hello::NEIGHBOURS`]. Unknown ones are ignored.
    pub features: Vec<String>,
    /// Networks of different ids never link.
    pub network: String,
    /// Who it is.
    pub node: NodeId,
    /// How it chooses among versions.
    pub policy: Policy,
    /// The name it was given, for people; may be empty.
    pub name: String,
    /// Where it can be dialled: `host:port`.
    pub address: String,
}

impl Hello {
    /// The protocol version spoken here.
    pub const PROTOCOL: u32 = 1;
    /// Understands announcements, grafts and prunes.
    pub const TREE: &str = "tree";
    /// Understands reconciliation by ranges.
    pub const RANGES: &str = "ranges";
    /// Wants to be told its neighbours' neighbours.
    pub const NEIGHBOURS: &str = "neighbours";

    /// Whether the other end understands `feature`.
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

/// A neighbour, as listed by `peers`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerInfo {
    /// The name it was given; may be empty.
    pub name: String,
    /// Where it can be dialled.
    pub address: String,
    /// Who it is.
    pub node: NodeId,
    /// Whether this end dialled.
    pub dialled: bool,
}

/// The answer to a command that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To `set` and `delete`: the version that was written; to `stamp`: the one that is held.
    Written {
        /// Its stamp.
        stamp: Stamp,
        /// Who wrote it.
        author: NodeId,
        /// Its place among the versions of its key.
        rank: Rank,
    },
    /// To `get`.
    Value(std::sync::Arc<Version>),
    /// To `keys`.
    Keys {
        /// In order.
        keys: Vec<String>,
        /// Whether there are more after the last.
        more: bool,
    },
    /// To `count`.
    Count(u64),
    /// To `peers`, in order of name, then address.
    Peers(Vec<PeerInfo>),
    /// To `addPeer`: the neighbour, now listed at both ends.
    Added(PeerInfo),
    /// To `auth`.
    Hello(Hello),
    /// To `digest`.
    Digest(Digest),
    /// To `stats`: figures by name.
    Stats(BTreeMap<Cow<'static, str>, u64>),
    /// To `watch`: the state from which on changes are told.
    Watching(Change),
}

/// Why a command was not carried out: for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// For people: a lower-case fragment.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// `get` of a key that has no value.
    Absent,
    /// `set` of a key that is taken, under `oldest`.
    Exists,
    /// `addPeer` of a neighbour.
    NeighborExists,
    /// The node will not: wrong network, wrong policy, a clock ahead, a limit.
    Refused,
    /// The node cannot now: nobody answers at that address.
    Unavailable,
    /// The frame is not JSON, or not a frame.
    Malformed,
    /// No such command.
    UnknownCommand,
}

impl ErrorCode {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Absent,
        Self::Exists,
        Self::NeighborExists,
        Self::Refused,
        Self::Unavailable,
        Self::Malformed,
        Self::UnknownCommand,
    ];

    /// The word on the wire and in scenarios.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Exists => "exists",
            Self::NeighborExists => "neighbor_exists",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::UnknownCommand => "unknown_command",
        }
    }

    /// The code of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}

/// The state of a node, as told to watchers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Differs at each start of the node.
    pub incarnation: u64,
    /// Grows with each change within an incarnation.
    pub sequence: u64,
    /// What is held.
    pub digest: Digest,
    /// How many neighbours' links are up.
    pub peers: u64,
}

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The digest or the list of neighbours changed. Told before the reply of the write that
    /// caused it; several changes may be told as one.
    Changed(Change),
    /// A version was stored.
    Stored {
        /// Its key.
        key: String,
        /// Its stamp.
        stamp: Stamp,
        /// Who wrote it.
        author: NodeId,
        /// Its place among the versions of its key.
        rank: Rank,
    },
}
