//! The store: the winning version of every key, and the keys that have a value in their order.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;

use super::trie::{Held, Range, Summary, Trie};
use crate::core::figure::count;
use crate::wire::{Digest, KeyHash, Policy, Prefix, Version};

/// The winning version of every key ever seen.
///
/// A version is stored only if it wins over the one held, so the stored versions of a key
/// strictly increase in rank.
#[derive(Debug)]
pub(in crate::core) struct Store {
    policy: Policy,
    trie: Trie,
    live: BTreeSet<Live>,
    /// The number of keys that were listed since the start, those that are deleted by now included.
    listed: u64,
}

/// The result of offering a version to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::core) enum Merged {
    /// The version won and is held now.
    Won,
    /// The version was held already.
    Equal {
        /// True if the first copy came by reconciliation rather than by push.
        fetched: bool,
    },
    /// A greater version is held.
    Lost,
}

/// A version that has a value, ordered and found by its key.
#[derive(Debug)]
struct Live {
    version: Arc<Version>,
    /// The place of the key in the order of insertion; 0 for all that were on the disk.
    place: u64,
}

impl Borrow<str> for Live {
    fn borrow(&self) -> &str {
        self.version.key()
    }
}

impl PartialEq for Live {
    fn eq(&self, other: &Self) -> bool {
        self.version.key() == other.version.key()
    }
}

impl Eq for Live {}

impl PartialOrd for Live {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Live {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.version.key().cmp(other.version.key())
    }
}

impl Store {
    /// Creates an empty store.
    pub(in crate::core) fn new(policy: Policy) -> Self {
        Self { policy, trie: Trie::new(policy), live: BTreeSet::new(), listed: 0 }
    }

    /// Stores a version if it wins.
    pub(in crate::core) fn merge(&mut self, version: Arc<Version>, fetched: bool) -> Merged {
        self.beaten(&version).unwrap_or_else(|| self.put(version, fetched))
    }

    /// Stores many versions, with the same result as merging one after another. They are best given
    /// in the order of their keys.
    ///
    /// The trie takes them in the order of its hashes, so that each finds the path of the one
    /// before in the processor's cache. A start with a million keys spends its time there.
    pub(in crate::core) fn restore(&mut self, versions: &[Arc<Version>]) {
        let mut order: Vec<_> =
            versions.iter().enumerate().map(|(index, version)| (version.key_hash(), index)).collect();
        order.sort_unstable();
        let mut won = vec![false; versions.len()];
        for (_, index) in order {
            if let (Some(version), Some(won)) = (versions.get(index), won.get_mut(index)) {
                *won = self.beaten(version).is_none();
                if *won {
                    self.trie.insert(Held { version: version.clone(), fetched: false });
                }
            }
        }
        // Of several winners of one key, the later one is the greater.
        for (version, _) in versions.iter().zip(won).filter(|(_, won)| *won) {
            self.list(version.clone(), 0);
        }
    }

    /// Returns the result for a version that does not win, or `None` for one that does.
    fn beaten(&self, version: &Version) -> Option<Merged> {
        let held = self.trie.get(&version.key_hash())?;
        match version.rank(self.policy).cmp(&held.version.rank(self.policy)) {
            std::cmp::Ordering::Less => Some(Merged::Lost),
            std::cmp::Ordering::Equal => Some(Merged::Equal { fetched: held.fetched }),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// Stores a version in place of the one held for its key, even if that one is greater.
    pub(in crate::core) fn put(&mut self, version: Arc<Version>, fetched: bool) -> Merged {
        let replaced = self.trie.insert(Held { version: version.clone(), fetched }).is_some();
        let place = if replaced { self.live.get(version.key()).map(|live| live.place) } else { None };
        self.listed += u64::from(place.is_none());
        self.list(version, place.unwrap_or(self.listed));
        Merged::Won
    }

    /// Lists the key of a held version at this place of the order of insertion if it has a value, and removes it
    /// from the list otherwise.
    fn list(&mut self, version: Arc<Version>, place: u64) {
        if version.value().is_some() {
            self.live.replace(Live { version, place });
        } else {
            self.live.remove(version.key());
        }
    }

    /// Returns the version held for a key, tombstones included.
    pub(in crate::core) fn get(&self, key: &KeyHash) -> Option<&Arc<Version>> {
        self.trie.get(key).map(|held| &held.version)
    }

    /// Returns the version of a key that has a value.
    pub(in crate::core) fn live(&self, key: &str) -> Option<&Arc<Version>> {
        self.live.get(key).map(|live| &live.version)
    }

    /// Returns the keys that have a value and are greater than `after`, in order.
    pub(in crate::core) fn keys<'a>(&'a self, after: Option<&'a str>) -> impl Iterator<Item = &'a str> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.live.range::<str, _>((from, Bound::Unbounded)).map(|live| live.version.key())
    }

    /// Returns the keys that have a value, in the order in which they first had it here. Those that were on the
    /// disk come first, in order of their stamps.
    pub(in crate::core) fn keys_as_inserted(&self) -> Vec<&str> {
        let mut live: Vec<&Live> = self.live.iter().collect();
        // The sort is stable: keys of equal stamps stay in their order.
        live.sort_by_key(|live| (live.place, live.version.stamp()));
        live.into_iter().map(|live| live.version.key()).collect()
    }

    /// Returns the number of keys that have a value.
    pub(in crate::core) fn live_count(&self) -> u64 {
        count(self.live.len())
    }

    /// Returns the count of the versions in a range, and the sum of their ids.
    pub(in crate::core) fn summary(&self, prefix: Prefix) -> Summary {
        self.trie.summary(prefix)
    }

    /// Returns the versions in a range whose key hash is greater than `after`, in order of the
    /// hashes.
    pub(in crate::core) fn range(&self, prefix: Prefix, after: Option<KeyHash>) -> Range<'_> {
        self.trie.range(prefix, after)
    }

