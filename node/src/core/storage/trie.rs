//! The trie of the versions held, in order of the hashes of their keys. Each subtree has its count
//! and its sum of ids, so that the summary of a range costs its depth and not its size.
//!
//! It is a radix-16 trie, one nibble of the hash a level, with buckets at its ends. Hashes are
//! uniform and 128 bits long, so the trie stays balanced by itself and two keys never share a hash
//! in practice. No version is ever removed: tombstones stay.

use std::sync::Arc;

use crate::wire::{KeyHash, Policy, Prefix, RangeSummary, Sum, Version};

/// The number of versions above which a bucket is split into sixteen.
///
/// Chosen: a split leaves one version in each child on average.
const BUCKET_MAX: usize = 16;

/// A version that is held.
#[derive(Debug, Clone)]
pub(in crate::core) struct Held {
    /// The version.
    pub(in crate::core) version: Arc<Version>,
    /// True if its first copy came by reconciliation rather than by push.
    pub(in crate::core) fetched: bool,
}

impl Held {
    fn key(&self) -> KeyHash {
        self.version.key_hash()
    }
}

/// The number of versions in a range, and the sum of their ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::core) struct Summary {
    /// The number of versions, tombstones included.
    pub(in crate::core) count: u64,
    /// The sum of their ids under the trie's policy.
    pub(in crate::core) sum: Sum,
}

impl Summary {
    /// Returns the form on the wire.
    pub(in crate::core) fn of_range(self, prefix: Prefix) -> RangeSummary {
        RangeSummary { prefix, count: self.count, fingerprint: self.sum.fingerprint() }
    }
}

#[derive(Debug)]
enum Node {
    /// The versions of a leaf node, in order of the key hashes.
    Bucket(Vec<Held>),
    Branch(Box<Branch>),
}

#[derive(Debug)]
struct Branch {
    summary: Summary,
    children: [Node; 16],
}

/// All versions held, at most one a key.
#[derive(Debug)]
pub(super) struct Trie {
    policy: Policy,
    root: Node,
}

impl Trie {
    /// Creates an empty trie that identifies versions as `policy` does.
    pub(in crate::core) fn new(policy: Policy) -> Self {
        Self { policy, root: Node::Bucket(Vec::new()) }
    }

    /// Returns the version held for a key.
    pub(in crate::core) fn get(&self, key: &KeyHash) -> Option<&Held> {
        let (mut node, mut depth) = (&self.root, 0);
        loop {
            match node {
                Node::Branch(branch) => node = &branch.children[nibble(key, depth)],
                Node::Bucket(held) => return find(held, key).ok().and_then(|index| held.get(index)),
            }
            depth += 1;
        }
    }

    /// Stores a version, and returns the one that was held for its key before.
    pub(in crate::core) fn insert(&mut self, held: Held) -> Option<Held> {
        insert(&mut self.root, 0, held, self.policy)
    }

    /// Returns the count of the versions in a range, and the sum of their ids.
    pub(in crate::core) fn summary(&self, prefix: Prefix) -> Summary {
        let (mut node, mut depth) = (&self.root, 0);
        while depth < prefix.length()
            && let Node::Branch(branch) = node
        {
            node = &branch.children[usize::from(prefix.nibble(depth))];
            depth += 1;
        }
        match node {
            Node::Branch(branch) => branch.summary,
            Node::Bucket(held) => {
                summary(held.iter().filter(|held| prefix.contains(&held.key())), self.policy)
            }
        }
    }

    /// Returns the versions in a range whose key hash is greater than `after`, in order of the
    /// hashes.
    pub(in crate::core) fn range(&self, prefix: Prefix, after: Option<KeyHash>) -> Range<'_> {
        Range {
            prefix,
            after,
            open: vec![Subtree { node: &self.root, depth: 0, on_bound: true }],
            bucket: [].iter(),
        }
    }
}

/// Iterator over the versions of a range, in order.
pub(in crate::core) struct Range<'a> {
    prefix: Prefix,
    after: Option<KeyHash>,
    /// Subtrees still to be visited, the next one last.
    open: Vec<Subtree<'a>>,
    bucket: std::slice::Iter<'a, Held>,
}

struct Subtree<'a> {
    node: &'a Node,
    depth: u8,
    /// True if the path to the subtree follows `after`, so that children before it can be skipped.
    on_bound: bool,
}

impl<'a> Iterator for Range<'a> {
    type Item = &'a Held;

    fn next(&mut self) -> Option<&'a Held> {
        loop {
            for held in self.bucket.by_ref() {
                let key = held.key();
                if self.prefix.contains(&key) && self.after.is_none_or(|after| key > after) {
                    return Some(held);
                }
            }
            let Subtree { node, depth, on_bound } = self.open.pop()?;
            match node {
                Node::Bucket(held) => self.bucket = held.iter(),
                Node::Branch(branch) => {
                    let bound = self.after.filter(|_| on_bound).map(|after| nibble(&after, depth));
                    let only = (depth < self.prefix.length()).then(|| usize::from(self.prefix.nibble(depth)));
                    for (index, node) in branch.children.iter().enumerate().rev() {
                        if bound.is_none_or(|bound| index >= bound) && only.is_none_or(|only| index == only) {
                            self.open.push(Subtree {
                                node,
                                depth: depth + 1,
                                on_bound: bound == Some(index),
                            });
                        }
                    }
                }
            }
        }
    }
}

