//! Draws: from the seed, the place in the file and the iteration, never from timing.

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::scenario::At;

/// Where the draws of one place and one iteration come from.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(seed: u64, at: &At, iteration: &[u64]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&seed.to_be_bytes());
        let file = at.source.name().rsplit('/').next().unwrap_or_default();
        hasher.update(file.as_bytes());
        hasher.update(&at.span.start.to_be_bytes());
        for index in iteration {
            hasher.update(&index.to_be_bytes());
        }
        Self(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()))
    }

    /// A number below `bound`, each equally likely.
    fn below(&mut self, bound: u64) -> u64 {
        // The part of the range that would favour small numbers is drawn again.
        let zone = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn < zone {
                return drawn % bound;
            }
        }
    }

    /// So many of these, in the order they stand in. Takes time with how many are drawn, not with how many
    /// there are to draw from.
    pub(super) fn choose<T: Copy>(&mut self, from: &[T], count: usize) -> Vec<T> {
        let count = count.min(from.len());
        // Where others than its own index stands: a shuffle of which only the beginning is done.
        let mut moved: BTreeMap<usize, usize> = BTreeMap::new();
        let mut indices = Vec::with_capacity(count);
        for place in 0..count {
            let rest = (from.len() - place) as u64;
            let drawn = place + usize::try_from(self.below(rest)).unwrap_or(0);
            let here = moved.get(&place).copied().unwrap_or(place);
            indices.push(moved.insert(drawn, here).unwrap_or(drawn));
        }
        indices.sort_unstable();
        indices.into_iter().map(|index| from[index]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Source, Span};

    fn draw(seed: u64, start: usize, iteration: &[u64]) -> Vec<u32> {
        let at = At { source: Source::new("scenarios/x.scn", ""), span: Span { start, end: start } };
        Draw::new(seed, &at, iteration).choose(&(0..100).collect::<Vec<u32>>(), 10)
    }

    #[test]
    fn a_draw_depends_on_seed_place_and_iteration() {
        assert_eq!(draw(1, 5, &[0]), draw(1, 5, &[0]));
        assert_ne!(draw(1, 5, &[0]), draw(2, 5, &[0]));
        assert_ne!(draw(1, 5, &[0]), draw(1, 6, &[0]));
        assert_ne!(draw(1, 5, &[0]), draw(1, 5, &[1]));
    }

    #[test]
    fn no_index_is_drawn_twice() {
        let at = At { source: Source::new("x", ""), span: Span::default() };
        for seed in 0..50 {
            let from: Vec<usize> = (0..9).collect();
            assert_eq!(Draw::new(seed, &at, &[]).choose(&from, 9), from);
            let some = Draw::new(seed, &at, &[]).choose(&from, 5);
            assert!(some.is_sorted_by(|one, other| one < other), "{some:?}");
        }
    }

    #[test]
    fn every_choice_comes_up() {
        let mut seen = [0u32; 5];
        for seed in 0..500 {
            let at = At { source: Source::new("x", ""), span: Span::default() };
            for chosen in Draw::new(seed, &at, &[]).choose(&[0usize, 1, 2, 3, 4], 2) {
                seen[chosen] += 1;
            }
        }
        assert!(seen.iter().all(|&count| (140..=260).contains(&count)), "{seen:?}");
    }
}
