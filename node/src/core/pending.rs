//! Clients' writes that are on their way to the disk: not yet read, pushed or digested, yet seen
//! by the checks of later writes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::io::{ConnId, PersistId};
use crate::wire::{KeyHash, Policy, RequestId, Version};

/// One write, and who waits for it.
#[derive(Debug)]
pub(super) struct Write {
    /// What is being written.
    pub(super) version: Arc<Version>,
    /// Whom to answer once it is kept.
    pub(super) waiting: Vec<(ConnId, RequestId)>,
}

/// The writes under way, in order.
#[derive(Debug, Default)]
pub(super) struct Pending {
    last: u64,
    writes: BTreeMap<PersistId, Write>,
    keys: BTreeSet<(KeyHash, PersistId)>,
    weight: usize,
}

impl Pending {
    /// The number of the next thing handed over to be kept.
    pub(super) fn next_id(&mut self) -> PersistId {
        self.last += 1;
        PersistId(self.last)
    }

    /// Takes a write that was handed over under this number.
    pub(super) fn add(&mut self, id: PersistId, version: Arc<Version>, waiting: Vec<(ConnId, RequestId)>) {
        self.weight += version.weight();
        self.keys.insert((version.key_hash(), id));
        self.writes.insert(id, Write { version, waiting });
    }

    /// Answers somebody else, too, once this write is kept.
    pub(super) fn join(&mut self, id: PersistId, waiting: (ConnId, RequestId)) {
        if let Some(write) = self.writes.get_mut(&id) {
            write.waiting.push(waiting);
        }
    }

    /// The greatest version of a key that is under way.
    pub(super) fn greatest(&self, key: KeyHash, policy: Policy) -> Option<(PersistId, &Arc<Version>)> {
        self.keys
            .range((key, PersistId(0))..=(key, PersistId(u64::MAX)))
            .filter_map(|(_, id)| self.writes.get(id).map(|write| (*id, &write.version)))
            .max_by_key(|(_, version)| version.rank(policy))
    }

    /// Takes out the writes up to this one, in order: their fate is known.
    pub(super) fn take(&mut self, up_to: PersistId) -> Vec<Write> {
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

    /// How many writes are under way.
    pub(super) fn len(&self) -> usize {
        self.writes.len()
    }

    /// Their weight.
    pub(super) fn weight(&self) -> usize {
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
        let kept = pending.take(PersistId(2));
        assert_eq!(kept.iter().map(|write| write.version.stamp().wall_ms).collect::<Vec<_>>(), [5, 9]);
        assert_eq!(kept[1].waiting, [(ConnId(2), 0), (ConnId(9), 1)]);
        assert_eq!(pending.greatest(key, Policy::Last), Some((PersistId(3), &version("k", 7))));
        pending.take(PersistId(3));
        assert_eq!((pending.len(), pending.weight()), (0, 0));
    }
}
