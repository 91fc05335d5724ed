//! The lives of nodes, as a journal names them.

use serde::{Deserialize, Serialize};

/// The life of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeLife {
    /// The node was started, and is not ready yet.
    Starting,
    /// The node runs.
    Running,
    /// The node is frozen.
    Paused,
    /// The node was told to end.
    Ending,
    /// The node has ended because it was told to.
    Stopped,
    /// The node has ended by itself.
    Exited,
    /// A life of a later version.
    #[serde(other)]
    Unknown,
}

impl NodeLife {
    /// Returns the name of the life, as lines have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Ending => "ending",
            Self::Stopped => "stopped",
            Self::Exited => "exited",
            Self::Unknown => "unknown",
        }
    }
}
