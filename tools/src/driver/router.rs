//! The router that drivers send messages through, and the mailboxes of nodes.

use std::rc::{Rc, Weak};

use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value};

use crate::world::NodeIndex;

/// The carrier of messages between nodes whose network is the harness itself.
pub trait Router {
    /// Returns the nodes whose messages are carried, in order of appearance.
    fn members(&self) -> Vec<NodeIndex>;

    /// Returns the id of a node in the protocol; empty if its messages are not carried.
    fn id(&self, node: NodeIndex) -> String;

    /// Returns the node with an id.
    fn node(&self, id: &str) -> Option<NodeIndex>;

    /// Returns the nodes that the topology links to a node, in order of appearance.
    fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex>;

    /// Opens the mailbox of a node, which is empty. It takes messages until the receiver is dropped.
    fn open_mailbox(&self, node: NodeIndex) -> Rc<dyn Mailbox>;

    /// Carries a line, newline included, from one node to another, as their link allows: it may come late,
    /// never, or twice. A line to a node without a mailbox is lost.
    fn send(&self, from: NodeIndex, to: NodeIndex, line: &[u8]) -> Result<(), Undelivered>;

    /// Carries a request of a node to a service, and the reply back, as the links to services allow. The
    /// service handles the request when it arrives.
    fn call(&self, node: NodeIndex, call: Call) -> Result<(), Undelivered>;

    /// Logs a line of a node to a client, which arrives at once, if messages are logged.
    fn log_answer(&self, line: &[u8]);

    /// Opens a client with a name that no other client has. Answers to it go to the inbox.
    fn open_client(&self, inbox: Weak<dyn ClientInbox>) -> String;

    /// Returns true if a client of that name was opened, even if it is closed.
    fn has_client(&self, name: &str) -> bool;

    /// Closes a client: later answers to it are ignored.
    fn close_client(&self, name: &str);

    /// Hands the body of an answer to a client that exists or existed. `blame` takes the reason why the answer is
    /// wrong, if it is.
    fn answer(&self, client: &str, body: Map<String, Value>, blame: &dyn Fn(String)) -> Answered;
}

/// A request to a service.
#[derive(Debug, Clone)]
pub struct Call {
    /// The name of the service.
    pub service: String,
    /// The id of the node that is answered.
    pub client: String,
    /// The body of the request.
    pub body: Map<String, Value>,
    /// The length of its line, in bytes.
    pub bytes: usize,
}

/// The receiver of answers to the clients of one node.
pub trait ClientInbox {
    /// Takes an answer to a client, by any node. `blame` takes the reason why the answer is wrong, if it is.
    fn on_answer(&self, client: &str, body: Map<String, Value>, blame: &dyn Fn(String)) -> Answered;
}

/// The fate of an answer to a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// The client waited for the answer.
    Taken,
    /// The client did not wait for it: it is late, a second one, or to no question.
    Ignored,
}

/// The reason why a message is not carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undelivered {
    /// No node or service has this name.
    Nobody,
    /// The node's mailbox is full.
    Flooded {
        /// The bytes that wait in the mailbox.
        waiting: usize,
    },
}

/// The receiving end of a node's mailbox.
pub trait Mailbox {
    /// Waits for the next line, newline included.
    fn next(&self) -> LocalBoxFuture<'_, Box<[u8]>>;

    /// Takes the next line, if one has come.
    fn try_next(&self) -> Option<Box<[u8]>>;

    /// Returns the number of lines that have come and were not taken.
    fn waiting(&self) -> usize;

    /// Puts a line of the harness, newline included, into the mailbox, without delay.
    fn put(&self, line: &[u8]) -> Result<(), Undelivered>;

    /// Closes the mailbox: later lines to the node are lost.
    fn close(&self);
}
