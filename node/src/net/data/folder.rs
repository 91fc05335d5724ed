//! A node's data folder. It holds one file, which is never created anew where it exists or existed.

use std::cell::Cell;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError};

use super::acknowledged::{Acknowledged, AcknowledgedFile};
use super::disk_space::{DiskSpace, LimitedFile};
use super::held_back::HeldBack;
use super::identity::FileIdentity;
use super::panics;
use super::private_file;
use super::refusal::DataError;
use super::store::{DiskStore, StoreError};
use crate::net::log;
use crate::wire::{NodeId, Policy, Version};

/// The name of the file in the folder.
const FILE: &str = "store.redb";
/// The name of the file until its node id and policy are written.
pub(super) const NEW: &str = "store.redb.new";
/// The name of the file that a repair leaves, until a node starts with it.
pub(super) const REPAIRED: &str = "store.redb.repaired";
/// The name that a damaged file gets, with a number, once a repaired one takes its place.
const DAMAGED: &str = "store.redb.damaged";
/// The name of the lock file: the node that uses the folder holds its lock, and any end of the node frees it.
const LOCK: &str = "lock";
/// The most bytes of the file that are cached in memory. Chosen: enough for the inner pages of the file; the
/// core holds the versions already, so nothing is read again.
const CACHE: usize = 16 << 20;
/// The most keys of damaged records that a line of the log names. Chosen: a line that a person can read; a
/// repair names more.
const NAMED: usize = 20;

/// A data folder in use. No other process can open it meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// The policy under which the file must have been written, or `None` for any.
    policy: Option<Policy>,
    space: DiskSpace,
    /// The identity of the file that was opened first: later openings must find the same one.
    identity: Option<FileIdentity>,
    acknowledged: Option<Acknowledged>,
    /// The lock file, locked as long as it is open.
    _lock: File,
}

/// The contents of a folder when it was opened.
pub(in crate::net) struct Contents {
    /// The node's id.
    pub node: NodeId,
    /// The versions that the node held.
    pub versions: Vec<Arc<Version>>,
}

