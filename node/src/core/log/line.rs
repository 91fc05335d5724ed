//! The form of a line of the log: `2026-11-21T07:54:11.123Z LEVEL text`. With the time first, the
//! logs of several nodes can be merged.

use std::fmt;

use super::level::Level;
use super::utc::push_time;

/// Appends one line of the log with its line end; `wall_ms` counts from 1970. One event is always
/// one line: control characters in it are escaped.
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

/// A writer that escapes control characters.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::LogEvent;

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
        let expected =
            format!("WARN put off a version of {key}…: it is stamped 6000 ms ahead of this node's clock");
        check_line(&event, &expected);
        check_line(&LogEvent::Written { key: key.clone(), tombstone: true }, &format!("INFO deleted {key}"));
    }
}
