//! An ordered map of few entries, in one allocation with little spare room.
//!
//! A simulation holds a hundred thousand nodes, each with half a dozen links. A tree map reserves
//! room for eleven entries, even when it is empty again: that room would be most of the memory. A map of thousands of entries
//! still works: adding and removing an entry moves those behind it.

use std::borrow::Borrow;

/// Map from keys to values, as a sorted vector of entries.
#[derive(Debug, Clone)]
pub(super) struct SortedMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    fn find<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.entries.binary_search_by(|(other, _)| other.borrow().cmp(key))
    }

    /// Returns the value of a key.
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let index = self.find(key).ok()?;
        self.entries.get(index).map(|(_, value)| value)
    }

    /// Returns the value of a key, to be changed.
    pub(super) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let index = self.find(key).ok()?;
        self.entries.get_mut(index).map(|(_, value)| value)
    }

    /// Returns true if there is an entry for the key.
    pub(super) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.find(key).is_ok()
    }

    /// Inserts an entry, and returns the value that its key had before, if any.
    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.find(&key) {
            Ok(index) => self.entries.get_mut(index).map(|(_, held)| std::mem::replace(held, value)),
            Err(index) => {
                if self.entries.len() == self.entries.capacity() {
                    // Grows by half and does not double: most maps stay as they are after the first
                    // minute.
                    self.entries.reserve_exact(self.entries.len() / 2 + 1);
                }
                self.entries.insert(index, (key, value));
                None
            }
        }
    }

    /// Removes an entry, and returns its value.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let index = self.find(key).ok()?;
        let (_, value) = self.entries.remove(index);
        if self.entries.is_empty() {
            self.entries = Vec::new();
        }
        Some(value)
    }

    /// Returns the entry at this index, counted in the order of the keys.
    pub(super) fn at(&self, index: usize) -> Option<(&K, &V)> {
        self.entries.get(index).map(|(key, value)| (key, value))
    }

    /// Returns the number of entries.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns true if there is no entry.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the entries in order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + Clone {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Returns the keys in order.
    pub(super) fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + Clone {
        self.entries.iter().map(|(key, _)| key)
    }

    /// Returns the values in the order of their keys.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    /// Returns the values in the order of their keys, to be changed.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sorted_map_answers_as_a_tree_map_does(steps in proptest::collection::vec((0..12u8, any::<Option<u8>>()), 0..80)) {
            let (mut sorted, mut model) = (SortedMap::default(), BTreeMap::new());
            for (key, value) in steps {
                if let Some(value) = value {
                    prop_assert_eq!(sorted.insert(key, value), model.insert(key, value));
                } else {
                    prop_assert_eq!(sorted.remove(&key), model.remove(&key));
                }
                prop_assert!(sorted.iter().eq(model.iter()));
                prop_assert_eq!(sorted.get(&key), model.get(&key));
                prop_assert_eq!(sorted.contains_key(&key), model.contains_key(&key));
                prop_assert_eq!(sorted.at(1), model.iter().nth(1));
                prop_assert_eq!((sorted.len(), sorted.is_empty()), (model.len(), model.is_empty()));
            }
        }
    }
}
