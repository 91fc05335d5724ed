//! The failure of a command: the exit code, the message and the remedy. Only this module prints one.

use std::fmt::{self, Display};
use std::io::{self, Write};

use super::exit::Exit;
use crate::text::{Diagnostic, io_cause};

/// The reason why a command fails, as standard error shows it.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    message: Message,
    /// The remedy, if there is one to name.
    help: Option<String>,
}

/// The message of a failure.
#[derive(Debug)]
enum Message {
    /// A lower-case fragment, printed behind `error: `.
    Plain(String),
    /// A text that is already complete, such as a diagnostic with its place.
    Rendered(String),
    /// No text: standard error has it already.
    Printed,
}

impl Failure {
    /// Creates a failure with a message, which is a lower-case fragment.
    pub(super) fn new(exit: Exit, message: impl Display) -> Self {
        Self { exit, message: Message::Plain(message.to_string()), help: None }
    }

    /// Creates the failure of a command that was called in a wrong way.
    pub(super) fn usage(message: impl Display) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Creates the failure of a command for which the environment lacked something.
    pub(super) fn environment(message: impl Display) -> Self {
        Self::new(Exit::Environment, message)
    }

    /// Creates a failure with a text that is already complete.
    pub(super) fn rendered(exit: Exit, text: impl Display) -> Self {
        Self { exit, message: Message::Rendered(text.to_string()), help: None }
    }

    /// Creates a failure whose text the command has already printed.
    pub(super) fn printed(exit: Exit) -> Self {
        Self { exit, message: Message::Printed, help: None }
    }

    /// Adds the remedy.
    #[must_use]
    pub(super) fn help(mut self, help: impl Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// Returns the exit code.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// Prints the failure to standard error. A command that goes on afterwards ends with the exit code.
    pub(super) fn print(&self, err: &mut dyn Write) -> io::Result<()> {
        match self.message {
            Message::Printed => Ok(()),
            Message::Plain(_) | Message::Rendered(_) => writeln!(err, "{self}"),
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Message::Plain(message) => write!(f, "error: {message}")?,
            Message::Rendered(text) => f.write_str(text)?,
            Message::Printed => {}
        }
        match &self.help {
            Some(help) => write!(f, "\n  = help: {help}"),
            None => Ok(()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::environment(io_cause(&error))
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::environment(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::rendered(Exit::Usage, diagnostic)
    }
}

/// Prints the failure of a command that ended with one, and returns the exit code.
pub(super) fn conclude(ended: Result<Exit, Failure>, err: &mut dyn Write) -> Exit {
    ended.unwrap_or_else(|failure| {
        // If even the message cannot be written, the exit code still tells of the failure.
        let _: io::Result<()> = failure.print(err);
        failure.exit()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[track_caller]
    fn check(failure: Failure, exit: Exit, expected: &str) {
        let mut err = Vec::new();
        assert_eq!(conclude(Err(failure), &mut err), exit);
        assert_eq!(String::from_utf8(err).unwrap(), expected);
    }

    #[test]
    fn a_failure_is_printed_with_its_remedy() {
        check(Failure::usage("no such node"), Exit::Usage, "error: no such node\n");
        let failure = Failure::environment("`a` is not running").help("`tools start a` starts it again");
        let expected = "error: `a` is not running\n  = help: `tools start a` starts it again\n";
        check(failure, Exit::Environment, expected);
        check(io::Error::other("no room").into(), Exit::Environment, "error: no room\n");
    }

    #[test]
    fn a_complete_text_is_printed_as_it_is_and_once() {
        let wrong = Diagnostic::error(&Source::new("x", "a-a"), 0..3, "`a` is linked to itself");
        let text = format!("{wrong}\n");
        check(wrong.into(), Exit::Usage, &text);
        check(Failure::printed(Exit::Usage), Exit::Usage, "");
    }
}
