//! A story: a test that types commands in a folder of its own and checks their results.
//!
//! Each process that a story starts inherits the story's mark in its environment, and so do all its
//! descendants. The mark tells them from all other processes of the machine. At the end of a story none of
//! them may be left.

use std::cell::OnceCell;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open, pidfd_send_signal};
use tempfile::TempDir;

use crate::background::Background;
use crate::ports::Ports;
use crate::redact::Redactor;
use crate::terminal::Terminal;

/// The time-out of every wait: longer than any takes on the slowest machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// The interval between two looks at a condition that has no event to wait for.
const LOOK: Duration = Duration::from_millis(5);
/// The environment variable that carries a story's mark.
const MARK: &str = "TOOLS_STORY";

/// The folder in which the harness registers the running networks of a story.
const RUNTIME: &str = ".runtime";

/// The path of the binary under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tools");

/// A story: a folder of its own, a mark, and ports that nobody else uses.
pub(crate) struct Tools {
    folder: TempDir,
    mark: String,
    ports: OnceCell<Ports>,
}

/// The result of a command that has ended.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    /// The exit code; none if a signal ended the command.
    pub(crate) code: Option<i32>,
    /// Standard output, not redacted.
    pub(crate) raw: String,
    /// Standard output, redacted.
    pub(crate) out: String,
    /// Standard error, redacted.
    pub(crate) err: String,
}

/// A process with the mark of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: i32,
    pub(crate) command: String,
}

impl Tools {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            tempfile::Builder::new().prefix("tools-story-").tempdir().expect("a folder for the story");
        DirBuilder::new().mode(0o700).create(folder.path().join(RUNTIME)).expect("a folder in it");
        let mark = format!("{}-{count}-{}", std::process::id(), folder.path().display());
        Self { folder, mark, ports: OnceCell::new() }
    }

    /// Writes a file into the story's folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file of the story");
        self
    }

    /// Returns the path of a file in the story's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the text of a file in the story's folder. Panics if it cannot be read.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        match std::fs::read_to_string(self.path(name)) {
            Ok(text) => text,
            Err(error) => panic!("cannot read {name}: {error}"),
        }
    }

    /// Returns the first of the story's ports. On a command line, `@PORT` stands for it.
    pub(crate) fn port(&self) -> u16 {
        self.ports.get_or_init(Ports::take).first()
    }

    /// Runs a command and waits for its end. The line is quoted as for a shell: `run ring:5 -p @PORT`.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Finished {
        self.run_with(line, "")
    }

    /// Runs a command with this text on its standard input, and waits for its end.
    #[track_caller]
    pub(crate) fn run_with(&self, line: &str, input: &str) -> Finished {
        let mut command = assert_cmd::Command::from_std(self.command(line));
        self.ended(line, command.write_stdin(input).timeout(DEADLINE))
    }

    /// Runs a shell script and waits for its end. `$TOOLS` is the binary, and `$PORT` the first port.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) -> Finished {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        self.ended(script, assert_cmd::Command::from_std(self.placed(command)).timeout(DEADLINE))
    }

    /// Runs a command with this standard output, and waits for its end.
    #[track_caller]
    pub(crate) fn run_to(&self, line: &str, out: Stdio) -> Finished {
        Background::start_to(self.command(line), out, self.redactor()).ended()
    }

    /// Starts a command and returns while it runs.
    #[track_caller]
    pub(crate) fn begin(&self, line: &str) -> Background {
        Background::start(self.command(line), self.redactor())
    }

    /// Starts a command in a terminal of this size, and returns while it runs.
    #[track_caller]
    pub(crate) fn in_terminal(&self, line: &str, columns: u16, rows: u16) -> Terminal {
        Terminal::start(self.command(line), columns, rows)
    }

    /// Starts another program and returns while it runs.
    #[track_caller]
    pub(crate) fn begin_other(&self, command: Command) -> Background {
        Background::start(self.placed(command), self.redactor())
    }

    /// Starts a detached network. If it still runs at the end of the story, it is stopped then.
    #[track_caller]
    pub(crate) fn up(&self, line: &str) -> Finished {
        let ended = self.run(&format!("run --detach -p @PORT {line}"));
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended
    }

    /// Returns the network of the folder, as `ps --json` prints it.
    #[track_caller]
    pub(crate) fn ps(&self) -> serde_json::Value {
        let ended = self.run("ps --json");
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.json()
    }

    /// Returns the events of one kind from the journal of a scenario's run.
    #[track_caller]
    pub(crate) fn events(&self, scenario: &str, kind: &str) -> Vec<serde_json::Value> {
        let record = self.read(&format!("logs/{scenario}/run.jsonl"));
        let events = record.lines().map(|line| serde_json::from_str(line).expect("an event is JSON"));
        events.filter(|event: &serde_json::Value| event["event"] == kind).collect()
    }

    /// Returns the running processes that carry the story's mark.
    pub(crate) fn processes(&self) -> Vec<Process> {
        let mark = format!("{MARK}={}", self.mark);
        let entries = std::fs::read_dir("/proc").expect("a system with /proc").filter_map(Result::ok);
        let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        ids.filter(|id| {
            // The environment of a process that has ended reads as empty, or not at all.
            let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        })
        .map(|id| {
            let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            Process { id, command: String::from_utf8_lossy(&command).replace('\0', " ").trim().to_owned() }
        })
        .collect()
    }

    /// Waits until no process of the story is left. Panics if some are left at the deadline.
    #[track_caller]
    pub(crate) fn expect_nothing_left(&self) {
        let mut left = Vec::new();
        let gone = until(|| {
            left = self.processes();
            left.is_empty()
        });
        assert!(gone, "left behind: {left:#?}");
    }

    fn command(&self, line: &str) -> Command {
        let line = if line.contains("@PORT") {
            line.replace("@PORT", &self.port().to_string())
        } else {
            line.to_owned()
        };
        let words = shlex::split(&line).expect("a quote is not closed");
        let mut command = Command::new(PROGRAM);
        command.args(words);
        self.placed(command)
    }

    fn placed(&self, mut command: Command) -> Command {
        command.current_dir(self.folder.path()).env(MARK, &self.mark).env("TOOLS", PROGRAM);
        command.env("PORT", self.port().to_string());
        // A story must not find the networks of other stories, nor those of the person who runs the tests.
        command.env("XDG_RUNTIME_DIR", self.path(RUNTIME));
        command
    }

    #[track_caller]
    fn ended(&self, line: &str, command: &mut assert_cmd::Command) -> Finished {
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => panic!("`{line}` did not end: {error}"),
        };
        let redactor = self.redactor();
        let raw = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = redactor.redact(&String::from_utf8_lossy(&output.stderr));
        Finished { code: output.status.code(), out: redactor.redact(&raw), raw, err }
    }

    fn redactor(&self) -> Redactor {
        Redactor::new(self.folder.path(), self.ports.get())
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        // A network that the story left running is stopped as a person would stop it.
        if self.path("logs/.tools.sock").exists() && !thread::panicking() {
            let stopped = self.run("stop");
            assert!(matches!(stopped.code, Some(0 | 2)), "{stopped:#?}");
        }
        let mut left = Vec::new();
        let gone = thread::panicking()
            || until(|| {
                left = self.processes();
                left.is_empty()
            });
        while let processes = self.processes()
            && !processes.is_empty()
        {
            for process in processes {
                // A process that has ended meanwhile is no error.
                let _: rustix::io::Result<()> = kill(process.id, Signal::KILL);
            }
            thread::sleep(LOOK);
        }
        assert!(gone, "the story has ended and leaves behind: {left:#?}");
    }
}

