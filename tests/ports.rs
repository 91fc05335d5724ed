//! Blocks of ports for stories. No other story uses a block, in this run of the suite or in any other.
//!
//! The blocks lie below the ports that scenarios lease. They also lie below the ephemeral ports, which any
//! outgoing connection could occupy. A locked file reserves a block; the system unlocks it however the test
//! ends.

use std::fs::{File, OpenOptions};

use tools::world::process::port_is_free;

/// The number of ports in a block.
pub(crate) const BLOCK: u16 = 32;
/// The first port of all blocks: above the ports on which servers of developers usually listen.
const LOWEST: u16 = 4_096;
/// The end of all blocks: scenarios lease ports from 10,000 on.
const HIGHEST: u16 = 9_984;

/// A block of ports, reserved while this value lives.
pub(crate) struct Ports {
    first: u16,
    _lock: File,
}

impl Ports {
    /// Reserves the first block that no story holds and whose ports are all free. Panics if there is none.
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
