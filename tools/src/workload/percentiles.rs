//! A few percentiles that describe a number of times.

use std::time::Duration;

/// The least and the greatest of a number of times, and percentiles between them by nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// The number of times.
    pub count: usize,
    /// The least time.
    pub min: Duration,
    /// The median: half of the times are not longer.
    pub p50: Duration,
    /// The 95th percentile: 95 in 100 are not longer.
    pub p95: Duration,
    /// The 99th percentile: 99 in 100 are not longer.
    pub p99: Duration,
    /// The greatest time.
    pub max: Duration,
}

impl Percentiles {
    /// Returns the percentiles of these times; none if there is no time.
    #[must_use]
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let rank = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100);
            times.get(rank.saturating_sub(1)).copied()
        };
        Some(Self {
            count: times.len(),
            min: *times.first()?,
            p50: rank(50)?,
            p95: rank(95)?,
            p99: rank(99)?,
            max: *times.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_of_the_times() {
        let ms = Duration::from_millis;
        let of = Percentiles::of((1..=200).rev().map(ms).collect()).unwrap();
        assert_eq!((of.count, of.min, of.p50, of.p95), (200, ms(1), ms(100), ms(190)));
        assert_eq!((of.p99, of.max), (ms(198), ms(200)));
        assert_eq!(Percentiles::of(Vec::new()), None);
    }
}
