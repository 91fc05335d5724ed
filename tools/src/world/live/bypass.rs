//! Connections between nodes that no proxy of the harness carries, found among those of one host.
//!
//! The owners of both ends of an open connection can be read. A connection that has ended has no owner. It
//! counts if all of these hold:
//!
//! - It was dialled to a node's own port since the fault began.
//! - No proxy dialled it.
//! - At that time neither the harness nor an adapter can have dialled the node.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::world::kernel::{Connection, State};
use crate::world::{Bypass, NodeIndex};

/// The coarseness of the kernel's clock for connections that have ended: one tick at 100 Hz.
const TICK: Duration = Duration::from_millis(10);

/// The owner of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A process of a node.
    Node(NodeIndex),
    /// Another process: the harness, an adapter, a program that is no part of the run.
    Other,
}

/// The facts by which connections are judged.
pub struct BypassFacts<'a> {
    /// The nodes that a fault concerns, each with the time at which it began to.
    pub since: BTreeMap<NodeIndex, Instant>,
    /// The addresses of all nodes.
    pub addresses: BTreeMap<NodeIndex, SocketAddr>,
    /// The nodes that ran before. Programs that are no part of the run may dial them.
    pub attached: BTreeSet<NodeIndex>,
    /// A test that is true if a connection to a node that ended within that time may come from a process that
    /// is no node.
    pub was_contacted: &'a dyn Fn(NodeIndex, &Span) -> bool,
    /// A lookup of the owners of sockets, by inode, as far as they can be read.
    pub owners: &'a dyn Fn(&BTreeSet<u64>) -> BTreeMap<u64, Owner>,
}

/// The time within which an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The earliest possible time.
    pub earliest: Instant,
    /// The latest possible time.
    pub latest: Instant,
}

impl Span {
    /// Does some work and measures when it was done.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let earliest = Instant::now();
        let done = work();
        (done, Self { earliest, latest: Instant::now() })
    }

    /// Returns the span that lies so long before this one, wider by a tick at each end.
    #[must_use]
    pub fn before(&self, age: Duration) -> Option<Self> {
        let earliest = self.earliest.checked_sub(age + TICK)?;
        Some(Self { earliest, latest: (self.latest + TICK).checked_sub(age)? })
    }
}

/// A connection to be judged by the owners of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Candidate {
    /// The inodes of the ends, 0 where there is none. The end that dialled comes first, if it is known.
    ends: [u64; 2],
    /// The node whose own port one end has, if there is one.
    to: Option<NodeIndex>,
}

/// The result of a first look.
#[derive(Debug, Default)]
pub(super) struct BypassScan {
    pub(super) found: BTreeSet<Bypass>,
    pub(super) candidates: BTreeSet<Candidate>,
}

/// Looks through the connections of a host on which all nodes live. `is_ours` knows the ports from which
/// proxies dialled a node; `ours` are the sockets of this process. `listed` is the time of the kernel's list.
pub(super) fn scan(
    connections: &[Connection],
    facts: &BypassFacts<'_>,
    is_ours: impl Fn(NodeIndex, u16) -> bool,
    ours: &BTreeSet<u64>,
    listed: &Span,
) -> BypassScan {
    let nodes: BTreeMap<u16, NodeIndex> =
        facts.addresses.iter().map(|(node, address)| (address.port(), *node)).collect();
    let ends: BTreeMap<(SocketAddr, SocketAddr), &Connection> =
        connections.iter().map(|end| ((end.local, end.remote), end)).collect();
    let mut scanned = BypassScan::default();
    for end in connections.iter().filter(|end| is_local(end)) {
        let dialled = nodes.get(&end.remote.port()).map(|node| (*node, end.local.port()));
        let accepted = nodes.get(&end.local.port()).map(|node| (*node, end.remote.port()));
        match (end.state, dialled.or(accepted)) {
            (State::Ended(age), Some((node, port))) => {
                let Some(ended) = listed.before(age) else { continue };
                let counts = !facts.attached.contains(&node)
                    && facts.since.get(&node).is_some_and(|since| ended.earliest > *since);
                if counts && !is_ours(node, port) && !(facts.was_contacted)(node, &ended) {
                    scanned.found.insert(Bypass { from: None, to: node });
                }
            }
            (State::Open, _) => {
                let other = ends.get(&(end.remote, end.local)).map_or(0, |other| other.inode);
                // Each connection counts once, from the end that dialled where a node's own port shows it.
                let is_second = match (dialled, accepted) {
                    (Some(_), _) => false,
                    (None, Some(_)) => other != 0,
                    (None, None) => other < end.inode,
                };
                let is_ours = [end.inode, other].iter().any(|inode| ours.contains(inode));
                if !is_second && !is_ours && end.inode != 0 {
                    let to = dialled.or(accepted).map(|(node, _)| node);
                    scanned.candidates.insert(Candidate { ends: [end.inode, other], to });
                }
            }
            _ => {}
        }
    }
    scanned
}

/// Returns true if both ends of a connection are on this host.
fn is_local(end: &Connection) -> bool {
    end.remote.ip().is_loopback() || end.remote.ip() == end.local.ip()
}

/// Judges connections by the owners of their ends. Returns those to a node's port whose owner cannot be read.
pub(super) fn judge(
    candidates: &BTreeSet<Candidate>,
    facts: &BypassFacts<'_>,
    found: &mut BTreeSet<Bypass>,
) -> BTreeSet<Candidate> {
    let inodes = candidates.iter().flat_map(|candidate| candidate.ends).filter(|inode| *inode != 0).collect();
    let owners = if candidates.is_empty() { BTreeMap::new() } else { (facts.owners)(&inodes) };
    let mut unread = BTreeSet::new();
    for candidate in candidates {
        let [near, far] = candidate.ends.map(|inode| owners.get(&inode).copied());
        let to = candidate.to.or(match far {
            Some(Owner::Node(node)) => Some(node),
            _ => None,
        });
        match (near, to) {
            (Some(Owner::Node(from)), Some(to)) if from != to => {
                found.insert(Bypass { from: Some(from), to });
            }
            (None, Some(_)) if candidate.to.is_some() => {
                unread.insert(*candidate);
            }
            _ => {}
        }
    }
    unread
}

/// Counts the connections that are still open and whose owner cannot be read: only the dialled node is known.
pub(super) fn count_unread(
    candidates: &BTreeSet<Candidate>,
    facts: &BypassFacts<'_>,
    found: &mut BTreeSet<Bypass>,
) {
    for to in judge(candidates, facts, found).iter().filter_map(|candidate| candidate.to) {
        if facts.since.contains_key(&to) && !facts.attached.contains(&to) {
            found.insert(Bypass { from: None, to });
        }
    }
}

#[cfg(test)]
mod tests;
