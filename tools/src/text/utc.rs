//! The text form of a moment, as reports for build servers have it: UTC in whole seconds.
//!
//! The log of the node has the same calendar, in `node/src/core/log/utc.rs`. It stays twice: the harness knows the
//! node only in its worlds and drivers, and this module knows neither.

/// The last millisecond of the year 9999. The form has four digits for the year.
const LAST_MS: u64 = 253_402_300_799_999;

/// Returns a moment, in milliseconds since 1970, as UTC in whole seconds, without the offset:
/// `2026-11-21T07:54:11`. A moment after the year 9999 is the last second of that year.
///
/// The date is computed as in Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms* (2013): years
/// begin in March, so that the leap day comes last.
#[must_use]
pub fn utc_seconds(wall_ms: u64) -> String {
    let seconds = wall_ms.min(LAST_MS) / 1_000;
    let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
    let since = days + 719_468; // days since 0000-03-01
    let (era, day_of_era) = (since / 146_097, since % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second_of_day / 3_600, second_of_day / 60 % 60, second_of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        // date -u -d @SECONDS
        assert_eq!(utc_seconds(0), "1970-01-01T00:00:00");
        assert_eq!(utc_seconds(951_782_400_000), "2000-02-29T00:00:00");
        assert_eq!(utc_seconds(1_798_761_599_999), "2026-12-31T23:59:59");
        assert_eq!(utc_seconds(u64::MAX), "9999-12-31T23:59:59");
    }
}
