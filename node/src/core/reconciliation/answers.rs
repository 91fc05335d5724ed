//! The answers to the questions of a pull: versions in batches.

use std::sync::Arc;

use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{KeyHash, Message, Prefix, Version};

/// The maximum weight of one batch of versions, in bytes; a single version may be greater.
///
/// Chosen: a sixteenth of the longest frame. At 40 Mbit/s other messages wait 13 ms behind it.
const BATCH_WEIGHT_MAX: usize = 64 << 10;

impl Core {
    /// Sends the versions of the keys that a neighbour asks for. It asks again for those that do
    /// not fit into one batch.
    pub(in crate::core) fn on_want(&mut self, conn: ConnId, keys: &[KeyHash]) {
        let mut keys = keys.to_vec();
        keys.sort_unstable();
        keys.dedup();
        let held = keys.iter().filter_map(|key| self.store.get(key));
        let (versions, _) = batch(held);
        self.send_message(conn, Message::Have { versions, more: None });
    }

    /// Sends a batch of the versions of a range that a neighbour asks for, from a key on.
    pub(in crate::core) fn on_want_range(&mut self, conn: ConnId, prefix: Prefix, after: Option<KeyHash>) {
        let held = self.store.range(prefix, after).map(|held| &held.version);
        let (versions, more) = batch(held);
        self.send_message(conn, Message::Have { versions, more: more.then_some(prefix) });
    }
}

/// Returns as many versions as one message carries, at least one if there is one, and true if there
/// are more.
fn batch<'a>(versions: impl Iterator<Item = &'a Arc<Version>>) -> (Vec<Arc<Version>>, bool) {
    let (mut taken, mut weight) = (Vec::new(), 0);
    for version in versions {
        weight += version.weight();
        if weight > BATCH_WEIGHT_MAX && !taken.is_empty() {
            return (taken, true);
        }
        taken.push(version.clone());
    }
    (taken, false)
}
