//! A disk in memory for tests: it can lose power and be full.

use std::io;
use std::sync::{Arc, Mutex};

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;
use redb::{Database, StorageBackend};

/// A disk that loses or tears writes that were not synced, and that may die or be full.
#[derive(Debug, Clone, Default)]
pub(super) struct FaultyDisk(Arc<Mutex<DiskImage>>);

#[derive(Debug, Default)]
struct DiskImage {
    synced: Vec<u8>,
    seen: Vec<u8>,
    changes: Vec<UnsyncedChange>,
    /// The number of changes until it dies; `None` for no end.
    life: Option<usize>,
    /// The longest length of the file, in bytes; `None` for no bound.
    room: Option<u64>,
}

#[derive(Debug, Clone)]
enum UnsyncedChange {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

impl UnsyncedChange {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Length(length) => to.resize(*length, 0),
            Self::Bytes(at, bytes) => {
                to.resize(to.len().max(at + bytes.len()), 0);
                to[*at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
    }
}

impl DiskImage {
    fn live(&mut self) -> io::Result<()> {
        match &mut self.life {
            Some(0) => Err(io::Error::other("the power is out")),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn change(&mut self, change: UnsyncedChange) -> io::Result<()> {
        self.live()?;
        change.apply(&mut self.seen);
        self.changes.push(change);
        Ok(())
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

impl StorageBackend for FaultyDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let image = self.0.lock().unwrap();
        let from = image.seen.get(index(offset)..index(offset) + out.len());
        out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        if image.room.is_some_and(|room| len > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        image.change(UnsyncedChange::Length(index(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        image.live()?;
        image.synced = image.seen.clone();
        image.changes.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().change(UnsyncedChange::Bytes(index(offset), data.to_vec()))
    }
}

impl FaultyDisk {
    /// Returns the disk after a power cut: all synced bytes, and each later change not at all, in part or
    /// whole, as the dice decide.
    pub(super) fn after_a_cut(&self, dice: &mut Pcg32) -> Self {
        let image = self.0.lock().unwrap();
        let mut found = image.synced.clone();
        for change in &image.changes {
            match (dice.next_u32() % 3, change) {
                (0, _) => {}
                (1, UnsyncedChange::Bytes(at, bytes)) => {
                    let torn = dice.next_u32() as usize % (bytes.len() + 1);
                    UnsyncedChange::Bytes(*at, bytes[..torn].to_vec()).apply(&mut found);
                }
                _ => change.apply(&mut found),
            }
        }
        Self(Arc::new(Mutex::new(DiskImage { synced: found.clone(), seen: found, ..DiskImage::default() })))
    }

    pub(super) fn database(&self) -> Result<Database, redb::DatabaseError> {
        Database::builder().create_with_backend(self.clone())
    }

    pub(super) fn dies_after(&self, changes: usize) {
        self.0.lock().unwrap().life = Some(changes);
    }

    pub(super) fn has_room(&self, room: Option<u64>) {
        self.0.lock().unwrap().room = room;
    }

    pub(super) fn length(&self) -> u64 {
        self.0.lock().unwrap().seen.len() as u64
    }
}
