//! Stamps: readings of the hybrid logical clocks of nodes.

use std::fmt;
use std::str::FromStr;

/// The reading of a hybrid logical clock: wall milliseconds since 1970, then a counter among
/// equals.
///
/// Kulkarni, Demirbas, Madappa, Avva, Leone: *Logical Physical Clocks* (2014).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub wall_ms: u64,
    /// The counter that distinguishes stamps of one millisecond.
    pub counter: u32,
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.wall_ms, self.counter)
    }
}

/// Error of a text that is not `MILLISECONDS.COUNTER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stamp is MILLISECONDS.COUNTER, for example 1732180000123.0")]
pub struct NotAStamp;

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(text: &str) -> Result<Self, NotAStamp> {
        let (wall, counter) = text.split_once('.').ok_or(NotAStamp)?;
        Ok(Self {
            wall_ms: wall.parse().map_err(|_| NotAStamp)?,
            counter: counter.parse().map_err(|_| NotAStamp)?,
        })
    }
}
