//! The owners of sockets: the processes that have them open, and the nodes to which those belong.

use std::collections::{BTreeMap, BTreeSet};

use procfs::net::TcpState;
use procfs::process::{FDTarget, Process, all_processes};

use crate::world::NodeIndex;
use crate::world::live::Owner;

/// The most ancestors of a process that are followed. Chosen: programs start others a few levels deep; the bound
/// ends a circle, which numbers used anew could form.
const ANCESTORS_MAX: usize = 64;

/// Finds the owners of these sockets, by inode. `nodes` are the nodes by the id of the process that each was
/// started as, which is the id of its group as well; `attached` are those that ran before, by the ports at which they
/// listen on this machine. Sockets that cannot be read are left out.
pub(super) fn owners(
    sockets: &BTreeSet<u64>,
    nodes: &BTreeMap<i32, NodeIndex>,
    attached: &BTreeMap<u16, NodeIndex>,
) -> BTreeMap<u64, Owner> {
    let Ok(all) = all_processes() else { return BTreeMap::new() };
    let all: Vec<Process> = all.flatten().collect();
    let listening = listening(&all, attached);
    let mut parents = BTreeMap::new();
    let mut groups = BTreeMap::new();
    for stat in all.iter().filter_map(|process| process.stat().ok()) {
        parents.insert(stat.pid, stat.ppid);
        groups.insert(stat.pid, stat.pgrp);
    }
    let owner = |process: i32| {
        let ancestors = std::iter::successors(Some(process), |process| parents.get(process).copied());
        if let Some(node) = listening.get(&process) {
            return Owner::Node(*node);
        }
        let belongs = ancestors
            .take(ANCESTORS_MAX)
            .find_map(|process| nodes.get(groups.get(&process)?).or(nodes.get(&process)));
        belongs.map_or(Owner::Other, |node| Owner::Node(*node))
    };
    let mut found = BTreeMap::new();
    for process in &all {
        let Ok(files) = process.fd() else { continue };
        for file in files.flatten() {
            let FDTarget::Socket(inode) = file.target else { continue };
            // Where several processes share a socket, one of a node decides.
            if sockets.contains(&inode) && !matches!(found.get(&inode), Some(Owner::Node(_))) {
                found.insert(inode, owner(process.pid));
            }
        }
    }
    found
}

/// Returns the nodes that ran before by the ids of the processes that listen at their ports.
fn listening(all: &[Process], attached: &BTreeMap<u16, NodeIndex>) -> BTreeMap<i32, NodeIndex> {
    if attached.is_empty() {
        return BTreeMap::new();
    }
    let entries = [procfs::net::tcp(), procfs::net::tcp6()].into_iter().flatten().flatten();
    let listeners = entries.filter(|entry| entry.state == TcpState::Listen);
    let at_ports: BTreeMap<u64, NodeIndex> = listeners
        .filter_map(|entry| Some((entry.inode, *attached.get(&entry.local_address.port())?)))
        .collect();
    let mut found = BTreeMap::new();
    for process in all {
        let Ok(files) = process.fd() else { continue };
        for file in files.flatten() {
            if let FDTarget::Socket(inode) = file.target
                && let Some(node) = at_ports.get(&inode)
            {
                found.insert(process.pid, *node);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::AsRawFd as _;

    use super::*;

    #[test]
    fn a_socket_belongs_to_the_node_in_whose_group_its_process_is() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let link = std::fs::read_link(format!("/proc/self/fd/{}", listener.as_raw_fd())).unwrap();
        let inode =
            link.to_string_lossy().trim_start_matches("socket:[").trim_end_matches(']').parse().unwrap();
        let this = Process::myself().unwrap().stat().unwrap();
        let found = |nodes: &[(i32, NodeIndex)]| {
            owners(&BTreeSet::from([inode, 1]), &nodes.iter().copied().collect(), &BTreeMap::new())
        };
        assert_eq!(found(&[]), BTreeMap::from([(inode, Owner::Other)]));
        for id in [this.pgrp, this.pid, this.ppid] {
            let node = NodeIndex(7);
            assert_eq!(found(&[(id, node)]), BTreeMap::from([(inode, Owner::Node(node))]));
        }
        let (port, node) = (listener.local_addr().unwrap().port(), NodeIndex(8));
        let attached = owners(&BTreeSet::from([inode]), &BTreeMap::new(), &BTreeMap::from([(port, node)]));
        assert_eq!(attached, BTreeMap::from([(inode, Owner::Node(node))]));
    }
}
