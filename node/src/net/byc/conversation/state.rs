//! The state of a conversation.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::behaviour::{Behaviour, Dialect};
use super::effect::Effect;
use super::questions::Questions;
use crate::net::byc::dated::version_json;
use crate::net::byc::handshake::Server;
use crate::net::byc::heartbeat::Heartbeat;
use crate::net::byc::neighbour::Neighbour;
use crate::net::byc::packet::{event, quoted};
use crate::net::byc::protocol::PACKET_MAX;
use crate::wire::{RequestId, Value, Version};

/// The conversation on one connection.
#[derive(Debug)]
pub(in crate::net) struct Conversation {
    /// The other end of the connection: known from the start where this end dialled.
    pub(super) side: Side,
    /// The longest packet that the other end takes, in bytes.
    pub(super) packet_max: usize,
    pub(super) heartbeat: Heartbeat,
    /// True once the other end has joined the main namespace.
    pub(super) joined: bool,
    /// The neighbour at the other end, once the link is up as far as this end knows.
    pub(super) linked: Option<Neighbour>,
    /// The requests that the other end waits for, by the number under which the core was asked.
    pub(super) requests: BTreeMap<RequestId, PendingRequest>,
    pub(super) last_request: RequestId,
    pub(super) questions: Questions,
    /// The behaviour of the neighbour, from which a link's pushes follow.
    pub(super) behaviour: Behaviour,
}

/// The end of the connection that dialled.
#[derive(Debug)]
pub(super) enum Side {
    /// The other end dialled, from this address, on a connection with this id.
    Accepted { from: IpAddr, id: String },
    /// This end dialled.
    Dialled(Neighbour),
}

/// A request that the core was asked on behalf of the other end, and the acknowledgement that waits for it.
#[derive(Debug)]
pub(super) struct PendingRequest {
    pub(super) ack: Option<u64>,
    pub(super) kind: RequestKind,
}

/// The purpose of a request.
#[derive(Debug)]
pub(super) enum RequestKind {
    Set { key: String },
    AddPeer,
    Auth(Neighbour),
}

impl Conversation {
    /// Begins a conversation with a peer that dialled from this address, on a connection with this id.
    pub(in crate::net) fn accepted(from: IpAddr, id: String, now: Duration) -> Self {
        let side = Side::Accepted { from: from.to_canonical(), id };
        Self::new(side, PACKET_MAX, Heartbeat::server(now), false)
    }

    /// Begins a conversation with a neighbour that this end dialled and that has let it in.
    pub(in crate::net) fn dialled(server: &Server, now: Duration) -> Self {
        let side = Side::Dialled(Neighbour::at(server.address.ip(), server.address.port()));
        let packet_max = server.packet_max.min(PACKET_MAX);
        let heartbeat = Heartbeat::client(now, server.ping_interval, server.ping_timeout);
        Self::new(side, packet_max, heartbeat, true)
    }

    fn new(side: Side, packet_max: usize, heartbeat: Heartbeat, joined: bool) -> Self {
        Self {
            side,
            packet_max,
            heartbeat,
            joined,
            linked: None,
            requests: BTreeMap::new(),
            last_request: 0,
            questions: Questions::default(),
            behaviour: Behaviour::default(),
        }
    }

    /// Returns the neighbour that this end dialled.
    pub(super) fn dialled_neighbour(&self) -> Option<&Neighbour> {
        match &self.side {
            Side::Dialled(neighbour) => Some(neighbour),
            Side::Accepted { .. } => None,
        }
    }

    /// Returns the time of the next ping, time-out, overdue answer or further round.
    pub(in crate::net) fn due(&self) -> Duration {
        let due = [self.questions.due(), self.behaviour.due()].into_iter().flatten();
        due.fold(self.heartbeat.due(), Duration::min)
    }

    /// Pushes a version to a neighbour, in its dialect. It always carries the number of an acknowledgement, since
    /// many nodes call back even where none was asked for.
    pub(super) fn push_version(&mut self, version: &Version, weight: usize, out: &mut Vec<Effect>) {
        let value = match self.behaviour.dialect {
            Dialect::Unknown => return self.behaviour.hold_back(version.key()),
            Dialect::Plain => version.value().map_or("null", Value::json).to_owned(),
            Dialect::Presumed | Dialect::Dated => version_json(version),
        };
        let ack = self.questions.next_number();
        let text = event(Some(ack), "set", &[&quoted(version.key()), &value]);
        if text.len() <= self.packet_max {
            out.push(Effect::Send { text, weight });
        }
    }
}
