//! Chance that is the same on every machine and in every release.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Draws from a seed. The stream is `ChaCha8`'s, which is specified; how numbers are drawn from it is
/// spelt out here, because graphs that people named by a seed must not change with a library.
#[derive(Debug)]
pub(super) struct Draws(ChaCha8Rng);

impl Draws {
    pub(super) fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// A number below `bound`, each as likely as the other; 0 where `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
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

    /// Brings `items` into any order, each as likely as the other (Fisher and Yates, from the end).
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.index(last + 1);
            items.swap(last, other);
        }
    }

    /// A position below `len`.
    pub(super) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or_default()
    }

    /// Two words of the stream, the first one low.
    fn word(&mut self) -> u64 {
        let low = u64::from(self.0.next_u32());
        u64::from(self.0.next_u32()) << 32 | low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_that_of_chacha8() {
        // The first words of ChaCha8 under a key of zeros (draft-strombergson-chacha-test-vectors, TC1).
        assert_eq!(Draws::new(0).word().to_le_bytes(), [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6]);
    }

    #[test]
    fn draws_stay_below_their_bound_and_reach_all_of_it() {
        let mut draws = Draws::new(1);
        let mut seen = [0_u32; 6];
        for _ in 0..6_000 {
            seen[draws.index(6)] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!((draws.below(0), draws.below(1)), (0, 0));
        assert!(draws.below(u64::MAX) < u64::MAX);
    }
}
