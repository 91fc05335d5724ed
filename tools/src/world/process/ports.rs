//! Ports: numbered from a first one upwards for a network that people talk to, leased for scenarios.
//!
//! The system gives ephemeral ports to outgoing connections. A node that is killed and started again could
//! find its port taken by one. So leased ports lie outside of that range, and a lease lasts as long as the
//! run, whether its nodes live or not. Between harnesses of one machine a lease is a locked file, which the
//! system releases by itself.

use std::fs::{File, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstat, mkdirat, openat};
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

/// The first port that any user may listen on: the default of Linux.
const PRIVILEGED: u16 = 1_024;
/// The number of ports that one lock stands for. Chosen: a run of a usual size takes one or two locks.
const BLOCK: u16 = 32;
/// The lowest port that is leased: above the ports at which services of a machine usually listen.
const LOWEST: u16 = 10_000;
/// The start of the ephemeral ports, if the system does not tell it: the default of Linux.
const EPHEMERAL: u16 = 32_768;

/// The reason why a node has no port. No port was taken.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The ports from the first one upwards are used up.
    #[error("there are no ports left above 65535: choose a lower --port")]
    NoneLeft,
    /// Another program has the next port, or the user may not listen on it.
    #[error(
        "port {0} is taken{reserved}: choose another first port with --port, for example --port {suggestion}",
        reserved = if *.0 < PRIVILEGED { ", or reserved for root" } else { "" },
        suggestion = suggestion(*.0)
    )]
    Taken(u16),
    /// The lock file of a block of ports cannot be opened.
    #[error("cannot open {}: {error}", path.display())]
    Open {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The lock file of a block of ports cannot be locked, for another reason than its being locked.
    #[error("cannot lock {}: {error}", path.display())]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// Other runs have leased all blocks.
    #[error("all ports from {LOWEST} to {highest} are taken by other runs: end some, or use a lower -j")]
    AllLeased {
        /// The end of the ports that are leased.
        highest: u16,
    },
    /// The folder of lock files cannot be used, or other users can write to it.
    #[error(
        "cannot keep account of ports in {}: {why}: remove it, or set TMPDIR to a folder of your own",
        folder.display()
    )]
    Account {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        why: String,
    },
}

/// The source of the ports of a run.
#[derive(Debug)]
pub enum Ports {
    /// The ports from this one upwards.
    From(u16),
    /// Ports that belong to this run alone.
    Leased(Lease),
}

impl Ports {
    /// Returns the next port.
    pub fn take(&mut self) -> Result<u16, PortError> {
        match self {
            Self::From(next) => {
                let port = *next;
                if port == 0 {
                    return Err(PortError::NoneLeft);
                }
                *next = port.checked_add(1).unwrap_or(0);
                if port_is_free(port) { Ok(port) } else { Err(PortError::Taken(port)) }
            }
            Self::Leased(lease) => lease.take(),
        }
    }
}

/// Returns a first port that is probably free.
fn suggestion(port: u16) -> u16 {
    if port < 60_000 { port / 1_000 * 1_000 + 1_000 } else { 3_000 }
}

/// Ports that belong to one run, as long as this value lives.
#[derive(Debug, Default)]
pub struct Lease {
    locks: Vec<File>,
    free: Vec<u16>,
    next_block: u16,
}

impl Lease {
    /// Returns a lease far from the ports of other runs, from a random number. A program that goes on when the run has
    /// ended, and dials what it was linked to, hardly meets a node of a later run there.
    #[must_use]
    pub fn apart(random: u64) -> Self {
        let half = blocks() / 2;
        // The quarter above stays free, for runs with very many nodes.
        let place = u16::try_from(random % u64::from((half / 2).max(1))).unwrap_or(0);
        Self { next_block: half + place, ..Self::default() }
    }

    fn take(&mut self) -> Result<u16, PortError> {
        loop {
            while let Some(port) = self.free.pop() {
                if port_is_free(port) {
                    return Ok(port);
                }
            }
            self.lock_block()?;
        }
    }

