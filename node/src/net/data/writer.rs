//! The one who writes: a thread that keeps all that waits with one commit, while more comes in.
//!
//! So a commit costs as much whether one client waits for it or hundreds (group commit).

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::folder::Folder;
use super::store::Store;
use crate::core::PersistId;
use crate::net::log;
use crate::wire::{NodeId, Version};

/// How much may wait for the disk, by the length of keys and values, before whoever hands over more has
/// to wait as well: as much as is written in about a second.
const WAITING: usize = 64 << 20;
/// For how long a disk that has failed is not asked again: what is handed over meanwhile fails at once.
const REST: Duration = Duration::from_millis(100);
/// The longest such time: it doubles with every failure.
const REST_MOST: Duration = Duration::from_secs(2);

/// What became of all that was handed over up to a number.
#[derive(Debug)]
pub(in crate::net) struct Kept {
    pub up_to: PersistId,
    /// Why not, in words.
    pub kept: Result<(), String>,
}

/// Hands over to the thread. Dropped, it lets the thread keep what still waits, and end.
#[derive(Debug)]
pub(in crate::net) struct Writer(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    versions: Vec<Arc<Version>>,
    up_to: Option<PersistId>,
    weight: usize,
    closed: bool,
}

impl Writer {
    /// Starts the thread. What it tells ends when it has ended; it is as much as it makes commits.
    pub(super) fn start(
        folder: Folder,
        store: Store,
        node: NodeId,
    ) -> std::io::Result<(Self, mpsc::UnboundedReceiver<Kept>)> {
        let queue = Arc::new(Queue::default());
        let (tell, told) = mpsc::unbounded_channel();
        let work = Arc::clone(&queue);
        let disk = Disk { folder, node, store: Some(store), owed: BTreeMap::new(), rest: None };
        thread::Builder::new().name("disk".to_owned()).spawn(move || serve(&work, disk, &tell))?;
        Ok((Self(queue), told))
    }

    /// Hands versions over. Waits where too much is waiting already.
    pub(in crate::net) fn keep(&self, id: PersistId, versions: Vec<Arc<Version>>) {
        let weight: usize = versions.iter().map(|version| weight(version)).sum();
        let mut waiting = self.0.lock();
        while waiting.weight > WAITING {
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

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that waits, as soon as anything does; nothing when nothing will come any more.
    fn take(&self) -> Option<(PersistId, Vec<Arc<Version>>)> {
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
    version.key().len() + version.value().map_or(0, |value| value.json().len()) + 128
}

fn serve(queue: &Queue, mut disk: Disk, tell: &mpsc::UnboundedSender<Kept>) {
    while let Some((up_to, versions)) = queue.take() {
        let kept = disk.keep(versions);
        // Who has ended meanwhile needs no telling.
        let _ = tell.send(Kept { up_to, kept });
    }
    // What neighbours told while the disk failed; nobody waits for it any more.
    if !disk.owed.is_empty() {
        disk.rest = None;
        let _ = disk.keep(Vec::new());
    }
}

/// The disk, which may fail and recover.
struct Disk {
    folder: Folder,
    /// Whose it is.
    node: NodeId,
    /// None after a failure: it is opened anew.
    store: Option<Store>,
    /// What neighbours told that could not be kept, the greatest of each key: kept as soon as anything
    /// can be. What this node's own clients wrote is not among it: they were told that it was not kept.
    owed: BTreeMap<Box<str>, Arc<Version>>,
    /// Until when the disk is not asked, and for how long that was.
    rest: Option<(Instant, Duration)>,
}

impl Disk {
    fn keep(&mut self, versions: Vec<Arc<Version>>) -> Result<(), String> {
        let now = Instant::now();
        let resting = self.rest.is_some_and(|(until, _)| now < until);
        let kept =
            if resting { Err("the disk has just failed".to_owned()) } else { self.try_keep(&versions) };
        let Err(reason) = &kept else {
            self.owed.clear();
            if self.rest.take().is_some() {
                log::info(format_args!("the disk keeps again what is handed to it"));
            }
            return kept;
        };
        if self.rest.is_none() {
            log::warn(format_args!(
                "the disk fails, so writes are refused, and what others write is in memory only: {reason}"
            ));
        }
        for version in versions {
            self.owe(version);
        }
        if !resting {
            let rest = self.rest.map_or(REST, |(_, last)| (2 * last).min(REST_MOST));
            self.rest = Some((Instant::now() + rest, rest));
        }
        kept
    }

    fn try_keep(&mut self, versions: &[Arc<Version>]) -> Result<(), String> {
        let store = match self.store.take() {
            Some(store) => store,
            None => self.folder.reopen().map_err(|error| error.to_string())?.0,
        };
        store.keep(self.owed.values().chain(versions)).map_err(|error| error.to_string())?;
        self.store = Some(store);
        Ok(())
    }

    fn owe(&mut self, version: Arc<Version>) {
        if version.author() == self.node {
            return;
        }
        let policy = self.folder.policy();
        match self.owed.get(version.key()) {
            Some(owed) if owed.rank(policy) >= version.rank(policy) => {}
            _ => {
                self.owed.insert(version.key().into(), version);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::data::faulty;
    use crate::wire::{Hex, Kind, Policy, Stamp, Version};

    const ME: NodeId = Hex([7; 16]);
    const OTHER: NodeId = Hex([8; 16]);

    fn version(key: &str, wall_ms: u64, author: NodeId) -> Arc<Version> {
        Arc::new(Version::new(key, Kind::Tombstone, Stamp { wall_ms, counter: 0 }, author))
    }

    #[test]
    fn what_others_wrote_is_owed_to_a_disk_that_failed_and_what_was_refused_is_not() {
        let path = tempfile::tempdir().unwrap();
        let (folder, whole, _) = Folder::open(path.path(), Policy::Last, ME).unwrap();
        drop(whole);
        let dead = faulty::Disk::default();
        let store = Store::create(dead.database().unwrap(), Policy::Last, ME).unwrap();
        dead.dies_after(0);
        let mut disk = Disk { folder, node: ME, store: Some(store), owed: BTreeMap::new(), rest: None };
        let handed = vec![version("theirs", 5, OTHER), version("theirs", 4, OTHER), version("mine", 5, ME)];
        assert!(disk.keep(handed).unwrap_err().contains("the power is out"));
        assert_eq!(disk.keep(vec![version("late", 5, OTHER)]), Err("the disk has just failed".to_owned()));
        // Its rest is over.
        disk.rest = Some((Instant::now(), REST));
        assert_eq!(disk.keep(vec![version("mine", 6, ME)]), Ok(()));
        assert!(disk.owed.is_empty() && disk.rest.is_none());
        let kept = disk.store.unwrap().load().unwrap();
        let kept: Vec<_> = kept.iter().map(|version| (version.key(), version.stamp().wall_ms)).collect();
        assert_eq!(kept, [("late", 5), ("mine", 6), ("theirs", 5)]);
    }
}
