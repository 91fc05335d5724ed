//! The text form of a moment: UTC with milliseconds, `2026-11-21T07:54:11.123Z`.

/// Returns a moment, in milliseconds since 1970, as UTC with milliseconds.
pub(in crate::core) fn utc(wall_ms: u64) -> String {
    let mut text = String::with_capacity(24);
    push_time(&mut text, wall_ms);
    text
}

/// Appends a moment as UTC with milliseconds. The date is computed as in Howard Hinnant,
/// *chrono-Compatible Low-Level Date Algorithms* (2013): years begin in March, so that the leap day
/// comes last.
pub(super) fn push_time(line: &mut String, wall_ms: u64) {
    use std::fmt::Write as _;

    let (days, ms) = (wall_ms / 86_400_000, wall_ms % 86_400_000);
    let since = days + 719_468; // days since 0000-03-01
    let (era, day_of_era) = (since / 146_097, since % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    // Writing to a string does not fail.
    let _ =
        write!(line, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1_000);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_time(wall_ms: u64, expected: &str) {
        let mut line = String::new();
        push_time(&mut line, wall_ms);
        assert_eq!(line, expected);
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        // date -u -d @SECONDS
        check_time(0, "1970-01-01T00:00:00.000Z");
        check_time(951_782_399_999, "2000-02-28T23:59:59.999Z");
        check_time(951_782_400_000, "2000-02-29T00:00:00.000Z");
        check_time(1_709_251_200_001, "2024-03-01T00:00:00.001Z");
        check_time(1_798_761_599_999, "2026-12-31T23:59:59.999Z");
        check_time(4_107_542_400_000, "2100-03-01T00:00:00.000Z");
    }
}
