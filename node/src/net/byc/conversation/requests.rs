//! The requests of the other end, and the answers to them.

use super::effect::{CoreView, Effect};
use super::state::{Conversation, PendingRequest, RequestKind, Side};
use crate::core::Core;
use crate::net::byc::call::{Call, CallError};
use crate::net::byc::dated::{DatedValue, listing_json, version_json};
use crate::net::byc::neighbour::{Neighbour, port_in};
use crate::net::byc::packet::{acknowledgement, quoted};
use crate::net::byc::protocol::{LINKS_NEED_OLDEST, PATH};
use crate::wire::{
    Command, ErrorCode, Frame, Kind, Message, Policy, Refusal, Reply, RequestId, Stamp, Version,
};

/// The most requests of one client that may wait for the core's answers. Chosen: a client that sends one after
/// another has one at a time; more is a flood, and each costs some hundred bytes.
const REQUESTS_MAX: usize = 1_024;

/// The reason why a request has no result: the error in its acknowledgement. Nothing was changed.
#[derive(Debug, thiserror::Error)]
enum RequestError {
    /// The event is no request of this protocol.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The key has no value. Nodes of this protocol compare this text.
    #[error("Field {0} not exists")]
    Absent(String),
    /// The key has a value, and the policy keeps the oldest. Nodes of this protocol compare this text.
    #[error("set error : Field {0} exists.")]
    Exists(String),
    /// The policy of this node is not that of this protocol.
    #[error("{LINKS_NEED_OLDEST}")]
    Policy,
    /// The other end was dialled, and sent `auth`.
    #[error("auth is for the end that dialled")]
    AuthFromAccepted,
    /// The other end gave this node's own address.
    #[error("a node cannot be its own neighbour")]
    OwnAddress,
    /// The link exists. Nodes of this protocol compare this text.
    #[error("neighbor exists")]
    NeighbourExists,
    /// Too many requests wait.
    #[error("too many questions wait for their answers: try again later")]
    TooMany,
    /// The core refused the request, for this reason.
    #[error("{0}")]
    Refused(String),
}

/// The result of a request as JSON text, or its error.
type RequestResult = Result<String, RequestError>;

impl Conversation {
    /// Carries out a request of the other end.
    pub(super) fn on_event(
        &mut self,
        ack: Option<u64>,
        data: &str,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        let core = view.core;
        let call = match Call::read(data, &core.config().limits) {
            Ok(call) => call,
            Err(error) => return self.answer(ack, Err(error.into()), out),
        };
        let is_client = self.linked.is_none() && matches!(self.side, Side::Accepted { .. });
        if !is_client && matches!(call, Call::Keys | Call::KeysAndTime) {
            self.behaviour.fetches = true;
        }
        if self.linked.is_some() && matches!(call, Call::Get { .. } | Call::Keys | Call::KeysAndTime) {
            // The core expects to hear from its neighbours, and takes a second connection as the link once it
            // is used. `peers` is not passed on to the core: neighbours ask it before they use a link.
            out.push(Effect::Receive(Frame::Message(Message::Pong)));
        }
        match call {
            Call::Get { key } => self.answer(ack, get(key, core), out),
            Call::Keys => self.answer(ack, Ok(keys(core)), out),
            Call::KeysAndTime => self.answer(ack, Ok(keys_and_time(view)), out),
            Call::Peers => self.answer(ack, Ok(peers(core)), out),
            Call::Set { key, dated } => self.on_set(ack, key, dated, view, out),
            Call::AddPeer { .. } | Call::Auth { .. } if core.config().policy != Policy::Oldest => {
                self.answer(ack, Err(RequestError::Policy), out);
            }
            Call::AddPeer { port } => {
                let command = Command::AddPeer { address: format!(":{port}{PATH}") };
                self.ask_core(ack, RequestKind::AddPeer, command, out);
            }
            Call::Auth { port } => self.on_auth(ack, port, core, out),
        }
    }

    fn on_set(
        &mut self,
        ack: Option<u64>,
        key: String,
        dated: DatedValue,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        self.behaviour.record_push();
        let DatedValue { value, date } = dated;
        let config = view.core.config();
        let (Policy::Oldest, Some(wall_ms)) = (config.policy, date) else {
            let command = Command::Set { key: key.clone(), value, date };
            return self.ask_core(ack, RequestKind::Set { key }, command, out);
        };
        let author = self.linked.as_ref().map_or(config.node, |neighbour| neighbour.node);
        let stamp = Stamp { wall_ms, counter: 0 };
        let version = Version::new(&key, Kind::Set(value), stamp, author);
        if self.linked.is_some() {
            out.push(Effect::Receive(Frame::Message(Message::Push(version.into()))));
            self.answer(ack, Ok("true".to_owned()), out);
        } else if let Some(id) = self.add_request(ack, RequestKind::Set { key }, out) {
            out.push(Effect::Offer { id, version });
        }
    }

