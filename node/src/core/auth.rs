//! `auth`: how a connection becomes a link, and which of two connections stays.
//!
//! The end that accepts lists its neighbour before it answers, the end that dialled when it is
//! answered; so whoever asked for the link is told when both ends list each other.
//!
//! A node may end up with a second connection to a neighbour: because both dialled at the same
//! time, because the same node was dialled at another spelling of its address, or because one end
//! lost the first connection and the other has not noticed. Only the end that dialled knows which
//! of these it is. So the end that accepts keeps the link it has and treats the second connection
//! as *provisional*: it takes the link's place as soon as its dialler says anything on it, and is
//! forgotten if its dialler closes it. The dialler decides:
//!
//! - it lists no link to that node: the new connection is the link;
//! - it lists a link that the other end dialled, come up during this very attempt: both dialled at
//!   the same time, and of the two connections that dialled by the smaller node id stays;
//! - it lists any other link: that one stays, and whoever asked is told `neighbor exists`.

use std::sync::Arc;

use super::Core;
use super::deadlines::Timer;
use super::io::{CloseReason, ConnId};
use super::links::label;
use super::log::LogEvent;
use crate::wire::{ErrorCode, Hello, Refusal, Reply};

impl Core {
    /// How this node introduces itself.
    pub(super) fn hello(&self) -> Hello {
        let mut features = vec![Hello::TREE.to_owned(), Hello::RANGES.to_owned()];
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

    /// Why this node does not link itself to one that says this of itself.
    fn mismatch(&self, hello: &Hello) -> Option<String> {
        let ours = &self.config;
        if hello.protocol != Hello::PROTOCOL {
            Some(format!("protocol {} is spoken here, not {}", Hello::PROTOCOL, hello.protocol))
        } else if hello.network != ours.network {
            Some(format!("this is network `{}`, not `{}`", ours.network, hello.network))
        } else if hello.node == ours.node {
            Some("a node cannot be its own neighbour".into())
        } else if hello.policy != ours.policy {
            Some(format!("the policy here is `{}`, not `{}`", ours.policy, hello.policy))
        } else {
            None
        }
    }

    /// The accepting end.
    pub(super) fn on_auth(&mut self, conn: ConnId, hello: Hello) -> Result<Reply, Refusal> {
        if self.links.contains_key(&conn)
            || self.dials.is_provisional(conn)
            || self.dials.authenticating(conn).is_some()
        {
            return Err(Refusal::new(ErrorCode::NeighborExists, "neighbor exists"));
        }
        let linked = self.link_to(hello.node).is_some();
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
        if linked {
            self.dials.add_provisional(conn, hello);
            let at = self.now.monotonic + self.config.timing.dial;
            self.deadlines.set(Timer::Provisional(conn), at);
        } else {
            self.link_up(conn, hello, false);
        }
        Ok(Reply::Hello(ours))
    }

    /// A provisional connection is used, or the link it waited behind is down: it is the link.
    pub(super) fn promote(&mut self, conn: ConnId) {
        let Some(hello) = self.dials.forget_provisional(conn) else { return };
        self.deadlines.clear(&Timer::Provisional(conn));
        match self.link_to(hello.node) {
            Some(old) => self.replace_link(old, conn, hello, false),
            None => self.link_up(conn, hello, false),
        }
    }

    /// A provisional connection was neither used nor closed.
    pub(super) fn drop_provisional(&mut self, conn: ConnId) {
        if self.dials.forget_provisional(conn).is_some() {
            self.close(conn, CloseReason::Duplicate);
        }
    }

    /// The dialling end.
    pub(super) fn on_auth_reply(&mut self, conn: ConnId, address: &Arc<str>, result: Result<Reply, Refusal>) {
        match result {
            Ok(Reply::Hello(hello)) => self.on_hello(conn, address, hello),
            Ok(_) => {
                let reason = "`auth` was answered with something else".to_owned();
                self.close(conn, CloseReason::Protocol(reason.clone()));
                self.dial_failed(address, &Refusal::new(ErrorCode::Refused, reason));
            }
            Err(refusal) => {
                self.log(LogEvent::Refused { peer: address.to_string(), reason: refusal.message.clone() });
                self.close(conn, CloseReason::Refused(refusal.message.clone()));
                self.dial_failed(address, &refusal);
            }
        }
    }

    fn on_hello(&mut self, conn: ConnId, address: &Arc<str>, hello: Hello) {
        let old = self.link_to(hello.node);
        // Links may have been accepted while this was under way.
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
        let began = self.dials.began(address);
        let crossed = self.links.get(&old).is_some_and(|link| !link.dialled() && Some(link.since) >= began);
        if crossed && self.config.node < hello.node {
            self.replace_link(old, conn, hello, true);
            return self.dial_succeeded(address, conn);
        }
        self.close(conn, CloseReason::Duplicate);
        if crossed || self.dials.is_kept(address) {
            self.dial_succeeded(address, old);
        } else {
            self.dial_failed(address, &Refusal::new(ErrorCode::NeighborExists, "neighbor exists"));
        }
    }
}
