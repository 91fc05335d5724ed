//! What is said on one connection: events on its one side, the core's frames on the other.
//!
//! No socket and no clock: packets and frames come in, and what follows from them comes out as
//! [`Effect`]s, in order. What only has to be looked up is answered from the core's store; all else is
//! asked of the core, and its answer translated.
//!
//! This file answers the other end; what is asked of it stands in `questions`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::beat::{Beat, Due};
use super::call::Call;
use super::dated::{Dated, dated, listed};
use super::neighbour::{Neighbour, port_in};
use super::packet::{Envelope, Kind, Packet, acknowledgement, event, quoted};
use super::questions::Questions;
use super::{LINKS_NEED_OLDEST, PACKET_MAX};
use crate::core::{Core, Now};
use crate::wire::{
    self, Command, ErrorCode, Frame, Message, Policy, Refusal, Reply, RequestId, Stamp, Version,
};

/// How many questions of one client may wait for their answers.
const WAITING_MAX: usize = 1_024;

/// What a conversation wants done.
#[derive(Debug, PartialEq)]
pub(in crate::net) enum Effect {
    /// Send a packet. A version's push has the weight that the core counts for it.
    Say { text: String, weight: usize },
    /// Hand a frame to the core, as if it had come.
    Hear(Frame),
    /// Hand a version to the core that somebody tells of who is no neighbour.
    Offer { id: RequestId, version: Version },
    /// End the connection.
    End(CloseCode, String),
}

/// What there is to look at.
#[derive(Clone, Copy)]
pub(in crate::net) struct Scene<'a> {
    pub(in crate::net) core: &'a Core,
    pub(in crate::net) now: Now,
}

/// One connection.
#[derive(Debug)]
pub(in crate::net) struct Conversation {
    /// Whom the connection leads to: known from the start where this end dialled.
    side: Side,
    /// The longest packet that the other end takes, in bytes.
    most: usize,
    beat: Beat,
    /// Whether the namespace is joined.
    joined: bool,
    /// Whether the link is up, as far as is known here.
    pub(super) linked: Option<Neighbour>,
    /// What the other end waits for, by the number under which the core was asked.
    waiting: BTreeMap<RequestId, Waiting>,
    requests: RequestId,
    pub(super) questions: Questions,
}

#[derive(Debug)]
pub(super) enum Side {
    /// The other end came, from here.
    Accepted { from: IpAddr, id: String },
    /// This end dialled.
    Dialled(Neighbour),
}

/// What the core was asked on behalf of the other end, and the acknowledgement that waits for it.
#[derive(Debug)]
struct Waiting {
    ack: Option<u64>,
    what: What,
}

#[derive(Debug)]
enum What {
    Set { key: String },
    AddPeer,
    Auth(Neighbour),
}

impl Conversation {
    /// With somebody who came from there, on a connection of this name.
    pub(in crate::net) fn accepted(from: IpAddr, id: String, now: Duration) -> Self {
        let side = Side::Accepted { from: from.to_canonical(), id };
        Self::new(side, PACKET_MAX, Beat::server(now), false)
    }

    /// With a neighbour that was dialled and has let this end in.
    pub(in crate::net) fn dialled(with: &super::client::Opened, now: Duration) -> Self {
        let side = Side::Dialled(Neighbour::at(with.peer.ip(), with.peer.port()));
        let most = with.most.min(PACKET_MAX);
        Self::new(side, most, Beat::client(now, with.interval, with.patience), true)
    }

    fn new(side: Side, most: usize, beat: Beat, joined: bool) -> Self {
        Self {
            side,
            most,
            beat,
            joined,
            linked: None,
            waiting: BTreeMap::new(),
            requests: 0,
            questions: Questions::default(),
        }
    }

    /// Whom this end dialled.
    pub(super) fn dialled_neighbour(&self) -> Option<&Neighbour> {
        match &self.side {
            Side::Dialled(neighbour) => Some(neighbour),
            Side::Accepted { .. } => None,
        }
    }

    /// A packet came.
    pub(in crate::net) fn received(&mut self, text: &str, scene: Scene<'_>, out: &mut Vec<Effect>) {
        self.beat.heard(scene.now.monotonic);
        match Packet::read(text) {
            None => end(out, CloseCode::Protocol, "not a packet of Engine.IO"),
            Some(Packet::Close) => end(out, CloseCode::Normal, ""),
            Some(Packet::Ping(data)) => say(out, format!("3{data}")),
            Some(Packet::Message(text)) => self.message(text, scene, out),
            Some(Packet::Open(_) | Packet::Pong(_) | Packet::Upgrade | Packet::Noop) => {}
        }
    }

    /// What is no text came: an attachment.
    pub(in crate::net) fn received_binary(out: &mut Vec<Effect>) {
        end(out, CloseCode::Unsupported, "binary attachments are not taken");
    }

