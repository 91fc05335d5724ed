//! Reasons for which a data folder is refused, each with the remedy.

use std::io;
use std::path::{Path, PathBuf};

use super::identity::Displaced;

/// The remedies for a folder whose contents are not what they were.
const REMEDIES: &str =
    "put a copy of the folder back, or move it away to begin empty and be filled by the neighbours";

/// The reason why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum DataError {
    /// The folder or a file in it cannot be read or written.
    #[error("cannot use the data folder {folder}: {}; choose another with --data", cause(source))]
    Folder { folder: PathBuf, source: io::Error },
    /// Another node uses the folder.
    #[error("the data folder {0} is in use by another node: end that one, or choose another with --data")]
    Taken(PathBuf),
    /// The file was written under another policy.
    #[error(
        "{file} was written under the policy `{policy}`: start with --policy {policy}, or choose another folder with --data"
    )]
    Policy { file: PathBuf, policy: String },
    /// The file was damaged. Nothing was written to it.
    #[error(
        "{file} cannot be read: {reason}; it was left as it is: `tools node repair --data {folder}` keeps what is whole of it in a new file; or {REMEDIES}",
        folder = folder(file).display()
    )]
    Damaged { file: PathBuf, reason: String },
    /// A repair found nothing that it can keep. Nothing was written.
    #[error("{file} cannot be repaired: {reason}; it was left as it is: {REMEDIES}")]
    Lost { file: PathBuf, reason: String },
    /// The storage library gave up on the file.
    #[error(
        "{file} cannot be read: the storage library gave up ({reason}). `tools node repair --data {folder}` keeps what is whole of it in a new file; or {REMEDIES}",
        folder = folder(file).display()
    )]
    Broke { file: PathBuf, reason: String },
    /// The file is missing, though writes were acknowledged into it.
    #[error("{file} is gone, and writes were acknowledged into it: put it back, or {REMEDIES}")]
    Gone { file: PathBuf },
    /// The folder has no file, and no write was acknowledged into it.
    #[error("the folder {0} holds no data of a node: name the one that the node was started with")]
    Unused(PathBuf),
    /// The name leads to no regular file.
    #[error(
        "{file} is {what}: put the original file back, or move the folder away to begin empty and be filled by the neighbours"
    )]
    NoFile { file: PathBuf, what: &'static str },
    /// The file is another one than this node had opened, or is gone.
    #[error(transparent)]
    Displaced(#[from] Displaced),
}

/// Returns the folder of a file.
fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

/// Returns the cause of an error of the file system, without the system's number of it.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::NotADirectory => "it is a file, not a folder".to_owned(),
        _ => {
            let text = error.to_string();
            text.find(" (os error ").map_or(text.as_str(), |end| &text[..end]).to_owned()
        }
    }
}
