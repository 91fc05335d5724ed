//! Values of fixed width: hashes, node ids and sums of hashes, written as lower-case hexadecimal.

use std::fmt;
use std::str::FromStr;

/// Error of a text that is not `2 × N` hexadecimal digits; holds the expected number of digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {0} hexadecimal digits")]
pub struct NotHex(usize);

/// Array of `N` bytes that is read and written as `2 × N` hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// A 256-bit hash: the id of a version.
pub type Hash = Hex<32>;
/// The first 128 bits of the BLAKE3 hash of a key: its place in the trie of all keys.
pub type KeyHash = Hex<16>;
/// The id of a node; drawn anew at each start of a node that keeps nothing on disk.
pub type NodeId = Hex<16>;

impl<const N: usize> Hex<N> {
    /// The value with all bits zero.
    pub const ZERO: Self = Self([0; N]);

    /// Returns the first `M` bytes.
    ///
    /// # Panics
    /// Panics if `M > N`. Both are constants, so a call either always panics or never does.
    #[must_use]
    pub fn truncated<const M: usize>(&self) -> Hex<M> {
        let mut short = [0; M];
        short.copy_from_slice(&self.0[..M]);
        Hex(short)
    }
}

impl KeyHash {
    /// Returns the place of `key` in the trie.
    #[must_use]
    pub fn of(key: &str) -> Self {
        Hex(*blake3::hash(key.as_bytes()).as_bytes()).truncated()
    }
}

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&digits(&self.0))
    }
}

/// Returns the bytes as lower-case hexadecimal digits.
pub(super) fn digits(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for Hex<N> {
    type Err = NotHex;

    fn from_str(text: &str) -> Result<Self, NotHex> {
        let digits = text.as_bytes();
        if digits.len() != 2 * N {
            return Err(NotHex(2 * N));
        }
        let mut bytes = [0; N];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (high, low) = (char::from(pair[0]).to_digit(16), char::from(pair[1]).to_digit(16));
            let (Some(high), Some(low)) = (high, low) else { return Err(NotHex(2 * N)) };
            *byte = u8::try_from(high << 4 | low).map_err(|_| NotHex(2 * N))?;
        }
        Ok(Self(bytes))
    }
}

impl<const N: usize> serde::Serialize for Hex<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, const N: usize> serde::Deserialize<'de> for Hex<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The sum of version ids modulo 2²⁵⁶: the fingerprint of a set. It does not depend on the order in
/// which members were added and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum([u64; 4]);

impl Sum {
    /// Adds one member.
    pub fn add(&mut self, id: &Hash) {
        self.add_sum(&Self::of(id));
    }

    /// Removes one member.
    pub fn subtract(&mut self, id: &Hash) {
        let negated = Self::of(id).0.map(|word| !word);
        self.add_sum(&Self(negated));
        self.add_sum(&Self([1, 0, 0, 0]));
    }

    /// Adds all members of a disjoint set.
    pub fn add_sum(&mut self, other: &Self) {
        let mut carry = false;
        for (word, more) in self.0.iter_mut().zip(other.0) {
            let (sum, first) = word.overflowing_add(more);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *word = sum;
            carry = first || second;
        }
    }

    /// Returns the sum as 32 bytes, most significant first.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(self.0.iter().rev()) {
            chunk.copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }

    /// Returns the form on the wire: the first 16 bytes of the sum's BLAKE3 hash, so that nobody
    /// can construct a set with a given fingerprint.
    #[must_use]
    pub fn fingerprint(&self) -> Hex<16> {
        Hex(*blake3::hash(&self.bytes()).as_bytes()).truncated()
    }

    /// Returns the sum of one member. Given the [`bytes`](Self::bytes) of a sum, it returns that
    /// sum.
    #[must_use]
    pub fn of(id: &Hash) -> Self {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().rev().zip(id.0.chunks_exact(8)) {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(chunk);
            *word = u64::from_be_bytes(bytes);
        }
        Self(words)
    }
}

/// The contents of a store in two figures: equal digests mean equal versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// The number of versions held, tombstones included.
    pub count: u64,
    /// The [`Sum::fingerprint`] of their ids.
    pub fingerprint: Hex<16>,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.count, self.fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_forgets_what_is_subtracted() {
        let ids: Vec<Hash> = (0..100u32).map(|n| Hex(*blake3::hash(&n.to_be_bytes()).as_bytes())).collect();
        let mut sum = Sum::default();
        for id in &ids {
            sum.add(id);
        }
        for id in &ids[..99] {
            sum.subtract(id);
        }
        assert_eq!(sum.bytes(), ids[99].0);
    }

    #[test]
    fn hex_reads_what_it_writes_and_nothing_else() {
        let hash = KeyHash::of("nom");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("xyz".parse::<KeyHash>(), Err(NotHex(32)));
        assert_eq!("é".repeat(16).parse::<KeyHash>(), Err(NotHex(32)));
    }
}