impl Finished {
    /// Checks the exit code, and standard output and standard error as they are redacted.
    #[track_caller]
    pub(crate) fn check(&self, code: i32, out: &str, err: &str) -> &Self {
        same("standard output", &self.out, out);
        same("standard error", &self.err, err);
        assert_eq!(self.code, Some(code));
        self
    }

    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Parses standard output as JSON. Panics if it is none.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.raw) {
            Ok(value) => value,
            Err(error) => panic!("standard output is no JSON: {error}\n{self:#?}"),
        }
    }
}

/// Panics with both texts if they differ.
#[track_caller]
pub(crate) fn same(what: &str, actual: &str, expected: &str) {
    assert!(actual == expected, "{what} is\n{actual}\n  instead of\n{expected}");
}

/// Checks a condition again and again until it holds. Returns false if it does not before the deadline.
pub(crate) fn until(mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !holds() {
        if began.elapsed() > DEADLINE {
            return false;
        }
        thread::sleep(LOOK);
    }
    true
}

/// Kills a process and waits for its end. The system has then closed its files, so that locks are free.
pub(crate) fn kill_and_wait(id: i32) {
    let process = Pid::from_raw(id).expect("an id");
    let ended = pidfd_open(process, PidfdFlags::empty()).expect("it runs");
    pidfd_send_signal(&ended, Signal::KILL).expect("it runs");
    poll(&mut [PollFd::new(&ended, PollFlags::IN)], None).expect("it ends");
}

/// Sends a signal to a process.
pub(crate) fn kill(id: i32, signal: Signal) -> rustix::io::Result<()> {
    kill_process(Pid::from_raw(id).expect("a process id"), signal)
}

/// Returns true if this machine has a program. Otherwise prints a notice, or fails where no test may be
/// skipped.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file()) {
        return true;
    }
    skipped(&format!("this machine has no `{program}`"));
    false
}

/// Prints that a test is skipped. Panics where no test may be skipped.
pub(crate) fn skipped(reason: &str) {
    assert!(std::env::var_os("TOOLS_TESTS_REQUIRE_ALL").is_none(), "nothing may be skipped, and {reason}");
    // The notice is written past the capture of the test harness, so that it is seen.
    let said = format!("skipped: {reason}\n");
    let _: rustix::io::Result<usize> = rustix::io::write(rustix::stdio::stderr(), said.as_bytes());
}
