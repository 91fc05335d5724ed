//! One line an event, `2026-11-21T07:54:11.123Z LEVEL text`, so that the logs of several nodes
//! can be merged by time. Normal events go to standard output, problems to standard error.
//!
//! Keys and names may stand in a line, values and secrets never do. What strangers chose is
//! shown without its control characters, so that nobody can forge a line. A line that cannot be
//! written is lost and nothing else: a node outlives whoever read its log.

use std::borrow::Cow;
use std::fmt;
use std::io::Write;

use super::clock::wall_ms;
use crate::core::LogEvent;

/// Something normal happened.
pub(super) fn info(text: fmt::Arguments) {
    write(std::io::stdout(), "INFO", text);
}

/// Something that a person may have to look at.
pub(super) fn warn(text: fmt::Arguments) {
    write(std::io::stderr(), "WARN", text);
}

/// What the node ends with.
pub(super) fn error(text: fmt::Arguments) {
    write(std::io::stderr(), "ERROR", text);
}

/// What the core had to say.
pub(super) fn event(event: &LogEvent) {
    match event {
        LogEvent::LinkUp { peer, dialled } => {
            let end = if *dialled { "dialled here" } else { "dialled there" };
            info(format_args!("link to {peer} is up, {end}"));
        }
        LogEvent::LinkDown { peer, reason } => info(format_args!("link to {peer} is down: {reason}")),
        LogEvent::Redial { address, after } => {
            info(format_args!("dialling {address} again in {} ms", after.as_millis()));
        }
        LogEvent::Written { key, tombstone: false } => info(format_args!("set {}", brief(key))),
        LogEvent::Written { key, tombstone: true } => info(format_args!("deleted {}", brief(key))),
        LogEvent::Refused { peer, reason } => warn(format_args!("refused {peer}: {reason}")),
        LogEvent::NotYetDue { key, ahead_ms } => {
            let key = brief(key);
            warn(format_args!("put off a version of {key}: it is {ahead_ms} ms ahead of this clock"));
        }
        LogEvent::ClockAhead { peer, ahead_ms } => {
            warn(format_args!(
                "this clock is {ahead_ms} ms ahead, says {peer}: writes are refused meanwhile"
            ));
        }
        LogEvent::Overflow { peer } => {
            warn(format_args!("{peer} reads slowly: payloads were let go, the link will be reconciled"));
        }
    }
}

/// As much of a key as a line has room for.
fn brief(key: &str) -> Cow<'_, str> {
    match key.char_indices().nth(80) {
        None => Cow::Borrowed(key),
        Some((end, _)) => Cow::Owned(format!("{}…", &key[..end])),
    }
}

fn write(mut to: impl Write, level: &str, text: fmt::Arguments) {
    let text = text.to_string();
    let mut line = String::with_capacity(32 + text.len());
    push_time(&mut line, wall_ms());
    line.push(' ');
    line.push_str(level);
    line.push(' ');
    for character in text.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line.push('\n');
    // Whoever read the log may be gone; the node goes on.
    let _ = to.write_all(line.as_bytes()).and_then(|()| to.flush());
}

/// Appends UTC with milliseconds. Days to dates as in Howard Hinnant, *chrono-Compatible
/// Low-Level Date Algorithms* (2013): years begin in March, so that the leap day comes last.
fn push_time(line: &mut String, wall_ms: u64) {
    use fmt::Write as _;

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

    #[test]
    fn a_line_is_one_line_whatever_it_says() {
        let mut written = Vec::new();
        write(&mut written, "INFO", format_args!("set {}", "a\nb\u{1b}[31mé"));
        let line = String::from_utf8(written).unwrap();
        assert_eq!(&line[24..], " INFO set a\\nb\\u{1b}[31mé\n");
    }

    #[test]
    fn a_log_that_nobody_takes_is_no_reason_to_end() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        write(Gone, "INFO", format_args!("nobody reads this"));
    }
}
