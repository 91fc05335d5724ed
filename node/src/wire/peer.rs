//! Peers: the introduction of a node to its peer, and a peer as it is listed.

use super::hash::NodeId;
use super::policy::Policy;

/// The introduction of a node, in `auth` and in its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// The version of the protocol: 1.
    pub protocol: u32,
    /// The optional parts of the protocol that the node understands, beyond whole pushes, `keys`
    /// and `get`: [`Hello::TREE`], [`Hello::RANGES`], [`Hello::NEIGHBOURS`],
    /// [`Hello::CENSUS`]. Unknown ones are ignored.
    pub features: Vec<String>,
    /// The id of the network. Nodes of different networks never link.
    pub network: String,
    /// The id of the node.
    pub node: NodeId,
    /// The merge policy of the node.
    pub policy: Policy,
    /// The node's name, for people; may be empty.
    pub name: String,
    /// The address at which the node can be dialled: `host:port`.
    pub address: String,
}

impl Hello {
    /// The version of the protocol that this code speaks.
    pub const PROTOCOL: u32 = 1;
    /// The feature of nodes that understand announcements, grafts and prunes.
    pub const TREE: &str = "tree";
    /// The feature of nodes that understand reconciliation by ranges.
    pub const RANGES: &str = "ranges";
    /// The feature of nodes that want the list of their neighbours' neighbours.
    pub const NEIGHBOURS: &str = "neighbours";
    /// The feature of nodes that take part in a census and pass signs of life on.
    pub const CENSUS: &str = "census";
    /// The mark of a node of another protocol that answered `auth` with `neighbor exists`: it lists this node from
    /// before, by another connection. No node sends it; a translation sets it.
    pub const LISTED: &str = "listed";

    /// Returns true if the node understands `feature`.
    #[must_use]
    pub fn has(&self, feature: &str) -> bool {
        self.features.iter().any(|known| known == feature)
    }
}

/// A neighbour, as listed by `peers`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerInfo {
    /// The neighbour's name; may be empty.
    pub name: String,
    /// The address at which the neighbour can be dialled.
    pub address: String,
    /// The id of the neighbour.
    pub node: NodeId,
    /// True if the listing node dialled the connection.
    pub dialled: bool,
}
