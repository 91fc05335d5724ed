//! The relay between the command of `--keep` and the process that runs the scenarios.
//!
//! The runs take place in a second process, in a session of its own, from the start: a network cannot change
//! the process that it belongs to. The command forwards output, signals and the exit code. When all scenarios
//! are judged and a network is kept, the command ends and the second process stays.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::process::{Pid, Signal, getpid, kill_process, setsid};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::world::live::interrupts;

/// The flag of the process that runs the scenarios.
const HOSTED: &str = "hosted";
/// The name of this command on the command line.
const COMMAND: &str = "test";

/// Starts a process that runs the scenarios, and returns the exit code as soon as it is known.
pub(super) fn run_in_second_process() -> Result<Exit, Failure> {
    let (mut ours, theirs) = UnixStream::pair()?;
    let mut words: Vec<_> = std::env::args_os().skip(1).collect();
    let index = words.iter().position(|word| word == COMMAND).map_or(0, |index| index + 1);
    words.insert(index, format!("--{HOSTED}").into());
    // The standard input of the child is a socket by which each process notices the end of the other.
    let stdin = Stdio::from(OwnedFd::from(theirs));
    let mut child = Command::new(std::env::current_exe()?).args(words).stdin(stdin).spawn()?;
    forward_interrupts(Pid::from_child(&child))?;
    let mut code = [0];
    if ours.read(&mut code)? == 1 {
        return Ok(Exit::of_code(code[0]));
    }
    let status = child.wait()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let by_signal = status.signal().and_then(|signal| u8::try_from(128 + signal).ok());
    Ok(code.or(by_signal).map_or(Exit::Environment, Exit::of_code))
}

/// Forwards interrupts from the terminal or the system to the child.
fn forward_interrupts(child: Pid) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    thread::Builder::new().name("interrupts".to_owned()).spawn(move || {
        // A process that has ended ignores the signal. If signals cannot be listened for, they end this
        // process, and the other with it.
        let _: io::Result<()> = runtime.block_on(interrupts(|| {
            let _: rustix::io::Result<()> = kill_process(child, Signal::TERM);
        }));
    })?;
    Ok(())
}

/// The connection to the command that waits for this process.
pub(super) struct WaitingCommand {
    stream: UnixStream,
    released: Arc<AtomicBool>,
}

impl WaitingCommand {
    /// Takes this process out of the session of its terminal, and ends it when the waiting command ends.
    pub(super) fn attend() -> io::Result<Self> {
        setsid()?;
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        let released = Arc::new(AtomicBool::new(false));
        let (mut end, let_go) = (stream.try_clone()?, Arc::clone(&released));
        thread::Builder::new().name("command".to_owned()).spawn(move || {
            // The command writes nothing to the socket, so that the read returns when the command ends.
            let _: io::Result<usize> = end.read(&mut [0]);
            if !let_go.load(Ordering::Acquire) {
                let _: rustix::io::Result<()> = kill_process(getpid(), Signal::TERM);
            }
        })?;
        Ok(Self { stream, released })
    }

    /// Ends the command with this exit code, and closes all streams to its terminal.
    pub(super) fn release(mut self, exit: Exit) -> io::Result<()> {
        self.released.store(true, Ordering::Release);
        self.stream.write_all(&[exit.code()])?;
        let null = File::options().read(true).write(true).open("/dev/null")?;
        dup2_stdin(&null)?;
        dup2_stdout(&null)?;
        dup2_stderr(&null)?;
        Ok(())
    }
}
