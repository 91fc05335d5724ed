//! Frames as text: one JSON object each, told apart by the field `type`.
//!
//! Requests and replies carry an `id`; a reply has `result` or `error` in place of `type`, and
//! its result says its own type, so that it can be read without knowing the question. Values
//! and whole versions are carried as the bytes their author wrote. Unknown fields are passed
//! over; a field that is there twice is not. `PROTOCOL.md` shows an example of each frame.
//!
//! What is read was written by a stranger: every text gives a frame or a [`Malformed`], never a
//! panic, in time and memory proportional to its length.

mod decode;
mod encode;
mod fields;
mod sink;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::{encode, encode_into, encode_refusal, encoded_len};

use super::frame::{Refusal, RequestId};

/// The longest name, network id, feature or address, in bytes: that of a host name and its port.
pub const LABEL_MAX: usize = 261;

/// A text that is no frame, or one that goes beyond the limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct Malformed {
    /// The id in it, so that the refusal can be matched; none where none could be read.
    pub id: Option<RequestId>,
    /// What to answer: says which field, and what it should have been.
    pub refusal: Refusal,
    /// Whether it was itself an answer. Those are not answered, or two nodes that do not
    /// understand each other would never stop. An error without an id, by which the other end
    /// says that it could not read a frame of ours, is one of them; its refusal is the one here.
    pub answer: bool,
}
