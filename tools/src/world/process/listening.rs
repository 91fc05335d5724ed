//! The addresses at which the processes of a group listen: they explain a node that listens at a wrong
//! address.

use std::collections::BTreeSet;

use procfs::net::TcpState;
use procfs::process::{FDTarget, Process, all_processes};

/// Returns the addresses at which a process and those of its group listen for TCP. Sockets that cannot be
/// read are left out.
pub(super) fn addresses(group: i32) -> Vec<String> {
    let Ok(all) = all_processes() else { return Vec::new() };
    let of_group = |process: &Process| process.stat().is_ok_and(|stat| stat.pgrp == group);
    let found: BTreeSet<String> = all.flatten().filter(of_group).flat_map(|one| sockets(&one)).collect();
    found.into_iter().collect()
}

/// Returns true if a process listens for TCP, as far as its sockets can be read.
pub(super) fn listens(process: &Process) -> bool {
    !sockets(process).is_empty()
}

fn sockets(process: &Process) -> Vec<String> {
    let Ok(files) = process.fd() else { return Vec::new() };
    let inodes: BTreeSet<u64> = files
        .flatten()
        .filter_map(|file| match file.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect();
    let tables = [process.tcp(), process.tcp6()].into_iter().flatten().flatten();
    tables
        .filter(|entry| entry.state == TcpState::Listen && inodes.contains(&entry.inode))
        .map(|entry| entry.local_address.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_socket_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let this = Process::myself().unwrap().stat().unwrap().pgrp;
        assert!(addresses(this).contains(&address));
        drop(listener);
        assert!(!addresses(this).contains(&address));
    }
}
