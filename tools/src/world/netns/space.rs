//! Network namespaces, and the ways in which threads enter and leave them.

use std::fs::File;
use std::io;

use nix::sched::{CloneFlags, setns, unshare};

/// A network namespace. It lives as long as this value or a process in it.
#[derive(Debug)]
pub(super) struct Space(File);

impl Space {
    /// Returns the namespace that this thread is in.
    pub(super) fn current() -> io::Result<Self> {
        File::open("/proc/thread-self/ns/net").map(Self)
    }

    /// Makes a namespace, with nothing in it but a loopback interface that is down. The thread stays where it
    /// is.
    pub(super) fn new() -> io::Result<Self> {
        let home = Self::current()?;
        unshare(CloneFlags::CLONE_NEWNET)?;
        let new = Self::current();
        home.enter()?;
        new
    }

    /// Moves this thread into the namespace. Threads and processes that it starts begin there.
    pub(super) fn enter(&self) -> io::Result<()> {
        Ok(setns(&self.0, CloneFlags::CLONE_NEWNET)?)
    }

    /// Does some work in the namespace, and comes back.
    pub(super) fn within<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        let home = Self::current()?;
        self.enter()?;
        let done = work();
        home.enter()?;
        Ok(done)
    }

    /// Returns the open file that stands for the namespace.
    pub(super) fn file(&self) -> &File {
        &self.0
    }
}
