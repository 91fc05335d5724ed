//! The look at a running program: whether the library is among the files that it has mapped.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use procfs::process::{MMapPath, Process, all_processes};

use crate::world::process::listening;

/// Returns the name of a process of a group that should have loaded the library and did not: one of those that listen,
/// or of all where none does. Processes whose files cannot be seen are passed over.
pub(in crate::world::process) fn without_library(group: i32) -> Option<String> {
    let of_group = |process: &Process| process.stat().is_ok_and(|stat| stat.pgrp == group);
    let all: Vec<Process> = all_processes().ok()?.flatten().filter(of_group).collect();
    let listening: Vec<&Process> = all.iter().filter(|process| listening::listens(process)).collect();
    let judged = if listening.is_empty() { all.iter().collect() } else { listening };
    let without = judged.into_iter().find(|process| has_library(process) == Some(false))?;
    Some(without.exe().map_or_else(|_| format!("process {}", without.pid), |path| path.display().to_string()))
}

/// Returns true if a process has mapped the library; none if its files cannot be seen.
fn has_library(process: &Process) -> Option<bool> {
    let maps = process.maps().ok()?;
    // A process that has just ended has none.
    let mut files = maps
        .iter()
        .filter_map(|map| if let MMapPath::Path(path) = &map.pathname { Some(path) } else { None });
    let is_library = |path: &Path| {
        path.file_name().map(OsStr::as_bytes).is_some_and(|name| name.starts_with(b"libfaketime"))
    };
    if maps.iter().next().is_none() { None } else { Some(files.any(|path| is_library(path))) }
}
