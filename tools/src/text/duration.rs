//! Durations as people write them.

use std::time::Duration;

/// `5 s`, `200 ms`, `1 m 30 s`, `850 µs`: as short as it can be said without losing what matters.
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
        (60.., _) if secs.is_multiple_of(60) => format!("{} m", secs / 60),
        (60.., _) => format!("{} m {} s", secs / 60, secs % 60),
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
    }
}
