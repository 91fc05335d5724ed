//! Figures: lengths and delays as 64-bit integers, and delays as people write them.

use std::time::Duration;

/// Converts a length in memory to `u64`.
pub(super) fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// Returns a delay in whole milliseconds.
pub(super) fn millis(delay: Duration) -> u64 {
    u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
}

/// Formats a delay in seconds, as people write it: `3`, `0.500`.
pub(super) fn seconds(delay: Duration) -> String {
    let ms = millis(delay);
    if ms.is_multiple_of(1000) { (ms / 1000).to_string() } else { format!("{}.{:03}", ms / 1000, ms % 1000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_people_do() {
        assert_eq!(seconds(Duration::from_secs(3)), "3");
        assert_eq!(seconds(Duration::from_millis(1_500)), "1.500");
    }
}
