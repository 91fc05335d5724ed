//! A story: somebody with a folder of their own, who types commands and looks at what comes of them.
//!
//! Whatever a story starts carries its mark in the environment, however often it forks, and so does
//! whatever that starts in turn. By that mark a story knows its processes from all others of the
//! machine; when it ends, none of them may be left.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::background::Background;
use crate::ports::Ports;
use crate::redact::Redactor;

/// Longer than anything here takes on the slowest machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);
/// How often what cannot be told is looked at.
const LOOK: Duration = Duration::from_millis(5);
/// The variable that carries a story's mark.
const MARK: &str = "TOOLS_STORY";

/// The binary under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tools");

/// Somebody with a folder of their own and a range of ports that nobody else uses.
pub(crate) struct Tools {
    folder: TempDir,
    mark: String,
    ports: OnceCell<Ports>,
}

/// What came of a command.
#[derive(Debug, Clone)]
pub(crate) struct Ended {
    /// The ending code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output, as it was.
    pub(crate) raw: String,
    /// Standard output, redacted.
    pub(crate) out: String,
    /// Standard error, redacted.
    pub(crate) err: String,
}

/// A process that a story has started, or one that came of it.
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
        let mark = format!("{}-{count}-{}", std::process::id(), folder.path().display());
        Self { folder, mark, ports: OnceCell::new() }
    }

    /// Writes a file into the folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file of the story");
        self
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a file of the folder holds.
    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        match std::fs::read_to_string(self.path(name)) {
            Ok(text) => text,
            Err(error) => panic!("cannot read {name}: {error}"),
        }
    }

    /// The first of a few ports that belong to this story. On a command line, `@PORT` stands for it.
    pub(crate) fn port(&self) -> u16 {
        self.ports.get_or_init(Ports::take).first()
    }

    /// Types a command and waits for its end: `run ring:5 -p @PORT`, quoted as for a shell.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) -> Ended {
        self.run_with(line, "")
    }

    /// The same, with this text on its standard input.
    #[track_caller]
    pub(crate) fn run_with(&self, line: &str, input: &str) -> Ended {
        let mut command = assert_cmd::Command::from_std(self.command(line));
        self.ended(line, command.write_stdin(input).timeout(DEADLINE))
    }

    /// Has a shell do something, with the binary as `$TOOLS` and the port as `$PORT`.
    #[track_caller]
    pub(crate) fn shell(&self, script: &str) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        self.ended(script, assert_cmd::Command::from_std(self.placed(command)).timeout(DEADLINE))
    }

    /// Types a command and goes on while it runs.
    #[track_caller]
    pub(crate) fn begin(&self, line: &str) -> Background {
        Background::start(self.command(line), self.redactor())
    }

    /// Starts another program and goes on while it runs.
    #[track_caller]
    pub(crate) fn begin_other(&self, command: Command) -> Background {
        Background::start(self.placed(command), self.redactor())
    }

    /// Starts a network that stays, and takes down what of it is left at the story's end.
    #[track_caller]
    pub(crate) fn up(&self, line: &str) -> Ended {
        let ended = self.run(&format!("run --detach -p @PORT {line}"));
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended
    }

    /// The network of the folder, as `ps --json` tells it.
    #[track_caller]
    pub(crate) fn ps(&self) -> serde_json::Value {
        let ended = self.run("ps --json");
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.json()
    }

    /// What happened in a scenario's run, of these kinds, as its record tells it.
    #[track_caller]
    pub(crate) fn events(&self, scenario: &str, kind: &str) -> Vec<serde_json::Value> {
        let record = self.read(&format!("logs/{scenario}/run.jsonl"));
        let events = record.lines().map(|line| serde_json::from_str(line).expect("an event is JSON"));
        events.filter(|event: &serde_json::Value| event["event"] == kind).collect()
    }

    /// The processes that carry the story's mark, those that have ended aside.
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

    /// Waits until no process of the story is left.
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
        command
    }

    #[track_caller]
    fn ended(&self, line: &str, command: &mut assert_cmd::Command) -> Ended {
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => panic!("`{line}` did not end: {error}"),
        };
        let redactor = self.redactor();
        let raw = String::from_utf8_lossy(&output.stdout).into_owned();
        let err = redactor.redact(&String::from_utf8_lossy(&output.stderr));
        Ended { code: output.status.code(), out: redactor.redact(&raw), raw, err }
    }

    fn redactor(&self) -> Redactor {
        Redactor::new(self.folder.path(), self.ports.get())
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        // What the story left up on purpose is ended as a person would.
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
                // One that has ended meanwhile is no error.
                let _: rustix::io::Result<()> = kill(process.id, Signal::KILL);
            }
            thread::sleep(LOOK);
        }
        assert!(gone, "the story has ended and leaves behind: {left:#?}");
    }
}

impl Ended {
    /// All of it at once: the ending code, standard output and standard error, redacted.
    #[track_caller]
    pub(crate) fn check(&self, code: i32, out: &str, err: &str) -> &Self {
        same("standard output", &self.out, out);
        same("standard error", &self.err, err);
        assert_eq!(self.code, Some(code));
        self
    }

    /// That it ended with this code.
    #[track_caller]
    pub(crate) fn code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Standard output, which is JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        match serde_json::from_str(&self.raw) {
            Ok(value) => value,
            Err(error) => panic!("standard output is no JSON: {error}\n{self:#?}"),
        }
    }
}

/// Fails with both texts where they differ.
#[track_caller]
pub(crate) fn same(what: &str, actual: &str, expected: &str) {
    assert!(actual == expected, "{what} is\n{actual}\n  instead of\n{expected}");
}

/// Looks again and again until something holds; whether it did before the deadline.
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

/// Sends a signal to one process.
pub(crate) fn kill(id: i32, signal: Signal) -> rustix::io::Result<()> {
    kill_process(Pid::from_raw(id).expect("a process id"), signal)
}

/// A program of the machine that not every machine has. Without it the test is skipped aloud, or
/// fails where nothing may be skipped.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file()) {
        return true;
    }
    skipped(&format!("this machine has no `{program}`"));
    false
}

/// Says that a test is skipped, or fails it where nothing may be skipped.
pub(crate) fn skipped(reason: &str) {
    assert!(std::env::var_os("TOOLS_TESTS_REQUIRE_ALL").is_none(), "nothing may be skipped, and {reason}");
    // Past the capture of the test harness, so that it is seen.
    let said = format!("skipped: {reason}\n");
    let _: rustix::io::Result<usize> = rustix::io::write(rustix::stdio::stderr(), said.as_bytes());
}
