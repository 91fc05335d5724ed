//! The trait of launchers: where nodes live, and how they are started, ended and read.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use super::bypass::Owner;
use super::error::{ControlError, LaunchError, ReadinessError};
use crate::driver::{CommandLine, Place, SidecarLauncher, Stdio};
use crate::world::{Declaration, ExitStatus, LogLines, NodeIndex, Signal};

/// A launcher starts nodes and ends them. It decides what a node is: a process, a container.
pub trait Launcher {
    /// Returns the abilities of the launcher together with its carrier.
    fn declaration(&self) -> &'static Declaration;

    /// Returns the place where a node with so many ports lives: the same each time it is started.
    fn place(&self, node: NodeIndex, name: &str, ports: usize) -> Result<Place, LaunchError>;

    /// Places a node that runs already at its host, with its ports: the launcher starts nothing there.
    fn attach(&self, node: NodeIndex, name: &str, host: String, ports: &[u16]) -> Place;

    /// Makes the folder of the nodes' data. `inside` asks for the folder of the node of that name in it as
    /// well, where the node does not make that itself.
    fn make_data(&self, name: &str, inside: bool) -> Result<(), LaunchError>;

    /// Starts a node. The future ends when the node has been started, not when it is ready.
    fn start(
        &self,
        node: NodeIndex,
        name: &str,
        command: CommandLine,
    ) -> LocalBoxFuture<'static, Result<Rc<dyn Running>, LaunchError>>;

    /// Returns the launcher of programs that stand beside nodes; they end with the run.
    fn sidecars(&self) -> Rc<dyn SidecarLauncher>;

    /// Begins to watch for nodes that write more than they may. `on_flood` gets each such node once, with the
    /// reason. The error is for people.
    fn watch_floods(&self, on_flood: Box<dyn Fn(NodeIndex, String) + Send>) -> std::io::Result<()>;

    /// Returns the greatest rate of each node that wrote very many lines a second to its log.
    fn log_rates(&self) -> BTreeMap<NodeIndex, u64>;

    /// Applies the limit to the last writes, after all nodes have ended.
    fn check_last_writes(&self);

    /// Ends every node that was started and waits for its end.
    fn end_all(&self) -> LocalBoxFuture<'static, ()>;

    /// Returns the amount that a node has written so far.
    fn written(&self, name: &str) -> Written;

    /// Returns the lines that a node has written since, and the amount that it has written with them.
    fn lines_since(&self, name: &str, since: Written) -> (Vec<String>, Written);

    /// Returns the owners of these sockets, by inode. Sockets whose owner cannot be read are left out.
    fn owners(&self, sockets: &BTreeSet<u64>) -> BTreeMap<u64, Owner>;

    /// Returns the lines that a node has written since: those of its log, and those of its problems.
    fn log(&self, name: &str, since: Written) -> [LogLines; 2];
}

/// The amount that a node has written to its log and to its problems, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written(pub [u64; 2]);

/// A node that was started.
pub trait Running {
    /// Waits for the node's next report of readiness: `Ok` when it is ready, `Err` with the reason when it
    /// cannot be. Never ends for a node that makes no such reports.
    fn readiness(&self) -> LocalBoxFuture<'_, Result<(), ReadinessError>>;

    /// Waits for the node's end and returns it.
    fn ended(&self) -> LocalBoxFuture<'_, ExitStatus>;

    /// Puts the node's wall clock so many milliseconds ahead of the machine's. The future ends when the node
    /// has taken the change, or at once while it is frozen.
    fn put_clock_ahead(&self, ahead_ms: i64) -> LocalBoxFuture<'_, Result<(), ControlError>>;

    /// Checks that the node obeys the clock that it was given, as far as that can be seen.
    fn obeys_clock(&self) -> Result<(), ControlError>;

    /// Fills the node's disk, or makes room on it. The future ends when the node has taken the change, or at
    /// once while it is frozen.
    fn fill_disk(&self, full: bool) -> LocalBoxFuture<'_, Result<(), ControlError>>;

    /// Returns the addresses at which the node listens, host and port, as far as they can be found.
    fn listens(&self) -> Vec<String>;

    /// Returns the node's standard input and output, once, where it speaks by those.
    fn stdio(&self) -> Option<Stdio>;

    /// Ends, freezes or thaws the node; children that an ended node leaves behind are ended with it.
    fn signal(&self, signal: Signal) -> Result<(), ControlError>;
}
