//! The data folder of a node: a version is on the disk before it is acknowledged.
//!
//! - `record`: a version as bytes, with a check;
//! - `summary`: a short summary of a file's contents;
//! - `store`: versions and the node's id in a redb file, where a commit is present whole or not at all;
//! - `disk_space`: its file, on a disk that can be declared full;
//! - `held_back`: its file while it is read, before anything is written to it;
//! - `acknowledged`: the number of the last commit that was acknowledged, in a file of its own;
//! - `identity`: the file behind a name; `private_file`: files that only their owner can use;
//! - `folder`: the folder, its lock and its file; `refusal`: the reasons to refuse it;
//! - `panics`: panics of the storage library;
//! - `salvage`, `repair`: the undamaged records of a file, and a new file that holds them;
//! - `restamp`: the present time for versions from a clock that was ahead;
//! - `writer`: the thread that commits all waiting versions at once.
//!
//! A write that could not be committed is refused; if the disk failed after it had the write, it may come
//! back with the next start. Versions of other nodes that could not be committed wait for the disk to
//! recover. They are in memory, and at the neighbours that sent them.

mod acknowledged;
mod disk_space;
#[cfg(test)]
mod faulty;
mod folder;
mod held_back;
mod identity;
mod panics;
pub(super) mod private_file;
mod record;
mod refusal;
mod repair;
mod restamp;
mod salvage;
mod store;
mod summary;
mod writer;

use std::path::Path;

use tokio::sync::mpsc;

pub(super) use disk_space::DiskSpace;
pub(super) use folder::Contents;
pub(super) use panics::install_hook as report_panics;
pub(super) use refusal::DataError;
pub(super) use repair::repair;
pub(super) use restamp::restamp;
pub(super) use writer::{Commit, Writer};

use self::folder::Folder;
use crate::wire::{NodeId, Policy};

/// A data folder in use.
pub(super) struct Data {
    /// The writer, which commits versions.
    pub writer: Writer,
    /// The writer's reports.
    pub commits: mpsc::UnboundedReceiver<Commit>,
    /// The room on the folder's disk.
    pub space: DiskSpace,
}

/// Opens the data folder of a node, or creates one for a node of this id.
pub(super) fn open(path: &Path, policy: Policy, node: NodeId) -> Result<(Data, Contents), DataError> {
    let (folder, store, contents) = Folder::open(path, policy, node)?;
    let space = folder.space().clone();
    let (writer, commits) = Writer::start(folder, store)
        .map_err(|source| DataError::Folder { folder: path.to_owned(), source })?;
    Ok((Data { writer, commits, space }, contents))
}

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;
