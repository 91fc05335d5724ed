//! The findings of a failure: the content of nodes, and the ends of their logs.

use std::time::Duration;

/// The content of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The node's name.
    pub node: String,
    /// The content that it held, or its answer.
    pub held: String,
    /// True if that satisfied the expectation.
    pub fits: bool,
    /// The time since which it has held that, if it is known.
    pub since: Option<Duration>,
}

/// The first and the last lines of one node's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogExcerpt {
    /// The node's name.
    pub node: String,
    /// The lines, oldest first.
    pub lines: Vec<String>,
}
