//! The messages between neighbours once a link is up. No message is answered by id: each can be
//! understood from the present store alone.

use std::sync::Arc;

use super::census::{CensusId, Resident};
use super::hash::{KeyHash, NodeId};
use super::peer::PeerInfo;
use super::range::{Leaf, Prefix, RangeSummary};
use super::rank::Rank;
use super::version::Version;

/// Announcement of a version without its value. The receiver asks for the version if no neighbour
/// pushes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// The hash of the version's key.
    pub key: KeyHash,
    /// The node that wrote the version, whose tree it travels on.
    pub author: NodeId,
    /// The rank of the version among those of its key.
    pub rank: Rank,
}

/// One message between neighbours.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A version, pushed eagerly along the tree of its author, or in answer to a graft.
    Push(Arc<Version>),
    /// A version relayed by a node that did not receive it along its tree. A receiver that has a
    /// parent in the tree keeps that parent.
    Stray(Arc<Version>),
    /// Announcements of versions that the receiver may ask for.
    Announce(Vec<Announced>),
    /// Graft: the receiver makes this link eager for the author's tree, and pushes this version or
    /// what replaced it.
    Graft(Announced),
    /// Prune: this link brought a version that was already there. The receiver makes the link lazy
    /// for this author's tree.
    Prune {
        /// The author whose tree is meant.
        author: NodeId,
    },
    /// Reconciliation: summaries of the versions that the sender holds in these ranges.
    Ranges {
        /// The ranges, none within another.
        ranges: Vec<RangeSummary>,
        /// True if young versions, which may still be on their way by push, are to be passed over.
        settled: bool,
    },
    /// Reconciliation: lists of all versions that the sender holds in these small ranges.
    Leaves {
        /// The ranges, none within another.
        leaves: Vec<Leaf>,
        /// True if young versions, which may still be on their way by push, are to be passed over.
        settled: bool,
        /// True if the receiver is to answer with its own versions of the same ranges.
        answer: bool,
    },
    /// Reconciliation: request for the versions of single keys.
    Want {
        /// The hashes of the keys.
        keys: Vec<KeyHash>,
    },
    /// Reconciliation: request for the versions of a whole range, from a key on, a batch at a time.
    WantRange {
        /// The range.
        prefix: Prefix,
        /// The key hash after which the versions begin; none for the whole range.
        after: Option<KeyHash>,
    },
    /// Reconciliation: the requested versions, as many as one batch holds.
    Have {
        /// The versions, in the order of their keys' hashes.
        versions: Vec<Arc<Version>>,
        /// The range that was asked for, if it goes on after the last version here.
        more: Option<Prefix>,
    },
    /// Notice that a version from the receiver is stamped more than 5 s ahead of the sender's wall
    /// clock.
    Early {
        /// The sender's wall clock, in milliseconds since 1970.
        wall_ms: u64,
    },
    /// The neighbours of the sender, for nodes that connect themselves.
    Neighbours(Vec<PeerInfo>),
    /// Census: the receiver counts itself, asks its other neighbours in turn, and answers with
    /// [`Message::Counted`], unless it is in this census already.
    Census {
        /// The number of the census.
        id: CensusId,
    },
    /// Answer to [`Message::Census`], in as many messages as it takes.
    Counted {
        /// The number of the census.
        id: CensusId,
        /// Nodes that were counted: the sender, and those that it asked.
        nodes: Vec<Resident>,
        /// True if no more come from there.
        last: bool,
    },
    /// A sign of life that a client asked for: the receiver logs it and passes it on, once.
    Alive {
        /// The number of the sign, drawn by the node that was asked.
        id: u64,
        /// The node that was asked.
        node: NodeId,
        /// That node's name, for people; may be empty.
        name: String,
        /// The JSON text that a node of another make sent to that node, if it was not asked by a client. It has at most
        /// [`SIGN_VALUE_MAX`](super::SIGN_VALUE_MAX) bytes.
        value: Option<String>,
    },
    /// Keep-alive question, answered by [`Message::Pong`].
    Ping,
    /// Answer to [`Message::Ping`].
    Pong,
}

impl Message {
    /// Returns roughly the number of bytes on the wire. The bounds on queues are counted in this
    /// unit.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Push(version) | Self::Stray(version) => version.weight(),
            Self::Announce(items) => 32 + items.len() * 224,
            Self::Graft(_) => 256,
            Self::Prune { .. } | Self::WantRange { .. } | Self::Early { .. } | Self::Census { .. } => 96,
            Self::Alive { value, .. } => 96 + value.as_ref().map_or(0, String::len),
            Self::Ranges { ranges, .. } => 48 + ranges.len() * 64,
            Self::Leaves { leaves, .. } => {
                64 + leaves.iter().map(|leaf| 32 + leaf.items.len() * 72).sum::<usize>()
            }
            Self::Want { keys } => 32 + keys.len() * 36,
            Self::Have { versions, .. } => {
                64 + versions.iter().map(|version| version.weight()).sum::<usize>()
            }
            Self::Neighbours(peers) => 32 + peers.len() * 96,
            Self::Counted { nodes, .. } => 64 + nodes.iter().map(Resident::weight).sum::<usize>(),
            Self::Ping | Self::Pong => 16,
        }
    }

    /// Returns true if the message carries versions. An overflowing queue discards these first.
    #[must_use]
    pub fn is_payload(&self) -> bool {
        matches!(self, Self::Push(_) | Self::Stray(_) | Self::Have { .. })
    }

    /// Returns true if no write or link caused the message: keep-alives, periodic rounds, a census and
    /// signs of life. Figures about writes leave these out.
    #[must_use]
    pub fn is_background(&self) -> bool {
        match self {
            Self::Ping | Self::Pong | Self::Census { .. } | Self::Counted { .. } | Self::Alive { .. } => true,
            Self::Ranges { settled, .. } | Self::Leaves { settled, .. } => *settled,
            _ => false,
        }
    }
}
