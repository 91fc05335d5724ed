//! The rate at which versions are logged one by one: a log stays readable, and grows with time and
//! not with writes.

use std::time::Duration;

use crate::core::bucket::Bucket;

/// The number of versions that are named at once.
///
/// Chosen: as many as a screen shows beside other lines.
const BURST: u32 = 20;
/// The milliseconds after which one more version is named, or the number of unnamed ones is logged.
///
/// Measured: with a line for each of a hundred writes a second, the logs of five nodes grew by
/// 1.3 MB a minute. Two lines a second are a fiftieth of that.
const INTERVAL_MS: u64 = 500;

/// The rate limit of one kind of line.
#[derive(Debug, Default)]
pub(in crate::core) struct RateLimit {
    places: Bucket<INTERVAL_MS, BURST>,
    /// The number of versions that were not named and are to be logged as a number.
    pub(super) unnamed: u64,
}

impl RateLimit {
    /// Reserves a place for a line. Returns false, and counts the version, if there is none.
    pub(super) fn admit(&mut self, now: Duration) -> bool {
        if self.unnamed > 0 || self.next() > now {
            self.unnamed += 1;
            return false;
        }
        self.places.take(now);
        true
    }

    /// Returns the time from which there is a place.
    pub(super) fn next(&self) -> Duration {
        self.places.next()
    }

    /// Returns the number of unnamed versions, if it is due, and takes a place for its line.
    pub(super) fn remove_due_count(&mut self, now: Duration) -> Option<u64> {
        if self.unnamed == 0 || self.next() > now {
            return None;
        }
        self.places.take(now);
        Some(std::mem::take(&mut self.unnamed))
    }
}

/// The rate limits of a node's log.
#[derive(Debug, Default)]
pub(in crate::core) struct RateLimits {
    /// The limit of lines about clients' writes.
    pub(super) written: RateLimit,
    /// The limit of lines about neighbours' versions.
    pub(super) arrived: RateLimit,
    /// The senders of the unnamed versions: the first neighbour's name, and true if there are
    /// others.
    pub(super) senders: Option<(String, bool)>,
}
