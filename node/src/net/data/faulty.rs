//! A disk for tests, in memory: it can lose power, and run full.

use std::io;
use std::sync::{Arc, Mutex};

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng as _;
use redb::{Database, StorageBackend};

/// A disk that forgets or tears what was not synced, and that may go dead or run full.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<Image>>);

#[derive(Debug, Default)]
struct Image {
    synced: Vec<u8>,
    seen: Vec<u8>,
    changes: Vec<Change>,
    /// How many changes it takes before it is dead.
    life: Option<usize>,
    /// How long it may become.
    room: Option<u64>,
}

#[derive(Debug, Clone)]
enum Change {
    Length(usize),
    Bytes(usize, Vec<u8>),
}

impl Change {
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

impl Image {
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

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.live()?;
        change.apply(&mut self.seen);
        self.changes.push(change);
        Ok(())
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let image = self.0.lock().unwrap();
        let from = image.seen.get(place(offset)..place(offset) + out.len());
        out.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        if image.room.is_some_and(|room| len > room) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        image.change(Change::Length(place(len)))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut image = self.0.lock().unwrap();
        image.live()?;
        image.synced = image.seen.clone();
        image.changes.clear();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().change(Change::Bytes(place(offset), data.to_vec()))
    }
}

impl Disk {
    /// What is found after a power cut: all that was synced, and of the rest what the dice say, in
    /// part or whole.
    pub(super) fn after_a_cut(&self, dice: &mut Pcg32) -> Self {
        let image = self.0.lock().unwrap();
        let mut found = image.synced.clone();
        for change in &image.changes {
            match (dice.next_u32() % 3, change) {
                (0, _) => {}
                (1, Change::Bytes(at, bytes)) => {
                    let torn = dice.next_u32() as usize % (bytes.len() + 1);
                    Change::Bytes(*at, bytes[..torn].to_vec()).apply(&mut found);
                }
                _ => change.apply(&mut found),
            }
        }
        Self(Arc::new(Mutex::new(Image { synced: found.clone(), seen: found, ..Image::default() })))
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
