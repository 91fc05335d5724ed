//! What a node says of itself, and how a line of its log looks:
//! `2026-11-21T07:54:11.123Z LEVEL text`, so that the logs of several nodes can be merged by time.
//!
//! Keys and names may stand in a line, values and secrets never do. What strangers chose is
//! shown without its control characters, so that nobody can forge a line. Where lines go, and
//! what the time is, is the driver's business.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What a node logs. The driver writes one line for each: its [`level`](Self::level) and, by
/// `Display`, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogEvent {
    /// A link is up and listed at both ends.
    LinkUp {
        /// The neighbour's name or, without one, its address.
        peer: String,
        /// Whether this end dialled.
        dialled: bool,
    },
    /// A link is down.
    LinkDown {
        /// The neighbour's name or address.
        peer: String,
        /// Why, for people.
        reason: String,
    },
    /// A broken link is dialled again.
    Redial {
        /// The address.
        address: String,
        /// After how long.
        after: Duration,
    },
    /// A neighbour was refused.
    Refused {
        /// Its name or address.
        peer: String,
        /// Why.
        reason: String,
    },
    /// A version from a clock that is ahead was put off.
    NotYetDue {
        /// Its key.
        key: String,
        /// How far ahead of this node's wall clock.
        ahead_ms: u64,
    },
    /// A neighbour says that this node's clock is ahead.
    ClockAhead {
        /// The neighbour's name or address.
        peer: String,
        /// How far.
        ahead_ms: u64,
    },
    /// A neighbour's queue overflowed: payloads were let go, the link will be reconciled.
    Overflow {
        /// Its name or address.
        peer: String,
    },
    /// What was handed over could not be kept.
    NotKept {
        /// Why.
        reason: String,
    },
    /// A version was written by a client of this node.
    Written {
        /// Its key.
        key: String,
        /// Whether it is a tombstone.
        tombstone: bool,
    },
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something normal happened.
    Info,
    /// Something that a person may have to look at.
    Warn,
    /// What a node ends with.
    Error,
}

impl Level {
    /// The word in the line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

impl LogEvent {
    /// How much it matters.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::LinkUp { .. } | Self::LinkDown { .. } | Self::Redial { .. } | Self::Written { .. } => {
                Level::Info
            }
            Self::Refused { .. }
            | Self::NotKept { .. }
            | Self::NotYetDue { .. }
            | Self::ClockAhead { .. }
            | Self::Overflow { .. } => Level::Warn,
        }
    }
}

impl fmt::Display for LogEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkUp { peer, dialled } => {
                let end = if *dialled { "dialled here" } else { "dialled there" };
                write!(f, "link to {peer} is up, {end}")
            }
            Self::LinkDown { peer, reason } => write!(f, "link to {peer} is down: {reason}"),
            Self::Redial { address, after } => {
                write!(f, "dialling {address} again in {} ms", after.as_millis())
            }
            Self::Refused { peer, reason } => write!(f, "refused {peer}: {reason}"),
            Self::NotYetDue { key, ahead_ms } => {
                let key = brief(key);
                write!(f, "put off a version of {key}: it is {ahead_ms} ms ahead of this clock")
            }
            Self::ClockAhead { peer, ahead_ms } => {
                write!(f, "this clock is {ahead_ms} ms ahead, says {peer}: writes are refused meanwhile")
            }
            Self::Overflow { peer } => {
                write!(f, "{peer} reads slowly: payloads were let go, the link will be reconciled")
            }
            Self::NotKept { reason } => write!(f, "cannot keep what was written: {reason}"),
            Self::Written { key, tombstone: false } => write!(f, "set {}", brief(key)),
            Self::Written { key, tombstone: true } => write!(f, "deleted {}", brief(key)),
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

/// Appends a line of a log, its end included; `wall_ms` counts from 1970. One event is one line,
/// whatever it says: control characters are escaped.
pub fn push_log_line(out: &mut String, wall_ms: u64, level: Level, text: impl fmt::Display) {
    use fmt::Write as _;

    push_time(out, wall_ms);
    out.push(' ');
    out.push_str(level.name());
    out.push(' ');
    // Writing to a string does not fail.
    let _ = write!(Escaped(out), "{text}");
    out.push('\n');
}

/// A text that takes no control characters.
struct Escaped<'a>(&'a mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if character.is_control() {
                self.0.extend(character.escape_default());
            } else {
                self.0.push(character);
            }
        }
        Ok(())
    }
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

    #[track_caller]
    fn check_line(event: &LogEvent, expected: &str) {
        let mut line = String::new();
        push_log_line(&mut line, 0, event.level(), event);
        assert_eq!(line, format!("1970-01-01T00:00:00.000Z {expected}\n"));
    }

    #[test]
    fn a_line_is_one_line_whatever_it_says() {
        let event = LogEvent::Written { key: "a\nb\u{1b}[31mé".into(), tombstone: false };
        check_line(&event, "INFO set a\\nb\\u{1b}[31mé");
    }

    #[test]
    fn a_long_key_is_cut_between_characters() {
        let event = LogEvent::NotYetDue { key: "é".repeat(81), ahead_ms: 6_000 };
        let key = "é".repeat(80);
        let expected = format!("WARN put off a version of {key}…: it is 6000 ms ahead of this clock");
        check_line(&event, &expected);
        check_line(&LogEvent::Written { key: key.clone(), tombstone: true }, &format!("INFO deleted {key}"));
    }
}
