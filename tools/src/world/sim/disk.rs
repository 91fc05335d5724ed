//! A node's disk: synced versions stay, whatever happens to the node.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use node::core::{Level, PersistId};
use node::wire::{NodeId, Policy, Version};

/// The time for which a disk that has failed is not asked again: that of a node's process. Writes handed over
/// meanwhile fail. The time doubles with every failure, up to `REST_MAX`.
const REST: Duration = Duration::from_millis(100);
/// The longest time for which a disk that has failed is not asked again: that of a node's process.
const REST_MAX: Duration = Duration::from_secs(2);

/// A log of versions with group commit: one sync at a time, of all versions that were handed over before it
/// began.
#[derive(Debug, Default)]
pub(super) struct Disk {
    synced: Vec<Arc<Version>>,
    /// The versions that were handed over and not yet synced, in order.
    waiting: VecDeque<(PersistId, Vec<Arc<Version>>)>,
    /// The number of waiting writes that the sync under way covers.
    syncing: usize,
    /// True if the disk is full.
    full: bool,
    /// The versions of neighbours that the disk refused, the greatest of each key.
    owed: BTreeMap<Box<str>, Arc<Version>>,
    /// The end of the rest during which the disk is not asked, and the length of that rest.
    rest: Option<(Duration, Duration)>,
}

/// The owner of a disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    pub(super) node: NodeId,
    pub(super) policy: Policy,
}

/// The last write that a sync covered, and the result for it and for all writes before: safe, or failed with
/// a reason.
pub(super) type Commit = (PersistId, Result<(), String>);

/// The outcome of a sync.
#[derive(Debug, Default)]
pub(super) struct Synced {
    /// The writes that the sync covered.
    pub(super) commit: Option<Commit>,
    /// True if another sync is to be begun.
    pub(super) again: bool,
    /// The line that the sync adds to the node's log.
    pub(super) log_line: Option<(Level, String)>,
}

impl Disk {
    /// Hands versions to the disk. Returns true if a sync is to be begun now.
    pub(super) fn write(&mut self, id: PersistId, versions: Vec<Arc<Version>>) -> bool {
        self.waiting.push_back((id, versions));
        self.begin_sync()
    }

    /// Fills the disk, so that it refuses all writes, or makes room again.
    pub(super) fn fill(&mut self, full: bool) {
        self.full = full;
    }

    /// Finishes the sync that was under way, in success or failure.
    pub(super) fn synced(&mut self, owner: Owner, now: Duration) -> Synced {
        let batch: Vec<_> = self.waiting.drain(..std::mem::take(&mut self.syncing)).collect();
        let mut synced = Synced::default();
        if let Some(up_to) = batch.last().map(|(id, _)| *id) {
            let versions = batch.into_iter().flat_map(|(_, versions)| versions);
            let result = self.commit(owner, now, versions.collect(), &mut synced.log_line);
            synced.commit = Some((up_to, result));
        }
        synced.again = self.begin_sync();
        synced
    }

    fn commit(
        &mut self,
        owner: Owner,
        now: Duration,
        versions: Vec<Arc<Version>>,
        log_line: &mut Option<(Level, String)>,
    ) -> Result<(), String> {
        let resting = self.rest.is_some_and(|(until, _)| now < until);
        if !resting && !self.full {
            self.synced.extend(std::mem::take(&mut self.owed).into_values().chain(versions));
            if self.rest.take().is_some() {
                *log_line = Some((Level::Info, "the disk keeps again what is handed to it".to_owned()));
            }
            return Ok(());
        }
        let reason = if resting { "the disk has just failed" } else { "No space left on device" };
        if self.rest.is_none() {
            let refused = "the disk fails, so writes are refused, and what others write is in memory only";
            *log_line = Some((Level::Warn, format!("{refused}: {reason}")));
        }
        if !resting {
            let rest = self.rest.map_or(REST, |(_, last)| (2 * last).min(REST_MAX));
            self.rest = Some((now + rest, rest));
        }
        for version in versions.into_iter().filter(|version| version.author() != owner.node) {
            let rank = |version: &Version| version.rank(owner.policy);
            if self.owed.get(version.key()).is_none_or(|owed| rank(owed) < rank(&version)) {
                self.owed.insert(version.key().into(), version);
            }
        }
        Err(reason.to_owned())
    }

