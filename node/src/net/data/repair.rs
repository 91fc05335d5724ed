//! A repair: the undamaged versions of a file, in a new file beside it, which the next start uses.
//!
//! The old file is only read. It keeps its name until a node starts with the repaired file; from then
//! on it is kept under another name.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use super::acknowledged::{Acknowledged, AcknowledgedFile};
use super::folder::{Folder, NEW, REPAIRED};
use super::private_file;
use super::refusal::DataError;
use super::salvage::Salvage;
use super::store::DiskStore;
use super::summary::StoreSummary;

/// The most versions in one commit of the new file. Chosen: a commit costs as much as thousands of records, and
/// redb keeps its changed pages in memory until then.
const BATCH: usize = 10_000;
/// The most keys that a report names. Chosen: some screens, for a person who may have to write them again.
const NAMED: usize = 1_000;

/// The outcome of a repair.
#[derive(Debug)]
pub(in crate::net) enum Repaired {
    /// The file can be used as it is.
    Whole { file: PathBuf, versions: u64 },
    /// A new file was written.
    New(RepairReport),
}

/// The contents of the new file, compared with the damaged one.
#[derive(Debug)]
pub(in crate::net) struct RepairReport {
    file: PathBuf,
    new: PathBuf,
    kept: u64,
    /// The summary that the damaged file should have, as far as it can be told.
    expected: Option<StoreSummary>,
    complete: bool,
    /// The keys of damaged records of which no version is kept.
    lost: BTreeSet<String>,
    /// The keys of damaged records of which another version is kept.
    other: BTreeSet<String>,
}

/// Copies the undamaged versions of a folder's file into a new file.
pub(in crate::net) fn repair(path: &Path) -> Result<Repaired, DataError> {
    if !path.is_dir() {
        let source = std::io::ErrorKind::NotFound.into();
        return Err(DataError::Folder { folder: path.to_owned(), source });
    }
    let mut folder = Folder::lock(path, None)?;
    let salvage = {
        let file = folder.existing()?;
        Salvage::of(&file).map_err(|source| folder.io_error(source))?
    };
    let Some((node, policy)) = salvage.owner else {
        // A file of the first format has no checks in its records: it is used whole or not at all.
        return open_whole(&mut folder);
    };
    let acknowledged = match Acknowledged::read(path).map_err(|source| folder.io_error(source))? {
        AcknowledgedFile::Commits(commits) => commits,
        AcknowledgedFile::Missing | AcknowledgedFile::Unreadable => 0,
    };
    let commits = salvage.summary.map_or(0, |summary| summary.commits).max(acknowledged);
    let mut store = folder.create_as(NEW, policy, node, commits)?;
    copy_versions(&folder, &mut store, &salvage)?;
    drop(store);
    folder.forget_identity();
    let report = report(&folder, salvage, acknowledged);
    if report.complete
        && let Ok(whole) = open_whole(&mut folder)
    {
        std::fs::remove_file(path.join(NEW)).map_err(|source| folder.io_error(source))?;
        return Ok(whole);
    }
    folder.rename(NEW, REPAIRED)?;
    Ok(Repaired::New(report))
}

/// Opens the file as a node would.
fn open_whole(folder: &mut Folder) -> Result<Repaired, DataError> {
    let mut versions = 0;
    folder.read(|_| versions += 1)?;
    Ok(Repaired::Whole { file: folder.file(), versions })
}

/// Commits the undamaged versions to the new file.
fn copy_versions(folder: &Folder, store: &mut DiskStore, salvage: &Salvage) -> Result<(), DataError> {
    let versions: Vec<_> = salvage.versions.values().cloned().collect();
    for batch in versions.chunks(BATCH) {
        store.replace(batch).map_err(|error| folder.store_error(error))?;
    }
    private_file::sync_folder(folder.path()).map_err(|source| folder.io_error(source))
}

fn report(folder: &Folder, salvage: Salvage, acknowledged: u64) -> RepairReport {
    let found = salvage.found();
    let expected = salvage.summary;
    let complete =
        expected.is_some_and(|summary| summary.commits >= acknowledged && summary.holds_the_same(&found));
    let (other, lost) = salvage.damaged.into_iter().partition(|key| salvage.versions.contains_key(&key[..]));
    RepairReport {
        file: folder.file(),
        new: folder.path().join(REPAIRED),
        kept: found.versions,
        expected: expected.filter(|summary| summary.commits >= acknowledged),
        complete,
        lost,
        other,
    }
}

impl fmt::Display for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { file, versions } => {
                write!(
                    f,
                    "{} is whole, with {versions} {}: nothing was changed",
                    file.display(),
                    keys(*versions)
                )
            }
            Self::New(report) => report.fmt(f),
        }
    }
}

impl fmt::Display for RepairReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, new) = (self.file.display(), self.new.display());
        write!(f, "{new}: ")?;
        let kept = self.kept;
        match self.expected.map(|expected| expected.versions) {
            Some(all) => write!(f, "{kept} of {all} {}", keys(all)),
            None => write!(f, "{kept} {}, out of an unknown number", keys(kept)),
        }?;
        writeln!(f, ", deleted ones included, are whole and kept in it")?;
        if !self.complete && self.lost.is_empty() && self.other.is_empty() {
            writeln!(
                f,
                "what is missing has left no readable key; some of what is kept may be an earlier version"
            )?;
        }
        list_keys(f, "not whole, and not kept", &self.lost)?;
        list_keys(
            f,
            "not whole, but another version is, which may be an earlier one, and is kept",
            &self.other,
        )?;
        writeln!(
            f,
            "{file} was left as it is; the next start uses the new file, and keeps the old one beside it"
        )?;
        write!(f, "what was lost comes back from neighbours that have it")
    }
}

fn list_keys(f: &mut fmt::Formatter<'_>, what: &str, names: &BTreeSet<String>) -> fmt::Result {
    if names.is_empty() {
        return Ok(());
    }
    let count = names.len();
    writeln!(f, "{count} {} {what}:", keys(count as u64))?;
    for key in names.iter().take(NAMED) {
        writeln!(f, "    {}", key.escape_debug())?;
    }
    if count > NAMED {
        writeln!(f, "    and {} more", count - NAMED)?;
    }
    Ok(())
}

fn keys(count: u64) -> &'static str {
    if count == 1 { "key" } else { "keys" }
}
