//! Where a node's log goes: normal events to standard output, problems to standard error.
//!
//! How a line looks is [`core`](crate::core)'s to say. A line that cannot be written is lost and
//! nothing else: a node outlives whoever read its log.

use std::fmt;
use std::io::Write;

use super::clock::wall_ms;
use crate::core::{Level, LogEvent, push_log_line};

/// Something normal happened.
pub(super) fn info(text: fmt::Arguments) {
    say(Level::Info, text);
}

/// Something that a person may have to look at.
pub(super) fn warn(text: fmt::Arguments) {
    say(Level::Warn, text);
}

/// What the node ends with.
pub(super) fn error(text: fmt::Arguments) {
    say(Level::Error, text);
}

/// What the core had to say.
pub(super) fn event(event: &LogEvent) {
    say(event.level(), event);
}

fn say(level: Level, text: impl fmt::Display) {
    match level {
        Level::Info => write(std::io::stdout(), level, text),
        Level::Warn | Level::Error => write(std::io::stderr(), level, text),
    }
}

fn write(mut to: impl Write, level: Level, text: impl fmt::Display) {
    let mut line = String::with_capacity(128);
    push_log_line(&mut line, wall_ms(), level, text);
    // Whoever read the log may be gone; the node goes on.
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
