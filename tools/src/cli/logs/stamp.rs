//! The parser of the time at the beginning of a line.

/// Returns the time that the line begins with, in microseconds since 1970. Reads `2026-11-21T07:54:11.123Z`
/// and the variants of other programs: a blank for the `T`, a comma, more or fewer digits, an offset. A time
/// without an offset is taken as UTC.
pub(in crate::cli) fn stamp(line: &[u8]) -> Option<i64> {
    let mut rest = line;
    let year = number(&mut rest, 4)?;
    byte(&mut rest, b"-")?;
    let month = number(&mut rest, 2).filter(|month| (1..=12).contains(month))?;
    byte(&mut rest, b"-")?;
    let day = number(&mut rest, 2).filter(|day| (1..=31).contains(day))?;
    byte(&mut rest, b"T ")?;
    let hour = number(&mut rest, 2).filter(|hour| *hour < 24)?;
    byte(&mut rest, b":")?;
    let minute = number(&mut rest, 2).filter(|minute| *minute < 60)?;
    byte(&mut rest, b":")?;
    // A minute with a leap second has a second 60.
    let second = number(&mut rest, 2).filter(|second| *second <= 60)?;
    let micros = if byte(&mut rest, b".,").is_some() { fraction(&mut rest)? } else { 0 };
    let offset_minutes = offset(&mut rest).unwrap_or(0);
    if rest.first().is_some_and(u8::is_ascii_alphanumeric) {
        return None;
    }
    let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    Some((minutes * 60 + second) * 1_000_000 + micros)
}

/// Returns the days since 1970-01-01, as in Howard Hinnant, *chrono-Compatible Low-Level Date Algorithms*
/// (2013): years begin in March, so that the leap day comes last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Parses `Z`, or `±HH:MM` with or without its colon. Returns minutes.
fn offset(rest: &mut &[u8]) -> Option<i64> {
    let mut ahead = *rest;
    let sign = match byte(&mut ahead, b"Zz+-")? {
        b'+' => 1,
        b'-' => -1,
        _ => {
            *rest = ahead;
            return Some(0);
        }
    };
    let hours = number(&mut ahead, 2)?;
    let _ = byte(&mut ahead, b":");
    let minutes = number(&mut ahead, 2).unwrap_or(0);
    *rest = ahead;
    Some(sign * (hours * 60 + minutes))
}

/// Parses the digits of a fraction of a second. Returns microseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let mut micros = 0;
    for index in 0..6 {
        let digit = rest.get(index).filter(|_| index < digits).map_or(0, |byte| i64::from(byte - b'0'));
        micros = micros * 10 + digit;
    }
    *rest = &rest[digits..];
    Some(micros)
}

fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (head, tail) = rest.split_at_checked(digits)?;
    if !head.iter().all(u8::is_ascii_digit) {
        return None;
    }
    *rest = tail;
    Some(head.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

fn byte(rest: &mut &[u8], one_of: &[u8]) -> Option<u8> {
    let (first, tail) = rest.split_first()?;
    if !one_of.contains(first) {
        return None;
    }
    *rest = tail;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::stamp;

    #[track_caller]
    fn check(line: &str, micros: Option<i64>) {
        assert_eq!(stamp(line.as_bytes()), micros, "{line}");
    }

    #[test]
    fn times_are_read_as_programs_write_them() {
        // The expected number is the output of `date -u -d 2024-02-29T23:59:59Z +%s`, in microseconds.
        let leap = 1_709_251_199_000_000;
        check("2024-02-29T23:59:59.000Z INFO set k", Some(leap));
        check("2024-02-29 23:59:59,5 x", Some(leap + 500_000));
        check("2024-02-29T23:59:59.123456789Z", Some(leap + 123_456));
        check("2024-03-01T00:59:59+01:00 x", Some(leap));
        check("2024-02-29T20:29:59-0330", Some(leap));
        check("2024-02-29T23:59:59", Some(leap));
        check("2024-02-29T23:59:59]", Some(leap));
        check("1970-01-01T00:00:00.000Z", Some(0));
        check("1969-12-31T23:59:59Z", Some(-1_000_000));
    }

    #[test]
    fn other_beginnings_are_no_times() {
        for line in [
            "",
            "    at main.rs:3",
            "2024-13-01T00:00:00Z",
            "2024-01-01",
            "2024-01-01T00:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00x",
            "x2024-01-01T00:00:00Z",
        ] {
            check(line, None);
        }
    }
}
