//! The guard's own process: starts programs, reports how they end, and ends all of them when the harness has
//! gone.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use nix::sched::{CloneFlags, setns};
use rustix::io::Errno;
use rustix::process::{Pid, RawPid, Signal, WaitOptions, WaitStatus, kill_process_group, wait};

use super::containment::{Containment, Numbers};
use super::message::{GuardReport, Room, Start, receive, send};
use super::orphans;
use crate::world::process::{clock, explained};

/// The number of programs that are started side by side: starting one waits until it is loaded. Chosen: as many
/// as the cores of a small machine.
pub(super) const STARTERS: usize = 4;

/// Runs the guard until the harness has gone and nothing is left of what it started.
pub fn watch(network: &str, containment: &str) {
    let Some(containment) = Containment::named(containment) else { return };
    let Ok(socket) = rustix::io::fcntl_dupfd_cloexec(io::stdin().as_fd(), 3) else { return };
    let began = containment.enter().map_err(|error| error.to_string()).and_then(|numbers| {
        let keeper = Keeper { socket, numbers, children: Mutex::default(), changed: Condvar::new() };
        let keeper = Arc::new(keeper);
        keeper
            .begin()
            .map_err(|error| format!("it cannot have a thread: {}", explained(&error)))
            .map(|()| keeper)
    });
    let keeper = match began {
        Ok(keeper) => keeper,
        Err(reason) => {
            // With the harness gone, there is nothing to guard.
            let _: io::Result<()> = send(io::stdin(), &GuardReport::Unfit(reason), &[], true);
            return;
        }
    };
    keeper.send_report(&GuardReport::Ready);
    keeper.start_programs();
    // When the first process of a namespace ends, the kernel ends all others.
    if containment == Containment::Ancestor {
        keeper.end_all();
    }
    clock::sweep(network);
}

struct Keeper {
    socket: OwnedFd,
    numbers: Numbers,
    children: Mutex<Children>,
    /// The notification of every change to the children.
    changed: Condvar,
}

/// The processes that this process has to wait for.
#[derive(Default)]
struct Children {
    /// The programs that run, by process.
    running: BTreeMap<RawPid, u64>,
    /// The number of programs being started; their processes are not known yet.
    starting: usize,
    /// The processes that have ended and are no known program yet.
    early: BTreeMap<RawPid, WaitStatus>,
    /// The number of programs that were started so far.
    births: u64,
    /// The number of births after which there was no child to wait for.
    none_after: Option<u64>,
    /// A counter that grows with every change to the children.
    changes: u64,
}

impl Children {
    /// Returns true if no process is left: every orphan has an ancestor that is a child, so without a child
    /// there is none.
    fn are_none(&self) -> bool {
        self.starting == 0 && self.none_after == Some(self.births)
    }
}

impl Keeper {
    /// Begins to wait for children, and to start programs beside this thread.
    fn begin(self: &Arc<Self>) -> io::Result<()> {
        let reaper = Arc::clone(self);
        std::thread::Builder::new().name("reaper".to_owned()).spawn(move || reaper.reap())?;
        for _ in 1..STARTERS {
            let starter = Arc::clone(self);
            let made = std::thread::Builder::new().name("starter".to_owned()).spawn(move || {
                starter.start_programs();
            });
            // Fewer threads are slower, and do.
            if made.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state of the children, and wakes the threads that wait for a change.
    fn change<T>(&self, change: impl FnOnce(&mut Children) -> T) -> T {
        let mut children = self.lock();
        let changed = change(&mut children);
        children.changes += 1;
        self.changed.notify_all();
        changed
    }

    fn wait<'c>(&self, children: MutexGuard<'c, Children>) -> MutexGuard<'c, Children> {
        self.changed.wait(children).unwrap_or_else(PoisonError::into_inner)
    }

    fn send_report(&self, report: &GuardReport) {
        // The threads that listen to the harness notice that it has gone.
        let _: io::Result<()> = send(&self.socket, report, &[], true);
    }

