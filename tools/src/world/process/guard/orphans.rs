//! The end of all descendants of this process, without help of the kernel.
//!
//! A process that leaves its group, its session and its environment still has ancestors. When its parent
//! ends, it comes to the nearest ancestor that adopts orphans. So killing children again and again comes to
//! the end of every tree. A process may fork and end faster than this one looks; it is met sooner or later,
//! since a process with a pending SIGKILL starts no other.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, getpid, kill_process};

/// The children that were left when children were killed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// The number of children that have the signal; one that has ended counts until it has been waited for.
    pub(super) signalled: usize,
    /// The number of children that this user may not kill.
    pub(super) refused: usize,
}

/// Kills the children of this process, except those of `but`.
pub(super) fn kill_children(but: &BTreeSet<i32>) -> Left {
    let mut left = Left::default();
    for child in children().unwrap_or_default() {
        if but.contains(&child.as_raw_nonzero().get()) {
            continue;
        }
        match kill_process(child, Signal::KILL) {
            Err(Errno::PERM) => left.refused += 1,
            _ => left.signalled += 1,
        }
    }
    left
}

/// Returns the children of this process, those included that have ended and were not waited for.
pub(super) fn children() -> io::Result<Vec<Pid>> {
    let mut found = Vec::new();
    for thread in fs::read_dir("/proc/self/task")? {
        match fs::read_to_string(thread?.path().join("children")) {
            Ok(text) => {
                found.extend(text.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)));
            }
            // This kernel does not list children.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return searched(),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Returns the same children by looking at every process of the machine.
fn searched() -> io::Result<Vec<Pid>> {
    let own = getpid().as_raw_nonzero().get();
    let entries = fs::read_dir("/proc")?.filter_map(Result::ok);
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    Ok(ids.filter(|id| parent(*id) == Some(own)).filter_map(Pid::from_raw).collect())
}

fn parent(id: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name stands in parentheses and may contain any text; the state follows, then the parent.
    stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn both_ways_of_looking_find_a_child() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let id = Pid::from_child(&child);
        assert!(children().unwrap().contains(&id));
        assert!(searched().unwrap().contains(&id));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!children().unwrap().contains(&id));
    }
}
