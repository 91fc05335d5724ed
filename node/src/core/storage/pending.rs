//! Clients' writes that are on their way to the disk. They are not yet read, pushed or digested,
//! but the checks of later writes see them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::core::io::{ConnId, PersistId};
use crate::wire::{KeyHash, Policy, RequestId, Version};

/// One write, and the requests that wait for it.
#[derive(Debug)]
pub(in crate::core) struct Write {
    /// The version that is being written.
    pub(in crate::core) version: Arc<Version>,
    /// The requests to answer once the version is kept.
    pub(in crate::core) waiting: Vec<(ConnId, RequestId)>,
}

/// The writes under way, in order.
#[derive(Debug, Default)]
pub(in crate::core) struct Pending {
    last: u64,
    writes: BTreeMap<PersistId, Write>,
    keys: BTreeSet<(KeyHash, PersistId)>,
    weight: usize,
}

impl Pending {
    /// Returns the number of the next set of versions handed to the disk.
    pub(in crate::core) fn next_id(&mut self) -> PersistId {
        self.last += 1;
        PersistId(self.last)
    }

    /// Adds a write that was handed over under this number.
    pub(in crate::core) fn add(
        &mut self,
        id: PersistId,
        version: Arc<Version>,
        waiting: Vec<(ConnId, RequestId)>,
    ) {
        self.weight += version.weight();
        self.keys.insert((version.key_hash(), id));
        self.writes.insert(id, Write { version, waiting });
    }

    /// Adds a request to those answered once this write is kept.
    pub(in crate::core) fn join(&mut self, id: PersistId, waiting: (ConnId, RequestId)) {
        if let Some(write) = self.writes.get_mut(&id) {
            write.waiting.push(waiting);
        }
    }

    /// Returns the greatest version of a key that is under way.
    pub(in crate::core) fn greatest(
        &self,
        key: KeyHash,
        policy: Policy,
    ) -> Option<(PersistId, &Arc<Version>)> {
        self.keys
            .range((key, PersistId(0))..=(key, PersistId(u64::MAX)))
            .filter_map(|(_, id)| self.writes.get(id).map(|write| (*id, &write.version)))
            .max_by_key(|(_, version)| version.rank(policy))
    }

    /// Removes and returns the writes up to this number, in order; the disk kept or refused them.
    pub(in crate::core) fn remove_up_to(&mut self, up_to: PersistId) -> Vec<Write> {
        let mut kept = Vec::new();
        while let Some(first) = self.writes.first_entry()
            && *first.key() <= up_to
        {
            let (id, write) = first.remove_entry();
            self.weight -= write.version.weight();
            self.keys.remove(&(write.version.key_hash(), id));
            kept.push(write);
        }
        kept
    }

    /// Returns the number of writes under way.
    pub(in crate::core) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Returns the weight of the writes under way, in bytes.
    pub(in crate::core) fn weight(&self) -> usize {
        self.weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Hex, Kind, Stamp};

    fn version(key: &str, wall_ms: u64) -> Arc<Version> {
        Arc::new(Version::new(key, Kind::Tombstone, Stamp { wall_ms, counter: 0 }, Hex([0; 16])))
    }

    #[test]
    fn writes_leave_in_order_up_to_what_is_kept() {
        let mut pending = Pending::default();
        for (number, wall) in [(1, 5), (2, 9), (3, 7)] {
            let id = pending.next_id();
            assert_eq!(id, PersistId(number));
            pending.add(id, version("k", wall), vec![(ConnId(number), 0)]);
        }
        let key = version("k", 0).key_hash();
        assert_eq!(pending.greatest(key, Policy::Last), Some((PersistId(2), &version("k", 9))));
        pending.join(PersistId(2), (ConnId(9), 1));
        let kept = pending.remove_up_to(PersistId(2));
        assert_eq!(kept.iter().map(|write| write.version.stamp().wall_ms).collect::<Vec<_>>(), [5, 9]);
        assert_eq!(kept[1].waiting, [(ConnId(2), 0), (ConnId(9), 1)]);
        assert_eq!(pending.greatest(key, Policy::Last), Some((PersistId(3), &version("k", 7))));
        pending.remove_up_to(PersistId(3));
        assert_eq!((pending.len(), pending.weight()), (0, 0));
    }
}
