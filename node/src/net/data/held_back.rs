//! A store's file that is read without a change to it. The writes that redb makes when it opens a file are
//! held back in memory. They reach the file only after all of it was found to be right.
//!
//! So a file that is refused stays as it was, byte for byte. The held writes are made in redb's order, with
//! redb's syncs in between: a power cut meanwhile leaves a file that redb can mend.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// The unit in which changed parts of the file are held: redb's page, in bytes (redb, docs/design.md).
const BLOCK: usize = 4_096;
/// The most bytes that are held back. Chosen: far more than redb writes when it opens a file, which are some
/// pages of its head and of its free list.
const HELD_MAX: usize = 64 << 20;

/// A file under redb whose changes are held back until they are released.
#[derive(Debug)]
pub(super) struct HeldBack<B>(Arc<Layers<B>>);

impl<B> Clone for HeldBack<B> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
struct Layers<B> {
    below: B,
    released: AtomicBool,
    held: Mutex<HeldChanges>,
}

/// The changes to a file, and the file as it looks with them.
#[derive(Debug)]
struct HeldChanges {
    /// The length of the file with the changes.
    length: u64,
    /// The offset up to which the file below is visible: beyond, it looks like zeros.
    floor: u64,
    blocks: BTreeMap<u64, Box<[u8]>>,
    changes: Vec<HeldChange>,
    weight: usize,
}

#[derive(Debug)]
enum HeldChange {
    Length(u64),
    Bytes(u64, Vec<u8>),
    Sync,
}

impl<B: StorageBackend> HeldBack<B> {
    /// Begins to hold back writes to a file.
    pub(super) fn new(below: B) -> io::Result<Self> {
        let length = below.len()?;
        let held =
            HeldChanges { length, floor: length, blocks: BTreeMap::new(), changes: Vec::new(), weight: 0 };
        Ok(Self(Arc::new(Layers { below, released: AtomicBool::new(false), held: Mutex::new(held) })))
    }

    /// Makes the held writes; from then on nothing is held back.
    pub(super) fn release(&self) -> io::Result<()> {
        let mut held = self.held();
        for change in std::mem::take(&mut held.changes) {
            match change {
                HeldChange::Length(length) => self.0.below.set_len(length)?,
                HeldChange::Bytes(at, bytes) => self.0.below.write(at, &bytes)?,
                HeldChange::Sync => self.0.below.sync_data()?,
            }
        }
        held.blocks.clear();
        self.0.released.store(true, Ordering::Release);
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, HeldChanges> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_released(&self) -> bool {
        self.0.released.load(Ordering::Acquire)
    }
}

impl HeldChanges {
    fn add(&mut self, change: HeldChange) -> io::Result<()> {
        self.weight += match &change {
            HeldChange::Bytes(_, bytes) => bytes.len(),
            HeldChange::Length(_) | HeldChange::Sync => 1,
        };
        if self.weight > HELD_MAX {
            return Err(io::Error::other("the storage library writes too much when it opens the file"));
        }
        self.changes.push(change);
        Ok(())
    }

    fn read(&self, below: &impl StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.saturating_add(out.len() as u64) > self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        for (at, part) in parts(offset, out.len()) {
            let out = &mut out[part.clone()];
            if let Some(block) = self.blocks.get(&(at / BLOCK as u64)) {
                let from = within_block(at);
                out.copy_from_slice(&block[from..from + out.len()]);
            } else {
                self.read_below(below, at, out)?;
            }
        }
        Ok(())
    }

    fn read_below(&self, below: &impl StorageBackend, at: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(self.floor.saturating_sub(at)).unwrap_or(usize::MAX).min(out.len());
        let (real, beyond) = out.split_at_mut(there);
        beyond.fill(0);
        if real.is_empty() { Ok(()) } else { below.read(at, real) }
    }