    /// Locks the next block that no harness holds.
    fn lock_block(&mut self) -> Result<(), PortError> {
        let folder = folder();
        let held = open_account(&folder)?;
        let blocks = blocks();
        while self.next_block < blocks {
            let first = LOWEST + self.next_block * BLOCK;
            self.next_block += 1;
            let path = folder.join(format!("{first}.lock"));
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let file = openat(&held, format!("{first}.lock"), flags, Mode::RUSR | Mode::WUSR).map(File::from);
            let file = file.map_err(|error| PortError::Open { path: path.clone(), error: error.into() })?;
            match file.try_lock() {
                Ok(()) => {
                    self.locks.push(file);
                    self.free = (first..first + BLOCK).rev().collect();
                    return Ok(());
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(PortError::Lock { path, error });
                }
            }
        }
        Err(PortError::AllLeased { highest: highest() })
    }
}

/// Returns the end of the ports that are leased.
fn highest() -> u16 {
    ephemeral_start().max(LOWEST + BLOCK)
}

/// Returns the number of blocks of ports that are leased.
fn blocks() -> u16 {
    (highest() - LOWEST) / BLOCK
}

/// Returns the path of the one folder for all harnesses of a user.
fn folder() -> PathBuf {
    let user = rustix::process::getuid().as_raw();
    std::env::temp_dir().join(format!("tools-ports-{user}"))
}

/// Opens the folder of port locks, and makes it if it is not there. Below `/tmp` another user may have made
/// it, or a link of its name, before. So the folder is used only if no other user can write to it.
fn open_account(folder: &Path) -> Result<OwnedFd, PortError> {
    let wrong = |why: &str| PortError::Account { folder: folder.to_owned(), why: why.to_owned() };
    let failed = |error: Errno| wrong(&io::Error::from(error).to_string());
    match mkdirat(CWD, folder, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(failed(error)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match openat(CWD, folder, flags, Mode::empty()) {
        Ok(opened) => opened,
        Err(Errno::NOTDIR | Errno::LOOP) => return Err(wrong("it is a link, or no folder")),
        Err(error) => return Err(failed(error)),
    };
    let status = fstat(&opened).map_err(failed)?;
    if status.st_uid != rustix::process::getuid().as_raw() {
        return Err(wrong("it belongs to somebody else"));
    }
    if Mode::from_raw_mode(status.st_mode).intersects(Mode::WGRP | Mode::WOTH) {
        return Err(wrong("others may write to it"));
    }
    Ok(opened)
}

fn ephemeral_start() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(EPHEMERAL)
}

/// Returns true if a node could listen at the port now.
///
/// The socket of the test is bound and never listens. A program that another thread starts at this moment has
/// a copy of it until it is loaded. A listening copy would keep the node itself from listening.
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
    fn a_lease_apart_lies_above_those_of_usual_runs() {
        for random in [0, 1, u64::MAX] {
            let port = Lease::apart(random).take().unwrap();
            let half = LOWEST + blocks() / 2 * BLOCK;
            assert!(port >= half && port < highest(), "{port}");
        }
    }

    #[test]
    fn looking_whether_a_port_is_free_does_not_take_it() {
        let mut lease = Lease::default();
        let port = lease.take().unwrap();
        let socket =
            socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        set_socket_reuseaddr(&socket, true).unwrap();
        bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).unwrap();
        // The socket of the test is still there, as in a program that is just being started.
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert!(!port_is_free(port));
        drop(listener);
        assert!(port_is_free(port));
    }

    #[test]
    fn account_of_ports_is_kept_only_where_nobody_else_writes() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let place = tempfile::tempdir().unwrap();
        let [ours, link, open, file] = ["ours", "link", "open", "file"].map(|name| place.path().join(name));
        // A folder that was made once is used again.
        open_account(&ours).unwrap();
        open_account(&ours).unwrap();
        assert_eq!(std::fs::metadata(&ours).unwrap().permissions().mode() & 0o777, 0o700);
        symlink(&ours, &link).unwrap();
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::write(&file, "").unwrap();
        for (folder, why) in [
            (&link, "it is a link, or no folder"),
            (&file, "it is a link, or no folder"),
            (&open, "others may write to it"),
        ] {
            let expected = format!(
                "cannot keep account of ports in {}: {why}: remove it, or set TMPDIR to a folder of your own",
                folder.display()
            );
            assert_eq!(open_account(folder).unwrap_err().to_string(), expected);
        }
        if rustix::process::getuid().is_root() {
            std::os::unix::fs::chown(&ours, Some(65_534), None).unwrap();
            assert!(open_account(&ours).unwrap_err().to_string().contains("it belongs to somebody else"));
        }
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
        let message = Ports::From(port).take().unwrap_err().to_string();
        assert!(message.starts_with(&format!("port {port} is taken")), "{message}");
    }
}