    fn on_auth(&mut self, ack: Option<u64>, port: u16, core: &Core, out: &mut Vec<Effect>) {
        let Side::Accepted { from, .. } = self.side else {
            return self.answer(ack, Err(RequestError::AuthFromAccepted), out);
        };
        let (config, neighbour) = (core.config(), Neighbour::at(from, port));
        if neighbour.is_at(&config.address) || from.is_loopback() && port_in(&config.address) == Some(port) {
            return self.answer(ack, Err(RequestError::OwnAddress), out);
        }
        let command = Command::Auth(neighbour.hello(config));
        self.ask_core(ack, RequestKind::Auth(neighbour), command, out);
    }

    /// Asks the core something on behalf of the other end.
    fn ask_core(&mut self, ack: Option<u64>, kind: RequestKind, command: Command, out: &mut Vec<Effect>) {
        if let Some(id) = self.add_request(ack, kind, out) {
            out.push(Effect::Receive(Frame::Request { id, command }));
        }
    }

    /// Adds a request that the other end waits for. Returns its number, or `None` if too many wait.
    fn add_request(
        &mut self,
        ack: Option<u64>,
        kind: RequestKind,
        out: &mut Vec<Effect>,
    ) -> Option<RequestId> {
        if self.requests.len() >= REQUESTS_MAX {
            self.answer(ack, Err(RequestError::TooMany), out);
            return None;
        }
        self.last_request += 1;
        self.requests.insert(self.last_request, PendingRequest { ack, kind });
        Some(self.last_request)
    }

    /// Answers a request of the other end with the core's reply.
    pub(super) fn on_core_reply(
        &mut self,
        id: RequestId,
        result: &Result<Reply, Refusal>,
        out: &mut Vec<Effect>,
    ) {
        if let Some(PendingRequest { ack, kind }) = self.requests.remove(&id) {
            let result = self.translate_result(kind, result);
            self.answer(ack, result.map(|()| "true".to_owned()), out);
        }
    }

    /// Translates the core's answer to this protocol. An accepted `auth` brings the link up.
    fn translate_result(
        &mut self,
        kind: RequestKind,
        result: &Result<Reply, Refusal>,
    ) -> Result<(), RequestError> {
        match (kind, result) {
            (RequestKind::Auth(neighbour), Ok(_)) => self.linked = Some(neighbour),
            (_, Ok(_)) => {}
            (RequestKind::Set { key }, Err(refusal)) if refusal.code == ErrorCode::Exists => {
                return Err(RequestError::Exists(key));
            }
            (_, Err(refusal)) if refusal.code == ErrorCode::NeighborExists => {
                return Err(RequestError::NeighbourExists);
            }
            (_, Err(refusal)) => return Err(RequestError::Refused(refusal.message.clone())),
        }
        Ok(())
    }

    /// Sends an acknowledgement, if the other end asked for one.
    fn answer(&self, ack: Option<u64>, result: RequestResult, out: &mut Vec<Effect>) {
        let Some(ack) = ack else { return };
        let result = result.map_err(|error| error.to_string());
        let mut text = acknowledgement(ack, result.as_deref().map_err(String::as_str));
        if text.len() > self.packet_max {
            let error = format!("the answer has {} bytes; at most {} are sent", text.len(), self.packet_max);
            text = acknowledgement(ack, Err(&error));
        }
        out.push(Effect::send(text));
    }
}

fn get(key: String, core: &Core) -> RequestResult {
    let held = core.version(&key).filter(|version| version.value().is_some());
    held.map(|version| version_json(version)).ok_or(RequestError::Absent(key))
}

fn keys(core: &Core) -> String {
    let keys = core.keys_as_inserted().into_iter().map(quoted).collect::<Vec<_>>();
    format!("[{}]", keys.join(","))
}

fn keys_and_time(view: CoreView<'_>) -> String {
    let entry = |version: &Version| format!("{}:{}", quoted(version.key()), listing_json(version));
    let entries = view.values().map(entry).collect::<Vec<_>>();
    format!("{{{}}}", entries.join(","))
}

fn peers(core: &Core) -> String {
    let mut ports: Vec<u16> = core.peers().iter().filter_map(|peer| port_in(&peer.address)).collect();
    ports.sort_unstable();
    format!("{ports:?}")
}
