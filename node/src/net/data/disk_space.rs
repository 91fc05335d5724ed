//! The file of a store, on a disk that can be declared full: so the effects can be tried without a full
//! disk.

use std::fs::File;
use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// The error number of a full disk on Linux (errno(3)).
const ENOSPC: i32 = 28;

/// The room on the disk, as far as the supervisor may limit it.
#[derive(Debug, Clone, Default)]
pub(in crate::net) struct DiskSpace {
    full: Arc<AtomicBool>,
}

impl DiskSpace {
    /// Makes the disk full, or gives it room again.
    pub(in crate::net) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    /// Fails as a write to a full disk does, if the disk was declared full.
    fn check(&self) -> io::Result<()> {
        if self.full.load(Ordering::Relaxed) { Err(io::Error::from_raw_os_error(ENOSPC)) } else { Ok(()) }
    }
}

/// A file that accepts no write while the disk is full. Its contents can be read.
#[derive(Debug)]
pub(super) struct LimitedFile {
    file: FileBackend,
    space: DiskSpace,
}

impl LimitedFile {
    pub(super) fn new(file: File, space: &DiskSpace) -> Result<Self, DatabaseError> {
        Ok(Self { file: FileBackend::new(file)?, space: space.clone() })
    }
}

impl StorageBackend for LimitedFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.space.check()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.space.check()?;
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
