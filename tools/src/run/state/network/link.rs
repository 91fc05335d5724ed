//! A link between two nodes.

use crate::world::NodeIndex;

/// A link that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The node that dials.
    pub from: NodeIndex,
    /// The node that is dialled.
    pub to: NodeIndex,
}

impl Link {
    /// Returns the two ends in order of index; the order does not depend on the direction of dialling.
    pub(in crate::run) fn ends(self) -> (NodeIndex, NodeIndex) {
        (self.from.min(self.to), self.from.max(self.to))
    }
}
