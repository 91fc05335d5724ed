//! A node's disk: what was synced stays, whatever happens to the node.

use std::collections::VecDeque;
use std::sync::Arc;

use node::core::PersistId;
use node::wire::Version;

/// A log of versions with group commit: one sync at a time, of all that was handed over before it
/// began.
#[derive(Debug, Default)]
pub(super) struct Disk {
    synced: Vec<Arc<Version>>,
    /// Handed over and not yet synced, in order.
    waiting: VecDeque<(PersistId, Vec<Arc<Version>>)>,
    /// How many of those the sync that is under way covers.
    syncing: usize,
}

impl Disk {
    /// Takes versions over; whether a sync is to be begun now.
    pub(super) fn write(&mut self, id: PersistId, versions: Vec<Arc<Version>>) -> bool {
        self.waiting.push_back((id, versions));
        self.begin()
    }

    /// The sync that was under way is done: up to where all is safe, and whether another one is to
    /// be begun.
    pub(super) fn synced(&mut self) -> (Option<PersistId>, bool) {
        let mut last = None;
        for (id, versions) in self.waiting.drain(..std::mem::take(&mut self.syncing)) {
            self.synced.extend(versions);
            last = Some(id);
        }
        (last, self.begin())
    }

    fn begin(&mut self) -> bool {
        let begins = self.syncing == 0 && !self.waiting.is_empty();
        if begins {
            self.syncing = self.waiting.len();
        }
        begins
    }

    /// The node ended in order: all is synced.
    pub(super) fn close(&mut self) {
        self.syncing = self.waiting.len();
        self.synced();
    }

    /// The node was killed: of what was not synced a part survives, from the first on; a record
    /// that was torn counts as none. `draw` gives a number from 0 to the given one.
    pub(super) fn crash(&mut self, draw: impl FnOnce(u64) -> u64) {
        self.syncing = 0;
        let unsynced: Vec<_> = self.waiting.drain(..).flat_map(|(_, versions)| versions).collect();
        if !unsynced.is_empty() {
            let survive = usize::try_from(draw(unsynced.len() as u64)).unwrap_or(usize::MAX);
            self.synced.extend(unsynced.into_iter().take(survive));
        }
    }

    /// What is kept.
    pub(super) fn versions(&self) -> impl Iterator<Item = Arc<Version>> {
        self.synced.iter().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use node::wire::{Hex, Kind, Stamp};

    fn version(key: &str) -> Vec<Arc<Version>> {
        vec![Arc::new(Version::new(key, Kind::Tombstone, Stamp::default(), Hex([0; 16])))]
    }

    #[track_caller]
    fn check_kept(disk: &Disk, expected: &[&str]) {
        let kept: Vec<_> = disk.versions().map(|version| version.key().to_owned()).collect();
        assert_eq!(kept, expected);
    }

    #[test]
    fn a_sync_covers_what_was_handed_over_before_it_began() {
        let mut disk = Disk::default();
        assert!(disk.write(PersistId(1), version("a")));
        assert!(!disk.write(PersistId(2), version("b")));
        assert!(!disk.write(PersistId(3), version("c")));
        assert_eq!(disk.synced(), (Some(PersistId(1)), true));
        check_kept(&disk, &["a"]);
        assert_eq!(disk.synced(), (Some(PersistId(3)), false));
        check_kept(&disk, &["a", "b", "c"]);
    }

    #[test]
    fn a_crash_keeps_what_was_synced_and_a_part_of_the_rest() {
        let crashed = |survive: u64| {
            let mut disk = Disk::default();
            disk.write(PersistId(1), version("a"));
            disk.synced();
            disk.write(PersistId(2), version("b"));
            disk.write(PersistId(3), version("c"));
            disk.crash(|most| {
                assert_eq!(most, 2);
                survive
            });
            disk
        };
        check_kept(&crashed(0), &["a"]);
        check_kept(&crashed(1), &["a", "b"]);
        check_kept(&crashed(2), &["a", "b", "c"]);
        let mut disk = crashed(0);
        assert!(disk.write(PersistId(1), version("d")), "the next life begins with nothing under way");
    }

    #[test]
    fn an_orderly_end_keeps_all() {
        let mut disk = Disk::default();
        disk.write(PersistId(1), version("a"));
        disk.write(PersistId(2), version("b"));
        disk.close();
        check_kept(&disk, &["a", "b"]);
    }
}
