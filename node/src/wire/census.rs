//! The census of a network: the nodes that can be reached, each as it counts itself.

use super::hash::NodeId;

/// The number of a census, drawn by the node that asks for it. It has 53 bits, which every reader of JSON keeps.
pub type CensusId = u64;

/// A node of the network, as it counts itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// The id of the node.
    pub node: NodeId,
    /// The node's name, for people; may be empty.
    pub name: String,
    /// The address at which the node can be dialled: `host:port`.
    pub address: String,
    /// The neighbours whose links are up, at most [`Resident::LINKS_MAX`].
    pub links: Vec<SeenLink>,
}

/// A link, as one of its ends sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenLink {
    /// The neighbour.
    pub to: NodeId,
    /// The time since the neighbour's last frame, in milliseconds.
    pub silent_ms: u64,
}

impl Resident {
    /// The greatest number of links that a node names of itself. Chosen: 12 KiB on the wire, and more links than a picture
    /// shows.
    pub const LINKS_MAX: usize = 256;

    /// Returns roughly the number of bytes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        96 + self.name.len() + self.address.len() + self.links.len() * 48
    }
}
