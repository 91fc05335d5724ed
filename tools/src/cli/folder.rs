//! The folder of a run's logs: acquired by one run at a time, and emptied only if runs made all of its
//! content.
//!
//! A lock file in the folder has two meanings. While a run holds the lock, the folder is taken; the system
//! releases the lock however the run ends. And a folder with a lock file was made by a run. Files in any
//! other folder belong to a person, and are neither removed nor overwritten.

use std::fs::{self, DirBuilder, DirEntry, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::failure::Failure;
use crate::text::io_cause;
pub(super) use crate::world::folder::create_file;

/// The name of the lock file.
const LOCK: &str = ".tools.lock";
/// The index of runs, which lies above their folders and outlives them.
pub(super) const INDEX: &str = "runs.jsonl";
/// The ending of the folder of a further attempt, before its number.
pub(super) const ATTEMPT: &str = ".attempt-";
/// The folder of nodes' data, inside a folder of logs.
const DATA: &str = "data";
/// The most names that a refusal lists. Chosen: enough to recognise the folder, on one line.
const NAMES_SHOWN: usize = 3;

/// A folder that belongs to one run while this value lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

/// The reason why a folder cannot be taken. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// Another run has taken the folder.
    #[error(
        "a network is already running in {0}: end it with `tools stop{flag}`, or use another folder with --logs",
        flag = if .0 == "logs" { String::new() } else { format!(" --logs {}", .0) }
    )]
    Taken(String),
    /// The folder holds something that no run made.
    #[error(
        "`{folder}` {why}, which no run made: nothing was changed there\n  = help: move that elsewhere, or use \
         another folder with --logs"
    )]
    Foreign {
        /// The folder.
        folder: String,
        /// The thing that no run made: the folder itself, or the names that it holds.
        why: String,
    },
    /// The folder cannot be written.
    #[error("cannot write to {0}: {cause}\n  = help: choose another folder with --logs", cause = io_cause(.1))]
    Unusable(String, io::Error),
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        Self::environment(refused)
    }
}

impl Folder {
    /// Takes a folder for a network that stays. Files of earlier runs stay until they are overwritten.
    pub(super) fn acquire(path: &Path) -> Result<Self, Refused> {
        Self::lock(path, |entries| {
            // A link is replaced, and its target is not touched.
            let is_file = |entry: &&DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
            foreign(entries.iter().filter(is_file).filter(|entry| is_of_run(entry)))
        })
    }

    /// Takes a folder for a run, and removes the files of earlier runs.
    pub(super) fn acquire_empty(path: &Path) -> Result<Self, Refused> {
        if fs::symlink_metadata(path).is_ok_and(|found| !found.is_dir()) {
            let why = "is a link or a file".to_owned();
            return Err(Refused::Foreign { folder: path.display().to_string(), why });
        }
        let folder = Self::lock(path, |entries| foreign(entries.iter()))?;
        let unusable = |error| Refused::Unusable(path.display().to_string(), error);
        let entries = entries(path).map_err(unusable)?;
        if let Some(why) = foreign(entries.iter().filter(|entry| !is_of_run(entry))) {
            return Err(Refused::Foreign { folder: path.display().to_string(), why });
        }
        for entry in entries.iter().filter(|entry| entry.file_name() != INDEX) {
            remove(entry).map_err(unusable)?;
        }
        Ok(folder)
    }

    /// Removes the folder, unless it holds something that no run made.
    pub(super) fn remove(self) -> io::Result<()> {
        let entries = entries(&self.path)?;
        if entries.iter().all(is_of_run) {
            entries.iter().try_for_each(remove)?;
            fs::remove_file(self.path.join(LOCK))?;
            fs::remove_dir(&self.path)?;
        }
        Ok(())
    }