    fn write(&mut self, below: &impl StorageBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        self.length = self.length.max(offset.saturating_add(data.len() as u64));
        for (at, part) in parts(offset, data.len()) {
            let number = at / BLOCK as u64;
            if !self.blocks.contains_key(&number) {
                let mut block = vec![0; BLOCK];
                self.read_below(below, number * BLOCK as u64, &mut block)?;
                self.blocks.insert(number, block.into());
            }
            if let Some(block) = self.blocks.get_mut(&number) {
                let from = within_block(at);
                block[from..from + part.len()].copy_from_slice(&data[part]);
            }
        }
        self.add(HeldChange::Bytes(offset, data.to_vec()))
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        self.length = length;
        self.floor = self.floor.min(length);
        let first_gone = length.div_ceil(BLOCK as u64);
        self.blocks.split_off(&first_gone);
        let rest = within_block(length);
        if let Some(block) = self.blocks.get_mut(&(length / BLOCK as u64)).filter(|_| rest > 0) {
            block[rest..].fill(0);
        }
        self.add(HeldChange::Length(length))
    }
}

/// Splits `length` bytes from an offset by blocks: the offset of each part, and its range in the bytes.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done >= length {
            return None;
        }
        let at = offset + done as u64;
        let end = (done + BLOCK - within_block(at)).min(length);
        let part = done..end;
        done = end;
        Some((at, part))
    })
}

fn within_block(offset: u64) -> usize {
    usize::try_from(offset % BLOCK as u64).unwrap_or_default()
}

impl<B: StorageBackend> StorageBackend for HeldBack<B> {
    fn len(&self) -> io::Result<u64> {
        if self.is_released() { self.0.below.len() } else { Ok(self.held().length) }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_released() {
            self.0.below.read(offset, out)
        } else {
            self.held().read(&self.0.below, offset, out)
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.is_released() { self.0.below.set_len(len) } else { self.held().set_len(len) }
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_released() { self.0.below.sync_data() } else { self.held().add(HeldChange::Sync) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_released() {
            self.0.below.write(offset, data)
        } else {
            self.held().write(&self.0.below, offset, data)
        }
    }

    fn close(&self) -> io::Result<()> {
        self.0.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.0.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.0.below.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    use super::*;

    fn all(backend: &impl StorageBackend) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(backend.len().unwrap()).unwrap()];
        backend.read(0, &mut bytes).unwrap();
        bytes
    }

    fn file(length: u64) -> InMemoryBackend {
        let file = InMemoryBackend::new();
        file.set_len(length).unwrap();
        let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        file.write(0, &bytes).unwrap();
        file
    }

    proptest! {
        /// A file looks as if all writes were made, is not changed, and after the release is as it looked.
        #[test]
        fn what_is_held_back_is_seen_and_reaches_the_file_when_it_is_released(
            length in 0..20_000u64,
            steps in proptest::collection::vec((any::<bool>(), 0..30_000u64, 1..9_000usize, 1..255u8), 0..12),
        ) {
            let real = file(length);
            let held_back = HeldBack::new(file(length)).unwrap();
            let before = all(&held_back);
            for (cut, at, count, byte) in steps {
                if cut {
                    real.set_len(at).unwrap();
                    held_back.set_len(at).unwrap();
                } else {
                    let end = at + count as u64;
                    if end > real.len().unwrap() {
                        real.set_len(end).unwrap();
                        held_back.set_len(end).unwrap();
                    }
                    real.write(at, &vec![byte; count]).unwrap();
                    held_back.write(at, &vec![byte; count]).unwrap();
                }
                held_back.sync_data().unwrap();
                prop_assert_eq!(all(&held_back), all(&real));
            }
            prop_assert_eq!(all(&held_back.0.below), before);
            held_back.release().unwrap();
            prop_assert_eq!(all(&held_back.0.below), all(&real));
            held_back.write(0, b"").unwrap();
            held_back.set_len(1).unwrap();
            prop_assert_eq!(held_back.0.below.len().unwrap(), 1);
        }
    }
}
