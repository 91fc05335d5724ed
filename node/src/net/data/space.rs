//! The file of a store, on a disk that can be told to be full: so that what a full disk does can be
//! tried without one.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// What the system says of a full disk, on Linux.
const ENOSPC: i32 = 28;

/// Whether there is room on the disk, as far as whoever tries full disks has a say.
#[derive(Debug, Clone, Default)]
pub(in crate::net) struct Space {
    full: Arc<AtomicBool>,
}

impl Space {
    /// From now on the disk takes nothing more, or all that it has room for.
    pub(in crate::net) fn fill(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    fn left(&self) -> io::Result<()> {
        if self.full.load(Ordering::Relaxed) { Err(io::Error::from_raw_os_error(ENOSPC)) } else { Ok(()) }
    }
}

/// A file that takes no byte while there is no room. What it has can be read.
#[derive(Debug)]
pub(super) struct Spaced {
    file: FileBackend,
    space: Space,
}

impl Spaced {
    pub(super) fn new(file: File, space: &Space) -> Result<Self, DatabaseError> {
        Ok(Self { file: FileBackend::new(file)?, space: space.clone() })
    }
}

impl StorageBackend for Spaced {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.space.left()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.space.left()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
