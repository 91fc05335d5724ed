//! Draws: every stream of them comes from the seed and the names of what it is for, so that a node
//! or a link more or less leaves those of the others as they were.

use node::wire::NodeId;

/// What all streams come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    fn hash(self, purpose: &[&str]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0.to_be_bytes());
        for word in purpose {
            // Names hold no zero byte, so that no two purposes run together.
            hasher.update(word.as_bytes());
            hasher.update(&[0]);
        }
        hasher.finalize()
    }

    /// A number.
    pub(super) fn number(self, purpose: &[&str]) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.hash(purpose).as_bytes()[..8]);
        u64::from_be_bytes(bytes)
    }

    /// A stream of draws.
    pub(super) fn stream(self, purpose: &[&str]) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.number(purpose))
    }

    /// Who a node is.
    pub(super) fn node_id(self, purpose: &[&str]) -> NodeId {
        let hash = self.hash(purpose);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        node::wire::Hex(id)
    }
}
