//! The node's counters, by the names that `stats` answers with. The names are stable: scenarios
//! and dashboards read them.

use std::collections::BTreeMap;

use super::{Core, count};
use crate::wire::{Frame, Message};

/// What has happened since the start.
#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) payloads_sent: u64,
    pub(super) payloads_received: u64,
    pub(super) messages_sent: u64,
    pub(super) bytes_sent: u64,
    pub(super) duplicates: u64,
    pub(super) prunes_sent: u64,
    pub(super) grafts_sent: u64,
    pub(super) announcements_sent: u64,
    pub(super) fetched: u64,
    pub(super) rounds: u64,
    pub(super) overflows: u64,
    pub(super) not_due: u64,
}

impl Stats {
    /// A frame was handed to a neighbour's socket.
    pub(super) fn sent(&mut self, frame: &Frame) {
        let Frame::Message(message) = frame else { return };
        self.messages_sent += u64::from(!message.is_background());
        match message {
            Message::Push(_) => self.payloads_sent += 1,
            Message::Have { versions, .. } => self.payloads_sent += count(versions.len()),
            Message::Announce(items) => self.announcements_sent += count(items.len()),
            Message::Graft(_) => self.grafts_sent += 1,
            Message::Prune { .. } => self.prunes_sent += 1,
            _ => {}
        }
    }
}

impl Core {
    /// The node's figures by name.
    ///
    /// Since its start: `payloads_sent` and `payloads_received` (versions, by push or by
    /// reconciliation), `messages_sent` and `bytes_sent` (between nodes, keep-alives and periodic
    /// rounds left out), `duplicates` (pushes of what was held), `prunes_sent`, `grafts_sent`,
    /// `announcements_sent`, `fetched` (versions learnt by reconciliation), `rounds` (of
    /// reconciliation, begun here), `outbox_overflows`, `not_due` (versions put off because their
    /// author's clock is ahead). At present: `versions` (tombstones included), `keys`, `peers`,
    /// `pending` (writes on their way to the disk), `outbox_weight` (what waits for slow
    /// neighbours, in bytes), `outbox_weight_max` (the most of it for one neighbour), `missing`
    /// (announced and awaited versions), `trees` (origins with a tree of their own).
    #[must_use]
    pub fn stats(&self) -> BTreeMap<&'static str, u64> {
        let queued = || self.links.values().map(|link| link.outbox.queued());
        BTreeMap::from([
            ("payloads_sent", self.stats.payloads_sent),
            ("payloads_received", self.stats.payloads_received),
            ("messages_sent", self.stats.messages_sent),
            ("bytes_sent", self.stats.bytes_sent),
            ("duplicates", self.stats.duplicates),
            ("prunes_sent", self.stats.prunes_sent),
            ("grafts_sent", self.stats.grafts_sent),
            ("announcements_sent", self.stats.announcements_sent),
            ("fetched", self.stats.fetched),
            ("rounds", self.stats.rounds),
            ("outbox_overflows", self.stats.overflows),
            ("not_due", self.stats.not_due),
            ("versions", self.digest().count),
            ("keys", self.store.live_count()),
            ("peers", count(self.links.len())),
            ("pending", count(self.pending.len())),
            ("outbox_weight", count(queued().sum())),
            ("outbox_weight_max", count(queued().max().unwrap_or(0))),
            ("missing", count(self.missing.len())),
            ("trees", count(self.trees.count())),
        ])
    }
}
