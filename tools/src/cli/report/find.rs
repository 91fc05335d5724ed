//! The records of runs below the paths of the command line.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::text::io_cause;

/// The name of a record.
const NAME: &str = "run.jsonl";
/// The deepest folder that is searched, below the one that was named. Chosen: a record lies two below `logs`.
const DEPTH_MAX: usize = 16;

/// Returns the records: the files that are named, and every `run.jsonl` below the folders that are named, in
/// order of their paths and each once.
pub(super) fn records(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for path in paths {
        let kind = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
        let mut here = Vec::new();
        if kind.is_dir() {
            search(path, DEPTH_MAX, &mut here)?;
            if here.is_empty() {
                return Err(Failure::usage(format!("no {NAME} lies below {}", path.display())).help(
                    "`tools test` writes one for each run, below `logs`; many seeds in `sim` leave none",
                ));
            }
        } else {
            here.push(path.clone());
        }
        found.extend(here.into_iter().filter(|path| seen.insert(path.clone())));
    }
    Ok(found)
}

/// Adds the records in a folder and below it. Links to folders are not followed: they may lead in a circle.
fn search(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let unreadable = |error| cannot_read(folder, &error);
    let mut entries =
        fs::read_dir(folder).map_err(unreadable)?.collect::<io::Result<Vec<_>>>().map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            if depth > 0 {
                search(&entry.path(), depth - 1, found)?;
            }
        } else if entry.file_name() == NAME {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// Returns the failure of a path that cannot be read.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Failure {
    let exit = if error.kind() == io::ErrorKind::NotFound { Exit::Usage } else { Exit::Environment };
    let failure = Failure::new(exit, format!("cannot read {}: {}", path.display(), io_cause(error)));
    failure.help("name a file `run.jsonl`, or a folder with such files")
}
