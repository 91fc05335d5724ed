//! One process: its readiness, its end, and signals to it.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use rustix::process::Signal as Number;
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::sync::Mutex;

use super::clock::{self, Shift};
use super::guard::{Guard, Program};
use super::listening;
use crate::driver::{self, CommandLine, Ready, Sidecar};
use crate::world::limits;
use crate::world::live::{ControlError, LaunchError, ReadinessError, Running};
use crate::world::{ClockError, ExitStatus, Signal};

/// The longest report of readiness that is read, in bytes. Chosen: a report is one short line of JSON.
const REPORT_MAX: usize = 4_096;

/// The time that a process may take to end when all are ended, before it is killed. A node may take as long
/// to confirm a message. Chosen: an orderly end syncs the disk, which takes milliseconds; a person waits for it.
const GRACE: Duration = Duration::from_secs(2);

/// A program in a process group of its own. Its standard input is one end of a socket pair, whose other end
/// is kept here: when that closes, a node of ours ends. If the program speaks on its standard input and
/// output, both are pipes instead.
pub(super) struct Process {
    program: Program,
    control: Option<Mutex<UnixStream>>,
    stdio: RefCell<Option<driver::Stdio>>,
    frozen: Cell<bool>,
    clock: Clock,
}

/// The way to the clock of a program.
pub(super) enum Clock {
    /// The program is our own node, and shifts its clock when it is told to.
    Own,
    /// The program is told the time by a library.
    Shifted(Shift),
    /// The clock cannot be shifted, for this reason.
    Fixed(ClockError),
}

/// The harness's ends of a program's standard streams.
enum Ends {
    /// The end of its standard input.
    Control(StdUnixStream),
    /// The ends of its standard input and of its standard output.
    Pipes(PipeWriter, PipeReader),
}

/// Has the guard start a program, in the network that is given.
pub(super) async fn start(
    guard: &Guard,
    line: CommandLine,
    (log, errors): (File, File),
    (network, clock): (Option<File>, Clock),
) -> Result<Process, LaunchError> {
    let no_streams = |error: io::Error| LaunchError::Streams(limits::explained(&error));
    let (ends, input, output) = streams(line.ready == Ready::Spoken, log).map_err(no_streams)?;
    let name = line.program.display().to_string();
    let streams = [input, output, errors.into()];
    let CommandLine { program, arguments, environment, setup, .. } = line;
    let program = from_folder(program, setup.folder.is_some());
    let started =
        guard.run(program.into_os_string(), arguments, environment, setup.folder, streams, network).await;
    let program = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LaunchError::NoProgram(name),
        io::ErrorKind::PermissionDenied => LaunchError::NotPermitted { program: name, error },
        _ => LaunchError::Spawn { program: name, reason: limits::explained(&error) },
    })?;
    Process::new(program, ends, clock).map_err(no_streams)
}

/// Returns the path of a program for a start in another folder: a relative path is one from the harness's.
fn from_folder(program: PathBuf, is_elsewhere: bool) -> PathBuf {
    if is_elsewhere && program.components().count() > 1 {
        return std::path::absolute(&program).unwrap_or(program);
    }
    program
}

/// Has the guard start a program with pipes as its standard streams.
pub(super) async fn start_beside(
    guard: &Guard,
    program: OsString,
    arguments: Vec<String>,
) -> io::Result<Sidecar> {
    let ((input, to_it), (from_it, output), (of_it, problems)) = (io::pipe()?, io::pipe()?, io::pipe()?);
    let streams = [input.into(), output.into(), problems.into()];
    let program = guard.run(program, arguments, Vec::new(), None, streams, None).await?;
    Ok(Sidecar {
        life: Box::new(SidecarProcess(program)),
        input: pipe::Sender::from_owned_fd(to_it.into())?,
        output: pipe::Receiver::from_owned_fd(from_it.into())?,
        problems: pipe::Receiver::from_owned_fd(of_it.into())?,
    })
}

/// A program beside a node; it is killed when this value is dropped.
struct SidecarProcess(Program);

impl driver::SidecarLife for SidecarProcess {
    fn ended(&self) -> LocalBoxFuture<'_, ExitStatus> {
        Box::pin(self.0.ended())
    }
}

impl Drop for SidecarProcess {
    fn drop(&mut self) {
        // A program that has ended is no error.
        let _: rustix::io::Result<()> = self.0.signal(Number::KILL);
    }
}

/// Makes the streams that a child reads and writes, and the harness's ends of them.
fn streams(speaks: bool, log: File) -> io::Result<(Ends, OwnedFd, OwnedFd)> {
    if speaks {
        // The streams are pipes, since some programs open theirs by name, which sockets do not allow.
        let ((input, to_it), (from_it, output)) = (io::pipe()?, io::pipe()?);
        return Ok((Ends::Pipes(to_it, from_it), input.into(), output.into()));
    }
    let (ours, theirs) = StdUnixStream::pair()?;
    Ok((Ends::Control(ours), theirs.into(), log.into()))
}

impl Process {
    fn new(program: Program, ends: Ends, clock: Clock) -> io::Result<Self> {
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
        let (stdio, frozen) = (RefCell::new(stdio), Cell::new(false));
        Ok(Self { program, control, stdio, frozen, clock })
    }

