//! One process: its readiness, its end, and signals to it.

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use rustix::process::{Pid, PidfdFlags, Signal as Number, kill_process_group, pidfd_open};
use tokio::io::AsyncWriteExt as _;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::Mutex;

use super::guard::Guard;
use super::listening;
use crate::driver::{self, CommandLine, RUN_VARIABLE, Ready};
use crate::world::live::Running;
use crate::world::{Ending, Signal};

/// The longest word about readiness that is read.
const WORD: usize = 4_096;

/// How long a process may take to end when all are ended, before it is killed; and to take what it is
/// told.
const GRACE: Duration = Duration::from_secs(2);

/// A child in a process group of its own. Its standard input is one end of a socket pair, whose
/// other end is kept here: when that closes, a node of ours ends. That of one which speaks by it is a
/// pipe, as is its standard output.
pub(super) struct Process {
    pid: Pid,
    child: RefCell<Child>,
    ending: Cell<Option<Ending>>,
    pidfd: AsyncFd<OwnedFd>,
    control: Option<Mutex<UnixStream>>,
    stdio: RefCell<Option<driver::Stdio>>,
    guard: Rc<Guard>,
    frozen: Cell<bool>,
}

/// A child that was started, and our ends of what it reads and writes.
pub(in crate::world) struct Started {
    child: Child,
    ends: Ends,
}

/// Our ends of a child's standard streams.
enum Ends {
    /// Of its standard input.
    Control(StdUnixStream),
    /// Of its standard input and of its standard output.
    Pipes(PipeWriter, PipeReader),
}

impl Started {
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }
}

/// Starts a program. There is no `pre_exec` hook, so that the system's own spawn is used: it does
/// not copy the page tables of the harness, however large that has grown.
pub(super) fn spawn(line: &CommandLine, network: &str, log: File, errors: File) -> Result<Started, String> {
    let (ends, input, output) =
        streams(line.ready == Ready::Spoken, log).map_err(|error| error.to_string())?;
    let child = Command::new(&line.program)
        .args(&line.arguments)
        .env(RUN_VARIABLE, network)
        .stdin(input)
        .stdout(output)
        .stderr(errors)
        .process_group(0)
        .spawn()
        .map_err(|error| {
            let program = line.program.display();
            match error.kind() {
                io::ErrorKind::NotFound => format!("there is no program `{program}`"),
                io::ErrorKind::PermissionDenied => format!("`{program}` may not be run: {error}"),
                _ => format!("cannot run `{program}`: {error}"),
            }
        })?;
    Ok(Started { child, ends })
}

/// What a child reads and writes, and our ends of that.
fn streams(speaks: bool, log: File) -> io::Result<(Ends, Stdio, Stdio)> {
    if speaks {
        // Pipes, for some programs open their streams by name, as sockets cannot be.
        let ((input, to_it), (from_it, output)) = (io::pipe()?, io::pipe()?);
        return Ok((Ends::Pipes(to_it, from_it), input.into(), output.into()));
    }
    let (ours, theirs) = StdUnixStream::pair()?;
    Ok((Ends::Control(ours), OwnedFd::from(theirs).into(), log.into()))
}

