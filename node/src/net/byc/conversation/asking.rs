//! The sending of questions to a neighbour, and the meaning of their answers for the core.
//!
//! Nodes of this protocol differ in what they acknowledge. A node that does not acknowledge `auth` is
//! taken to have accepted it once it answers the question after it, or after a time-out. A node that
//! does not know `keysAndTime` is asked for `keys`.

use super::effect::{CoreView, Effect};
use super::questions::{PendingQuestion, QuestionKind};
use super::state::Conversation;
use crate::core::Core;
use crate::net::byc::dated::DatedValue;
use crate::net::byc::neighbour::port_in;
use crate::net::byc::packet::{elements, error_in, event, quoted};
use crate::wire::{Command, ErrorCode, Kind, Reply, RequestId, Stamp, Version};

impl Conversation {
    /// Asks the neighbour what the core requests.
    pub(super) fn ask_neighbour(
        &mut self,
        id: RequestId,
        command: &Command,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        match command {
            Command::Auth(hello) => {
                let port = port_in(&hello.address).unwrap_or_default().to_string();
                self.send_question(id, QuestionKind::Auth, "auth", &[&port], view, out);
                self.send_question(id, QuestionKind::Probe, "peers", &[], view, out);
            }
            Command::Keys { .. } => {
                self.send_question(id, QuestionKind::KeysAndTime, "keysAndTime", &[], view, out);
            }
            Command::Get { key } => {
                let kind = QuestionKind::Get { key: key.clone() };
                self.send_question(id, kind, "get", &[&quoted(key)], view, out);
            }
            _ => out.push(Effect::refuse(id, ErrorCode::UnknownCommand, "not in this protocol")),
        }
    }

    fn send_question(
        &mut self,
        id: RequestId,
        kind: QuestionKind,
        name: &str,
        arguments: &[&str],
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        let number = self.questions.add(id, kind, view.now.monotonic);
        out.push(Effect::send(event(Some(number), name, arguments)));
    }

    /// Asks for `keys` in place of `keysAndTime`.
    pub(super) fn ask_for_keys(&mut self, id: RequestId, view: CoreView<'_>, out: &mut Vec<Effect>) {
        self.send_question(id, QuestionKind::Keys, "keys", &[], view, out);
    }

    /// Handles an acknowledgement, `[error, result]`, of one of the questions.
    pub(super) fn on_acknowledgement(
        &mut self,
        number: u64,
        data: &str,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Some(PendingQuestion { id, kind, .. }) = self.questions.remove(number) else { return };
        let answer = elements(data).unwrap_or_default();
        let result = match answer.first().and_then(|error| error_in(error)) {
            Some(error) => Err(error),
            None => Ok(answer.get(1).map_or("null", |result| result.get())),
        };
        match (kind, result) {
            (QuestionKind::Auth, Ok(_)) => self.bring_link_up(id, view.core, out),
            (QuestionKind::Auth, Err(error)) => {
                let known = error.contains("neighbor exists");
                let code = if known { ErrorCode::NeighborExists } else { ErrorCode::Refused };
                out.push(Effect::refuse(id, code, &error));
            }
            (QuestionKind::Probe, _) => self.on_probe_answered(view.core, out),
            (QuestionKind::KeysAndTime, Ok(json)) => self.on_listing(id, json, view, out),
            (QuestionKind::KeysAndTime, Err(_)) => self.ask_for_keys(id, view, out),
            (QuestionKind::Keys, Ok(json)) => {
                let keys = serde_json::from_str::<Vec<String>>(json).unwrap_or_default();
                out.push(Effect::reply(id, Reply::Keys { keys, more: false }));
            }
            (QuestionKind::Get { key }, Ok(json)) => out.push(self.translate_value(id, &key, json, view)),
            (QuestionKind::Keys, Err(error)) => {
                out.push(Effect::refuse(id, ErrorCode::Unavailable, &error));
            }
            (QuestionKind::Get { .. }, Err(error)) => {
                out.push(Effect::refuse(id, ErrorCode::Absent, &error));
            }
        }
    }

    /// Translates the neighbour's value of a key into a version for the core.
    fn translate_value(&self, id: RequestId, key: &str, json: &str, view: CoreView<'_>) -> Effect {
        match (self.linked.as_ref(), DatedValue::read(json, &view.core.config().limits)) {
            (Some(neighbour), Ok(DatedValue { value, date: Some(wall_ms) })) => {
                let stamp = Stamp { wall_ms, counter: 0 };
                let version = Version::new(key, Kind::Set(value), stamp, neighbour.node);
                Effect::reply(id, Reply::Value(version.into()))
            }
            (_, Ok(_)) => Effect::refuse(id, ErrorCode::Malformed, "a value without its date"),
            (_, Err(error)) => Effect::refuse(id, ErrorCode::Malformed, &error.to_string()),
        }
    }

    /// Gives up the questions whose answers are overdue.
    pub(super) fn give_up_overdue_questions(&mut self, view: CoreView<'_>, out: &mut Vec<Effect>) {
        while let Some(PendingQuestion { id, kind, .. }) = self.questions.remove_overdue(view.now.monotonic) {
            match kind {
                QuestionKind::Auth => self.bring_link_up(id, view.core, out),
                QuestionKind::Probe => {}
                QuestionKind::KeysAndTime => self.ask_for_keys(id, view, out),
                QuestionKind::Keys | QuestionKind::Get { .. } => {
                    out.push(Effect::refuse(id, ErrorCode::Unavailable, "it does not answer"));
                }
            }
        }
    }

    /// Brings the link up once the neighbour answers the question after `auth`, so it has heard `auth`.
    fn on_probe_answered(&mut self, core: &Core, out: &mut Vec<Effect>) {
        if let Some(id) = self.questions.remove_auth() {
            self.bring_link_up(id, core, out);
        }
    }

    /// Brings the link up after `auth` was accepted, and tells the core.
    fn bring_link_up(&mut self, id: RequestId, core: &Core, out: &mut Vec<Effect>) {
        let Some(neighbour) = self.dialled_neighbour().cloned() else { return };
        let hello = neighbour.hello(core.config());
        self.linked = Some(neighbour);
        out.push(Effect::reply(id, Reply::Hello(hello)));
    }
}
