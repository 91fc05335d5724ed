//! The networks that `--keep` leaves up.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::cli::registry::{Registration, Registry};

/// The networks that are left up, each served by the thread of its run.
#[derive(Debug)]
pub(super) struct KeptNetworks {
    networks: Mutex<Vec<(String, JoinHandle<()>)>>,
    /// The registry that makes the networks known.
    registry: Option<Registry>,
}

impl KeptNetworks {
    /// Creates an empty list.
    pub(super) fn new(registry: Option<Registry>) -> Self {
        Self { networks: Mutex::default(), registry }
    }

    /// Registers a network by its folder. Without a registry the network is found only by its folder.
    pub(super) fn register(&self, logs: &Path) -> Option<Registration> {
        self.registry.as_ref()?.register(logs).ok()
    }

    /// Adds a network: the commands that reach it, and the thread that serves it.
    pub(super) fn add(&self, commands: String, thread: JoinHandle<()>) {
        self.networks.lock().unwrap_or_else(PoisonError::into_inner).push((commands, thread));
    }

    /// Removes all networks and returns them.
    pub(super) fn take_all(&self) -> Vec<(String, JoinHandle<()>)> {
        std::mem::take(&mut *self.networks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
