//! The changes to links: each to one direction of one link.

use super::node_spec::NodeIndex;
use crate::scenario::Shape;

/// One direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Direction {
    /// The node at which the direction begins.
    pub from: NodeIndex,
    /// The node at which the direction ends.
    pub to: NodeIndex,
}

/// A change to one direction of a link.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkChange {
    /// Silences the direction until it is joined again.
    Cut(Direction),
    /// Lets a cut direction carry again.
    Join(Direction),
    /// Resets the link's connections.
    Break(Direction),
    /// Sets all shapes that the direction puts on traffic; an empty list clears them.
    Shape(Direction, Vec<Shape>),
}

impl LinkChange {
    /// Returns the direction that the change is about.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::Cut(direction)
            | Self::Join(direction)
            | Self::Break(direction)
            | Self::Shape(direction, _) => *direction,
        }
    }
}