    fn message(&mut self, text: &str, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let Some(Envelope { kind, namespace, ack, data }) = Envelope::read(text) else {
            return end(out, CloseCode::Protocol, "not a packet of Socket.IO");
        };
        match (kind, &self.side) {
            (Kind::Binary, _) => Self::received_binary(out),
            (Kind::Connect, Side::Accepted { id, .. }) if namespace == "/" => {
                if !std::mem::replace(&mut self.joined, true) {
                    say(out, format!("40{{\"sid\":\"{id}\"}}"));
                }
            }
            (Kind::Connect, _) if namespace != "/" => {
                say(out, format!("44{namespace},{{\"message\":\"Invalid namespace\"}}"));
            }
            _ if namespace != "/" => {}
            (Kind::Event, _) if self.joined => self.event(ack, data, scene, out),
            (Kind::Event, _) => end(out, CloseCode::Policy, "an event before the namespace was joined"),
            (Kind::Ack, _) => {
                if let Some(id) = ack {
                    self.acknowledged(id, data, scene, out);
                }
            }
            (Kind::Disconnect | Kind::ConnectError, _) => end(out, CloseCode::Normal, ""),
            (Kind::Connect, _) => {}
        }
    }

    fn event(&mut self, ack: Option<u64>, data: &str, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let core = scene.core;
        let call = match Call::read(data, &core.config().limits) {
            Ok(call) => call,
            Err(error) => return self.answer(ack, &Err(error), out),
        };
        if self.linked.is_some() && matches!(call, Call::Get { .. } | Call::Keys | Call::KeysAndTime) {
            // The core counts on hearing its neighbours, and takes a second connection for the link
            // once it is used. Of `peers` it hears nothing: that is asked before a link is used.
            out.push(Effect::Hear(Frame::Message(Message::Pong)));
        }
        match call {
            Call::Get { key } => {
                let held = core.version(&key).filter(|version| version.value().is_some());
                let result = held.map(|version| dated(version)).ok_or_else(|| absent(&key));
                self.answer(ack, &result, out);
            }
            Call::Keys => {
                let mut keys: Vec<&str> = live(core).map(Version::key).collect();
                keys.sort_unstable();
                let keys = keys.into_iter().map(quoted).collect::<Vec<_>>();
                self.answer(ack, &Ok(format!("[{}]", keys.join(","))), out);
            }
            Call::KeysAndTime => {
                let of = |version: &Version| format!("{}:{}", quoted(version.key()), listed(version));
                let keys = live(core).map(of).collect::<Vec<_>>();
                self.answer(ack, &Ok(format!("{{{}}}", keys.join(","))), out);
            }
            Call::Peers => {
                let mut ports: Vec<u16> =
                    core.peers().iter().filter_map(|peer| port_in(&peer.address)).collect();
                ports.sort_unstable();
                self.answer(ack, &Ok(format!("{ports:?}")), out);
            }
            Call::Set { key, dated } => self.set(ack, key, dated, scene, out),
            Call::AddPeer { .. } | Call::Auth { .. } if core.config().policy != Policy::Oldest => {
                self.answer(ack, &Err(LINKS_NEED_OLDEST.to_owned()), out);
            }
            Call::AddPeer { port } => {
                let command = Command::AddPeer { address: format!(":{port}/byc") };
                self.ask_core(ack, What::AddPeer, command, out);
            }
            Call::Auth { port } => self.auth(ack, port, core, out),
        }
    }

    fn set(&mut self, ack: Option<u64>, key: String, dated: Dated, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let Dated { value, date } = dated;
        let config = scene.core.config();
        let (Policy::Oldest, Some(wall_ms)) = (config.policy, date) else {
            let command = Command::Set { key: key.clone(), value, date };
            return self.ask_core(ack, What::Set { key }, command, out);
        };
        let author = self.linked.as_ref().map_or(config.node, |neighbour| neighbour.node);
        let stamp = Stamp { wall_ms, counter: 0 };
        let version = Version::new(&key, wire::Kind::Set(value), stamp, author);
        if self.linked.is_some() {
            out.push(Effect::Hear(Frame::Message(Message::Push(version.into()))));
            self.answer(ack, &Ok("true".to_owned()), out);
        } else if let Some(id) = self.wait(ack, What::Set { key }, out) {
            out.push(Effect::Offer { id, version });
        }
    }

    fn auth(&mut self, ack: Option<u64>, port: u16, core: &Core, out: &mut Vec<Effect>) {
        let Side::Accepted { from, .. } = self.side else {
            return self.answer(ack, &Err("auth is for the end that dialled".to_owned()), out);
        };
        let (config, neighbour) = (core.config(), Neighbour::at(from, port));
        if neighbour.is_at(&config.address) || from.is_loopback() && port_in(&config.address) == Some(port) {
            return self.answer(ack, &Err("a node cannot be its own neighbour".to_owned()), out);
        }
        let command = Command::Auth(neighbour.hello(config));
        self.ask_core(ack, What::Auth(neighbour), command, out);
    }

