//! A node's data folder: one file, which is never begun anew while it is there.

use std::cell::Cell;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{Builder, Database, DatabaseError};

use super::space::{Space, Spaced};
use super::store::{Store, Unusable};
use crate::net::log;
use crate::wire::{NodeId, Policy, Version};

const FILE: &str = "store.redb";
/// What becomes the file when it says whose it is.
const NEW: &str = "store.redb.new";
/// Held by the node that has the folder, however it ends.
const LOCK: &str = "lock";
/// How much of the file is held in memory at most: the versions themselves are there already.
const CACHE: usize = 16 << 20;

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum DataError {
    /// Files fail.
    #[error("cannot use the data folder {folder}: {source}")]
    Folder { folder: PathBuf, source: io::Error },
    /// Another node has it.
    #[error("the data folder {0} is in use by another node: choose another with --data")]
    Taken(PathBuf),
    /// It was written under another policy.
    #[error(
        "{file} was written under the policy `{policy}`: start with --policy {policy}, or choose another folder with --data"
    )]
    Policy { file: PathBuf, policy: String },
    /// It is there and cannot be read.
    #[error(
        "{file} cannot be read: {reason}. It was left as it is: put a copy of it back, or move it away to begin empty and be filled by the neighbours"
    )]
    Damaged { file: PathBuf, reason: String },
}

/// A folder in use. Nobody else can open it meanwhile.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    policy: Policy,
    space: Space,
    /// Locked as long as it is open.
    _lock: File,
}

/// What a folder held when it was opened.
pub(in crate::net) struct Held {
    /// Who the node is.
    pub node: NodeId,
    /// What it knew.
    pub versions: Vec<Arc<Version>>,
}

impl Folder {
    /// Opens a folder, or makes one for a node of this id.
    pub(super) fn open(path: &Path, policy: Policy, node: NodeId) -> Result<(Self, Store, Held), DataError> {
        let fails = |source| DataError::Folder { folder: path.to_owned(), source };
        fs::create_dir_all(path).map_err(fails)?;
        let lock = File::options().create(true).append(true).open(path.join(LOCK)).map_err(fails)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => DataError::Taken(path.to_owned()),
            TryLockError::Error(source) => fails(source),
        })?;
        let folder = Self { path: path.to_owned(), policy, space: Space::default(), _lock: lock };
        if folder.file().try_exists().map_err(|source| folder.fails(source))? {
            let (store, node) = folder.reopen()?;
            let versions = store.load().map_err(|unusable| folder.unusable(unusable))?;
            return Ok((folder, store, Held { node, versions }));
        }
        let store = folder.create(node)?;
        Ok((folder, store, Held { node, versions: Vec::new() }))
    }

    /// The store again, after a failure of the disk, and whose it is.
    pub(super) fn reopen(&self) -> Result<(Store, NodeId), DataError> {
        let file = File::options().read(true).write(true).open(self.file());
        let database = file
            .and_then(|file| match file.metadata()?.len() {
                // A database would be begun in it.
                0 => Err(io::Error::new(io::ErrorKind::InvalidData, "it is empty")),
                _ => Ok(file),
            })
            .map_err(DatabaseError::from)
            .and_then(|file| self.database(file))
            .map_err(|error| self.refused(error))?;
        Store::open(database, self.policy).map_err(|unusable| self.unusable(unusable))
    }

    /// A file has its name only when it says whose it is: one that is there and empty was damaged.
    fn create(&self, node: NodeId) -> Result<Store, DataError> {
        let new = self.path.join(NEW);
        // Begun by a node that was killed before it had said whose it is.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.fails(error)),
            _ => {}
        }
        let file = File::options().read(true).write(true).create_new(true).open(&new);
        let database = file
            .map_err(DatabaseError::from)
            .and_then(|file| self.database(file))
            .map_err(|error| self.refused(error))?;
        let store =
            Store::create(database, self.policy, node).map_err(|error| self.fails(io_error(error)))?;
        fs::rename(&new, self.file()).map_err(|source| self.fails(source))?;
        // The name is on the disk when its folder is.
        File::open(&self.path).and_then(|folder| folder.sync_all()).map_err(|source| self.fails(source))?;
        Ok(store)
    }

    fn database(&self, file: File) -> Result<Database, DatabaseError> {
        self.builder().create_with_backend(Spaced::new(file, &self.space)?)
    }

    fn builder(&self) -> Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let (file, told) = (self.file(), Cell::new(false));
        builder.set_repair_callback(move |_| {
            if !told.replace(true) {
                log::info(format_args!("{} was not closed in order: it is checked", file.display()));
            }
        });
        builder
    }

    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    /// What its disk has room for.
    pub(super) fn space(&self) -> &Space {
        &self.space
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    fn fails(&self, source: io::Error) -> DataError {
        DataError::Folder { folder: self.path.clone(), source }
    }

    fn refused(&self, error: DatabaseError) -> DataError {
        match error {
            DatabaseError::DatabaseAlreadyOpen => DataError::Taken(self.path.clone()),
            error => self.unusable(Unusable::Database(error.into())),
        }
    }

    fn unusable(&self, unusable: Unusable) -> DataError {
        match unusable {
            Unusable::Policy(policy) => DataError::Policy { file: self.file(), policy },
            // What the system says of a file that is whole, and not what is wrong with it.
            Unusable::Database(redb::Error::Io(source))
                if !matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput
                ) =>
            {
                self.fails(source)
            }
            unusable => DataError::Damaged { file: self.file(), reason: unusable.to_string() },
        }
    }
}

fn io_error(error: redb::Error) -> io::Error {
    match error {
        redb::Error::Io(error) => error,
        error => io::Error::other(error),
    }
}
