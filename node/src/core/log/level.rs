//! The severity of a line.

/// The severity of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A normal event.
    Info,
    /// An event that a person may have to look at.
    Warn,
    /// An error that ends the node.
    Error,
}

impl Level {
    /// Returns the word in the line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}
