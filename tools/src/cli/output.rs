//! The standard streams of a command.
//!
//! The loss of a stream ends no command: runs are judged, files are written, and the exit code is the
//! verdict's. A reader that closed its end wanted no more, so that loss is not reported. Any other loss, such
//! as a full disk, is reported, and turns a success into an error.

use std::io::{self, Write};

use super::exit::Exit;
use super::failure::Failure;
use crate::text::io_cause;

/// A stream that discards all text after its first error.
#[derive(Debug)]
pub(super) struct Output<W> {
    stream: W,
    lost: Option<io::Error>,
}

impl<W: Write> Output<W> {
    /// Wraps a stream.
    pub(super) fn new(stream: W) -> Self {
        Self { stream, lost: None }
    }

    /// Returns the stream itself, for commands that have nothing to do once the reader has gone.
    pub(super) fn until_closed(&mut self) -> &mut W {
        &mut self.stream
    }

    /// Flushes the stream. Returns the error that lost it, if there is one and it is not the reader's end.
    fn problem(&mut self) -> Option<&io::Error> {
        // This flush never fails: an error becomes the loss.
        let _: io::Result<()> = self.flush();
        self.lost.as_ref().filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Returns the value of an attempt. If the attempt fails, the stream is lost and the value is
    /// `discarded`.
    fn attempt<T>(&mut self, discarded: T, act: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<T> {
        if self.lost.is_some() {
            return Ok(discarded);
        }
        match act(&mut self.stream) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                self.lost = Some(error);
                Ok(discarded)
            }
            done => done,
        }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), Write::flush)
    }
}

/// Flushes both streams, reports a loss, and returns the exit code of a command that ended with `exit`. A
/// success whose output was lost is an error.
pub(super) fn close(exit: Exit, out: &mut Output<impl Write>, err: &mut Output<impl Write>) -> Exit {
    let exit = match out.problem() {
        Some(error) => {
            // If even the message cannot be written, the exit code still tells of the loss.
            let message = format!("cannot write to standard output: {}; send it elsewhere", io_cause(error));
            let _: io::Result<()> = Failure::environment(message).print(err);
            if exit == Exit::Held { Exit::Environment } else { exit }
        }
        None => exit,
    };
    let _: io::Result<()> = err.flush();
    exit
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that takes some bytes and then fails in this way.
    struct Failing(usize, io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(self.0);
            self.0 -= taken;
            if taken == 0 { Err(self.1.into()) } else { Ok(taken) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check(kind: io::ErrorKind, code: u8, expected: u8, said: &str) {
        let (mut out, mut err) = (Output::new(Failing(3, kind)), Output::new(Vec::new()));
        for _ in 0..3 {
            writeln!(out, "a line").unwrap();
            out.flush().unwrap();
        }
        assert_eq!(close(Exit::of_code(code), &mut out, &mut err).code(), expected);
        assert!(String::from_utf8(err.stream).unwrap().starts_with(said));
    }

    #[test]
    fn a_reader_that_has_gone_changes_no_exit_code() {
        for code in [0, 1, 2, 3, 130] {
            check(io::ErrorKind::BrokenPipe, code, code, "");
        }
    }

    #[test]
    fn output_that_is_lost_otherwise_is_no_success_and_hides_no_verdict() {
        let said = "error: cannot write to standard output: no storage space";
        check(io::ErrorKind::StorageFull, 0, 3, said);
        check(io::ErrorKind::StorageFull, 1, 1, said);
    }

    #[test]
    fn a_lost_standard_error_changes_nothing() {
        let (mut out, mut err) = (Output::new(Vec::new()), Output::new(Failing(0, io::ErrorKind::Other)));
        writeln!(out, "a line").unwrap();
        writeln!(err, "a line").unwrap();
        assert_eq!(close(Exit::Held, &mut out, &mut err), Exit::Held);
    }
}
