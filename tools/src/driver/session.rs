//! The session of a driver with one started node: its parts, the requests that come in, and the reports that
//! go out.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::backlog::Backlog;
use super::command_line::Place;
use super::contact::Contacts;
use super::directory::Directory;
use super::questions::Questions;
use super::router::Router;
use super::sidecar::{SidecarLauncher, Stdio};
use crate::world::{Change, Misconduct, NodeIndex, NodeSpec, OpId, Outcome};

/// The access to a started node: everything that a driver needs to speak to it.
pub struct NodeSession {
    /// The index of the node.
    pub node: NodeIndex,
    /// The options with which the node was started.
    pub spec: Rc<NodeSpec>,
    /// The place where the node lives.
    pub place: Rc<Place>,
    /// The directory of names and addresses.
    pub directory: Rc<dyn Directory>,
    /// The router that carries messages between nodes without a network of their own.
    pub router: Rc<dyn Router>,
    /// The launcher of programs beside the node.
    pub sidecars: Rc<dyn SidecarLauncher>,
    /// The queue of requests to the node.
    pub requests: Rc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Request>>>,
    /// The times at which a program that is no node may have dialled this node.
    pub contacts: Rc<Contacts>,
    /// The questions that the harness has put to the node in its present life.
    pub questions: Rc<Questions>,
    /// The callback that takes the driver's reports.
    pub report: Rc<dyn Fn(DriverEvent)>,
    /// The count of reports that the runner has not taken. While it is high, the driver reads no further
    /// unrequested messages.
    pub backlog: Arc<Backlog>,
    /// The words of the adapter that stays, for drivers whose requests go through one.
    pub adapter: Rc<[String]>,
    /// The standard input and output of a node that speaks through them, unless they have been taken already.
    pub stdio: Option<Stdio>,
}

/// A request to a node.
#[derive(Debug)]
pub struct Request {
    /// The operation that the request belongs to.
    pub id: OpId,
    /// The node that is asked.
    pub node: NodeIndex,
    /// The content of the request.
    pub body: RequestBody,
    /// The time after which the answer no longer counts.
    pub deadline: Instant,
    /// The time from the ask to the deadline.
    pub patience: Duration,
    /// The last moment at which the request may be put to the node, if there is one.
    pub until: Option<Instant>,
}

/// The content of a request.
#[derive(Debug)]
pub enum RequestBody {
    /// A command of the driver, with nodes by name.
    Words(Vec<String>),
    /// A link to the node of this name.
    Wire(String),
    /// The report of every version that the node stores.
    Watch,
}

/// An event that a driver reports about a node.
#[derive(Debug)]
pub enum DriverEvent {
    /// The node has been reached: requests can be served.
    Reached,
    /// A request that waited behind others is put to the node now.
    Put(OpId),
    /// A request ended, with this outcome.
    Ended(OpId, Outcome),
    /// The connection ended before the answer to a request, for this reason. The request may or may not have
    /// been carried out. The node may have died, or may live on.
    Lost(OpId, String),
    /// The node's state changed.
    Changed(Change),
    /// The node stored a version.
    Stored {
        /// The key of the version.
        key: String,
        /// The rank of the version among those of its key.
        rank: String,
        /// The wall time of its stamp, in milliseconds since 1970.
        wall_ms: u64,
    },
    /// The node did something that no node may do.
    Misbehaved(Misconduct),
}
