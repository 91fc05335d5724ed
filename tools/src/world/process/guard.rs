//! The guard: a small process that starts the programs of a run and adopts their orphans. It outlives the
//! harness for as long as it takes to end all of them.
//!
//! The harness asks the guard for each program over a socket pair and is told how each ends. When that socket
//! closes, however the harness ended, the guard ends the rest. It holds its programs by the strongest means
//! that the machine gives (`containment.rs`):
//!
//! - as the first process of a PID namespace, with whose end the kernel ends all others. This takes the right
//!   to make one, which root has, and root over a user namespace as well;
//! - else as an ancestor that adopts orphans. Processes may leave their group, their session and their
//!   environment, but never their ancestors.

mod containment;
mod keeper;
mod message;
mod orphans;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, kill_process_group, pidfd_open, set_child_subreaper,
    waitpid,
};
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, Semaphore, oneshot};

use crate::world::ExitStatus;

pub use keeper::watch;

use containment::Containment;
use message::{GuardReport, Room, Start};

use super::explained;

/// The subcommand that runs a guard; the network and the name of a containment follow it.
pub const GUARD: &str = "guard";
/// The most programs that are asked for at a time: enough for the guard never to wait, and few enough for its
/// socket to hold.
const AT_ONCE: usize = 4 * keeper::STARTERS;
/// The time that the guard may take until it can begin. Chosen: it takes milliseconds; a busy machine starts any
/// process within this.
const BEGIN: Duration = Duration::from_secs(10);
/// The time that the guard may take to end what is left. Chosen: the kernel may take seconds to take down the
/// memory and the networks of a thousand processes.
const END: Duration = Duration::from_secs(30);

/// The guards of this process: its only children that it does not kill when it adopts orphans.
static GUARDS: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// The harness's end of a guard.
pub struct Guard {
    socket: OwnedFd,
    child: RefCell<Child>,
    containment: Containment,
    places: Semaphore,
    next: Cell<u64>,
    listens: Cell<bool>,
    programs: Rc<Programs>,
}

/// The state of the programs that a guard was asked for.
#[derive(Default)]
struct Programs {
    /// The programs that are being started.
    starting: RefCell<BTreeMap<u64, oneshot::Sender<io::Result<()>>>>,
    /// The programs that have not ended, those being started included.
    fates: RefCell<BTreeMap<u64, Rc<Fate>>>,
    /// True if the guard has ended before it was told to.
    lost: Cell<bool>,
}

/// The end of a program.
#[derive(Default)]
struct Fate {
    process: Cell<Option<i32>>,
    ending: Cell<Option<ExitStatus>>,
    ended: Notify,
}

/// A program that the guard has started, in a process group of its own.
pub(in crate::world) struct Program {
    fate: Rc<Fate>,
}

impl Guard {
    /// Starts the guard of a run. The error is for a person.
    pub(super) fn start(program: &Path, network: &str) -> io::Result<Self> {
        let mut reasons = Vec::new();
        for containment in Containment::candidates() {
            match Self::with(containment, program, network) {
                Ok(guard) => return Ok(guard),
                Err(error) => reasons.push(explained(&error)),
            }
        }
        Err(io::Error::other(format!("the guard of the nodes cannot be started: {}", reasons.join("; "))))
    }

    fn with(containment: Containment, program: &Path, network: &str) -> io::Result<Self> {
        let (ours, theirs) = message::pair()?;
        let mut command = Command::new(program);
        command
            .args([GUARD, network, containment.name()])
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // The guard has a group of its own, so that a terminal's signals to the harness do not reach it.
            .process_group(0);
        if containment == Containment::Ancestor {
            // The orphans of a guard that is killed come to this process.
            set_child_subreaper(Some(getpid()))?;
        }
        let child = containment.start(command)?;
        if let Ok(mut guards) = GUARDS.lock() {
            guards.insert(Pid::from_child(&child).as_raw_nonzero().get());
        }
        let guard = Self {
            socket: ours,
            child: RefCell::new(child),
            containment,
            places: Semaphore::new(AT_ONCE),
            next: Cell::new(0),
            listens: Cell::new(false),
            programs: Rc::default(),
        };
        if !containment.is_known() {
            guard.begun()?;
            containment.works();
        }
        Ok(guard)
    }