    fn begin_sync(&mut self) -> bool {
        let begins = self.syncing == 0 && !self.waiting.is_empty();
        if begins {
            self.syncing = self.waiting.len();
        }
        begins
    }

    /// Closes the disk when its node ends in order: all is synced for which there is room.
    pub(super) fn close(&mut self) {
        let waiting = self.waiting.drain(..).flat_map(|(_, versions)| versions);
        let owed = std::mem::take(&mut self.owed).into_values();
        if self.full {
            drop(waiting);
        } else {
            self.synced.extend(owed.chain(waiting));
        }
        (self.syncing, self.rest) = (0, None);
    }

    /// Applies the kill of the node. Of the versions that were not synced a part survives, from the first on;
    /// a torn record counts as none. Versions that are owed to a full disk are lost. `draw` returns a number
    /// from 0 to the given one.
    pub(super) fn crash(&mut self, draw: impl FnOnce(u64) -> u64) {
        (self.syncing, self.rest) = (0, None);
        self.owed.clear();
        let unsynced: Vec<_> = self.waiting.drain(..).flat_map(|(_, versions)| versions).collect();
        if !unsynced.is_empty() && !self.full {
            let survive = usize::try_from(draw(unsynced.len() as u64)).unwrap_or(usize::MAX);
            self.synced.extend(unsynced.into_iter().take(survive));
        }
    }

    /// Returns the versions that are synced.
    pub(super) fn versions(&self) -> impl Iterator<Item = Arc<Version>> {
        self.synced.iter().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use node::wire::{Hex, Kind, Stamp};

    fn version(key: &str) -> Vec<Arc<Version>> {
        vec![Arc::new(Version::new(key, Kind::Tombstone, Stamp::default(), Hex(OTHER)))]
    }

    const OTHER: [u8; 16] = [0; 16];
    const ME: Owner = Owner { node: Hex([1; 16]), policy: Policy::Last };

    fn synced(disk: &mut Disk, at_ms: u64) -> (Option<Commit>, bool) {
        let synced = disk.synced(ME, Duration::from_millis(at_ms));
        (synced.commit, synced.again)
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
        assert_eq!(synced(&mut disk, 0), (Some((PersistId(1), Ok(()))), true));
        check_kept(&disk, &["a"]);
        assert_eq!(synced(&mut disk, 0), (Some((PersistId(3), Ok(()))), false));
        check_kept(&disk, &["a", "b", "c"]);
    }

    #[test]
    fn a_crash_keeps_what_was_synced_and_a_part_of_the_rest() {
        let crashed = |survive: u64| {
            let mut disk = Disk::default();
            disk.write(PersistId(1), version("a"));
            synced(&mut disk, 0);
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
    fn a_full_disk_takes_nothing_and_is_owed_what_others_wrote() {
        let mut disk = Disk::default();
        let mine = Version::new("mine", Kind::Tombstone, Stamp::default(), ME.node);
        disk.fill(true);
        disk.write(PersistId(1), [version("theirs"), vec![Arc::new(mine)]].concat());
        let first = disk.synced(ME, Duration::ZERO);
        assert_eq!(first.commit, Some((PersistId(1), Err("No space left on device".to_owned()))));
        assert!(first.log_line.is_some_and(|(level, said)| level == Level::Warn && said.contains("fails")));
        disk.fill(false);
        // The disk is not asked before its rest is over.
        disk.write(PersistId(2), version("late"));
        assert_eq!(
            synced(&mut disk, 99),
            (Some((PersistId(2), Err("the disk has just failed".to_owned()))), false)
        );
        check_kept(&disk, &[]);
        disk.write(PersistId(3), version("after"));
        assert_eq!(synced(&mut disk, 100), (Some((PersistId(3), Ok(()))), false));
        check_kept(&disk, &["late", "theirs", "after"]);
    }

    #[test]
    fn what_is_owed_to_a_full_disk_is_gone_with_its_node() {
        for end in [Disk::close, |disk: &mut Disk| disk.crash(|most| most)] {
            let mut disk = Disk::default();
            disk.fill(true);
            disk.write(PersistId(1), version("a"));
            synced(&mut disk, 0);
            disk.write(PersistId(2), version("b"));
            end(&mut disk);
            check_kept(&disk, &[]);
            disk.fill(false);
            disk.write(PersistId(1), version("c"));
            assert_eq!(synced(&mut disk, 0), (Some((PersistId(1), Ok(()))), false));
            check_kept(&disk, &["c"]);
        }
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
