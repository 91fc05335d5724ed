//! The changes to links, as a journal states them.

use serde::{Deserialize, Serialize};

use crate::world::{LinkChange, NodeIndex};

/// A change to one direction of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LinkEntry {
    /// The change and its direction.
    Change {
        /// The kind of the change.
        change: LinkChangeKind,
        /// The node at which the direction begins.
        from: NodeIndex,
        /// The node at which the direction ends.
        to: NodeIndex,
        /// The shapes that a `shape` puts on traffic, in the words of a step: `delay 30ms`, `loss 10%`. Empty if
        /// it clears them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shapes: Vec<String>,
    },
    /// The change in words, as format 1 had it.
    Words(String),
}

/// The kind of a change to one direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkChangeKind {
    /// The direction is silent from now on.
    Cut,
    /// The direction carries again.
    Join,
    /// The link's connections are reset.
    Break,
    /// The direction gets all its shapes anew.
    Shape,
    /// A change of a later version.
    #[serde(other)]
    Unknown,
}

impl From<&LinkChange> for LinkEntry {
    fn from(change: &LinkChange) -> Self {
        let kind = match change {
            LinkChange::Cut(_) => LinkChangeKind::Cut,
            LinkChange::Join(_) => LinkChangeKind::Join,
            LinkChange::Break(_) => LinkChangeKind::Break,
            LinkChange::Shape(..) => LinkChangeKind::Shape,
        };
        let shapes = match change {
            LinkChange::Shape(_, shapes) => shapes.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        let direction = change.direction();
        Self::Change { change: kind, from: direction.from, to: direction.to, shapes }
    }
}
