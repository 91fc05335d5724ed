//! Ports: from a first one upwards for a network that people talk to, leased for scenarios.
//!
//! The system gives ephemeral ports to whoever connects; a node that is killed and started again
//! could find its port taken by somebody's outgoing connection. So leased ports lie outside of
//! that range, and a lease lasts as long as the run, whether its nodes live or not. Between
//! harnesses of one machine a lease is a locked file, which the system lets go of by itself.

use std::fs::{File, OpenOptions, TryLockError};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

/// How many ports one lock stands for.
const BLOCK: u16 = 32;
/// The lowest port that is leased.
const LOWEST: u16 = 10_000;
/// Where the ephemeral ports begin, if the system does not say.
const EPHEMERAL: u16 = 32_768;

/// Where the ports of a run come from.
#[derive(Debug)]
pub enum Ports {
    /// This one, then those after it.
    From(u16),
    /// Nobody else's.
    Leased(Lease),
}

impl Ports {
    /// The next port. The reason why there is none is for people.
    pub fn take(&mut self) -> Result<u16, String> {
        match self {
            Self::From(next) => {
                let port = *next;
                if port == 0 {
                    return Err("there are no ports left above 65535: choose a lower --port".to_owned());
                }
                *next = port.checked_add(1).unwrap_or(0);
                if port_is_free(port) {
                    Ok(port)
                } else {
                    Err(format!(
                        "port {port} is taken: choose another first port with --port, for example \
                                 --port {}",
                        suggestion(port)
                    ))
                }
            }
            Self::Leased(lease) => lease.take(),
        }
    }
}

/// A first port that is probably free.
fn suggestion(port: u16) -> u16 {
    if port < 60_000 { port / 1_000 * 1_000 + 1_000 } else { 3_000 }
}

/// Ports that belong to one run, as long as this lives.
#[derive(Debug, Default)]
pub struct Lease {
    locks: Vec<File>,
    free: Vec<u16>,
    next_block: u16,
}

impl Lease {
    fn take(&mut self) -> Result<u16, String> {
        loop {
            while let Some(port) = self.free.pop() {
                if port_is_free(port) {
                    return Ok(port);
                }
            }
            self.lock_block()?;
        }
    }

    /// Locks the next block that nobody holds.
    fn lock_block(&mut self) -> Result<(), String> {
        let folder = folder();
        std::fs::create_dir_all(&folder)
            .map_err(|error| format!("cannot keep account of ports in {}: {error}", folder.display()))?;
        let highest = ephemeral_start().max(LOWEST + BLOCK);
        let blocks = (highest - LOWEST) / BLOCK;
        while self.next_block < blocks {
            let first = LOWEST + self.next_block * BLOCK;
            self.next_block += 1;
            let path = folder.join(format!("{first}.lock"));
            let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
            let file = file.map_err(|error| format!("cannot open {}: {error}", path.display()))?;
            match file.try_lock() {
                Ok(()) => {
                    self.locks.push(file);
                    self.free = (first..first + BLOCK).rev().collect();
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(format!("cannot lock {}: {error}", path.display()));
                }
            }
        }
        Err(format!(
            "all ports from {LOWEST} to {highest} are taken by other runs: end some, or use a lower -j"
        ))
    }
}

/// One folder for all harnesses of a user.
fn folder() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    std::env::temp_dir().join(format!("tools-ports-{user}"))
}

fn ephemeral_start() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(EPHEMERAL)
}

/// Whether a node could listen there now.
///
/// The socket that finds out is bound and never listens: a program that another thread starts in
/// this moment has a copy of it until it is loaded, and a copy that listened would keep the node
/// itself from listening.
#[must_use]
pub fn port_is_free(port: u16) -> bool {
    let bound = || -> rustix::io::Result<()> {
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
    };
    bound().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn looking_whether_a_port_is_free_does_not_take_it() {
        let mut lease = Lease::default();
        let port = lease.take().unwrap();
        let socket =
            socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        set_socket_reuseaddr(&socket, true).unwrap();
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).unwrap();
        // The socket that looked is still there, as in a program that is just being started.
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert!(!port_is_free(port));
        drop(listener);
        assert!(port_is_free(port));
    }

    #[test]
    fn two_leases_never_share_a_port() {
        let (mut one, mut other) = (Lease::default(), Lease::default());
        let mut ports: Vec<u16> =
            (0..40).flat_map(|_| [one.take().unwrap(), other.take().unwrap()]).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 80);
        assert!(ports.iter().all(|port| *port < ephemeral_start()));
    }

    #[test]
    fn a_port_that_is_taken_is_named_with_a_remedy() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let message = Ports::From(port).take().unwrap_err();
        assert!(message.starts_with(&format!("port {port} is taken")), "{message}");
    }
}