    /// Returns the digest of all versions held.
    pub(in crate::core) fn digest(&self) -> Digest {
        let Summary { count, sum } = self.trie.summary(Prefix::ALL);
        Digest { count, fingerprint: sum.fingerprint() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Hex, Kind, Limits, Stamp, Value};

    fn version(key: &str, value: Option<&str>, wall_ms: u64, author: u8) -> Arc<Version> {
        let kind = value
            .map_or(Kind::Tombstone, |value| Kind::Set(Value::typed(value, &Limits::default()).unwrap()));
        Arc::new(Version::new(key, kind, Stamp { wall_ms, counter: 0 }, Hex([author; 16])))
    }

    #[test]
    fn a_tombstone_hides_the_key_and_stays() {
        let mut store = Store::new(Policy::Last);
        assert_eq!(store.merge(version("k", Some("v"), 1, 0), false), Merged::Won);
        assert_eq!(store.merge(version("k", None, 2, 0), false), Merged::Won);
        assert_eq!(store.merge(version("k", Some("v"), 1, 0), false), Merged::Lost);
        assert_eq!((store.live("k"), store.live_count(), store.digest().count), (None, 0, 1));
        assert!(store.get(&KeyHash::of("k")).is_some_and(|held| held.value().is_none()));
        assert_eq!(store.merge(version("k", Some("w"), 3, 0), false), Merged::Won);
        assert_eq!(store.keys(None).collect::<Vec<_>>(), ["k"]);
    }

    #[test]
    fn keys_come_in_the_order_in_which_they_first_had_a_value() {
        let mut store = Store::new(Policy::Last);
        store.restore(&[version("a", Some("v"), 9, 0), version("b", Some("v"), 3, 0)]);
        for (key, value, wall) in [
            ("name", Some("v"), 1),
            ("directeur", Some("v"), 2),
            ("gone", Some("v"), 3),
            ("name", Some("w"), 4),
        ] {
            store.merge(version(key, value, wall, 0), false);
        }
        store.merge(version("gone", None, 5, 0), false);
        assert_eq!(store.keys_as_inserted(), ["b", "a", "name", "directeur"]);
        // A key that was deleted is inserted anew.
        store.merge(version("directeur", None, 6, 0), false);
        store.merge(version("later", Some("v"), 7, 0), false);
        store.merge(version("directeur", Some("v"), 8, 0), false);
        assert_eq!(store.keys_as_inserted(), ["b", "a", "name", "later", "directeur"]);
    }

    #[test]
    fn an_equal_version_tells_how_the_first_copy_came() {
        let mut store = Store::new(Policy::Last);
        store.merge(version("k", Some("v"), 1, 0), true);
        assert_eq!(store.merge(version("k", Some("v"), 1, 0), false), Merged::Equal { fetched: true });
    }

    proptest! {
        #[test]
        fn the_order_of_merging_does_not_matter(
            writes in proptest::collection::vec((0..8u8, proptest::option::of(0..3u8), 0..4u64, 0..3u8), 0..60),
            shuffle in proptest::collection::vec(any::<u32>(), 60),
            oldest in any::<bool>(),
        ) {
            let policy = if oldest { Policy::Oldest } else { Policy::Last };
            let versions: Vec<_> = writes
                .iter()
                .map(|(key, value, wall, author)| {
                    let value = value.map(|value| format!("v{value}"));
                    version(&format!("k{key}"), value.as_deref(), *wall, *author)
                })
                .collect();
            let mut shuffled: Vec<_> = shuffle.iter().zip(versions.clone()).collect();
            shuffled.sort_by_key(|(place, _)| **place);
            let (mut a, mut b, mut c) = (Store::new(policy), Store::new(policy), Store::new(policy));
            for version in &versions {
                a.merge(version.clone(), false);
            }
            for (_, version) in &shuffled {
                b.merge(version.clone(), false);
                b.merge(version.clone(), true);
            }
            let (early, late) = versions.split_at(versions.len() / 3);
            c.restore(early);
            c.restore(late);
            prop_assert_eq!(a.digest(), b.digest());
            prop_assert_eq!(a.digest(), c.digest());
            // Under `oldest`, comparison and digest leave out the author, and with it the bytes of
            // an equal value. Keys and ranks are what must agree.
            let ranks = |store: &Store| {
                store.range(Prefix::ALL, None).map(|held| held.version.rank(policy)).collect::<Vec<_>>()
            };
            prop_assert_eq!(ranks(&a), ranks(&b));
            prop_assert_eq!(a.keys(None).collect::<Vec<_>>(), b.keys(None).collect::<Vec<_>>());
            // A lookup by key finds the very version that the trie holds.
            prop_assert!(a.live.iter().eq(c.live.iter()));
            let finds = |live: &Live| c.get(&live.version.key_hash()).is_some_and(|held| Arc::ptr_eq(held, &live.version));
            prop_assert!(c.live.iter().all(finds));
        }
    }
}
