//! The summary in a file of its contents: the number of its last commit, the number of versions, and the
//! sum of their ids.

use std::fmt;

use crate::wire::{Hex, Policy, Sum, Version};

/// The length of a summary, in bytes.
const LENGTH: usize = 8 + 8 + 32 + CHECK;
/// The length of the check of a summary, in bytes: half of a BLAKE3 hash, as short as a node's id.
const CHECK: usize = 16;

/// The summary of a file's contents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::net) struct StoreSummary {
    /// The number of the last commit.
    pub(super) commits: u64,
    /// The number of versions, tombstones included.
    pub(super) versions: u64,
    /// The sum of the ids under `last`: these cover all of a version.
    sum: Sum,
}

impl StoreSummary {
    /// Returns the summary of a file without versions after this many commits.
    pub(super) fn empty(commits: u64) -> Self {
        Self { commits, ..Self::default() }
    }

    /// Adds a version that is stored.
    pub(super) fn add(&mut self, version: &Version) {
        self.versions += 1;
        self.sum.add(&version.id(Policy::Last));
    }

    /// Removes a version that another one replaces.
    pub(super) fn remove(&mut self, version: &Version) {
        self.versions = self.versions.saturating_sub(1);
        self.sum.subtract(&version.id(Policy::Last));
    }

    /// Returns true if the same versions are held, whatever the number of the commit.
    pub(super) fn holds_the_same(&self, other: &Self) -> bool {
        (self.versions, self.sum) == (other.versions, other.sum)
    }

    /// Returns the summary as bytes: commits, versions (big-endian), sum, check.
    pub(super) fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&self.commits.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.versions.to_be_bytes());
        bytes[16..48].copy_from_slice(&self.sum.bytes());
        let checked = check(&bytes[..48]);
        bytes[48..].copy_from_slice(&checked);
        bytes
    }

    /// Reads a summary from bytes. Returns `None` where they are no summary or were damaged.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (body, checked) = bytes.split_last_chunk::<CHECK>()?;
        let (commits, rest) = body.split_first_chunk()?;
        let (versions, sum) = rest.split_first_chunk()?;
        let sum = Hex(<[u8; 32]>::try_from(sum).ok()?);
        (check(body) == *checked).then(|| Self {
            commits: u64::from_be_bytes(*commits),
            versions: u64::from_be_bytes(*versions),
            sum: Sum::of(&sum),
        })
    }
}

impl fmt::Display for StoreSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions = if self.versions == 1 { "version" } else { "versions" };
        let fingerprint = self.sum.fingerprint().truncated::<4>();
        write!(f, "{} {versions} (fingerprint {fingerprint}…)", self.versions)
    }
}

fn check(body: &[u8]) -> [u8; CHECK] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"state 2\0").update(body);
    Hex::<32>(*hasher.finalize().as_bytes()).truncated::<CHECK>().0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Kind, Stamp};

    #[test]
    fn a_summary_gives_back_what_was_written_and_one_with_a_wrong_bit_is_refused() {
        let version = Version::new("k", Kind::Tombstone, Stamp::default(), Hex([1; 16]));
        let mut summary = StoreSummary { commits: 7, ..StoreSummary::default() };
        summary.add(&version);
        let good = summary.encode();
        assert_eq!(StoreSummary::decode(&good), Some(summary));
        for bit in 0..8 * LENGTH {
            let mut damaged = good;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(StoreSummary::decode(&damaged), None, "bit {bit}");
        }
        summary.remove(&version);
        assert_eq!(summary, StoreSummary { commits: 7, ..StoreSummary::default() });
    }
}
