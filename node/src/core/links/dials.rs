//! The addresses that this node dials, with the state of each, and the connections of attempts.

use std::sync::Arc;
use std::time::Duration;

use crate::core::io::{ConnId, DialId};
use crate::core::sorted_map::SortedMap;
use crate::wire::{Hello, NodeId, Refusal, RequestId};

/// The addresses being dialled for the first time, and those that are dialled for ever.
#[derive(Debug, Default)]
pub(in crate::core) struct Dials {
    /// The state of each address.
    pub(super) targets: SortedMap<Arc<str>, Target>,
    /// The attempts that have no connection yet.
    pub(super) dialling: SortedMap<DialId, Arc<str>>,
    /// Connections on which the answer to `auth` is awaited.
    pub(super) authenticating: SortedMap<ConnId, Arc<str>>,
    /// Second connections of linked nodes, until it is known which of the two stays.
    pub(super) provisional: SortedMap<ConnId, Hello>,
    /// The number of the last attempt.
    pub(super) last: u64,
}

/// The state of one address.
#[derive(Debug)]
pub(super) struct Target {
    /// The stage of its dialling.
    pub(super) state: TargetState,
    /// True if a dial succeeded once.
    pub(super) persistent: bool,
    /// The time at which the address was last asked for. Until a dial succeeds once, it is tried for
    /// [`Timing::dial`](crate::core::Timing::dial) from then on.
    pub(super) asked: Duration,
    /// The reason why the last attempt failed, until a dial succeeds once. It says more than the silence of a
    /// later attempt.
    pub(super) failure: Option<Refusal>,
    /// The pause before the next attempt, without its jitter.
    pub(super) pause: Duration,
    /// The `addPeer` requests that await their reply.
    pub(super) waiting: Vec<(ConnId, RequestId)>,
}

/// The stage of the dialling of one address.
#[derive(Debug, Clone, Copy)]
pub(super) enum TargetState {
    /// A connection is being set up.
    Dialling {
        /// The attempt.
        dial: DialId,
        /// The time at which the attempt began.
        began: Duration,
    },
    /// The answer to `auth` is awaited.
    Authenticating {
        /// The connection of the attempt.
        conn: ConnId,
        /// The time at which the attempt began.
        began: Duration,
    },
    /// The address is linked, by this dial or by a connection that the other end dialled at the
    /// same time.
    Up {
        /// The connection of the link.
        conn: ConnId,
    },
    /// A pause before the next dial.
    Waiting,
}

impl Dials {
    /// Returns the address whose `auth` is awaited on this connection.
    pub(in crate::core) fn authenticating(&self, conn: ConnId) -> Option<Arc<str>> {
        self.authenticating.get(&conn).cloned()
    }

    /// Returns the start time of the attempt at this address, if one is under way. All attempts at an address
    /// that has not answered yet count as one.
    pub(super) fn attempt_began(&self, address: &str) -> Option<Duration> {
        let target = self.targets.get(address)?;
        match target.state {
            TargetState::Dialling { began, .. } | TargetState::Authenticating { began, .. } => {
                Some(if target.persistent { began } else { began.min(target.asked) })
            }
            TargetState::Up { .. } | TargetState::Waiting => None,
        }
    }

    /// Returns true if this address is dialled again whenever its link breaks.
    pub(super) fn is_persistent(&self, address: &str) -> bool {
        self.targets.get(address).is_some_and(|target| target.persistent)
    }

    /// Returns true if this address is persistent or being dialled.
    pub(super) fn contains(&self, address: &str) -> bool {
        self.targets.contains_key(address)
    }

    /// Returns the number of attempts under way, `auth` included.
    pub(super) fn attempts_under_way(&self) -> usize {
        self.dialling.len() + self.authenticating.len()
    }

    /// Returns true if the connection is a second one of a linked node.
    pub(in crate::core) fn is_provisional(&self, conn: ConnId) -> bool {
        self.provisional.contains_key(&conn)
    }

    /// Adds a second connection of a linked node.
    pub(super) fn add_provisional(&mut self, conn: ConnId, hello: Hello) {
        self.provisional.insert(conn, hello);
    }

    /// Removes a second connection, and returns the introduction of its node.
    pub(super) fn remove_provisional(&mut self, conn: ConnId) -> Option<Hello> {
        self.provisional.remove(&conn)
    }

    /// Returns the newest second connection of a node.
    pub(super) fn provisional_to(&self, node: NodeId) -> Option<ConnId> {
        self.provisional.iter().rev().find(|(_, hello)| hello.node == node).map(|(conn, _)| *conn)
    }

    /// Returns the number of second connections.
    pub(super) fn provisional_count(&self) -> usize {
        self.provisional.len()
    }

    /// Records that the addresses linked by connection `from` are now linked by `to`.
    pub(super) fn move_links(&mut self, from: ConnId, to: ConnId) {
        for target in self.targets.values_mut() {
            if let TargetState::Up { conn } = &mut target.state
                && *conn == from
            {
                *conn = to;
            }
        }
    }
}