impl Folder {
    /// Locks a folder that exists. With a policy, its file must have been written under that one.
    pub(super) fn lock(path: &Path, policy: Option<Policy>) -> Result<Self, DataError> {
        let fails = |source| DataError::Folder { folder: path.to_owned(), source };
        let lock = private_file::open(&path.join(LOCK)).map_err(fails)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => DataError::Taken(path.to_owned()),
            TryLockError::Error(source) => fails(source),
        })?;
        let (path, space) = (path.to_owned(), DiskSpace::default());
        Ok(Self { path, policy, space, identity: None, acknowledged: None, _lock: lock })
    }

    /// Opens a folder, or makes one for a node of this id.
    pub(super) fn open(
        path: &Path,
        policy: Policy,
        node: NodeId,
    ) -> Result<(Self, DiskStore, Contents), DataError> {
        private_file::create_folder(path)
            .map_err(|source| DataError::Folder { folder: path.to_owned(), source })?;
        let mut folder = Self::lock(path, Some(policy))?;
        folder.use_repaired()?;
        if folder.has_file()? {
            let mut versions = Vec::new();
            let store = folder.read(|version| versions.push(Arc::new(version)))?;
            let contents = Contents { node: store.node(), versions };
            return Ok((folder, store, contents));
        }
        let store = folder.create(policy, node)?;
        Ok((folder, store, Contents { node, versions: Vec::new() }))
    }

    /// Opens the file and passes all its versions to `each`. Nothing is written to the file before all of it
    /// was checked and found right.
    pub(super) fn read(&mut self, each: impl FnMut(Version)) -> Result<DiskStore, DataError> {
        let path = self.file();
        panics::attribute_to(&path, || {
            let file = self.existing()?;
            let (held_back, database) =
                self.database(file, true).map_err(|error| self.database_error(error))?;
            let mut store =
                DiskStore::open(database, self.policy).map_err(|error| self.store_error(error))?;
            let damaged = store.read(each).map_err(|error| self.store_error(error))?;
            self.check_acknowledged(&store)?;
            held_back.release().map_err(|source| self.io_error(source))?;
            store.upgrade_format().map_err(|error| self.store_error(error))?;
            store.set_aside(&damaged).map_err(|error| self.store_error(error))?;
            self.log_damaged(&damaged);
            self.open_acknowledged(store.commits())?;
            Ok(store)
        })
    }

    /// Opens the store again after a failure of the disk. All of it is checked as at the first opening.
    pub(super) fn reopen(&mut self) -> Result<DiskStore, DataError> {
        self.read(|_| ())
    }

    /// Records that a commit is about to be acknowledged. Fails if the commit went to a file that is no
    /// longer this folder's.
    pub(super) fn acknowledge(&mut self, commits: u64) -> Result<(), DataError> {
        if let Some(identity) = self.identity {
            identity.check(&self.file())?;
        }
        match &mut self.acknowledged {
            Some(acknowledged) => acknowledged.set(commits).map_err(|source| self.io_error(source)),
            None => Ok(()),
        }
    }

    /// Returns true if the file exists; it may be unusable.
    fn has_file(&self) -> Result<bool, DataError> {
        let file = self.file();
        let there = match file.symlink_metadata() {
            Ok(_) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(source) => return Err(self.io_error(source)),
        };
        let found = Acknowledged::read(&self.path).map_err(|source| self.io_error(source))?;
        if !there && found != AcknowledgedFile::Missing {
            return Err(DataError::Gone { file });
        }
        Ok(there)
    }

    /// Opens the existing file, which must be the one that was opened before.
    pub(super) fn existing(&mut self) -> Result<File, DataError> {
        let path = self.file();
        let no_file = |what| DataError::NoFile { file: path.clone(), what };
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(metadata) if metadata.is_dir() => return Err(no_file("a folder")),
            Ok(_) => return Err(no_file("no regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound && path.is_symlink() => {
                return Err(no_file("a link to a file that is not there"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let found = Acknowledged::read(&self.path).map_err(|source| self.io_error(source))?;
                let is_unused = found == AcknowledgedFile::Missing && self.identity.is_none();
                return Err(if is_unused {
                    DataError::Unused(self.path.clone())
                } else {
                    DataError::Gone { file: path }
                });
            }
            Err(source) => return Err(self.io_error(source)),
        }
        let file = private_file::open_existing(&path).map_err(|source| self.io_error(source))?;
        let identity = FileIdentity::of(&file).map_err(|source| self.io_error(source))?;
        if let Some(before) = self.identity.filter(|before| *before != identity) {
            return Ok(before.check(&path).map(|()| file)?);
        }
        self.identity = Some(identity);
        // redb would create a new database in it.
        if file.metadata().map_err(|source| self.io_error(source))?.len() == 0 {
            return Err(DataError::Damaged { file: path, reason: "it is empty".to_owned() });
        }
        Ok(file)
    }

    /// Checks that the store has every acknowledged commit. Fails if the last ones are missing.
    fn check_acknowledged(&self, store: &DiskStore) -> Result<(), DataError> {
        let acknowledged = match &self.acknowledged {
            Some(acknowledged) => AcknowledgedFile::Commits(acknowledged.commits()),
            None => Acknowledged::read(&self.path).map_err(|source| self.io_error(source))?,
        };
        match acknowledged {
            AcknowledgedFile::Commits(acknowledged) if store.commits() < acknowledged => {
                let commits = store.commits();
                Err(self.store_error(StoreError::Behind { commits, acknowledged }))
            }
            AcknowledgedFile::Unreadable => {
                log::warn(format_args!(
                    "{} cannot be read: a loss of the last writes would not be noticed",
                    self.path.join(super::acknowledged::FILE).display()
                ));
                Ok(())
            }
            AcknowledgedFile::Missing | AcknowledgedFile::Commits(_) => Ok(()),
        }
    }

    fn open_acknowledged(&mut self, commits: u64) -> Result<(), DataError> {
        let opened = match &mut self.acknowledged {
            Some(acknowledged) => acknowledged.set(commits),
            None => Acknowledged::open(&self.path, commits)
                .map(|acknowledged| self.acknowledged = Some(acknowledged)),
        };
        opened.map_err(|source| self.io_error(source))
    }

    fn log_damaged(&self, damaged: &[Vec<u8>]) {
        if damaged.is_empty() {
            return;
        }
        let mut names: Vec<_> =
            damaged.iter().take(NAMED).map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        if damaged.len() > NAMED {
            names.push(format!("and {} more", damaged.len() - NAMED));
        }
        let (file, names) = (self.file(), names.join(", "));
        log::warn(format_args!(
            "{} has damaged records, which are not used: {names}; neighbours that have them are asked for them",
            file.display()
        ));
    }

    /// Creates the file. It gets its name only once its node id and policy are written: so a file that is
    /// there and empty was damaged.
    fn create(&mut self, policy: Policy, node: NodeId) -> Result<DiskStore, DataError> {
        let store = self.create_as(NEW, policy, node, 0)?;
        self.rename(NEW, FILE)?;
        self.open_acknowledged(store.commits())?;
        Ok(store)
    }

    /// Creates a store in a new file of this name. Its commits are counted on from `commits`.
    pub(super) fn create_as(
        &mut self,
        name: &str,
        policy: Policy,
        node: NodeId,
        commits: u64,
    ) -> Result<DiskStore, DataError> {
        let new = self.path.join(name);
        // A process that was killed may have left a file that it had not finished.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.io_error(error)),
            _ => {}
        }
        let file = private_file::create(&new).map_err(|source| self.io_error(source))?;
        self.identity = Some(FileIdentity::of(&file).map_err(|source| self.io_error(source))?);
        let (_, database) = self.database(file, false).map_err(|error| self.database_error(error))?;
        DiskStore::create(database, policy, node, commits).map_err(|error| self.io_error(as_io_error(error)))
    }

    /// Renames a file of the folder and syncs the folder.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), DataError> {
        fs::rename(self.path.join(from), self.path.join(to))
            .and_then(|()| private_file::sync_folder(&self.path))
            .map_err(|source| self.io_error(source))
    }

    /// Replaces the file with the one that a repair left. The old file stays beside it.
    fn use_repaired(&self) -> Result<(), DataError> {
        if !self.path.join(REPAIRED).try_exists().map_err(|source| self.io_error(source))? {
            return Ok(());
        }
        if self.file().symlink_metadata().is_ok() {
            let aside = (1..u32::MAX)
                .map(|number| format!("{DAMAGED}-{number}"))
                .find(|name| self.path.join(name).symlink_metadata().is_err())
                .unwrap_or_else(|| DAMAGED.to_owned());
            self.rename(FILE, &aside)?;
            log::info(format_args!("{} is kept as {aside}", self.file().display()));
        }
        self.rename(REPAIRED, FILE)?;
        log::info(format_args!("{} is what the repair kept", self.file().display()));
        Ok(())
    }

    /// Opens a database in a file. An existing file is checked whole. Nothing is written to it before the
    /// writes that are held back are released.
    fn database(&self, file: File, there: bool) -> Result<(HeldBack<LimitedFile>, Database), DatabaseError> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        if there {
            builder.set_check_integrity_on_open(true);
            self.log_check(&mut builder, &file);
        }
        let held_back = HeldBack::new(LimitedFile::new(file, &self.space)?)?;
        if !there {
            held_back.release()?;
        }
        let database = builder.create_with_backend(held_back.clone())?;
        Ok((held_back, database))
    }

    /// Logs that a file was not closed in order and is checked, which explains a slow start after a crash.
    /// Every file is checked; only those that were not closed are logged.
    fn log_check(&self, builder: &mut Builder, mut file: &File) {
        // The byte after the nine of the magic number has the flag 2 while the file is open (redb,
        // docs/design.md, "god byte").
        let mut head = [0; 10];
        let unclean = file.read_exact(&mut head).is_ok() && head[9] & 2 != 0;
        let (path, logged) = (self.file(), Cell::new(!unclean));
        builder.set_repair_callback(move |_| {
            if !logged.replace(true) {
                log::info(format_args!("{} was not closed in order: it is checked", path.display()));
            }
        });
    }

    /// Accepts whichever file is opened next as this folder's.
    pub(super) fn forget_identity(&mut self) {
        self.identity = None;
    }

    /// Returns the space that the folder's disk has.
    pub(super) fn space(&self) -> &DiskSpace {
        &self.space
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    pub(super) fn io_error(&self, source: io::Error) -> DataError {
        DataError::Folder { folder: self.path.clone(), source }
    }

    fn database_error(&self, error: DatabaseError) -> DataError {
        match error {
            DatabaseError::DatabaseAlreadyOpen => DataError::Taken(self.path.clone()),
            error => self.store_error(StoreError::Database(error.into())),
        }
    }

    pub(super) fn store_error(&self, error: StoreError) -> DataError {
        match error {
            StoreError::Policy(policy) => DataError::Policy { file: self.file(), policy },
            // The system's error about a whole file is no sign of damage.
            StoreError::Database(redb::Error::Io(source))
                if !matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput
                ) =>
            {
                self.io_error(source)
            }
            error => DataError::Damaged { file: self.file(), reason: error.to_string() },
        }
    }
}

fn as_io_error(error: redb::Error) -> io::Error {
    match error {
        redb::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}
