//! The guard: a small process that outlives the harness for as long as it takes to clean up.
//!
//! The harness tells it each process group it starts and each that has ended, one line each, over
//! a socket pair. When that closes, however the harness ended, the guard kills what is left: the
//! groups it knows, then every process that carries the run's id in its environment, which finds
//! those that left their group and those started in the moment of the end.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::driver::RUN_VARIABLE;

/// How often the processes of a run are looked for before the guard gives up: each time finds
/// what the last one's victims had started meanwhile.
const SWEEPS: usize = 16;

/// The harness's end of the guard.
pub struct Guard {
    pipe: Mutex<Option<UnixStream>>,
    child: Mutex<Child>,
}

impl Guard {
    /// Starts the guard of a run.
    pub fn start(program: &Path, network: &str) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(program)
            .args(["guard", network])
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: what a terminal sends to the harness does not reach it.
            .process_group(0)
            .spawn()?;
        Ok(Self { pipe: Mutex::new(Some(ours)), child: Mutex::new(child) })
    }

    /// A process group was started.
    pub fn add(&self, group: u32) {
        self.tell('+', group);
    }

    /// A process group has ended.
    pub fn remove(&self, group: u32) {
        self.tell('-', group);
    }

    fn tell(&self, sign: char, group: u32) {
        if let Ok(mut pipe) = self.pipe.lock()
            && let Some(pipe) = pipe.as_mut()
        {
            // A guard that was killed guards no more; what it knew is still ended by the harness.
            let _: io::Result<()> = pipe.write_all(format!("{sign}{group}\n").as_bytes());
        }
    }
}

impl Drop for Guard {
    /// Nothing is left to guard: lets it look once more, and waits for it.
    fn drop(&mut self) {
        if let Ok(mut pipe) = self.pipe.lock() {
            pipe.take();
        }
        if let Ok(mut child) = self.child.lock() {
            // It ends by itself once its pipe has closed; it was ours to wait for.
            let _: io::Result<_> = child.wait();
        }
    }
}

/// The guard itself: reads until the harness is gone, then kills what is left of its run.
pub fn watch(network: &str) {
    let mut groups = BTreeSet::new();
    for line in BufReader::new(io::stdin().lock()).lines().map_while(Result::ok) {
        let mut chars = line.chars();
        let sign = chars.next();
        let Ok(group) = chars.as_str().parse::<i32>() else { continue };
        match sign {
            Some('+') => groups.insert(group),
            _ => groups.remove(&group),
        };
    }
    for group in groups.into_iter().filter_map(Pid::from_raw) {
        // A group that has ended meanwhile is no error.
        let _: rustix::io::Result<()> = kill_process_group(group, Signal::KILL);
    }
    let mark = format!("{RUN_VARIABLE}={network}");
    for _ in 0..SWEEPS {
        let left = marked(&mark);
        if left.is_empty() {
            return;
        }
        for process in left {
            let _: rustix::io::Result<()> = kill_process(process, Signal::KILL);
        }
    }
}

/// The processes that carry a run's mark in their environment, those that have ended aside.
fn marked(mark: &str) -> Vec<Pid> {
    let own = std::process::id();
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|id| id.unsigned_abs() != own)
        .filter(|id| {
            // The environment of a process that has ended reads as empty.
            let environment = std::fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
        })
        .filter_map(Pid::from_raw)
        .collect()
}
