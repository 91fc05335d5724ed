//! Ranges of key hashes, and the forms in which two nodes compare the versions in them.

use std::fmt;
use std::str::FromStr;

use super::hash::{Hex, KeyHash};

/// A range of keys: those whose hash begins with these nibbles (half bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Prefix {
    bits: KeyHash,
    length: u8,
}

impl Prefix {
    /// The range of all keys.
    pub const ALL: Self = Self { bits: Hex::ZERO, length: 0 };
    /// The length of the longest prefix, in nibbles: one whole key hash.
    pub const LENGTH_MAX: u8 = 32;

    /// Returns the range one nibble narrower; `nibble` is below 16.
    #[must_use]
    pub fn child(self, nibble: u8) -> Self {
        debug_assert!(nibble < 16 && self.length < Self::LENGTH_MAX);
        let (mut bits, index) = (self.bits, usize::from(self.length));
        bits.0[index / 2] |= if index.is_multiple_of(2) { nibble << 4 } else { nibble };
        Self { bits, length: self.length + 1 }
    }

    /// Returns the number of nibbles: 0 to 32.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length
    }

    /// Returns the nibble at `index`, which is below the prefix's length.
    #[must_use]
    pub fn nibble(self, index: u8) -> u8 {
        nibble(&self.bits, index)
    }

    /// Returns true if the key is in this range.
    #[must_use]
    pub fn contains(self, key: &KeyHash) -> bool {
        (0..self.length).all(|index| nibble(key, index) == self.nibble(index))
    }
}

/// Returns the nibble of `hash` at `index`, most significant first; `index` is below 32.
fn nibble(hash: &KeyHash, index: u8) -> u8 {
    let byte = hash.0[usize::from(index / 2)];
    if index.is_multiple_of(2) { byte >> 4 } else { byte & 15 }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..self.length).try_for_each(|index| write!(f, "{:x}", self.nibble(index)))
    }
}

/// Error of a text that is no prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a prefix is at most 32 hexadecimal digits")]
pub struct NotAPrefix;

impl FromStr for Prefix {
    type Err = NotAPrefix;

    fn from_str(text: &str) -> Result<Self, NotAPrefix> {
        if text.len() > usize::from(Self::LENGTH_MAX) {
            return Err(NotAPrefix);
        }
        text.chars().try_fold(Self::ALL, |prefix, digit| {
            let nibble = digit.to_digit(16).and_then(|nibble| u8::try_from(nibble).ok()).ok_or(NotAPrefix)?;
            Ok(prefix.child(nibble))
        })
    }
}

/// Summary of the versions that one node holds in a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeSummary {
    /// The range.
    pub prefix: Prefix,
    /// The number of versions held, tombstones included.
    pub count: u64,
    /// The [`Sum::fingerprint`](super::Sum::fingerprint) of their ids.
    pub fingerprint: Hex<16>,
}

/// List of all versions that one node holds in a small range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The range.
    pub prefix: Prefix,
    /// The hash of each key with the first 16 bytes of the id of the version held, in order of the
    /// hash.
    pub items: Vec<(KeyHash, Hex<16>)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_narrows_a_nibble_at_a_time() {
        let prefix = Prefix::ALL.child(0xa).child(0x5).child(0xc);
        assert_eq!(prefix.to_string(), "a5c");
        assert_eq!("a5c".parse(), Ok(prefix));
        assert_eq!((prefix.nibble(1), prefix.length()), (5, 3));
        let inside = KeyHash::ZERO;
        assert!(Prefix::ALL.contains(&inside) && !prefix.contains(&inside));
    }
}