    /// Returns the process id, as people of this machine see it, if the process runs.
    pub(super) fn id(&self) -> Option<u32> {
        let process = self.program.process().filter(|_| !self.has_ended())?;
        Some(process.as_raw_nonzero().get().unsigned_abs())
    }

    pub(super) fn has_ended(&self) -> bool {
        self.program.ending().is_some()
    }

    /// Ends the process in order, and kills it if it does not end.
    pub(super) async fn end(&self) {
        if self.has_ended() {
            return;
        }
        // A frozen process cannot end, so it thaws first. A process that cannot be signalled has ended.
        let _: Result<(), ControlError> =
            self.signal(Signal::Resume).and_then(|()| self.signal(Signal::Stop));
        if tokio::time::timeout(GRACE, self.program.ended()).await.is_err() {
            let _: Result<(), ControlError> = self.signal(Signal::Kill);
            self.program.ended().await;
        }
    }

    /// Reads the node's line about its readiness. Never ends where the node sends nothing.
    async fn read_readiness(&self) -> Result<(), ReadinessError> {
        let Some(control) = &self.control else { return std::future::pending().await };
        let stream = control.lock().await;
        match line(&stream).await {
            Ok(Some(line)) => readiness(&line),
            Ok(None) => Err(ReadinessError::Endless),
            // The node closed its end without a report: its exit, or its silence, tells more.
            Err(_) => std::future::pending().await,
        }
    }

    /// Sends our own node a command, and waits until it confirms it.
    async fn send_command(&self, command: &serde_json::Value) -> Result<(), ControlError> {
        let Some(control) = &self.control else { return Err(ControlError::NotSupervised) };
        let mut stream = control.lock().await;
        let command = format!("{command}\n");
        let heard = async {
            stream.write_all(command.as_bytes()).await?;
            if self.frozen.get() {
                return Ok(());
            }
            // The node repeats each command that it has carried out, those sent while it was frozen included.
            while line(&stream).await?.is_some_and(|line| line != command.trim_end().as_bytes()) {}
            io::Result::Ok(())
        };
        match tokio::time::timeout(GRACE, heard).await {
            Err(_) if !self.has_ended() => Err(ControlError::Unconfirmed(command.trim_end().to_owned())),
            // A node that has ended meanwhile is started again with the new setting.
            _ => Ok(()),
        }
    }
}

/// Reads a line without its end; none if it is longer than a report may be. Fails where the stream has ended.
async fn line(stream: &UnixStream) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    loop {
        stream.readable().await?;
        // The line is read a byte at a time: later bytes are for the next reader. Lines are short and rare.
        let mut byte = [0];
        match stream.try_read(&mut byte) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) if byte == [b'\n'] => return Ok(Some(line)),
            Ok(_) if line.len() >= REPORT_MAX => return Ok(None),
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}

fn readiness(line: &[u8]) -> Result<(), ReadinessError> {
    let word: serde_json::Value = serde_json::from_slice(line)
        .map_err(|_| ReadinessError::NotJson(String::from_utf8_lossy(line).into_owned()))?;
    if word.get("ready").is_some() {
        return Ok(());
    }
    let reason =
        word.get("failed").and_then(|failed| failed.get("reason")).and_then(|reason| reason.as_str());
    Err(reason.map_or(ReadinessError::Unclear, |reason| ReadinessError::Reported(reason.to_owned())))
}

impl Running for Process {
    fn readiness(&self) -> LocalBoxFuture<'_, Result<(), ReadinessError>> {
        Box::pin(self.read_readiness())
    }

    fn ended(&self) -> LocalBoxFuture<'_, ExitStatus> {
        Box::pin(self.program.ended())
    }

    fn put_clock_ahead(&self, ahead_ms: i64) -> LocalBoxFuture<'_, Result<(), ControlError>> {
        Box::pin(async move {
            match &self.clock {
                Clock::Own => self.send_command(&serde_json::json!({ "clock_ahead_ms": ahead_ms })).await,
                Clock::Shifted(shift) => {
                    shift.set(ahead_ms).map_err(ControlError::Clock)?;
                    self.obeys_clock()
                }
                Clock::Fixed(reason) => Err(ControlError::FixedClock(reason.with_help())),
            }
        })
    }

    fn obeys_clock(&self) -> Result<(), ControlError> {
        let (Clock::Shifted(_), Some(process)) = (&self.clock, self.program.process()) else { return Ok(()) };
        match clock::without_library(process.as_raw_nonzero().get()) {
            Some(program) if !self.has_ended() => {
                Err(ControlError::FixedClock(ClockError::NotLoaded(program).with_help()))
            }
            _ => Ok(()),
        }
    }

    fn fill_disk(&self, full: bool) -> LocalBoxFuture<'_, Result<(), ControlError>> {
        Box::pin(async move { self.send_command(&serde_json::json!({ "disk_full": full })).await })
    }

    fn listens(&self) -> Vec<String> {
        self.program.process().map_or_else(Vec::new, |id| listening::addresses(id.as_raw_nonzero().get()))
    }

    fn stdio(&self) -> Option<driver::Stdio> {
        self.stdio.take()
    }

    fn signal(&self, signal: Signal) -> Result<(), ControlError> {
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
        let result = self.program.signal(number);
        // SIGTERM does not reach a frozen process: it has to thaw to end.
        if signal == Signal::Stop {
            let _: rustix::io::Result<()> = self.program.signal(Number::CONT);
        }
        match result {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(ControlError::Signal(error.into())),
        }
    }
}
