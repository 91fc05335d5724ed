//! Limits of the system, and the messages for a limit that is met. The most important is that of open files,
//! of which each node takes a few.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The files that the harness keeps open for one node: its connection, its standard input, its process, and
/// in some worlds its network.
const PER_NODE: u64 = 4;
/// The files that the harness keeps open for any number of nodes: some twenty, with room to spare.
const BASE: u64 = 64;

/// The reason why the limit of open files stays too low. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// The hard limit is lower than the number of files that are needed.
    #[error(
        "{} {needed} open files, and this system allows {maximum}: `ulimit -Hn {needed}`, as root, allows them",
        if *nodes == 0 { "this needs".to_owned() } else { format!("{nodes} nodes need") }
    )]
    TooLow {
        /// The number of nodes; 0 if there are no nodes yet.
        nodes: usize,
        /// The number of files that are needed.
        needed: u64,
        /// The hard limit.
        maximum: u64,
    },
    /// The system refuses to raise the soft limit.
    #[error("{nodes} nodes need {needed} open files, and the limit cannot be raised: {error}")]
    Fixed {
        /// The number of nodes.
        nodes: usize,
        /// The number of files that are needed.
        needed: u64,
        /// The system's reason.
        error: std::io::Error,
    },
}

/// Raises the soft limit of open files to what so many nodes need, if it is lower. If the system does not
/// allow that many, the error says how many are needed and how to allow them.
pub fn raise_open_files(nodes: usize) -> Result<(), LimitError> {
    let needed = nodes as u64 * PER_NODE + BASE;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(maximum) = limit.maximum.filter(|maximum| *maximum < needed) {
        return Err(LimitError::TooLow { nodes, needed, maximum });
    }
    raise(limit).map_err(|error| LimitError::Fixed { nodes, needed, error: error.into() })
}

/// Raises the soft limit as far as it goes. Each link takes three more files, and the number of links shows
/// only as they are made.
pub(in crate::world) fn raise_for_links() -> std::io::Result<()> {
    Ok(raise(getrlimit(Resource::Nofile))?)
}

/// Describes an error for a person; where a limit of the system is met, with the limit and the remedy.
#[must_use]
pub fn explained(error: &std::io::Error) -> String {
    let limit = |resource, what: &str, flag: &str| {
        let limit = getrlimit(resource).current.map_or_else(|| "none".to_owned(), |limit| limit.to_string());
        format!(
            "{error}: the limit of {what} is {limit}; raise it with `ulimit {flag}`, or end other programs"
        )
    };
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::MFILE) => limit(Resource::Nofile, "open files", "-n"),
        Some(Errno::AGAIN) => limit(Resource::Nproc, "processes and threads", "-u"),
        Some(Errno::NFILE) => {
            format!("{error}: this machine has no more open files to give; end other programs")
        }
        _ => error.to_string(),
    }
}

/// Returns true if the system has no more of what a connection needs: files, ports or memory.
pub(in crate::world) fn is_met(error: &std::io::Error) -> bool {
    const MET: [Errno; 5] = [Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL, Errno::NOBUFS, Errno::NOMEM];
    error.raw_os_error().map(Errno::from_raw_os_error).is_some_and(|error| MET.contains(&error))
}

fn raise(limit: Rlimit) -> rustix::io::Result<()> {
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_lacks_is_told_from_what_the_other_end_does() {
        let of = |error: Errno| is_met(&error.into());
        assert!([Errno::MFILE, Errno::NFILE, Errno::ADDRNOTAVAIL, Errno::NOMEM].into_iter().all(of));
        // Nothing listens there, or the node is gone.
        assert!(![Errno::CONNREFUSED, Errno::CONNRESET, Errno::PIPE, Errno::TIMEDOUT].into_iter().any(of));
    }
}
