//! A few percentiles that describe a number of times.

use std::time::Duration;

/// The least and the greatest of a number of times, and percentiles between them by nearest rank.
///
/// Something that never ended took longer than all that ended: a percentile of that rank is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percentiles {
    /// The number of times.
    pub count: usize,
    /// The number of times that have no end.
    pub never: usize,
    /// The least time.
    pub min: Option<Duration>,
    /// The median: half of the times are not longer.
    pub p50: Option<Duration>,
    /// The 95th percentile: 95 in 100 are not longer.
    pub p95: Option<Duration>,
    /// The 99th percentile: 99 in 100 are not longer.
    pub p99: Option<Duration>,
    /// The greatest time.
    pub max: Option<Duration>,
}

impl Percentiles {
    /// Returns the percentiles of these times, and of so many more that have no end; none if there is neither.
    #[must_use]
    pub fn of(mut times: Vec<Duration>, never: usize) -> Option<Self> {
        times.sort_unstable();
        let all = times.len() + never;
        let rank = |percent: usize| {
            let rank = (all * percent).div_ceil(100);
            times.get(rank.saturating_sub(1)).copied()
        };
        (all > 0).then(|| Self {
            count: times.len(),
            never,
            min: times.first().copied(),
            p50: rank(50),
            p95: rank(95),
            p99: rank(99),
            max: rank(100),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_one_of_the_times() {
        let ms = Duration::from_millis;
        let of = Percentiles::of((1..=200).rev().map(ms).collect(), 0).unwrap();
        assert_eq!((of.count, of.min, of.p50, of.p95), (200, Some(ms(1)), Some(ms(100)), Some(ms(190))));
        assert_eq!((of.p99, of.max), (Some(ms(198)), Some(ms(200))));
        assert_eq!(Percentiles::of(Vec::new(), 0), None);
    }

    #[test]
    fn what_never_ended_has_no_time() {
        let ms = Duration::from_millis;
        let of = Percentiles::of((1..=97).map(ms).collect(), 3).unwrap();
        assert_eq!((of.count, of.never, of.p50, of.p95), (97, 3, Some(ms(50)), Some(ms(95))));
        assert_eq!((of.p99, of.max), (None, None));
        let of = Percentiles::of(Vec::new(), 1).unwrap();
        assert_eq!((of.min, of.p50, of.max), (None, None, None));
    }
}
