//! The identity of the file behind a name.
//!
//! Writes to a file that was removed or replaced are lost without an error. So the name is looked up after
//! each commit, before anything is acknowledged.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The reason why a name no longer leads to the file that was opened. Commits since then may be in the other
/// file, and are not acknowledged.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum Displaced {
    /// The name leads to another file.
    #[error(
        "{} was replaced while the node runs: put the file back that it had, or end the node",
        .0.display()
    )]
    Replaced(PathBuf),
    /// The name leads to no file.
    #[error("{} is gone while the node runs ({source}): put it back where it was", file.display())]
    Gone { file: PathBuf, source: io::Error },
}

/// The identity of the file behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// Returns the identity of an open file.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::in_metadata(&metadata))
    }

    /// Checks that the file is still under this name.
    pub(super) fn check(self, path: &Path) -> Result<(), Displaced> {
        match fs::metadata(path) {
            Ok(metadata) if Self::in_metadata(&metadata) == self => Ok(()),
            Ok(_) => Err(Displaced::Replaced(path.to_owned())),
            Err(source) => Err(Displaced::Gone { file: path.to_owned(), source }),
        }
    }

    fn in_metadata(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}
