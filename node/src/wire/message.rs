//! What neighbours say to each other once a link is up. None of it is answered by id: every
//! message can be understood from the present store alone.

use std::sync::Arc;

use super::frame::PeerInfo;
use super::hash::{Hex, KeyHash, NodeId};
use super::version::{Rank, Version};

/// A range of keys: those whose hash begins with these nibbles (half bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    bits: KeyHash,
    length: u8,
}

impl Prefix {
    /// All keys.
    pub const ALL: Self = Self { bits: Hex::ZERO, length: 0 };
    /// The longest prefix: one key hash.
    pub const LENGTH_MAX: u8 = 32;

    /// The range one nibble narrower.
    #[must_use]
    pub fn child(self, nibble: u8) -> Self {
        debug_assert!(nibble < 16 && self.length < Self::LENGTH_MAX);
        let (mut bits, index) = (self.bits, usize::from(self.length));
        bits.0[index / 2] |= if index.is_multiple_of(2) { nibble << 4 } else { nibble };
        Self { bits, length: self.length + 1 }
    }

    /// How many nibbles it has: 0 to 32.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length
    }

    /// The nibble at `index`, of a prefix longer than that.
    #[must_use]
    pub fn nibble(self, index: u8) -> u8 {
        nibble(&self.bits, index)
    }

    /// Whether a key stands in this range.
    #[must_use]
    pub fn contains(self, key: &KeyHash) -> bool {
        (0..self.length).all(|index| nibble(key, index) == self.nibble(index))
    }
}

/// The half byte of `hash` at `index`, the most significant first; `index` is below 32.
fn nibble(hash: &KeyHash, index: u8) -> u8 {
    let byte = hash.0[usize::from(index / 2)];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (0..self.length).try_for_each(|index| write!(f, "{:x}", self.nibble(index)))
    }
}

impl std::str::FromStr for Prefix {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a prefix is at most 32 hexadecimal digits";
        if text.len() > usize::from(Self::LENGTH_MAX) {
            return Err(WRONG);
        }
        text.chars().try_fold(Self::ALL, |prefix, digit| {
            let nibble = digit.to_digit(16).and_then(|nibble| u8::try_from(nibble).ok()).ok_or(WRONG)?;
            Ok(prefix.child(nibble))
        })
    }
}

/// What one node holds in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeSummary {
    /// The range.
    pub prefix: Prefix,
    /// How many versions it holds, tombstones included.
    pub count: u64,
    /// The [`Sum::fingerprint`](super::Sum::fingerprint) of their ids.
    pub fingerprint: Hex<16>,
}

/// All that one node holds in a small range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The range.
    pub prefix: Prefix,
    /// Each key's hash with the first 16 bytes of the id of the version held, in order of the hash.
    pub items: Vec<(KeyHash, Hex<16>)>,
}

/// A bare announcement: a version exists; ask for it if nobody brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announced {
    /// Its key's hash.
    pub key: KeyHash,
    /// Whose tree it travels on.
    pub author: NodeId,
    /// Its place among the versions of its key.
    pub rank: Rank,
}

/// One message between neighbours.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A version, eagerly along the tree of its author, or in answer to a graft.
    Push(Arc<Version>),
    /// Versions that the neighbour may ask for.
    Announce(Vec<Announced>),
    /// Make this link eager for the author's tree, and push this version or what replaced it.
    Graft(Announced),
    /// This link brought what was already there: make it lazy for this author's tree.
    Prune {
        /// Whose tree.
        author: NodeId,
    },
    /// Reconciliation: what the sender holds in these ranges.
    Ranges {
        /// The ranges, none within another.
        ranges: Vec<RangeSummary>,
        /// Whether young versions, still on their way by push, are to be passed over.
        settled: bool,
    },
    /// Reconciliation: all that the sender holds in these small ranges.
    Leaves {
        /// The ranges, none within another.
        leaves: Vec<Leaf>,
        /// Whether young versions, still on their way by push, are to be passed over.
        settled: bool,
        /// Whether the receiver is to answer with what it holds in the same ranges.
        answer: bool,
    },
    /// Reconciliation: send these versions.
    Want {
        /// Single keys, by hash.
        keys: Vec<KeyHash>,
    },
    /// Reconciliation: send the versions of a whole range, from a key on, a batch at a time.
    WantRange {
        /// The range.
        prefix: Prefix,
        /// Only keys whose hash is greater than this.
        after: Option<KeyHash>,
    },
    /// Reconciliation: the versions asked for, as many as one batch holds.
    Have {
        /// The versions, in the order of their keys' hashes.
        versions: Vec<Arc<Version>>,
        /// The question this answers, if it was a range that goes on after the last version here.
        more: Option<Prefix>,
    },
    /// A version you sent is more than 5 s ahead of my wall clock, which reads this.
    Early {
        /// The sender's wall clock, in milliseconds since 1970.
        wall_ms: u64,
    },
    /// Whom the sender is linked to, for nodes that connect themselves.
    Neighbours(Vec<PeerInfo>),
    /// Are you there?
    Ping,
    /// I am.
    Pong,
}

impl Message {
    /// Roughly how many bytes it takes on the wire; what bounds on queues are counted in.
    #[must_use]
    pub fn weight(&self) -> usize {
        match self {
            Self::Push(version) => version.weight(),
            Self::Announce(items) => 32 + items.len() * 224,
            Self::Graft(_) => 256,
            Self::Prune { .. } | Self::WantRange { .. } | Self::Early { .. } => 96,
            Self::Ranges { ranges, .. } => 48 + ranges.len() * 64,
            Self::Leaves { leaves, .. } => {
                64 + leaves.iter().map(|leaf| 32 + leaf.items.len() * 72).sum::<usize>()
            }
            Self::Want { keys } => 32 + keys.len() * 36,
            Self::Have { versions, .. } => {
                64 + versions.iter().map(|version| version.weight()).sum::<usize>()
            }
            Self::Neighbours(peers) => 32 + peers.len() * 96,
            Self::Ping | Self::Pong => 16,
        }
    }

    /// Whether it carries values: what an overflowing queue lets go of first.
    #[must_use]
    pub fn is_payload(&self) -> bool {
        matches!(self, Self::Push(_) | Self::Have { .. })
    }

    /// Whether it is sent by the clock rather than because of a write or a link: keep-alives and
    /// periodic rounds, which figures about writes leave out.
    #[must_use]
    pub fn is_background(&self) -> bool {
        match self {
            Self::Ping | Self::Pong => true,
            Self::Ranges { settled, .. } | Self::Leaves { settled, .. } => *settled,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_narrows_a_nibble_at_a_time() {
        let prefix = Prefix::ALL.child(0xa).child(0x5).child(0xc);
        assert_eq!(prefix.to_string(), "a5c");
        assert_eq!("a5c".parse(), Ok(prefix));
        assert_eq!((prefix.nibble(1), prefix.length()), (5, 3));
        let inside = KeyHash::ZERO;
        assert!(Prefix::ALL.contains(&inside) && !prefix.contains(&inside));
    }
}