    /// Waits until the guard can begin.
    fn begun(&self) -> io::Result<()> {
        let readable = PollFlags::IN;
        let patience = Timespec::try_from(BEGIN).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&self.socket, readable)], Some(&patience)) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        match message::receive(&self.socket, &mut Room::new(), true)? {
            Some((GuardReport::Ready, _)) => Ok(()),
            Some((GuardReport::Unfit(reason), _)) => Err(io::Error::other(reason)),
            Some(_) | None => Err(io::Error::other("it ended at once")),
        }
    }

    /// Starts a program with these standard streams, in the given network. Waits until it has been loaded.
    pub(super) async fn run(
        &self,
        program: OsString,
        arguments: Vec<String>,
        environment: Vec<(String, String)>,
        folder: Option<PathBuf>,
        streams: [OwnedFd; 3],
        network: Option<File>,
    ) -> io::Result<Program> {
        self.listen()?;
        let _place = self.places.acquire().await.map_err(io::Error::other)?;
        let id = self.next.get();
        self.next.set(id + 1);
        let (sender, started) = oneshot::channel();
        let fate = Rc::new(Fate::default());
        {
            let mut files: Vec<BorrowedFd> = streams.iter().map(OwnedFd::as_fd).collect();
            files.extend(network.iter().map(File::as_fd));
            if self.programs.lost.get() {
                return Err(io::Error::other("the guard of the nodes was killed"));
            }
            let start = Start { id, program, arguments, environment, folder };
            message::send(&self.socket, &start, &files, false)?;
            self.programs.starting.borrow_mut().insert(id, sender);
            self.programs.fates.borrow_mut().insert(id, Rc::clone(&fate));
        }
        drop(streams);
        // The program's end is recorded from here on, even if the start was given up.
        let begun = started.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()));
        begun.map(|()| Program { fate })
    }

    #[expect(
        deprecated,
        reason = "the descriptor is owned, so that it stays the same as long as it is watched"
    )]
    /// Starts a task that hears the guard, on the runtime that drives the world.
    fn listen(&self) -> io::Result<()> {
        if self.listens.replace(true) {
            return Ok(());
        }
        let socket = AsyncFd::new(self.socket.try_clone()?)?;
        tokio::task::spawn_local(hear(socket, Rc::clone(&self.programs)));
        Ok(())
    }

    /// Waits until the guard and all that it started have ended, for at most [`END`]; then kills it.
    fn wait(child: &mut Child) {
        let id = Pid::from_child(child);
        let ended = pidfd_open(id, PidfdFlags::empty()).and_then(|guard| {
            let patience = Timespec::try_from(END).ok();
            loop {
                match poll(&mut [PollFd::new(&guard, PollFlags::IN)], patience.as_ref()) {
                    Err(rustix::io::Errno::INTR) => {}
                    waited => return waited,
                }
            }
        });
        if !matches!(ended, Ok(1)) {
            let _: io::Result<()> = child.kill();
        }
        // The guard is a child of this process, which has to wait for it.
        let _: io::Result<_> = child.wait();
        if let Ok(mut guards) = GUARDS.lock() {
            guards.remove(&id.as_raw_nonzero().get());
        }
    }

    /// Ends the programs of a guard that was killed: its orphans have come to this process.
    fn end_orphans(&self) {
        if self.containment == Containment::Namespace {
            return;
        }
        let guards = GUARDS.lock().map(|guards| guards.clone()).unwrap_or_default();
        while orphans::kill_children(&guards).signalled > 0 {
            for child in orphans::children().unwrap_or_default() {
                // An orphan that came later has no signal yet; waiting for it would never end.
                let is_guard = guards.contains(&child.as_raw_nonzero().get());
                if !is_guard && rustix::process::kill_process(child, Signal::KILL).is_ok() {
                    // An orphan that another thread has waited for is no error.
                    let _: rustix::io::Result<_> = waitpid(Some(child), WaitOptions::empty());
                }
            }
        }
    }
}

