//! Ranks: the places of versions among those of one key, as comparable bytes.

use std::fmt;
use std::str::FromStr;

use super::hash::{Hex, digits};

/// The place of a version among those of its key, as bytes: the lexicographically greater one wins.
///
/// Ranks of one network can be compared without knowing its policy; the harness does so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    bytes: [u8; 60],
    length: u8,
}

impl Rank {
    /// Returns the bytes that are compared: 60 under `last`, 40 under `oldest`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Creates the rank that consists of these parts, at most 60 bytes together.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let (mut bytes, mut length) = ([0; 60], 0);
        for part in parts {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        Self { bytes, length: u8::try_from(length).unwrap_or(60) }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Formats all bytes at once: a simulator writes a rank with every copy that is sent.
        f.pad(&digits(self.bytes()))
    }
}

impl fmt::Debug for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Error of a text that is no rank, which has 120 hexadecimal digits (`last`) or 80 (`oldest`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rank is 80 or 120 hexadecimal digits")]
pub struct NotARank;

impl FromStr for Rank {
    type Err = NotARank;

    fn from_str(text: &str) -> Result<Self, NotARank> {
        match text.len() {
            80 => text.parse::<Hex<40>>().map(|hex| Self::of(&[&hex.0])).map_err(|_| NotARank),
            120 => text.parse::<Hex<60>>().map(|hex| Self::of(&[&hex.0])).map_err(|_| NotARank),
            _ => Err(NotARank),
        }
    }
}
