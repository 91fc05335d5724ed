//! What nodes and clients say to each other, how it is written, and how large it may be.
//!
//! This is the vocabulary that [`core`](crate::core) speaks; it knows nothing of the core, of
//! sockets or of time.

mod codec;
mod frame;
mod hash;
mod limits;
mod message;
mod version;

pub use codec::{LABEL_MAX, Malformed, decode, encode, encode_into, encode_refusal, encoded_len};
pub use frame::{Change, Command, ErrorCode, Frame, Hello, Notice, PeerInfo, Refusal, Reply, RequestId};
pub use hash::{Digest, Hash, Hex, KeyHash, NodeId, NotHex, Sum};
pub use limits::Limits;
pub use message::{Announced, Leaf, Message, Prefix, RangeSummary};
pub use version::{Kind, NotARank, NotAStamp, Policy, Rank, Stamp, Value, ValueError, Version};
