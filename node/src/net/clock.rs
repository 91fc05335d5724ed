//! The machine's clocks, in the form that the core expects.

use std::cell::Cell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::core::Now;

/// The clocks of a node; the monotonic one counts from the moment when this was made.
pub(super) struct SystemClock {
    start: Instant,
    /// The lead of the node's wall clock over the machine's, in milliseconds: for tests of wrong clocks.
    ahead_ms: Cell<i64>,
}

impl SystemClock {
    pub(super) fn start(ahead_ms: i64) -> Self {
        Self { start: Instant::now(), ahead_ms: Cell::new(ahead_ms) }
    }

    /// Sets the lead of the wall clock over the machine's, in milliseconds; negative if it is behind.
    pub(super) fn set_ahead(&self, ahead_ms: i64) {
        self.ahead_ms.set(ahead_ms);
    }

    pub(super) fn now(&self) -> Now {
        let wall_ms = wall_ms().saturating_add_signed(self.ahead_ms.get());
        Now { monotonic: self.start.elapsed(), wall_ms }
    }

    /// Returns the instant of the core's monotonic time.
    pub(super) fn instant(&self, monotonic: Duration) -> Instant {
        // An instant that no clock can represent is never reached; the caller asks again in a day.
        let day = Duration::from_hours(24);
        self.start.checked_add(monotonic).unwrap_or_else(|| Instant::now() + day)
    }
}

/// Returns the milliseconds since 1970, or 0 where the machine's clock is set to an earlier year.
pub(super) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
