//! The router that drivers send messages through, and the mailboxes of nodes.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use crate::world::NodeIndex;

/// The carrier of messages between nodes whose network is the harness itself.
pub trait Router {
    /// Returns the nodes whose messages are carried, in order of appearance.
    fn members(&self) -> Vec<NodeIndex>;

    /// Returns the body of a service's reply to a client's message, or `None` if there is no such service.
    fn call(&self, service: &str, client: &str, body: &Map<String, Value>) -> Option<Map<String, Value>>;

    /// Returns the nodes that the topology links to a node, in order of appearance.
    fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex>;

    /// Opens the mailbox of a node, which is empty. It takes messages until the receiver is dropped.
    fn open_mailbox(&self, node: NodeIndex) -> Rc<dyn Mailbox>;

    /// Carries a line, newline included, from one node to another, as their link allows: it may come late,
    /// never, or twice. A line to a node without a mailbox is lost.
    fn send(&self, from: NodeIndex, to: NodeIndex, line: &[u8]) -> Result<(), Undelivered>;
}

/// The reason why a message is not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// No node has this index.
    Nobody,
    /// The node's mailbox is full.
    Flooded {
        /// The bytes that wait in the mailbox.
        waiting: usize,
    },
}

/// The receiving end of a node's mailbox.
pub trait Mailbox {
    /// Waits for lines, and returns all whole lines that have come.
    fn next(&self) -> LocalBoxFuture<'_, Vec<u8>>;

    /// Puts a line of the harness, newline included, into the mailbox, without delay.
    fn put(&self, line: &[u8]) -> Result<(), Undelivered>;

    /// Closes the mailbox: later lines to the node are lost.
    fn close(&self);
}
