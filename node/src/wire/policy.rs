//! Merge policies: the rules by which one of two versions of a key wins.

use std::fmt;
use std::str::FromStr;

/// The merge policy of a network: the choice among versions of one key. All nodes of a network use
/// the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Policy {
    /// The last writer wins: the version with the greater (wall, counter, author, id).
    #[default]
    Last,
    /// The oldest writer wins: the version with the smaller (wall, SHA-256 of the value). No other
    /// part is compared.
    Oldest,
}

impl Policy {
    /// Returns the word for it on the wire and on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Oldest => "oldest",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error of a text that names no policy; holds the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown policy `{0}`: it is `last` or `oldest`")]
pub struct UnknownPolicy(String);

impl FromStr for Policy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        [Self::Last, Self::Oldest]
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| UnknownPolicy(text.to_owned()))
    }
}