    /// Asks the core something on behalf of the other end.
    fn ask_core(&mut self, ack: Option<u64>, what: What, command: Command, out: &mut Vec<Effect>) {
        if let Some(id) = self.wait(ack, what, out) {
            out.push(Effect::Hear(Frame::Request { id, command }));
        }
    }

    /// Remembers what is waited for; its number, unless too much is waited for already.
    fn wait(&mut self, ack: Option<u64>, what: What, out: &mut Vec<Effect>) -> Option<RequestId> {
        if self.waiting.len() >= WAITING_MAX {
            self.answer(
                ack,
                &Err("too many questions wait for their answers: try again later".to_owned()),
                out,
            );
            return None;
        }
        self.requests += 1;
        self.waiting.insert(self.requests, Waiting { ack, what });
        Some(self.requests)
    }

    /// The core says something.
    pub(in crate::net) fn told(&mut self, frame: &Frame, scene: Scene<'_>, out: &mut Vec<Effect>) {
        match frame {
            Frame::Reply { id, result } => {
                if let Some(Waiting { ack, what }) = self.waiting.remove(id) {
                    let result = self.came_of(what, result);
                    self.answer(ack, &result.map(|()| "true".to_owned()), out);
                }
            }
            Frame::Request { id, command } => self.ask(*id, command, scene, out),
            Frame::Message(Message::Push(version)) => self.push(version, version.weight(), out),
            // The pings of Engine.IO see to this.
            Frame::Message(Message::Ping) => out.push(Effect::Hear(Frame::Message(Message::Pong))),
            Frame::Message(_) | Frame::Notice(_) => {}
        }
    }

    /// What the core's answer means in this protocol.
    fn came_of(&mut self, what: What, result: &Result<Reply, Refusal>) -> Result<(), String> {
        match (what, result) {
            (What::Auth(neighbour), Ok(_)) => self.linked = Some(neighbour),
            (_, Ok(_)) => {}
            (What::Set { key }, Err(refusal)) if refusal.code == ErrorCode::Exists => {
                return Err(format!("set error : Field {key} exists."));
            }
            (_, Err(refusal)) if refusal.code == ErrorCode::NeighborExists => {
                return Err("neighbor exists".to_owned());
            }
            (_, Err(refusal)) => return Err(refusal.message.clone()),
        }
        Ok(())
    }

    /// A version on its way to a neighbour. The number of an acknowledgement goes with it, since many a
    /// node calls back whether that was asked for or not.
    pub(super) fn push(&mut self, version: &Version, weight: usize, out: &mut Vec<Effect>) {
        let ack = self.questions.number();
        let text = event(Some(ack), "set", &[&quoted(version.key()), &dated(version)]);
        if text.len() <= self.most {
            out.push(Effect::Say { text, weight });
        }
    }

    /// Acknowledges, if that was asked for.
    fn answer(&self, ack: Option<u64>, result: &Result<String, String>, out: &mut Vec<Effect>) {
        let Some(ack) = ack else { return };
        let mut text = acknowledgement(ack, result.as_deref().map_err(String::as_str));
        if text.len() > self.most {
            let error = format!("the answer has {} bytes; at most {} are sent", text.len(), self.most);
            text = acknowledgement(ack, Err(&error));
        }
        say(out, text);
    }

    /// When there is something to look after.
    pub(in crate::net) fn due(&self) -> Duration {
        self.questions.due().map_or(self.beat.due(), |due| due.min(self.beat.due()))
    }

    /// Time has passed.
    pub(in crate::net) fn look(&mut self, scene: Scene<'_>, out: &mut Vec<Effect>) {
        match self.beat.look(scene.now.monotonic) {
            Due::Nothing => {}
            Due::Ping => say(out, "2".to_owned()),
            Due::Dead => return end(out, CloseCode::Away, "silent for too long"),
        }
        self.look_after_questions(scene, out);
    }
}

pub(super) fn say(out: &mut Vec<Effect>, text: String) {
    out.push(Effect::Say { text, weight: 0 });
}

fn end(out: &mut Vec<Effect>, code: CloseCode, reason: &str) {
    out.push(Effect::End(code, reason.to_owned()));
}

/// The versions that give their key a value.
pub(super) fn live(core: &Core) -> impl Iterator<Item = &Version> {
    core.versions().map(|version| &**version).filter(|version| version.value().is_some())
}

fn absent(key: &str) -> String {
    format!("Field {key} not exists")
}

#[cfg(test)]
mod tests;
