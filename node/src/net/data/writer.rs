//! The writer: a thread that commits all waiting versions at once, while more come in.
//!
//! So a commit costs as much for one waiting client as for hundreds (group commit).

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::folder::Folder;
use super::panics;
use super::refusal::DataError;
use super::store::{DiskStore, StoreError};
use crate::core::PersistId;
use crate::net::log;
use crate::wire::{NodeId, Policy, Version};

/// The most bytes of keys and values that may wait for the disk. Above that the caller has to wait as well.
/// Chosen: about what a disk writes in a second.
const WAITING_MAX: usize = 64 << 20;
/// The weight of a version beside its key and value, in bytes: about what its record and its place in the queue
/// take.
const VERSION_WEIGHT: usize = 128;
/// The first pause after a failure of the disk: versions that are handed over meanwhile fail at once. Chosen:
/// many commits long, and not noticed by a person.
const RETRY_MIN: Duration = Duration::from_millis(100);
/// The longest pause: it doubles with every failure. Chosen: a full disk costs next to nothing, and a node whose
/// disk has recovered takes writes again before a person tries a second time.
const RETRY_MAX: Duration = Duration::from_secs(2);

/// The outcome of all versions that were handed over up to a number.
#[derive(Debug)]
pub(in crate::net) struct Commit {
    pub up_to: PersistId,
    pub result: Result<(), CommitError>,
}