    /// Locks the folder, and makes it if it does not exist. For a folder that no run made, `foreign` returns
    /// the reason to refuse it, if there is one.
    fn lock(path: &Path, foreign: impl FnOnce(&[DirEntry]) -> Option<String>) -> Result<Self, Refused> {
        let folder = || path.display().to_string();
        let unusable = |error| Refused::Unusable(folder(), error);
        create_private(path).map_err(unusable)?;
        if !is_marked(path) {
            let mut found = entries(path).map_err(unusable)?;
            // A detached start may already have written its messages there.
            found.retain(|entry| !has_own_name(entry) && entry.file_name() != INDEX);
            if let Some(why) = foreign(&found) {
                return Err(Refused::Foreign { folder: folder(), why });
            }
        }
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        let lock = options.open(path.join(LOCK)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Refused::Taken(folder())),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Removes the folders of further attempts that an earlier command left beside the folder of a run. Those that a
    /// run holds, that no run made, or that hold something else stay.
    pub(super) fn remove_attempts(path: &Path) {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return };
        let prefix = [name.as_encoded_bytes(), ATTEMPT.as_bytes()].concat();
        let is_attempt = |entry: &DirEntry| {
            let name = entry.file_name();
            let number = name.as_encoded_bytes().strip_prefix(&prefix[..]);
            number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
        };
        let siblings = fs::read_dir(parent).into_iter().flatten().filter_map(Result::ok);
        for path in siblings.filter(is_attempt).map(|entry| entry.path()) {
            if is_marked(&path)
                && let Ok(folder) = Self::acquire_empty(&path)
            {
                // What cannot be removed is told by the run that needs the place.
                let _: io::Result<()> = folder.remove();
            }
        }
    }

    /// Returns the path of the folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a folder, and those above it, that only its owner may enter. An existing folder is not changed.
pub(super) fn create_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Returns true if a run of this user made the folder.
fn is_marked(path: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path.join(LOCK)).is_ok_and(|found| found.is_file() && found.uid() == user)
}

/// Returns the entries of a folder except the lock, in order.
fn entries(path: &Path) -> io::Result<Vec<DirEntry>> {
    let mut entries = fs::read_dir(path)?.collect::<io::Result<Vec<_>>>()?;
    entries.retain(|entry| entry.file_name() != LOCK);
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

/// Returns true if the name begins with `.tools.`, which only runs use.
fn has_own_name(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".tools.")
}

/// Returns true if runs write files of this name.
fn is_of_run(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    let Some(name) = name.to_str() else { return false };
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
        return name == DATA;
    }
    let has_kind = |kinds: &[&str]| kinds.iter().any(|kind| name.ends_with(kind));
    has_own_name(entry) || matches!(name, ".history" | "drawn.scn") || has_kind(&[".log", ".err", ".jsonl"])
}

/// Returns a description of these entries, which no run made, or `None` if there are none.
fn foreign<'e>(entries: impl Iterator<Item = &'e DirEntry>) -> Option<String> {
    let mut names: Vec<String> =
        entries.map(|entry| format!("`{}`", entry.file_name().to_string_lossy())).collect();
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(NAMES_SHOWN);
    names.truncate(NAMES_SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("holds {}{more}", names.join(", ")))
}

