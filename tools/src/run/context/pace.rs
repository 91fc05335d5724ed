//! The pace at which nodes are asked again that report no changes.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::select;

use super::RunContext;

/// The shortest interval between asks for content that is not reported. Chosen: short beside what a person
/// notices, and long beside the time of one ask.
const INTERVAL_MIN: Duration = Duration::from_millis(10);
/// The longest interval. Chosen: a person takes it for at once, and a node that logs each question writes ten
/// lines a second.
const INTERVAL_MAX: Duration = Duration::from_millis(100);
/// The least number of asks in the time of an expectation. Chosen: what lasts for a twentieth of that time is
/// seen.
const ASKS_MIN: u32 = 20;

/// The interval between two asks, which doubles for as long as nothing changes.
#[derive(Debug)]
pub(in crate::run) struct Pace {
    next: Duration,
    longest: Duration,
    /// The time at which the last ask that counts is put, a moment before an expectation's time is over.
    last: Option<Duration>,
}

impl Pace {
    /// Returns the pace of asks in a time, given by its beginning and its end, or of asks without one.
    pub(in crate::run) fn new(time: Option<(Duration, Duration)>) -> Self {
        let longest = match time {
            Some((from, to)) => (to.saturating_sub(from) / ASKS_MIN).clamp(INTERVAL_MIN, INTERVAL_MAX),
            None => INTERVAL_MAX,
        };
        let last = time.map(|(_, to)| to.saturating_sub(INTERVAL_MIN));
        Self { next: INTERVAL_MIN, longest, last }
    }

    /// Asks often again, after something has changed.
    pub(in crate::run) fn quicken(&mut self) {
        self.next = INTERVAL_MIN;
    }

    /// Returns the time of the next ask.
    fn next(&mut self, now: Duration) -> Duration {
        let at = now + self.next;
        self.next = (2 * self.next).min(self.longest);
        match self.last {
            Some(last) if now < last => at.min(last),
            Some(_) => now + INTERVAL_MIN,
            None => at,
        }
    }
}

impl RunContext {
    /// Waits until a change is told. Where some nodes do not tell, the wait ends at their pace at the latest.
    pub(in crate::run) async fn wait_for_change_or_poll(&self, seen: u64, pace: Option<&mut Pace>) {
        let changed = self.executor.changed(seen);
        if let Some(pace) = pace {
            let again = self.executor.sleep_until(pace.next(self.executor.now()));
            select(pin!(changed), again).await;
        } else {
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(time: Option<(u64, u64)>, expected: &[u64]) {
        let ms = Duration::from_millis;
        let mut pace = Pace::new(time.map(|(from, to)| (ms(from), ms(to))));
        let mut now = time.map_or(Duration::ZERO, |(from, _)| ms(from));
        let asks = expected.iter().map(|_| {
            now = pace.next(now);
            u64::try_from(now.as_millis()).unwrap()
        });
        assert_eq!(asks.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn asks_become_rarer_and_the_last_stands_just_before_the_end() {
        check(None, &[10, 30, 70, 150, 250, 350]);
        check(Some((0, 5_000)), &[10, 30, 70, 150, 250]);
        // A short time is looked at often.
        check(Some((100, 200)), &[110, 120, 130, 140, 150, 160, 170, 180, 190, 200]);
        check(Some((0, 500)), &[10, 30, 55, 80]);
        check(Some((0, 95)), &[10, 20, 30, 40, 50, 60, 70, 80, 85, 95]);
        let mut pace = Pace::new(None);
        let ms = Duration::from_millis;
        assert_eq!([pace.next(ms(0)), pace.next(ms(10))], [ms(10), ms(30)]);
        pace.quicken();
        assert_eq!(pace.next(ms(30)), ms(40));
    }
}