/// The reason why versions were not committed. They may be on the disk all the same, where the disk failed
/// after it had them.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum CommitError {
    /// The disk failed a moment ago, and was not tried again.
    #[error("the disk has just failed")]
    Paused,
    /// The file could not be opened again, or the commit could not be recorded as acknowledged.
    #[error(transparent)]
    Folder(#[from] DataError),
    /// The file refused the commit.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The handle of the thread. Once it is dropped, the thread commits the waiting versions and ends.
#[derive(Debug)]
pub(in crate::net) struct Writer(Arc<CommitQueue>);

/// The versions that wait for the thread, shared with it.
#[derive(Debug, Default)]
struct CommitQueue {
    waiting: Mutex<WaitingVersions>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct WaitingVersions {
    versions: Vec<Arc<Version>>,
    up_to: Option<PersistId>,
    weight: usize,
    closed: bool,
}

impl Writer {
    /// Starts the thread. It sends one [`Commit`] for each; the channel closes when the thread has ended.
    pub(super) fn start(
        folder: Folder,
        store: DiskStore,
    ) -> std::io::Result<(Self, mpsc::UnboundedReceiver<Commit>)> {
        let queue = Arc::new(CommitQueue::default());
        let (reports, commits) = mpsc::unbounded_channel();
        let work = Arc::clone(&queue);
        let (node, policy) = (store.node(), store.policy());
        let disk = Disk { folder, node, policy, store: Some(store), backlog: BTreeMap::new(), pause: None };
        thread::Builder::new().name("disk".to_owned()).spawn(move || run(&work, disk, &reports))?;
        Ok((Self(queue), commits))
    }

    /// Hands versions over. Blocks while too many bytes wait already.
    pub(in crate::net) fn enqueue(&self, id: PersistId, versions: Vec<Arc<Version>>) {
        let weight: usize = versions.iter().map(|version| weight(version)).sum();
        let mut waiting = self.0.lock();
        while waiting.weight > WAITING_MAX {
            waiting = self.0.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.versions.extend(versions);
        waiting.weight += weight;
        waiting.up_to = Some(id);
        self.0.changed.notify_all();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.changed.notify_all();
    }
}

impl CommitQueue {
    fn lock(&self) -> MutexGuard<'_, WaitingVersions> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for versions and returns all that wait; `None` when no more can come.
    fn next_batch(&self) -> Option<(PersistId, Vec<Arc<Version>>)> {
        let mut waiting = self.lock();
        loop {
            if let Some(up_to) = waiting.up_to.take() {
                waiting.weight = 0;
                let versions = std::mem::take(&mut waiting.versions);
                self.changed.notify_all();
                return Some((up_to, versions));
            }
            if waiting.closed {
                return None;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn weight(version: &Version) -> usize {
    version.key().len() + version.value().map_or(0, |value| value.json().len()) + VERSION_WEIGHT
}

/// Runs the thread until no more versions can come.
fn run(queue: &CommitQueue, mut disk: Disk, reports: &mpsc::UnboundedSender<Commit>) {
    let file = disk.folder.file();
    panics::attribute_to(&file, || commit_all(queue, &mut disk, reports));
}

fn commit_all(queue: &CommitQueue, disk: &mut Disk, reports: &mpsc::UnboundedSender<Commit>) {
    while let Some((up_to, versions)) = queue.next_batch() {
        let result = disk.commit(versions);
        // The receiver may have ended meanwhile.
        let _ = reports.send(Commit { up_to, result });
    }
    // Neighbours' versions that came while the disk failed; no caller waits for them any more.
    if !disk.backlog.is_empty() {
        disk.pause = None;
        let _ = disk.commit(Vec::new());
    }
}

/// The disk, which may fail and recover.
struct Disk {
    folder: Folder,
    /// The node that the folder belongs to.
    node: NodeId,
    policy: Policy,
    /// The open store; `None` after a failure, until it is opened anew.
    store: Option<DiskStore>,
    /// The neighbours' versions that could not be committed, the greatest of each key. They are part of the next
    /// commit that succeeds. Writes of this node's own clients are not among them: they were refused.
    backlog: BTreeMap<Box<str>, Arc<Version>>,
    /// The end of the present pause and its length.
    pause: Option<(Instant, Duration)>,
}

impl Disk {
    /// Commits versions and the backlog. On failure, the neighbours' versions join the backlog.
    fn commit(&mut self, versions: Vec<Arc<Version>>) -> Result<(), CommitError> {
        let now = Instant::now();
        let paused = self.pause.is_some_and(|(until, _)| now < until);
        let result = if paused { Err(CommitError::Paused) } else { self.try_commit(&versions) };
        let Err(error) = &result else {
            self.backlog.clear();
            if self.pause.take().is_some() {
                log::info(format_args!("the disk keeps again what is handed to it"));
            }
            return result;
        };
        if self.pause.is_none() {
            log::warn(format_args!(
                "the disk fails, so writes are refused, and what others write is in memory only: {error}"
            ));
        }
        for version in versions {
            self.add_to_backlog(version);
        }
        if !paused {
            let pause = self.pause.map_or(RETRY_MIN, |(_, last)| (2 * last).min(RETRY_MAX));
            self.pause = Some((Instant::now() + pause, pause));
        }
        result
    }

    fn try_commit(&mut self, versions: &[Arc<Version>]) -> Result<(), CommitError> {
        let mut store = match self.store.take() {
            Some(store) => store,
            None => self.folder.reopen()?,
        };
        store.merge(self.backlog.values().chain(versions))?;
        self.folder.acknowledge(store.commits())?;
        self.store = Some(store);
        Ok(())
    }

    fn add_to_backlog(&mut self, version: Arc<Version>) {
        if version.author() == self.node {
            return;
        }
        let policy = self.policy;
        match self.backlog.get(version.key()) {
            Some(waiting) if waiting.rank(policy) >= version.rank(policy) => {}
            _ => {
                self.backlog.insert(version.key().into(), version);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::data::faulty;
    use crate::wire::{Hex, Kind, Stamp};

    const ME: NodeId = Hex([7; 16]);
    const OTHER: NodeId = Hex([8; 16]);

    fn version(key: &str, wall_ms: u64, author: NodeId) -> Arc<Version> {
        Arc::new(Version::new(key, Kind::Tombstone, Stamp { wall_ms, counter: 0 }, author))
    }

    #[test]
    fn what_others_wrote_waits_for_a_disk_that_failed_and_what_was_refused_does_not() {
        let path = tempfile::tempdir().unwrap();
        let (folder, whole, _) = Folder::open(path.path(), Policy::Last, ME).unwrap();
        drop(whole);
        let dead = faulty::FaultyDisk::default();
        let store = DiskStore::create(dead.database().unwrap(), Policy::Last, ME, 0).unwrap();
        dead.dies_after(0);
        let policy = Policy::Last;
        let mut disk =
            Disk { folder, node: ME, policy, store: Some(store), backlog: BTreeMap::new(), pause: None };
        let handed = vec![version("theirs", 5, OTHER), version("theirs", 4, OTHER), version("mine", 5, ME)];
        assert!(disk.commit(handed).unwrap_err().to_string().contains("the power is out"));
        let paused = disk.commit(vec![version("late", 5, OTHER)]);
        assert_eq!(paused.unwrap_err().to_string(), "the disk has just failed");
        // The pause is over.
        disk.pause = Some((Instant::now(), RETRY_MIN));
        disk.commit(vec![version("mine", 6, ME)]).unwrap();
        assert!(disk.backlog.is_empty() && disk.pause.is_none());
        let mut kept = Vec::new();
        let read = disk.store.unwrap().read(|version| {
            kept.push((version.key().to_owned(), version.stamp().wall_ms));
        });
        assert!(read.unwrap().is_empty());
        assert_eq!(kept, [("late".to_owned(), 5), ("mine".to_owned(), 6), ("theirs".to_owned(), 5)]);
    }
}
