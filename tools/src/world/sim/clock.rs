//! The clock of virtual time.

use std::time::Duration;

/// The wall time, in milliseconds since 1970, at which virtual time begins: the start of the year 2026 in UTC.
pub(super) const WALL_MS: u64 = 1_767_225_600_000;

/// Returns a time in nanoseconds.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
