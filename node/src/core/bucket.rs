//! A leaky bucket, stored as one moment (the generic cell rate algorithm of ITU-T I.371).

use std::time::Duration;

/// A bucket from which one place is taken for each event: `BURST` at once, and one more each `INTERVAL_MS` milliseconds.
#[derive(Debug, Default)]
pub(super) struct Bucket<const INTERVAL_MS: u64, const BURST: u32> {
    /// The time at which all places are free again.
    full_at: Duration,
}

impl<const INTERVAL_MS: u64, const BURST: u32> Bucket<INTERVAL_MS, BURST> {
    const INTERVAL: Duration = Duration::from_millis(INTERVAL_MS);

    /// Returns the time from which there is a place.
    pub(super) fn next(&self) -> Duration {
        (self.full_at + Self::INTERVAL).saturating_sub(Self::INTERVAL * BURST)
    }

    /// Takes a place, whether or not there is one.
    pub(super) fn take(&mut self, now: Duration) {
        self.full_at = self.full_at.max(now) + Self::INTERVAL;
    }
}
