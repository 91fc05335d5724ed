//! All networks of this user on this machine, in any folder.

use std::io::{self, Write};
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde::Serialize;

use crate::cli::control::{self, Request};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::registry::{Registry, RunningNetwork};
use crate::cli::table;

/// A network, as `ps --all` prints it.
#[derive(Debug, Serialize)]
struct Line {
    /// The folder of logs.
    logs: PathBuf,
    /// The id of the process that the network belongs to.
    pid: u32,
    /// The number of nodes; `running` counts those that run. Both are `None` if the network does not answer.
    nodes: Option<usize>,
    running: Option<usize>,
}

impl Line {
    fn of(found: &RunningNetwork) -> Self {
        // A network that is ending, or is not ready yet, does not answer.
        let state = control::state(&found.network.logs).ok().flatten();
        let running =
            |state: &control::NetworkState| state.nodes.iter().filter(|node| node.pid.is_some()).count();
        Self {
            logs: found.network.logs.clone(),
            pid: found.network.pid,
            nodes: state.as_ref().map(|state| state.nodes.len()),
            running: state.as_ref().map(running),
        }
    }

    fn row(&self) -> Vec<String> {
        let count = |count: Option<usize>| count.map_or("-".to_owned(), |count| count.to_string());
        let logs = self.logs.display().to_string();
        vec![logs, self.pid.to_string(), count(self.nodes), count(self.running)]
    }
}

/// Lists the networks.
pub(super) fn ps(json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let lines: Vec<Line> = Registry::open()?.networks()?.iter().map(Line::of).collect();
    if json {
        writeln!(out, "{}", serde_json::to_string(&lines)?)?;
    } else if lines.is_empty() {
        writeln!(out, "no network is running")?;
    } else {
        let header = ["FOLDER", "PID", "NODES", "RUNNING"].map(str::to_owned).to_vec();
        let rows: Vec<Vec<String>> = std::iter::once(header).chain(lines.iter().map(Line::row)).collect();
        write!(out, "{}", table::align(&rows))?;
    }
    Ok(Exit::Held)
}

/// Ends all networks at the same time, and waits for their ends.
pub(super) fn stop(json: bool, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let found = Registry::open()?.networks()?;
    let mut stopping = Vec::new();
    for one in &found {
        match request_end(one) {
            Ok(()) => stopping.push(one),
            Err(error) => {
                let folder = one.network.logs.display();
                Failure::environment(format!("the network in {folder} cannot be ended: {error}"))
                    .print(err)?;
            }
        }
    }
    for one in &stopping {
        one.wait_for_end()?;
    }
    let folders: Vec<String> = stopping.iter().map(|one| one.network.logs.display().to_string()).collect();
    if json {
        writeln!(out, "{}", serde_json::to_string(&folders)?)?;
    } else {
        for folder in &folders {
            writeln!(out, "ended the network in {folder}")?;
        }
    }
    Ok(if stopping.len() == found.len() { Exit::Held } else { Exit::Environment })
}

/// Ends a network by its control socket, or by a signal if the socket cannot be reached.
fn request_end(found: &RunningNetwork) -> io::Result<()> {
    if let Ok(Some(_)) = control::ask(&found.network.logs, &Request::Stop) {
        return Ok(());
    }
    let process = i32::try_from(found.network.pid).ok().and_then(Pid::from_raw);
    match process {
        // The lock that the process holds proves that the id is still its own.
        Some(process) if !found.has_ended() => Ok(kill_process(process, Signal::TERM)?),
        _ => Ok(()),
    }
}
