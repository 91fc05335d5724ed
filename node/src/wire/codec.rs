//! The text form of frames: one JSON object each, told apart by the field `type`.
//!
//! Requests and replies carry an `id`. A reply has `result` or `error` in place of `type`. A result
//! names its own type, so that it can be read without knowing the request. Values and whole
//! versions are carried as the bytes that their author wrote. Unknown fields are ignored; a field
//! that occurs twice is refused. `PROTOCOL.md` shows an example of each frame.
//!
//! Decoding trusts no input: every text gives a frame or a [`Malformed`], never a panic, in time
//! and memory proportional to its length.

mod decode;
mod encode;
mod fields;
mod object;
mod sink;
#[cfg(test)]
mod tests;

pub use decode::decode;
pub use encode::{encode, encode_into, encode_refusal, encoded_len};

use super::frame::RequestId;
use super::refusal::Refusal;

/// The maximum length of a name, network id, feature or address, in bytes.
///
/// Protocol: a host name has at most 255 bytes (RFC 1035); colon and port add six.
pub const LABEL_MAX: usize = 261;

/// The longest value in a sign of life, in bytes. Chosen: a line that a person or a program of a course sends, and more;
/// ten a second of them are 40 KiB.
pub const SIGN_VALUE_MAX: usize = 4 << 10;

/// Error of a text that is no frame, or that exceeds the limits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{refusal}")]
pub struct Malformed {
    /// The id in the text, so that the refusal can be matched; `None` if no id could be read.
    pub id: Option<RequestId>,
    /// The refusal to answer with. Its message names the field and its expected form.
    pub refusal: Refusal,
    /// True if the text was itself an answer. Answers are not answered, or two nodes that do not
    /// understand each other would never stop. An error without an id counts as an answer: with it
    /// the other end says that it could not read a frame of this node. Its refusal is the one here.
    pub answer: bool,
}