/// Removes a file, a link, or a folder with its content. Never follows a link.
fn remove(entry: &DirEntry) -> io::Result<()> {
    if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn names(path: &Path) -> Vec<String> {
        entries(path).unwrap().iter().map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    fn write(path: &Path, names: &[&str]) {
        for name in names {
            let file = path.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "precious").unwrap();
        }
    }

    #[track_caller]
    fn refused(taken: Result<Folder, Refused>, expected: &str) {
        let message = taken.map(drop).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_run_empties_what_runs_made() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("deep/sync");
        drop(Folder::acquire_empty(&path).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        write(&path, &["a.log", "a.err", "run.jsonl", "data/a/store.redb", ".tools.err"]);
        let folder = Folder::acquire_empty(&path).unwrap();
        assert!(names(&path).is_empty());
        refused(Folder::acquire_empty(&path), "a network is already running in");
        write(&path, &["a.log"]);
        folder.remove().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn further_attempts_of_an_earlier_command_are_removed_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        for name in ["sync", "sync.attempt-2", "sync.attempt-13", "sync.attempt-4", "sync2.attempt-2"] {
            drop(Folder::acquire_empty(&path(name)).unwrap());
            write(&path(name), &["run.jsonl"]);
        }
        write(&path("sync.attempt-4"), &["notes.txt"]);
        write(&path("sync.attempt-5"), &["run.jsonl"]);
        write(&path("sync.attempt-x"), &["run.jsonl"]);
        let held = Folder::acquire(&path("sync.attempt-13")).unwrap();
        Folder::remove_attempts(&path("sync"));
        drop(held);
        let left = [
            "sync",
            "sync.attempt-13",
            "sync.attempt-4",
            "sync.attempt-5",
            "sync.attempt-x",
            "sync2.attempt-2",
        ];
        assert_eq!(names(root.path()), left);
        assert!(path("sync.attempt-4/run.jsonl").exists() && path("sync.attempt-13/run.jsonl").exists());
    }

    #[test]
    fn files_that_no_run_made_are_left_and_named() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sync");
        write(&path, &["src/thesis.txt"]);
        refused(Folder::acquire_empty(&path), "holds `src`, which no run made");
        // Names that runs use do not make the folder one of a run.
        let logs = root.path().join("logs");
        write(&logs, &["a.log", "b.log", "run.jsonl", "z.log"]);
        refused(
            Folder::acquire_empty(&logs),
            "holds `a.log`, `b.log`, `run.jsonl` and 1 more, which no run made",
        );
        refused(Folder::acquire(&logs), "holds `a.log`, `b.log`, `run.jsonl` and 1 more");
        assert_eq!(names(&logs), ["a.log", "b.log", "run.jsonl", "z.log"]);
        assert!(path.join("src/thesis.txt").exists() && !path.join(LOCK).exists());
    }

    #[test]
    fn foreign_files_in_the_folder_of_a_run_are_left_as_well() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sync");
        drop(Folder::acquire_empty(&path).unwrap());
        write(&path, &["a.log", "notes.txt", "pictures/one.png"]);
        refused(Folder::acquire_empty(&path), "holds `notes.txt`, `pictures`, which no run made");
        assert_eq!(names(&path), ["a.log", "notes.txt", "pictures"]);
        Folder::acquire(&path).unwrap().remove().unwrap();
        assert_eq!(names(&path), ["a.log", "notes.txt", "pictures"]);
    }

    #[test]
    fn a_network_that_stays_shares_a_folder_with_what_it_does_not_write() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &["sync.scn", "sync/a.log", "data/a/store.redb"]);
        drop(Folder::acquire(root.path()).unwrap());
        assert_eq!(names(root.path()), ["data", "sync", "sync.scn"]);
    }

    #[test]
    fn the_index_of_runs_outlives_them_and_bars_no_run() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &[INDEX]);
        drop(Folder::acquire(root.path()).unwrap());
        write(root.path(), &["a.log"]);
        drop(Folder::acquire_empty(root.path()).unwrap());
        assert_eq!(names(root.path()), [INDEX]);
    }

    #[test]
    fn nothing_is_removed_through_a_link() {
        let root = tempfile::tempdir().unwrap();
        let (precious, path) = (root.path().join("precious"), root.path().join("sync"));
        write(&precious, &["a.log"]);
        symlink(&precious, &path).unwrap();
        refused(Folder::acquire_empty(&path), "is a link or a file, which no run made");
        fs::remove_file(&path).unwrap();
        drop(Folder::acquire_empty(&path).unwrap());
        symlink(&precious, path.join("data")).unwrap();
        // A link is not a folder of data that a run made.
        refused(Folder::acquire_empty(&path), "holds `data`");
        fs::remove_file(path.join("data")).unwrap();
        symlink(precious.join("a.log"), path.join("a.log")).unwrap();
        drop(Folder::acquire_empty(&path).unwrap());
        assert_eq!(names(&precious), ["a.log"]);
    }
}
