//! The `auth` exchange, which turns a connection into a link and decides which of two connections
//! stays.
//!
//! The end that accepts lists its neighbour before it answers; the end that dialled lists it when
//! it is answered. So the client that asked for the link gets its reply when both ends list each
//! other.
//!
//! A node may get a second connection to a neighbour for one of three reasons:
//!
//! - both ends dialled at the same time;
//! - the same node was dialled at another spelling of its address;
//! - one end lost the first connection and the other has not noticed.
//!
//! Only the end that dialled knows the reason. So the end that accepts keeps the link it has and
//! treats the second connection as *provisional*. It replaces the link by this connection as soon
//! as the dialler sends a frame on it, and forgets the connection if the dialler closes it. The
//! dialler decides:
//!
//! - it lists no link to that node: the new connection is the link;
//! - it lists a link that the other end dialled and that came up during this very attempt: both
//!   dialled at the same time, and the connection dialled by the node with the smaller id stays;
//! - it lists any other link: that one stays, and the client is refused with `neighbor exists`.
//!
//! Nodes of another protocol do not know this rule ([`Hello::LISTED`]):
//!
//! - One that answered that it lists this node already keeps the connection that it knows. So a link that it
//!   dialled stays, and a connection that it dials replaces the link at once.
//! - One that dialled, and neither uses nor closes the second connection in time, has lost the first.

use std::sync::Arc;

use super::dialling::is_foreign;
use super::link::label;
use crate::core::deadlines::Timer;
use crate::core::io::{CloseReason, ConnId};
use crate::core::log::LogEvent;
use crate::core::state::Core;
use crate::wire::{ErrorCode, Hello, Refusal, Reply};

impl Core {
    /// Returns the introduction of this node.
    pub(super) fn hello(&self) -> Hello {
        let mut features = [Hello::TREE, Hello::RANGES, Hello::CENSUS].map(str::to_owned).to_vec();
        if self.config.auto_connect {
            features.push(Hello::NEIGHBOURS.to_owned());
        }
        Hello {
            protocol: Hello::PROTOCOL,
            features,
            network: self.config.network.clone(),
            node: self.config.node,
            policy: self.config.policy,
            name: self.config.name.clone(),
            address: self.config.address.clone(),
        }
    }

    /// Returns the reason, if any, not to link to a node with this introduction.
    fn mismatch(&self, hello: &Hello) -> Option<String> {
        let ours = &self.config;
        if hello.protocol != Hello::PROTOCOL {
            Some(format!("protocol {} is spoken here, not {}", Hello::PROTOCOL, hello.protocol))
        } else if hello.network != ours.network {
            Some(format!("this is network `{}`, not `{}`", ours.network, hello.network))
        } else if hello.node == ours.node {
            Some(self.same_identity(hello))
        } else if hello.policy != ours.policy {
            Some(format!("the policy here is `{}`, not `{}`", ours.policy, hello.policy))
        } else {
            None
        }
    }

    /// Returns the reason to refuse a node with this node's id: it is this node, or one on a copy
    /// of its data folder.
    fn same_identity(&self, hello: &Hello) -> String {
        let ours = &self.config;
        if (&hello.address, &hello.name) == (&ours.address, &ours.name) {
            return "a node cannot be its own neighbour".to_owned();
        }
        let (one, other) = (label(&ours.name, &ours.address), label(&hello.name, &hello.address));
        format!(
            "two nodes have one identity ({}), {one} and {other}: their data folders are copies of one another; \
             start one of them with an empty folder (--data), and its neighbours fill it",
            ours.node
        )
    }

