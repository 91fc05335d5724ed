//! Versions: a version is one write of one author to one key. It travels unchanged.

use std::sync::OnceLock;

use sha2::Digest as _;

use super::hash::{Hash, Hex, KeyHash, NodeId};
use super::policy::Policy;
use super::rank::Rank;
use super::stamp::Stamp;
use super::value::Value;

/// The content of a version: a value, or the deletion of the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The key has this value.
    Set(Value),
    /// The key is deleted; the version stays as its tombstone.
    Tombstone,
}

/// One write of one key by one author.
#[derive(Debug, Clone)]
pub struct Version {
    key: Box<str>,
    kind: Kind,
    stamp: Stamp,
    author: NodeId,
    key_hash: KeyHash,
    id: Hash,
    /// False if the version came with the id of another version.
    intact: bool,
    /// The hashes that `oldest` compares and fingerprints, computed at the first use.
    oldest: OnceLock<Oldest>,
}

#[derive(Debug, Clone, Copy)]
struct Oldest {
    value: Hash,
    id: Hash,
}

impl Version {
    /// Creates a version and computes its id, the BLAKE3 hash of its canonical bytes. These are:
    /// `version 1`, NUL, the key's length (4 bytes), the key, the kind (0 tombstone, 1 set), wall
    /// (8), counter (4), the author (16), the value's JSON text. Integers are big-endian.
    #[must_use]
    pub fn new(key: &str, kind: Kind, stamp: Stamp, author: NodeId) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"version 1\0");
        hasher.update(&length(key));
        hasher.update(key.as_bytes());
        hasher.update(&[u8::from(matches!(kind, Kind::Set(_)))]);
        hasher.update(&stamp.wall_ms.to_be_bytes());
        hasher.update(&stamp.counter.to_be_bytes());
        hasher.update(&author.0);
        if let Kind::Set(value) = &kind {
            hasher.update(value.json().as_bytes());
        }
        let id = Hex(*hasher.finalize().as_bytes());
        Self {
            key: key.into(),
            kind,
            stamp,
            author,
            key_hash: KeyHash::of(key),
            id,
            intact: true,
            oldest: OnceLock::new(),
        }
    }

    /// Compares the id with the first 16 bytes of the sender's id of this version, and returns the
    /// version marked as intact or not.
    #[must_use]
    pub fn with_id_of_sender(mut self, id: &Hex<16>) -> Self {
        self.intact = self.id.truncated::<16>() == *id;
        self
    }

    /// Returns false if the version changed after its sender computed its id: on the way, or in the
    /// sender's memory.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.intact
    }

    /// Returns the key, as its author wrote it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Returns the content: a value or a tombstone.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Returns the value, or `None` for a tombstone.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Set(value) => Some(value),
            Kind::Tombstone => None,
        }
    }

    /// Returns the time of the write by its author's clock.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Returns the id of the node that wrote it.
    #[must_use]
    pub fn author(&self) -> NodeId {
        self.author
    }

    /// Returns the place of its key in the trie.
    #[must_use]
    pub fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    /// Returns the id of this version in digests and reconciliation. Under `last` it is the hash of
    /// the whole version, under `oldest` the hash of key, wall and value alone.
    #[must_use]
    pub fn id(&self, policy: Policy) -> Hash {
        match policy {
            Policy::Last => self.id,
            Policy::Oldest => self.oldest().id,
        }
    }

    /// Returns the place among the versions of its key: the greater one wins.
    #[must_use]
    pub fn rank(&self, policy: Policy) -> Rank {
        let wall = self.stamp.wall_ms;
        match policy {
            Policy::Last => Rank::of(&[
                &wall.to_be_bytes(),
                &self.stamp.counter.to_be_bytes(),
                &self.author.0,
                &self.id.0,
            ]),
            Policy::Oldest => Rank::of(&[&(!wall).to_be_bytes(), &self.oldest().value.0.map(|byte| !byte)]),
        }
    }

    /// Returns the SHA-256 of the value: of a string its text, of any other value its JSON text, of
    /// a tombstone the empty text.
    #[must_use]
    pub fn value_sha256(&self) -> Hash {
        self.oldest().value
    }

    /// Returns roughly the number of bytes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        168 + self.key.len() + self.value().map_or(0, |value| value.json().len())
    }

    fn oldest(&self) -> &Oldest {
        self.oldest.get_or_init(|| {
            let text = self.value().map(Value::text).unwrap_or_default();
            let value = Hex(sha2::Sha256::digest(text.as_bytes()).into());
            let mut hasher = blake3::Hasher::new();
            hasher.update(b"oldest 1\0");
            hasher.update(&length(&self.key));
            hasher.update(self.key.as_bytes());
            hasher.update(&self.stamp.wall_ms.to_be_bytes());
            hasher.update(&value.0);
            Oldest { value, id: Hex(*hasher.finalize().as_bytes()) }
        })
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Version {}

fn length(key: &str) -> [u8; 4] {
    u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::limits::Limits;

    fn set(value: &str, wall_ms: u64, counter: u32, author: u8) -> Version {
        let value = Value::typed(value, &Limits::default()).unwrap();
        Version::new("k", Kind::Set(value), Stamp { wall_ms, counter }, Hex([author; 16]))
    }

    #[track_caller]
    fn check_order(policy: Policy, loser: &Version, winner: &Version) {
        assert!(loser.rank(policy) < winner.rank(policy), "{loser:?} should lose to {winner:?}");
    }

    #[test]
    fn last_compares_wall_then_counter_then_author_then_id() {
        check_order(Policy::Last, &set("z", 1, 9, 9), &set("a", 2, 0, 0));
        check_order(Policy::Last, &set("z", 1, 0, 9), &set("a", 1, 1, 0));
        check_order(Policy::Last, &set("z", 1, 1, 0), &set("a", 1, 1, 1));
        let (a, b) = (set("a", 1, 1, 1), set("b", 1, 1, 1));
        assert_eq!(a.rank(Policy::Last) < b.rank(Policy::Last), a.id(Policy::Last) < b.id(Policy::Last));
        assert_ne!(a.rank(Policy::Last), b.rank(Policy::Last));
    }

    #[test]
    fn oldest_compares_wall_then_sha256_and_nothing_else() {
        check_order(Policy::Oldest, &set("a", 2, 0, 0), &set("a", 1, 9, 9));
        let (a, b) = (set("a", 1, 0, 0), set("b", 1, 9, 9));
        let (winner, loser) = if a.value_sha256() < b.value_sha256() { (&a, &b) } else { (&b, &a) };
        check_order(Policy::Oldest, loser, winner);
        let same = set("a", 1, 7, 7);
        assert_eq!(a.rank(Policy::Oldest), same.rank(Policy::Oldest));
        assert_eq!(a.id(Policy::Oldest), same.id(Policy::Oldest));
    }

    #[test]
    fn the_sha256_of_a_string_is_that_of_its_text() {
        // printf Reimert | sha256sum
        let expected = "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763";
        assert_eq!(set("Reimert", 1, 0, 0).value_sha256().to_string(), expected);
    }

    #[test]
    fn a_version_with_the_id_of_another_is_not_intact() {
        let (a, b) = (set("a", 1, 0, 0), set("b", 1, 0, 0));
        let id = |version: &Version| version.id(Policy::Last).truncated::<16>();
        assert!(a.is_intact() && a.clone().with_id_of_sender(&id(&a)).is_intact());
        assert!(!a.with_id_of_sender(&id(&b)).is_intact());
    }

    #[test]
    fn ranks_read_what_they_write() {
        for policy in [Policy::Last, Policy::Oldest] {
            let rank = set("a", 1, 2, 3).rank(policy);
            assert_eq!(rank.to_string().parse(), Ok(rank));
        }
    }
}
