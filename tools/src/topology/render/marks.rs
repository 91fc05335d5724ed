//! The marks on a drawing of a running network: what is so at this moment of each node and link.

use std::collections::BTreeMap;

/// The marks on a drawing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The mark of each node, by its index; nodes beyond have none.
    pub nodes: Vec<NodeMark>,
    /// The marks of links that are not open, by the indices of their ends, the smaller first.
    pub links: BTreeMap<(usize, usize), LinkMark>,
}

/// The mark of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeMark {
    /// The life of the node.
    pub life: LifeMark,
    /// True if the node holds other versions than most.
    pub differs: bool,
    /// The side of the partition that the node is on.
    pub side: Option<usize>,
    /// A short text below the node.
    pub note: String,
    /// The text that a pointer shows.
    pub title: String,
}

/// The life of a node, as far as it is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeMark {
    /// The node runs.
    Running,
    /// The node is frozen.
    Paused,
    /// The node does not run.
    Down,
}

/// The mark of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkMark {
    /// Traffic passes, changed in this way.
    Shaped(String),
    /// The link is cut.
    Cut,
    /// A partition keeps its ends apart.
    Apart,
    /// One of its ends does not run.
    Down,
}

impl Marks {
    /// Returns the mark of the link between two nodes; none if it is open.
    pub(super) fn link(&self, one: usize, other: usize) -> Option<&LinkMark> {
        self.links.get(&(one.min(other), one.max(other)))
    }
}

impl LinkMark {
    /// Returns the class in the style sheet, the sign in the middle of the link, and its meaning.
    pub(super) fn drawn(&self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Shaped(_) => ("shaped", "~", "shaped"),
            Self::Cut => ("cut", "×", "cut"),
            Self::Apart => ("apart", "|", "kept apart by the partition"),
            Self::Down => ("down", "", "an end does not run"),
        }
    }
}
