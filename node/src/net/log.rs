//! A node's log: normal events go to standard output, problems to standard error.
//!
//! [`core`](crate::core) defines the form of a line. A line that cannot be written is lost and nothing else:
//! a node outlives the reader of its log.

use std::fmt;
use std::io::Write;

use super::clock::wall_ms;
use crate::core::{Level, LogEvent, push_log_line};

/// Logs a normal event.
pub(super) fn info(text: fmt::Arguments) {
    write_line(Level::Info, text);
}

/// Logs an event that a person may have to look at.
pub(super) fn warn(text: fmt::Arguments) {
    write_line(Level::Warn, text);
}

/// Logs the error with which the node ends.
pub(super) fn error(text: fmt::Arguments) {
    write_line(Level::Error, text);
}

/// Logs an event of the core, at its own level.
pub(super) fn event(event: &LogEvent) {
    write_line(event.level(), event);
}

fn write_line(level: Level, text: impl fmt::Display) {
    match level {
        Level::Info => write(std::io::stdout(), level, text),
        Level::Warn | Level::Error => write(std::io::stderr(), level, text),
    }
}

fn write(mut to: impl Write, level: Level, text: impl fmt::Display) {
    let mut line = String::with_capacity(128);
    push_log_line(&mut line, wall_ms(), level, text);
    // The reader of the log may be gone; the node goes on.
    let _ = to.write_all(line.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

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
        write(Gone, Level::Info, "nobody reads this");
    }
}
