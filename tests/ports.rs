//! Ports for stories: blocks that no other story uses, of this run of the suite or of any other.
//!
//! They lie below those that scenarios lease and below the ephemeral ones, where an outgoing
//! connection of anybody could take one. A block is a locked file, which the system lets go of by
//! itself, however a test ends.

use std::fs::{File, OpenOptions};

use tools::world::process::port_is_free;

/// The ports of one block.
pub(crate) const BLOCK: u16 = 32;
/// Above what servers that people run while they develop listen on.
const LOWEST: u16 = 4_096;
/// Where the ports that scenarios lease begin.
const HIGHEST: u16 = 9_984;

/// One block, as long as this lives.
pub(crate) struct Ports {
    first: u16,
    _lock: File,
}

impl Ports {
    /// Takes a block that nobody holds and whose ports are all free.
    pub(crate) fn take() -> Self {
        let user = rustix::process::getuid().as_raw();
        let folder = std::env::temp_dir().join(format!("tools-story-ports-{user}"));
        std::fs::create_dir_all(&folder).expect("a folder for locks");
        for first in (LOWEST..HIGHEST).step_by(usize::from(BLOCK)) {
            let path = folder.join(format!("{first}.lock"));
            let lock = OpenOptions::new().create(true).truncate(false).write(true).open(path);
            let lock = lock.expect("a file to lock");
            if lock.try_lock().is_ok() && (first..first + BLOCK).all(port_is_free) {
                return Self { first, _lock: lock };
            }
        }
        panic!("no block of {BLOCK} free ports is left from {LOWEST} to {HIGHEST}");
    }

    pub(crate) fn first(&self) -> u16 {
        self.first
    }
}
