//! The data folder of a node: what it holds is on the disk before anybody is told that it is.
//!
//! - `record`: a version as bytes;
//! - `store`: versions and the node's id in a file, by redb: a commit is there whole or not at all;
//! - `space`: its file, on a disk that can be told to be full;
//! - `folder`: where the file is, who has it, and what is wrong with it;
//! - `writer`: the thread that keeps all that waits with one commit.
//!
//! A write that could not be kept is refused; where the disk failed after it had it, it may come back
//! with the next start. Versions of others that could not be kept are owed to the disk until it
//! recovers; they are in memory, and with those who told them.

#[cfg(test)]
mod faulty;
mod folder;
mod record;
mod space;
mod store;
mod writer;

use std::path::Path;

use tokio::sync::mpsc;

pub(super) use folder::{DataError, Held};
pub(super) use space::Space;
pub(super) use writer::{Kept, Writer};

use self::folder::Folder;
use crate::wire::{NodeId, Policy};

/// A data folder in use.
pub(super) struct Data {
    /// Keeps what it is handed.
    pub writer: Writer,
    /// What has become of it.
    pub kept: mpsc::UnboundedReceiver<Kept>,
    /// What its disk has room for.
    pub space: Space,
}

/// Opens the data folder of a node, or makes one for a node of this id.
pub(super) fn open(path: &Path, policy: Policy, node: NodeId) -> Result<(Data, Held), DataError> {
    let (folder, store, held) = Folder::open(path, policy, node)?;
    let space = folder.space().clone();
    let (writer, kept) = Writer::start(folder, store, held.node)
        .map_err(|source| DataError::Folder { folder: path.to_owned(), source })?;
    Ok((Data { writer, kept, space }, held))
}

#[cfg(test)]
mod tests;
