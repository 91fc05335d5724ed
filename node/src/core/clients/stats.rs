//! The figures of a node, by the names in the answer to `stats`. The names are stable: scenarios
//! and dashboards read them.

use std::collections::BTreeMap;

use crate::core::figure::count;
use crate::core::state::Core;

impl Core {
    /// Returns the figures of the node by name.
    ///
    /// Since its start:
    ///
    /// - `payloads_sent` and `payloads_received`: versions, by push or by reconciliation;
    /// - `messages_sent` and `bytes_sent`: between nodes, keep-alives and periodic rounds left out;
    /// - `duplicates`: pushes of versions that were held;
    /// - `prunes_sent`, `grafts_sent`, `announcements_sent`;
    /// - `fetched`: versions learnt by reconciliation;
    /// - `rounds`: rounds of reconciliation begun here;
    /// - `outbox_overflows`: overflows of the queue to a neighbour;
    /// - `not_due`: versions put off because their author's clock is ahead;
    /// - `damaged`: versions refused because they do not match their id.
    ///
    /// At present:
    ///
    /// - `versions`: versions held, tombstones included;
    /// - `keys`: keys that have a value;
    /// - `peers`: neighbours whose links are up;
    /// - `pending`: writes on their way to the disk;
    /// - `outbox_weight`: the backlog for slow neighbours, in bytes;
    /// - `outbox_weight_max`: the greatest backlog for one neighbour, in bytes;
    /// - `missing`: announced and awaited versions;
    /// - `trees`: origins with a tree of their own.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<&'static str, u64> {
        let queued = || self.links.values().map(|link| link.outbox.queued());
        BTreeMap::from([
            ("payloads_sent", self.counters.payloads_sent),
            ("payloads_received", self.counters.payloads_received),
            ("messages_sent", self.counters.messages_sent),
            ("bytes_sent", self.counters.bytes_sent),
            ("duplicates", self.counters.duplicates),
            ("prunes_sent", self.counters.prunes_sent),
            ("grafts_sent", self.counters.grafts_sent),
            ("announcements_sent", self.counters.announcements_sent),
            ("fetched", self.counters.fetched),
            ("rounds", self.counters.rounds),
            ("outbox_overflows", self.counters.overflows),
            ("not_due", self.counters.not_due),
            ("damaged", self.counters.damaged),
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