fn insert(node: &mut Node, depth: u8, held: Held, policy: Policy) -> Option<Held> {
    match node {
        Node::Branch(branch) => {
            let id = held.version.id(policy);
            let before = insert(&mut branch.children[nibble(&held.key(), depth)], depth + 1, held, policy);
            branch.summary.sum.add(&id);
            match &before {
                Some(before) => branch.summary.sum.subtract(&before.version.id(policy)),
                None => branch.summary.count += 1,
            }
            before
        }
        Node::Bucket(bucket) => match find(bucket, &held.key()) {
            Ok(index) => Some(std::mem::replace(&mut bucket[index], held)),
            Err(index) => {
                bucket.insert(index, held);
                if bucket.len() > BUCKET_MAX && depth < Prefix::LENGTH_MAX {
                    *node = split(std::mem::take(bucket), depth, policy);
                }
                None
            }
        },
    }
}

fn split(bucket: Vec<Held>, depth: u8, policy: Policy) -> Node {
    let summary = summary(bucket.iter(), policy);
    let mut children: [Vec<Held>; 16] = std::array::from_fn(|_| Vec::new());
    for held in bucket {
        children[nibble(&held.key(), depth)].push(held);
    }
    let children = children.map(|held| {
        if held.len() > BUCKET_MAX && depth + 1 < Prefix::LENGTH_MAX {
            split(held, depth + 1, policy)
        } else {
            Node::Bucket(held)
        }
    });
    Node::Branch(Box::new(Branch { summary, children }))
}

fn summary<'a>(held: impl Iterator<Item = &'a Held>, policy: Policy) -> Summary {
    held.fold(Summary::default(), |mut summary, held| {
        summary.count += 1;
        summary.sum.add(&held.version.id(policy));
        summary
    })
}

fn find(bucket: &[Held], key: &KeyHash) -> Result<usize, usize> {
    bucket.binary_search_by_key(key, Held::key)
}

/// Returns the nibble of `hash` at `index`, most significant first; `index` is below 32.
fn nibble(hash: &KeyHash, index: u8) -> usize {
    let byte = hash.0[usize::from(index / 2)];
    usize::from(if index.is_multiple_of(2) { byte >> 4 } else { byte & 15 })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Hex, Kind, Stamp};

    fn held(key: u16, wall_ms: u64) -> Held {
        let version =
            Version::new(&key.to_string(), Kind::Tombstone, Stamp { wall_ms, counter: 0 }, Hex([0; 16]));
        Held { version: Arc::new(version), fetched: false }
    }

    fn prefix() -> impl Strategy<Value = Prefix> {
        proptest::collection::vec(0..16u8, 0..4)
            .prop_map(|nibbles| nibbles.into_iter().fold(Prefix::ALL, Prefix::child))
    }

    proptest! {
        #[test]
        fn a_trie_answers_as_an_ordered_map_does(
            writes in proptest::collection::vec((0..2_000u16, 0..4u64), 0..600),
            prefix in prefix(),
            after in proptest::option::of(0..2_000u16),
        ) {
            let mut trie = Trie::new(Policy::Last);
            let mut model = BTreeMap::new();
            for (key, wall_ms) in writes {
                let held = held(key, wall_ms);
                let before = model.insert(held.key(), held.version.clone());
                prop_assert_eq!(trie.insert(held).map(|held| held.version), before);
            }
            for (key, version) in &model {
                prop_assert_eq!(trie.get(key).map(|held| &held.version), Some(version));
            }
            let after = after.map(|key| KeyHash::of(&key.to_string()));
            for prefix in [prefix, Prefix::ALL] {
                let expected: Vec<_> = model.values().filter(|version| prefix.contains(&version.key_hash())).collect();
                let mut sum = Sum::default();
                for version in &expected {
                    sum.add(&version.id(Policy::Last));
                }
                prop_assert_eq!(trie.summary(prefix), Summary { count: expected.len() as u64, sum });
                let rest: Vec<_> = expected.into_iter().filter(|version| Some(version.key_hash()) > after).collect();
                let found: Vec<_> = trie.range(prefix, after).map(|held| &held.version).collect();
                prop_assert_eq!(found, rest);
            }
        }
    }

    #[test]
    fn a_range_of_one_key_is_that_key() {
        let mut trie = Trie::new(Policy::Last);
        for key in 0..500 {
            trie.insert(held(key, 1));
        }
        let wanted = held(77, 1);
        let hash = wanted.key();
        let prefix = (0..32)
            .fold(Prefix::ALL, |prefix, index| prefix.child(u8::try_from(nibble(&hash, index)).unwrap()));
        assert_eq!(trie.summary(prefix).count, 1);
        assert_eq!(
            trie.range(prefix, None).map(|held| held.version.clone()).collect::<Vec<_>>(),
            [wanted.version]
        );
        assert_eq!(trie.range(prefix, Some(hash)).count(), 0);
    }
}