impl Drop for Guard {
    /// Has the guard end what is left, and waits for that.
    fn drop(&mut self) {
        // A guard that has ended needs no message.
        let _: rustix::io::Result<()> = shutdown(&self.socket, Shutdown::Both);
        let mut child = self.child.borrow_mut();
        Self::wait(&mut child);
        if self.programs.lost.get() {
            self.end_orphans();
        }
    }
}

impl Program {
    /// Returns the process as people of this machine see it; none if it ended at once.
    pub(in crate::world) fn process(&self) -> Option<Pid> {
        self.fate.process.get().and_then(Pid::from_raw)
    }

    /// Returns the program's end, if it has ended.
    pub(in crate::world) fn ending(&self) -> Option<ExitStatus> {
        self.fate.ending.get()
    }

    /// Waits for the program's end.
    pub(in crate::world) async fn ended(&self) -> ExitStatus {
        loop {
            // The waiter is registered before the look, or an end in between would be missed.
            let ended = self.fate.ended.notified();
            if let Some(ending) = self.ending() {
                return ending;
            }
            ended.await;
        }
    }

    /// Signals the program's process group, unless it has ended: then the guard has ended the group.
    pub(in crate::world) fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        match self.process() {
            Some(process) if self.ending().is_none() => kill_process_group(process, signal),
            _ => Ok(()),
        }
    }
}

/// Hears the messages of a guard until it ends.
async fn hear(socket: AsyncFd<OwnedFd>, programs: Rc<Programs>) {
    let mut room = Room::new();
    while let Ok(mut readable) = socket.readable().await {
        match message::receive(&socket, &mut room, false) {
            Ok(Some((told, _))) => programs.hear(&told),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => readable.clear_ready(),
            Ok(None) | Err(_) => break,
        }
    }
    programs.lose();
}

impl Programs {
    fn hear(&self, told: &GuardReport) {
        match *told {
            GuardReport::Ready | GuardReport::Unfit(_) => {}
            GuardReport::Started { id, process } => {
                if let Some(fate) = self.fates.borrow().get(&id) {
                    fate.process.set(process);
                }
                self.started(id, Ok(()));
            }
            GuardReport::NotStarted { id, error } => {
                self.fates.borrow_mut().remove(&id);
                self.started(id, Err(io::Error::from_raw_os_error(error)));
            }
            GuardReport::Ended { id, code, signal } => {
                let fate = self.fates.borrow_mut().remove(&id);
                let ending = code.map_or(ExitStatus::Signal(signal.unwrap_or(0)), ExitStatus::Code);
                if let Some(fate) = fate {
                    fate.end(ending);
                }
            }
        }
    }

    fn started(&self, id: u64, started: io::Result<()>) {
        if let Some(sender) = self.starting.borrow_mut().remove(&id) {
            // The start may have been given up: the program ends with the run.
            let _: Result<(), _> = sender.send(started);
        }
    }

    /// Records that the guard was killed. Its programs are killed as well, by the kernel or here.
    fn lose(&self) {
        self.lost.set(true);
        self.starting.borrow_mut().clear();
        for fate in std::mem::take(&mut *self.fates.borrow_mut()).into_values() {
            if let Some(process) = fate.process.get().and_then(Pid::from_raw) {
                // A group that has ended is no error.
                let _: rustix::io::Result<()> = kill_process_group(process, Signal::KILL);
            }
            fate.end(ExitStatus::Signal(Signal::KILL.as_raw()));
        }
    }
}

impl Fate {
    fn end(&self, ending: ExitStatus) {
        self.ending.set(Some(ending));
        self.ended.notify_waiters();
    }
}
