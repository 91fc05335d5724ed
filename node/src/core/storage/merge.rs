//! The merge of a version into the store, with its effects on watchers, missing versions and disk.

use std::sync::Arc;

use super::store::Merged;
use crate::core::state::Core;
use crate::wire::Version;

impl Core {
    /// Stores a version if it wins, and updates watchers and missing versions accordingly.
    pub(in crate::core) fn merge(&mut self, version: &Arc<Version>, fetched: bool) -> Merged {
        let mut merged = self.store.merge(version.clone(), fetched);
        // Planted mistakes: see `stores_loser`.
        if merged == Merged::Lost && self.stores_loser(version, fetched) {
            merged = self.store.put(version.clone(), fetched);
        }
        if merged == Merged::Won {
            self.watchers.record_version(version);
        }
        if !self.missing.is_empty() {
            self.missing.satisfy(&version.key_hash(), &version.rank(self.config.policy));
        }
        merged
    }

    /// Queues a neighbour's version for the next commit; no reply waits for it.
    pub(in crate::core) fn persist_with_next_commit(&mut self, version: &Arc<Version>) {
        // A planted mistake: see `skips_disk`.
        if self.config.disk && !self.skips_disk(version) {
            self.to_persist.push(version.clone());
        }
    }
}
