//! The protocol between nodes and clients: its frames, their encoding and their size limits.
//!
//! This is the vocabulary of [`core`](crate::core); it depends on neither the core, sockets nor
//! time.

mod census;
mod codec;
mod frame;
mod hash;
mod limits;
mod message;
mod peer;
mod policy;
mod range;
mod rank;
mod refusal;
mod stamp;
mod value;
mod version;

pub use census::{CensusId, Resident, SeenLink};
pub use codec::{
    LABEL_MAX, Malformed, SIGN_VALUE_MAX, decode, encode, encode_into, encode_refusal, encoded_len,
};
pub use frame::{Change, Command, Frame, Notice, Reply, RequestId};
pub use hash::{Digest, Hash, Hex, KeyHash, NodeId, NotHex, Sum};
pub use limits::Limits;
pub use message::{Announced, Message};
pub use peer::{Hello, PeerInfo};
pub use policy::{Policy, UnknownPolicy};
pub use range::{Leaf, NotAPrefix, Prefix, RangeSummary};
pub use rank::{NotARank, Rank};
pub use refusal::{ErrorCode, Refusal};
pub use stamp::{NotAStamp, Stamp};
pub use value::{Value, ValueError};
pub use version::{Kind, Version};
