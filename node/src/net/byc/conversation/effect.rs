//! The effects of a conversation, and the part of the core that it may look at.

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::core::{Core, Now};
use crate::wire::{ErrorCode, Frame, Refusal, Reply, RequestId, Version};

/// An action that the conversation asks of the shell.
#[derive(Debug, PartialEq)]
pub(in crate::net) enum Effect {
    /// Sends a packet. The push of a version has the weight that the core counts for it.
    Send { text: String, weight: usize },
    /// Hands a frame to the core, as if the other end had sent it.
    Receive(Frame),
    /// Hands a version to the core that came from a client, not from a neighbour.
    Offer { id: RequestId, version: Version },
    /// Lets the core begin a round with this neighbour.
    BeginRound,
    /// Closes the connection.
    Close(CloseCode, String),
}

impl Effect {
    /// Returns the sending of a packet without a weight.
    pub(super) fn send(text: String) -> Self {
        Self::Send { text, weight: 0 }
    }

    /// Returns the close of the connection.
    pub(super) fn close(code: CloseCode, reason: &str) -> Self {
        Self::Close(code, reason.to_owned())
    }

    /// Returns the reply to a request of the core.
    pub(super) fn reply(id: RequestId, reply: Reply) -> Self {
        Self::Receive(Frame::Reply { id, result: Ok(reply) })
    }

    /// Returns the refusal of a request of the core.
    pub(super) fn refuse(id: RequestId, code: ErrorCode, message: &str) -> Self {
        Self::Receive(Frame::Reply { id, result: Err(Refusal::new(code, message)) })
    }
}

/// The state that a conversation may look at: the core and the time.
#[derive(Clone, Copy)]
pub(in crate::net) struct CoreView<'a> {
    pub(in crate::net) core: &'a Core,
    pub(in crate::net) now: Now,
}

impl<'a> CoreView<'a> {
    /// Returns the versions that give their key a value, tombstones excluded.
    pub(super) fn values(self) -> impl Iterator<Item = &'a Version> {
        self.core.versions().map(|version| &**version).filter(|version| version.value().is_some())
    }
}
