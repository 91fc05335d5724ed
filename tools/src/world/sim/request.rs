//! The asks of the harness, on their way into nodes and until their answers.

use std::time::Duration;

use node::core::ConnId;
use node::wire::{Command, RequestId};

use crate::world::{NodeIndex, OpId};

/// The harness's connection to each node.
pub(super) const CLIENT: ConnId = ConnId(0);

/// The content of an ask.
#[derive(Debug)]
pub(super) enum AskBody {
    /// A command; nodes in it are given by name.
    Words(Vec<String>),
    /// Asks the node to link itself to that node.
    Wire(NodeIndex),
    /// Asks the node to report every version that it stores.
    Watch,
    /// Asks the node to report its changes, once it is ready.
    Reach,
}

/// An ask that has not been answered.
#[derive(Debug)]
pub(super) struct PendingAsk {
    pub(super) id: OpId,
    pub(super) words: Vec<String>,
    /// True if the node is being reached for the first time: its state is then reported with the answer.
    pub(super) reach: bool,
    /// The pages of `keys` so far.
    pub(super) keys: Vec<String>,
    /// The time that the answer may take.
    pub(super) patience: Duration,
}

/// A request on its way into a node.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: RequestId,
    pub(super) command: Command,
}
