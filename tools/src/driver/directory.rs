//! The directory that drivers look nodes up in.

use std::rc::Rc;

use super::contact::Contacts;
use super::declaration::Declaration;
use crate::world::NodeIndex;

/// The reason why one node has no address at which it dials another.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// No node has this name.
    #[error("there is no node `{0}`")]
    NoNode(String),
    /// The world could not make the link between the two.
    #[error(transparent)]
    NoLink(Box<dyn std::error::Error + Send + Sync>),
    /// The dialling node runs on another machine, and the other one listens on the loopback of this one.
    #[error("`{from}` runs on another machine, and cannot dial `{to}`, which listens on this one's loopback")]
    Elsewhere {
        /// The dialling node.
        from: String,
        /// The node that it would dial.
        to: String,
    },
}

/// The reason why a client beside one node does not reach an address.
#[derive(Debug, thiserror::Error)]
pub enum ReachError {
    /// No node listens there.
    #[error("`{0}`, which is no node of the network")]
    NoNode(String),
    /// A cut or a partition stands between the two nodes.
    #[error("`{to}`, which is cut off from `{from}`")]
    Apart {
        /// The node that the client is beside.
        from: String,
        /// The node that it would ask.
        to: String,
    },
}

/// The way of the harness to a node.
#[derive(Debug)]
pub struct Reach {
    /// The address at which the harness dials the node, with nothing between.
    pub address: String,
    /// The contacts of the harness with the node, besides those of its own driver.
    pub contacts: Rc<Contacts>,
}

/// The directory of nodes' names and addresses.
pub trait Directory {
    /// Returns the address at which one node dials another.
    fn address(&self, from: NodeIndex, to: &str) -> Result<String, AddressError>;

    /// Returns the way of a client beside one node to an address, in the state that links have now.
    fn reach(&self, from: NodeIndex, address: &str) -> Result<Reach, ReachError>;

    /// Returns the name of the node with an address.
    fn name(&self, address: &str) -> Option<String>;

    /// Returns the index of a node and its ports, the first one first; none if there is no such node.
    fn ports(&self, name: &str) -> Option<(NodeIndex, Vec<u16>)>;

    /// Returns the declaration of the driver of a node.
    fn driver(&self, name: &str) -> Option<&'static Declaration>;

    /// Returns the policy by which the node chooses among versions, or `None` for a foreign program whose
    /// policy is unknown.
    fn policy(&self, node: NodeIndex) -> Option<String>;

    /// Has a node report every version that it stores, for as long as it lives.
    fn watch(&self, node: NodeIndex);

    /// Returns true if the node at an address is to report every version, so that a new connection asks for
    /// that.
    fn is_watched(&self, address: &str) -> bool;
}

/// Returns the name of the node with an address, a URL, or a port on loopback. Without such a node, returns the text.
pub(super) fn named(directory: &dyn Directory, peer: String) -> String {
    let bare = peer.split_once("://").map_or(&*peer, |(_, rest)| rest);
    let bare = bare.split_once('/').map_or(bare, |(address, _)| address);
    let at = |address: &str| directory.name(address);
    at(bare).or_else(|| at(&format!("127.0.0.1:{bare}"))).unwrap_or(peer)
}
