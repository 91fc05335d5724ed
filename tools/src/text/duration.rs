//! Durations as people write them.

use std::time::Duration;

/// The units of time, in seconds.
pub const TIME_UNITS: [(&str, f64); 5] = [("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// Parses a duration as scenarios write it: a number that touches its unit, such as `5s`. None if it is none.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let (_, seconds) = TIME_UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let is_number = number.starts_with(|c: char| c.is_ascii_digit())
        && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    Duration::try_from_secs_f64(number.parse::<f64>().ok().filter(|_| is_number)? * seconds).ok()
}

/// Returns a duration as text: `5 s`, `200 ms`, `1 m 30 s`, `3 h 3 m`, `850 µs`. It is as short as possible
/// without losing what matters.
#[must_use]
pub fn duration(duration: Duration) -> String {
    let (secs, micros) = (duration.as_secs(), duration.subsec_micros());
    match (secs, micros) {
        (0, 0) => "0 s".to_owned(),
        (0, 1..1_000) => format!("{micros} µs"),
        (0, 1_000..10_000) if !micros.is_multiple_of(1_000) => {
            format!("{:.1} ms", f64::from(micros) / 1_000.0)
        }
        (0, _) => format!("{} ms", micros / 1_000),
        (1..10, 1_000..) => {
            let text = format!("{:.2}", duration.as_secs_f64());
            format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
        }
        (0..60, _) => format!("{secs} s"),
        (60..3_600, _) => two(secs, "s", 60, "m"),
        (3_600.., _) => two(secs / 60, "m", 60, "h"),
    }
}

/// Returns a duration as it stands in a step of a scenario: `5s`, `200ms`, `0.5ms`.
#[must_use]
pub fn step_duration(duration: Duration) -> String {
    match (duration.as_micros(), duration.as_millis()) {
        (micros, _) if !micros.is_multiple_of(1_000) => format!("{}ms", duration.as_secs_f64() * 1_000.0),
        (_, ms) if ms > 0 && ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        (_, ms) => format!("{ms}ms"),
    }
}

/// Returns an amount in two units: a greater one, which is `per` of the lesser one, and the rest in that.
fn two(lesser: u64, unit: &str, per: u64, greater: &str) -> String {
    match (lesser / per, lesser % per) {
        (whole, 0) => format!("{whole} {greater}"),
        (whole, over) => format!("{whole} {greater} {over} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(micros: u64, expected: &str) {
        assert_eq!(duration(Duration::from_micros(micros)), expected);
    }

    #[test]
    fn a_number_and_its_unit_are_a_duration() {
        assert_eq!(parse_duration("1.5s"), Some(Duration::from_millis(1_500)));
        assert_eq!(parse_duration("2m"), Some(Duration::from_mins(2)));
        for wrong in ["5", "s", "-1s", "5 s", "1e3s", "5d", "", "inf s"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn says_what_matters() {
        check(0, "0 s");
        check(850, "850 µs");
        check(1_500, "1.5 ms");
        check(200_000, "200 ms");
        check(1_500_000, "1.5 s");
        check(5_000_000, "5 s");
        check(12_345_678, "12 s");
        check(60_000_000, "1 m");
        check(90_000_000, "1 m 30 s");
        check(3_600_000_000, "1 h");
        check(11_013_000_000, "3 h 3 m");
        check(172_800_000_000, "48 h");
    }
}
