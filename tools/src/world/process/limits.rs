//! How many files may be open at once: each node takes a few.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the harness keeps open for one node: its connection, its standard input, its process, and in
/// some worlds its network.
const PER_NODE: u64 = 4;
/// What it keeps open whatever the number of nodes, with room to spare.
const BASE: u64 = 64;

/// Raises the soft limit of open files to what so many nodes need, if it is lower. If the system
/// does not allow that many, says how many are needed and how to allow them.
pub fn raise_open_files(nodes: usize) -> Result<(), String> {
    let needed = nodes as u64 * PER_NODE + BASE;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    if let Some(maximum) = limit.maximum.filter(|maximum| *maximum < needed) {
        return Err(format!(
            "{nodes} nodes need {needed} open files, and this system allows {maximum}: \
             `ulimit -Hn {needed}`, as root, allows them"
        ));
    }
    raise(limit).map_err(|error| {
        format!("{nodes} nodes need {needed} open files, and the limit cannot be raised: {error}")
    })
}

/// Raises the soft limit as far as it goes: each link takes three files more, and how many links there
/// are shows only as they are made.
pub(in crate::world) fn raise_for_links() -> std::io::Result<()> {
    Ok(raise(getrlimit(Resource::Nofile))?)
}

fn raise(limit: Rlimit) -> rustix::io::Result<()> {
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
}
