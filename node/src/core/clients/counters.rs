//! The counters of a node since its start.

use crate::core::figure::count;
use crate::wire::{Frame, Message};

/// Counters since the start of the node.
#[derive(Debug, Default)]
pub(in crate::core) struct Counters {
    pub(super) payloads_sent: u64,
    pub(in crate::core) payloads_received: u64,
    pub(super) messages_sent: u64,
    pub(in crate::core) bytes_sent: u64,
    pub(in crate::core) duplicates: u64,
    pub(super) prunes_sent: u64,
    pub(super) grafts_sent: u64,
    pub(super) announcements_sent: u64,
    pub(in crate::core) fetched: u64,
    pub(in crate::core) rounds: u64,
    pub(in crate::core) overflows: u64,
    pub(in crate::core) not_due: u64,
    pub(in crate::core) damaged: u64,
}

impl Counters {
    /// Counts a frame that was handed to a neighbour's socket.
    pub(in crate::core) fn sent(&mut self, frame: &Frame) {
        let Frame::Message(message) = frame else { return };
        self.messages_sent += u64::from(!message.is_background());
        match message {
            Message::Push(_) | Message::Stray(_) => self.payloads_sent += 1,
            Message::Have { versions, .. } => self.payloads_sent += count(versions.len()),
            Message::Announce(items) => self.announcements_sent += count(items.len()),
            Message::Graft(_) => self.grafts_sent += 1,
            Message::Prune { .. } => self.prunes_sent += 1,
            _ => {}
        }
    }
}