    /// Starts the programs that the harness asks for, until it has gone. Several threads do it side by side.
    fn start_programs(&self) {
        let mut room = Room::new();
        while let Ok(Some((start, files))) = receive::<Start>(&self.socket, &mut room, true) {
            let id = start.id;
            self.lock().starting += 1;
            let spawned = spawn(start, files);
            let process = spawned.as_ref().ok().copied();
            // The start is reported first, so that the end comes after it.
            match &spawned {
                Ok(child) => {
                    self.send_report(&GuardReport::Started { id, process: self.numbers.outside(*child) });
                }
                Err(error) => {
                    self.send_report(&GuardReport::NotStarted {
                        id,
                        error: error.raw_os_error().unwrap_or(0),
                    });
                }
            }
            let ended = self.change(|children| {
                children.starting -= 1;
                let child = process?;
                let number = child.as_raw_nonzero().get();
                children.births += 1;
                let ended = children.early.remove(&number);
                if ended.is_none() {
                    children.running.insert(number, id);
                }
                if children.starting == 0 {
                    // The other processes that ended early were orphans.
                    children.early.clear();
                }
                Some((child, ended?))
            });
            if let Some((child, status)) = ended {
                self.ended(id, child, status);
            }
        }
    }

    /// Waits for every child, adopted ones included, for as long as this process lives.
    fn reap(&self) {
        loop {
            let births = self.lock().births;
            match wait(WaitOptions::empty()) {
                Ok(Some((child, status))) => {
                    let program = self.change(|children| {
                        let number = child.as_raw_nonzero().get();
                        let program = children.running.remove(&number);
                        if program.is_none() && children.starting > 0 {
                            children.early.insert(number, status);
                        }
                        program
                    });
                    if let Some(id) = program {
                        self.ended(id, child, status);
                    }
                }
                Ok(None) | Err(Errno::INTR) => {}
                // There is no child to wait for until one is started.
                Err(_) => {
                    self.change(|children| children.none_after = Some(births));
                    let mut children = self.lock();
                    while children.births == births {
                        children = self.wait(children);
                    }
                }
            }
        }
    }

    fn ended(&self, id: u64, child: Pid, status: WaitStatus) {
        // The rest of the program's group ends with it.
        let _: rustix::io::Result<()> = kill_process_group(child, Signal::KILL);
        self.send_report(&GuardReport::Ended {
            id,
            code: status.exit_status(),
            signal: status.terminating_signal(),
        });
    }

    /// Ends every process that was started, and all their descendants.
    fn end_all(&self) {
        loop {
            let seen = {
                let children = self.lock();
                if children.are_none() {
                    return;
                }
                children.changes
            };
            let left = orphans::kill_children(&BTreeSet::new());
            if left.signalled == 0 && left.refused > 0 {
                // The rest became another user, whose processes this user may not end.
                return;
            }
            let mut children = self.lock();
            while children.changes == seen && !children.are_none() {
                children = self.wait(children);
            }
        }
    }
}

/// Starts a program. No `pre_exec` hook is set, so that the system's own spawn is used, which copies no page
/// tables.
fn spawn(start: Start, files: Vec<OwnedFd>) -> io::Result<Pid> {
    let mut files = files.into_iter();
    let (Some(input), Some(output), Some(errors)) = (files.next(), files.next(), files.next()) else {
        return Err(Errno::INVAL.into());
    };
    let mut command = Command::new(start.program);
    command
        .args(start.arguments)
        .envs(start.environment)
        .stdin(input)
        .stdout(output)
        .stderr(Stdio::from(errors))
        .process_group(0);
    if let Some(folder) = start.folder {
        command.current_dir(folder);
    }
    let Some(network) = files.next() else { return Ok(Pid::from_child(&command.spawn()?)) };
    let home = std::fs::File::open("/proc/thread-self/ns/net")?;
    setns(network, CloneFlags::CLONE_NEWNET)?;
    let child = command.spawn();
    setns(home, CloneFlags::CLONE_NEWNET)?;
    Ok(Pid::from_child(&child?))
}
