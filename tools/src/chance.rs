//! Chance that is the same on every machine: a seed names the same plan wherever it is drawn.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Draws from a seed. The stream is `ChaCha8`'s, which is specified.
#[derive(Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The same stream for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `bound`, each as likely as the other; 0 where `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // The numbers beyond the last multiple of the bound are drawn again.
        let excess = (u64::MAX % bound + 1) % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn <= u64::MAX - excess {
                return drawn % bound;
            }
        }
    }

    /// A number of a range, both ends included.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most.saturating_sub(least).saturating_add(1))
    }

    /// A position below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// True so many times in a hundred.
    pub fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }

    /// One of these, each as likely as the other; none where there is none.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let index = self.index(of.len());
        of.get(index).copied()
    }

    /// So many of these, in the order they stand in.
    pub fn some<T: Copy>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let (mut chosen, mut rest) = (Vec::new(), count.min(of.len()));
        for (index, item) in of.iter().enumerate() {
            let left = (of.len() - index) as u64;
            if self.below(left) < rest as u64 {
                chosen.push(*item);
                rest -= 1;
            }
        }
        chosen
    }

    /// One of these, as often as its weight says; none where all weigh nothing.
    pub fn weighted<T: Copy>(&mut self, of: &[(T, u64)]) -> Option<T> {
        let total = of.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.below(total);
        for (item, weight) in of {
            if drawn < *weight {
                return Some(*item);
            }
            drawn -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_drawn_and_none_beyond() {
        let mut chance = Chance::new(1);
        let mut seen = [0_u32; 6];
        for _ in 0..6_000 {
            seen[chance.index(6)] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!((chance.below(0), chance.within(3, 3)), (0, 3));
        assert_eq!(chance.one::<u8>(&[]), None);
    }

    #[test]
    fn some_are_so_many_in_their_order() {
        let mut chance = Chance::new(2);
        for count in 0..=5 {
            let some = chance.some(&[1, 2, 3, 4, 5], count);
            assert_eq!(some.len(), count);
            assert!(some.is_sorted());
        }
        assert_eq!(chance.some(&[1, 2], 9), [1, 2]);
    }

    #[test]
    fn what_weighs_nothing_is_not_drawn() {
        let mut chance = Chance::new(3);
        assert!((0..100).all(|_| chance.weighted(&[('a', 0), ('b', 3), ('c', 1)]) != Some('a')));
        assert_eq!(chance.weighted(&[('a', 0)]), None);
    }
}
