//! The machine's clocks, as the core wants them.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::core::Now;

/// Counts from the moment it was made.
pub(super) struct Clock {
    start: Instant,
    /// How far the wall clock is ahead of the machine's, for whoever tries clocks that lie.
    ahead_ms: Cell<i64>,
}

impl Clock {
    pub(super) fn start(ahead_ms: i64) -> Self {
        Self { start: Instant::now(), ahead_ms: Cell::new(ahead_ms) }
    }

    /// Puts the wall clock so far ahead of the machine's; behind if negative.
    pub(super) fn put_ahead(&self, ahead_ms: i64) {
        self.ahead_ms.set(ahead_ms);
    }

    pub(super) fn now(&self) -> Now {
        let wall_ms = wall_ms().saturating_add_signed(self.ahead_ms.get());
        Now { monotonic: self.start.elapsed(), wall_ms }
    }

    /// The moment that the core calls `monotonic`.
    pub(super) fn instant(&self, monotonic: Duration) -> Instant {
        // A moment that no clock can name is never reached; a day from now is asked about again.
        let day = Duration::from_hours(24);
        self.start.checked_add(monotonic).unwrap_or_else(|| Instant::now() + day)
    }
}

/// Milliseconds since 1970; 0 where the machine believes in an earlier year.
pub(super) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
