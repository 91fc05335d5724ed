//! The hybrid logical clock that stamps this node's writes.
//!
//! Kulkarni, Demirbas, Madappa, Avva, Leone: *Logical Physical Clocks* (2014). A stamp is never
//! smaller than one given or seen before, and stays close to the wall clock while that is sound.

use crate::wire::Stamp;

/// The clock: the greatest stamp given or seen.
#[derive(Debug, Default)]
pub struct Clock {
    last: Stamp,
}

impl Clock {
    /// Returns a stamp greater than every one given or merged so far.
    pub fn tick(&mut self, wall_ms: u64) -> Stamp {
        self.last = if wall_ms > self.last.wall_ms {
            Stamp { wall_ms, counter: 0 }
        } else if let Some(counter) = self.last.counter.checked_add(1) {
            Stamp { wall_ms: self.last.wall_ms, counter }
        } else {
            Stamp { wall_ms: self.last.wall_ms.saturating_add(1), counter: 0 }
        };
        self.last
    }

    /// Returns the greatest stamp given or merged so far.
    #[must_use]
    pub fn last(&self) -> Stamp {
        self.last
    }

    /// Merges a stamp seen elsewhere: later ticks are greater.
    pub fn merge(&mut self, stamp: Stamp) {
        self.last = self.last.max(stamp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(wall_ms: u64, counter: u32) -> Stamp {
        Stamp { wall_ms, counter }
    }

    #[test]
    fn a_tick_follows_the_wall_and_counts_within_a_millisecond() {
        let mut clock = Clock::default();
        assert_eq!(clock.tick(10), stamp(10, 0));
        assert_eq!(clock.tick(10), stamp(10, 1));
        assert_eq!(clock.tick(12), stamp(12, 0));
    }

    #[test]
    fn a_wall_clock_that_goes_back_does_not_take_stamps_with_it() {
        let mut clock = Clock::default();
        clock.tick(10);
        assert_eq!(clock.tick(3), stamp(10, 1));
    }

    #[test]
    fn a_merged_stamp_is_passed_by_the_next_tick() {
        let mut clock = Clock::default();
        clock.merge(stamp(20, 7));
        clock.merge(stamp(15, 9));
        assert_eq!(clock.tick(10), stamp(20, 8));
    }

    #[test]
    fn a_full_counter_borrows_a_millisecond() {
        let mut clock = Clock::default();
        clock.merge(stamp(20, u32::MAX));
        assert_eq!(clock.tick(10), stamp(21, 0));
    }
}
