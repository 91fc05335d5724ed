//! A command that runs while its story goes on.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::redact::Redactor;
use crate::story::{DEADLINE, Finished, kill};

/// A child process, killed when this value is dropped, however the test ends.
pub(crate) struct Background {
    child: Child,
    redactor: Redactor,
    out: Lines,
    err: Lines,
}

/// The lines of one stream, in the order of their arrival.
struct Lines {
    coming: Receiver<String>,
    taken: Vec<String>,
}

impl Background {
    #[track_caller]
    pub(crate) fn start(command: Command, redactor: Redactor) -> Self {
        Self::start_to(command, Stdio::piped(), redactor)
    }

    /// Starts the command with this standard output. Its lines can be read here only if it is a new pipe.
    #[track_caller]
    pub(crate) fn start_to(mut command: Command, out: Stdio, redactor: Redactor) -> Self {
        command.stdin(Stdio::null()).stdout(out).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        // The command holds copies of the streams that it was given, and would keep a pipe open.
        drop(command);
        let out = child.stdout.take().map_or_else(Lines::none, Lines::of);
        let err = Lines::of(child.stderr.take().expect("a pipe"));
        Self { child, redactor, out, err }
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    /// Waits for a line on standard output that contains this text. Returns it unredacted.
    #[track_caller]
    pub(crate) fn line(&mut self, text: &str) -> String {
        self.out.wait_for(text)
    }

    /// Waits for a line on standard error that contains this text. Returns it unredacted.
    #[track_caller]
    pub(crate) fn problem(&mut self, text: &str) -> String {
        self.err.wait_for(text)
    }

    /// Sends a signal to the process.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.id(), signal).expect("it still runs");
    }

    /// Waits for the end of the process. Returns its exit code and all that it wrote.
    #[track_caller]
    pub(crate) fn ended(mut self) -> Finished {
        assert!(self.has_ended(), "it did not end: {:?} {:?}", self.out.taken, self.err.taken);
        let code = self.child.wait().expect("a child of ours").code();
        let [raw, err] = [&mut self.out, &mut self.err].map(Lines::rest);
        Finished { code, out: self.redactor.redact(&raw), raw, err: self.redactor.redact(&err) }
    }
}

impl Background {
    /// Waits for the end of the process. Returns false if the deadline comes first.
    fn has_ended(&self) -> bool {
        let pidfd = pidfd_open(Pid::from_child(&self.child), PidfdFlags::empty()).expect("a child of ours");
        let until = Instant::now() + DEADLINE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).expect("a minute at most");
            match poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return ready == 1,
                // The end of another test's child can interrupt any thread of this process.
                Err(Errno::INTR) => {}
                Err(error) => panic!("it cannot be waited for: {error}"),
            }
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // A process that has already ended is no error.
        let _: std::io::Result<()> = self.child.kill();
        let _: std::io::Result<_> = self.child.wait();
    }
}

impl Lines {
    fn none() -> Self {
        Self { coming: mpsc::channel().1, taken: Vec::new() }
    }

    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, coming) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            lines.map_while(|line| sender.send(line).ok()).for_each(drop);
        });
        Self { coming, taken: Vec::new() }
    }

    #[track_caller]
    fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            let Ok(line) = self.coming.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                panic!("no line with `{text}`, only {:#?}", self.taken);
            };
            self.taken.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Returns all lines, including those that were waited for. The process has ended, so that the stream
    /// ends too.
    fn rest(&mut self) -> String {
        let until = Instant::now() + DEADLINE;
        while let Ok(line) = self.coming.recv_timeout(until.saturating_duration_since(Instant::now())) {
            self.taken.push(line);
        }
        self.taken.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
    }
}