    /// Handles `auth` at the accepting end.
    pub(in crate::core) fn on_auth(&mut self, conn: ConnId, hello: Hello) -> Result<Reply, Refusal> {
        if self.links.contains_key(&conn)
            || self.dials.is_provisional(conn)
            || self.dials.authenticating(conn).is_some()
        {
            return Err(Refusal::new(ErrorCode::NeighborExists, "neighbor exists"));
        }
        let old = self.link_to(hello.node);
        let linked = old.is_some();
        let refusal = self.mismatch(&hello).or_else(|| {
            let room = if linked {
                self.dials.provisional_count() < self.config.limits.peers
            } else {
                self.links.len() < self.config.limits.peers
            };
            (!room).then(|| self.no_room())
        });
        if let Some(reason) = refusal {
            self.log(LogEvent::Refused { peer: label(&hello.name, &hello.address), reason: reason.clone() });
            self.close(conn, CloseReason::Refused(reason.clone()));
            return Err(Refusal::new(ErrorCode::Refused, reason));
        }
        let ours = self.hello();
        match old {
            Some(old) if self.links.get(&old).is_some_and(|link| link.one_way) => {
                self.replace_link(old, conn, hello, false);
            }
            Some(_) => {
                self.dials.add_provisional(conn, hello);
                let at = self.now.monotonic + self.config.timing.dial;
                self.deadlines.set(Timer::Provisional(conn), at);
            }
            None => self.link_up(conn, hello, false),
        }
        Ok(Reply::Hello(ours))
    }

    /// Makes a provisional connection the link: it is used, or the link beside it is down.
    pub(in crate::core) fn promote(&mut self, conn: ConnId) {
        let Some(hello) = self.dials.remove_provisional(conn) else { return };
        self.deadlines.clear(&Timer::Provisional(conn));
        match self.link_to(hello.node) {
            Some(old) => self.replace_link(old, conn, hello, false),
            None => self.link_up(conn, hello, false),
        }
    }

    /// Decides about a provisional connection that was neither used nor closed in time. It is closed, unless
    /// its dialler has another protocol and does not know that the decision is its own.
    pub(in crate::core) fn decide_provisional(&mut self, conn: ConnId) {
        if self.dials.provisional.get(&conn).is_some_and(|hello| is_foreign(&hello.address)) {
            self.promote(conn);
        } else if self.dials.remove_provisional(conn).is_some() {
            self.close(conn, CloseReason::Duplicate);
        }
    }

    /// Handles the answer to `auth` at the dialling end.
    pub(in crate::core) fn on_auth_reply(
        &mut self,
        conn: ConnId,
        address: &Arc<str>,
        result: Result<Reply, Refusal>,
    ) {
        match result {
            Ok(Reply::Hello(hello)) => self.on_hello(conn, address, hello),
            Ok(_) => {
                let reason = "`auth` was answered with something else".to_owned();
                self.close(conn, CloseReason::Protocol(reason.clone()));
                self.dial_failed(address, &Refusal::new(ErrorCode::Refused, reason));
            }
            Err(refusal) => {
                let reason = refusal.message.clone();
                self.log(LogEvent::RefusedByPeer { address: address.to_string(), reason });
                self.close(conn, CloseReason::Refused(refusal.message.clone()));
                self.dial_failed(address, &refusal);
            }
        }
    }

    fn on_hello(&mut self, conn: ConnId, address: &Arc<str>, hello: Hello) {
        let old = self.link_to(hello.node);
        // Links may have been accepted during this attempt.
        let no_room = old.is_none() && self.links.len() >= self.config.limits.peers;
        if let Some(reason) = self.mismatch(&hello).or_else(|| no_room.then(|| self.no_room())) {
            self.log(LogEvent::Refused { peer: label(&hello.name, &hello.address), reason: reason.clone() });
            self.close(conn, CloseReason::Refused(reason.clone()));
            return self.dial_failed(address, &Refusal::new(ErrorCode::Refused, reason));
        }
        let Some(old) = old else {
            self.link_up(conn, hello, true);
            return self.dial_succeeded(address, conn);
        };
        let began = self.dials.attempt_began(address);
        let crossed = self.links.get(&old).is_some_and(|link| !link.dialled() && Some(link.since) >= began);
        if crossed && !hello.has(Hello::LISTED) && self.config.node < hello.node {
            self.replace_link(old, conn, hello, true);
            return self.dial_succeeded(address, conn);
        }
        self.close(conn, CloseReason::Duplicate);
        if crossed || self.dials.is_persistent(address) {
            self.dial_succeeded(address, old);
        } else {
            self.dial_failed(address, &Refusal::new(ErrorCode::NeighborExists, "neighbor exists"));
        }
    }
}