impl Process {
    #[expect(
        deprecated,
        reason = "the descriptor is owned, so that it stays the same as long as it is watched"
    )]
    pub(super) fn new(started: Started, guard: Rc<Guard>) -> io::Result<Self> {
        let Started { child, ends } = started;
        let pid = Pid::from_child(&child);
        let pidfd = AsyncFd::new(pidfd_open(pid, PidfdFlags::NONBLOCK)?)?;
        let (control, stdio) = match ends {
            Ends::Control(control) => {
                control.set_nonblocking(true)?;
                (Some(Mutex::new(UnixStream::from_std(control)?)), None)
            }
            Ends::Pipes(input, output) => {
                let input = pipe::Sender::from_owned_fd(input.into())?;
                let output = pipe::Receiver::from_owned_fd(output.into())?;
                (None, Some(driver::Stdio { input, output }))
            }
        };
        Ok(Self {
            pid,
            child: RefCell::new(child),
            ending: Cell::new(None),
            pidfd,
            control,
            stdio: RefCell::new(stdio),
            guard,
            frozen: Cell::new(false),
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ending.get().is_some()
    }

    /// Ends it in an orderly way; kills it if it does not.
    pub(super) async fn end(&self) {
        if self.has_ended() {
            return;
        }
        // A frozen process cannot end: thawed first. What cannot be signalled has ended.
        let _: Result<(), String> = self.signal(Signal::Resume).and_then(|()| self.signal(Signal::Stop));
        if tokio::time::timeout(GRACE, self.wait()).await.is_err() {
            let _: Result<(), String> = self.signal(Signal::Kill);
            self.wait().await;
        }
    }

    async fn wait(&self) -> Ending {
        loop {
            if let Some(ending) = self.ending.get() {
                return ending;
            }
            let reaped = self.child.borrow_mut().try_wait();
            let status = match reaped {
                Ok(Some(status)) => status,
                Ok(None) => {
                    // Readable means ended; an error here cannot last, since the child is ours.
                    if let Ok(mut readable) = self.pidfd.readable().await {
                        readable.clear_ready();
                    }
                    continue;
                }
                Err(_) => std::process::ExitStatus::from_raw(-1),
            };
            let ending = match (status.code(), status.signal()) {
                (Some(code), _) => Ending::Code(code),
                (None, signal) => Ending::Signal(signal.unwrap_or(0)),
            };
            self.ending.set(Some(ending));
            // What it left behind of its group ends with it.
            let _: rustix::io::Result<()> = kill_process_group(self.pid, Number::KILL);
            self.guard.remove(self.id());
            return ending;
        }
    }

    /// Reads the node's line about its readiness. Never ends where it says nothing.
    async fn word(&self) -> Result<(), String> {
        let Some(control) = &self.control else { return std::future::pending().await };
        let stream = control.lock().await;
        match line(&stream).await {
            Ok(Some(line)) => readiness(&line),
            Ok(None) => Err("its word about its readiness never ends".to_owned()),
            // It closed its end without a word: its end, or its silence, tells more.
            Err(_) => std::future::pending().await,
        }
    }

    /// Tells our own node to do something, and hears that it is done.
    async fn say(&self, word: &serde_json::Value) -> Result<(), String> {
        let Some(control) = &self.control else { return Err("it does not hear that".to_owned()) };
        let mut stream = control.lock().await;
        let word = format!("{word}\n");
        let heard = async {
            stream.write_all(word.as_bytes()).await?;
            if self.frozen.get() {
                return Ok(());
            }
            // It repeats what it has done, be it one more that was said while it was frozen.
            while line(&stream).await?.is_some_and(|line| line != word.trim_end().as_bytes()) {}
            io::Result::Ok(())
        };
        match tokio::time::timeout(GRACE, heard).await {
            Err(_) if !self.has_ended() => Err(format!("it did not take {}", word.trim_end())),
            // Who has ended meanwhile is started again with it.
            _ => Ok(()),
        }
    }
}

/// A line without its end; none where it is longer than a word may be. An error where there is no more.
async fn line(stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        stream.readable().await?;
        // A byte at a time: what follows is for whoever reads next. It is short, and seldom said.
        let mut byte = [0];
        match stream.try_read(&mut byte) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if byte == [b'\n'] => return Ok(Some(line)),
            Ok(_) if line.len() >= WORD => return Ok(None),
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn readiness(line: &[u8]) -> Result<(), String> {
    let word: serde_json::Value = serde_json::from_slice(line).map_err(|_| {
        format!("its word about its readiness is not JSON: {}", String::from_utf8_lossy(line))
    })?;
    if word.get("ready").is_some() {
        return Ok(());
    }
    let reason =
        word.get("failed").and_then(|failed| failed.get("reason")).and_then(|reason| reason.as_str());
    Err(reason.unwrap_or("it said neither that it is ready nor why not").to_owned())
}

impl Running for Process {
    fn readiness(&self) -> LocalBoxFuture<'_, Result<(), String>> {
        Box::pin(self.word())
    }

    fn ended(&self) -> LocalBoxFuture<'_, Ending> {
        Box::pin(self.wait())
    }

    fn put_clock_ahead(&self, ahead_ms: i64) -> LocalBoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.say(&serde_json::json!({ "clock_ahead_ms": ahead_ms })).await })
    }

    fn fill_disk(&self, full: bool) -> LocalBoxFuture<'_, Result<(), String>> {
        Box::pin(async move { self.say(&serde_json::json!({ "disk_full": full })).await })
    }

    fn listens(&self) -> Vec<String> {
        listening::addresses(self.pid.as_raw_nonzero().get())
    }

    fn stdio(&self) -> Option<driver::Stdio> {
        self.stdio.take()
    }

    fn signal(&self, signal: Signal) -> Result<(), String> {
        if self.has_ended() {
            return Ok(());
        }
        self.frozen.set(signal == Signal::Pause);
        let number = match signal {
            Signal::Kill => Number::KILL,
            Signal::Stop => Number::TERM,
            Signal::Pause => Number::STOP,
            Signal::Resume => Number::CONT,
        };
        let result = kill_process_group(self.pid, number);
        // SIGTERM does not reach a frozen process: it has to thaw to end.
        if signal == Signal::Stop {
            let _: rustix::io::Result<()> = kill_process_group(self.pid, Number::CONT);
        }
        match result {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(format!("cannot signal process {}: {error}", self.id())),
        }
    }
}
