//! A stream of random numbers, and the ways in which numbers are drawn from it.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A stream of random numbers from a seed.
///
/// The stream is that of `ChaCha8`, which is specified. The way in which numbers are drawn from it is fixed
/// here: graphs and plans that people named by a seed must not change with a library.
#[derive(Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// Creates the stream whose key `rand_core` expands from the seed (`seed_from_u64`).
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Creates the stream whose key begins with the seed and continues with zeros.
    pub(crate) fn zero_padded(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self::from_key(key)
    }

    /// Creates the stream of a key.
    pub(super) fn from_key(key: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Returns two words of the stream as one number, the first word low.
    fn word(&mut self) -> u64 {
        let low = u64::from(self.0.next_u32());
        u64::from(self.0.next_u32()) << 32 | low
    }

    /// Returns a number below `bound`, each with the same probability; 0 if `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // 2^64 is no multiple of most bounds: the numbers beyond the last multiple are drawn again.
        let excess = (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = self.word();
            if drawn <= u64::MAX - excess {
                return drawn % bound;
            }
        }
    }

    /// Returns a number of a range, both ends included.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// Returns an index below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// Returns true with a probability of `share` percent.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// Returns one of the items, each with the same probability; none of no items.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let index = self.index(items.len());
        items.get(index).copied()
    }

    /// Returns one of the items, each with the probability of its weight; none if all weigh nothing.
    pub fn pick_weighted<T: Copy>(&mut self, items: &[(T, u64)]) -> Option<T> {
        let total = items.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.below(total);
        for (item, weight) in items {
            if drawn < *weight {
                return Some(*item);
            }
            drawn -= weight;
        }
        None
    }

    /// Returns `count` of the items in their own order, with one draw for each item (Knuth, algorithm S).
    pub fn sample<T: Copy>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let (mut chosen, mut rest) = (Vec::new(), count.min(items.len()));
        for (index, item) in items.iter().enumerate() {
            let left = (items.len() - index) as u64;
            if self.below(left) < rest as u64 {
                chosen.push(*item);
                rest -= 1;
            }
        }
        chosen
    }

    /// Returns `count` of the items in their own order, with one draw for each item that is returned. So the
    /// time does not depend on the number of items.
    pub(crate) fn sample_few<T: Copy>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let count = count.min(items.len());
        // The indices that were moved from their places: a shuffle of which only the beginning is done.
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        let mut indices = Vec::with_capacity(count);
        for place in 0..count {
            let drawn = place + self.index(items.len() - place);
            let here = moved.get(&place).copied().unwrap_or(place);
            indices.push(moved.insert(drawn, here).unwrap_or(drawn));
        }
        indices.sort_unstable();
        indices.into_iter().map(|index| items[index]).collect()
    }

    /// Shuffles the items; each order has the same probability (Fisher and Yates, from the end).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_chacha8() {
        // The first words of ChaCha8 under a key of zeros (draft-strombergson-chacha-test-vectors, TC1).
        let first = Rng::zero_padded(0).word().to_le_bytes();
        assert_eq!(first, [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    #[test]
    fn a_word_is_the_next_number_of_the_library() {
        let (mut rng, mut library) = (Rng::new(9), ChaCha8Rng::seed_from_u64(9));
        assert!((0..1_000).all(|_| rng.word() == library.next_u64()));
    }

    #[test]
    fn all_are_drawn_and_none_beyond() {
        for mut rng in [Rng::new(1), Rng::zero_padded(1)] {
            let mut seen = [0_u32; 6];
            for _ in 0..6_000 {
                seen[rng.index(6)] += 1;
            }
            assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
            assert_eq!((rng.below(0), rng.below(1), rng.within(3, 3)), (0, 0, 3));
            assert!(rng.below(u64::MAX) < u64::MAX);
            assert_eq!(rng.pick::<u8>(&[]), None);
        }
    }

    #[test]
    fn samples_are_so_many_in_their_order() {
        let mut rng = Rng::new(2);
        for count in 0..=5 {
            for sample in [rng.sample(&[1, 2, 3, 4, 5], count), rng.sample_few(&[1, 2, 3, 4, 5], count)] {
                assert_eq!(sample.len(), count);
                assert!(sample.is_sorted_by(|one, other| one < other), "{sample:?}");
            }
        }
        assert_eq!(rng.sample(&[1, 2], 9), [1, 2]);
        assert_eq!(rng.sample_few(&[1, 2], 9), [1, 2]);
    }

    #[test]
    fn every_sample_of_few_comes_up() {
        let mut seen = [0u32; 5];
        for seed in 0..500 {
            for chosen in Rng::new(seed).sample_few(&[0usize, 1, 2, 3, 4], 2) {
                seen[chosen] += 1;
            }
        }
        assert!(seen.iter().all(|&count| (140..=260).contains(&count)), "{seen:?}");
    }

    #[test]
    fn what_weighs_nothing_is_not_drawn() {
        let mut rng = Rng::new(3);
        assert!((0..100).all(|_| rng.pick_weighted(&[('a', 0), ('b', 3), ('c', 1)]) != Some('a')));
        assert_eq!(rng.pick_weighted(&[('a', 0)]), None);
    }
}
