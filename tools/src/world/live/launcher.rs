//! Where nodes live, and how one is started, ended and read.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::driver::{CommandLine, Place, Stdio};
use crate::world::{Declaration, Ending, NodeIndex, Signal};

/// Starts nodes and ends them. What a node is, a process, a container, is the launcher's business.
pub trait Launcher {
    /// What it, together with its carrier, can do.
    fn declaration(&self) -> &'static Declaration;

    /// Where a node lives: the same place each time it is started. The reason why there is none is
    /// for people.
    fn place(&self, node: NodeIndex, name: &str) -> Result<Place, String>;

    /// Starts a node. The future ends when it has been started, not when it is ready.
    fn start(
        &self,
        node: NodeIndex,
        name: &str,
        command: CommandLine,
    ) -> LocalBoxFuture<'static, Result<Rc<dyn Running>, String>>;

    /// Ends all that was started and waits for it.
    fn end_all(&self) -> LocalBoxFuture<'static, ()>;

    /// How much a node has written so far.
    fn written(&self, name: &str) -> Written;

    /// The lines that a node has written since, and how much it has written with them.
    fn lines_since(&self, name: &str, since: Written) -> (Vec<String>, Written);

    /// The last lines that a node wrote, in all its lives in this run; problems included.
    fn log(&self, name: &str, lines: usize) -> Vec<String>;
}

/// How much a node has written: its log and its problems, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written(pub [u64; 2]);

/// A node that was started.
pub trait Running {
    /// Its next word about its readiness: `Ok` when it is ready, `Err` with its reason when it
    /// cannot be, never if it does not speak of such things.
    fn readiness(&self) -> LocalBoxFuture<'_, Result<(), String>>;

    /// How it ended; waits for it.
    fn ended(&self) -> LocalBoxFuture<'_, Ending>;

    /// Puts its wall clock so many milliseconds ahead of the machine's; ends when it has taken that, or
    /// at once while it is frozen. The reason why not is for people.
    fn put_clock_ahead(&self, ahead_ms: i64) -> LocalBoxFuture<'_, Result<(), String>>;

    /// Fills its disk, or makes room on it; ends when it has taken that, or at once while it is frozen.
    /// The reason why not is for people.
    fn fill_disk(&self, full: bool) -> LocalBoxFuture<'_, Result<(), String>>;

    /// Where it listens, host and port, as far as that can be found out.
    fn listens(&self) -> Vec<String>;

    /// Its standard input and output, once, where it speaks by those.
    fn stdio(&self) -> Option<Stdio>;

    /// Ends, freezes or thaws it; what is left of its children is ended with it.
    fn signal(&self, signal: Signal) -> Result<(), String>;
}
