//! The sending of questions to a neighbour, and the meaning of their answers for the core.
//!
//! Nodes of this protocol differ in what they acknowledge. A node that does not acknowledge `auth` is
//! taken to have accepted it once it lists this node, or after a time-out. A node that does not know
//! `keysAndTime` may leave it without an acknowledgement. So `keys` follows it, and the answer that comes
//! first shows the dialect.

use super::behaviour::Dialect;
use super::effect::{CoreView, Effect};
use super::questions::{PendingQuestion, QuestionKind};
use super::state::Conversation;
use crate::net::byc::call::port_of;
use crate::net::byc::dated::DatedValue;
use crate::net::byc::neighbour::port_in;
use crate::net::byc::packet::{elements, error_in, event, quoted};
use crate::wire::{Command, ErrorCode, Hello, Kind, Reply, RequestId, Stamp, Version};

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
                let dialect = self.behaviour.dialect;
                if dialect != Dialect::Plain {
                    self.send_question(id, QuestionKind::KeysAndTime, "keysAndTime", &[], view, out);
                }
                if dialect != Dialect::Dated {
                    self.send_question(id, QuestionKind::Keys, "keys", &[], view, out);
                }
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
            (QuestionKind::Auth, Ok(_)) => self.bring_link_up(id, view, out),
            (QuestionKind::Auth, Err(error)) if is_listed(&error) => {
                self.behaviour.record_listed(view.now.monotonic);
                self.bring_link_up(id, view, out);
            }
            (QuestionKind::Auth, Err(error)) => {
                out.push(Effect::refuse(id, ErrorCode::Refused, &error));
            }
            (QuestionKind::LateAuth, Err(error)) if is_listed(&error) => {
                self.behaviour.record_listed(view.now.monotonic);
            }
            (QuestionKind::LateAuth, _) | (QuestionKind::Probe, Err(_)) => {}
            (QuestionKind::Probe, Ok(json)) => self.on_probe_answered(json, view, out),
            (QuestionKind::KeysAndTime, Ok(json)) => self.on_listing(id, json, view, out),
            (QuestionKind::KeysAndTime, Err(error)) => self.on_no_listing(id, &error, out),
            (QuestionKind::Keys, Ok(json)) => self.on_keys(id, json, view, out),
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
        let now = view.now.monotonic;
        if let Some(id) = self.questions.accept_auth(now, true) {
            self.bring_link_up(id, view, out);
        }
        while let Some(PendingQuestion { id, kind, .. }) = self.questions.remove_overdue(now) {
            match (kind, self.behaviour.dialect) {
                (QuestionKind::KeysAndTime, Dialect::Unknown) => {
                    self.behaviour.dialect = Dialect::Presumed;
                    self.push_held_back(view, out);
                }
                (QuestionKind::KeysAndTime, Dialect::Dated)
                | (QuestionKind::Keys | QuestionKind::Get { .. }, _) => {
                    out.push(Effect::refuse(id, ErrorCode::Unavailable, "it does not answer"));
                }
                (_, _) => {}
            }
        }
    }

    /// Brings the link up if the neighbour, which was asked for its list after `auth`, lists this node.
    fn on_probe_answered(&mut self, json: &str, view: CoreView<'_>, out: &mut Vec<Effect>) {
        let listed: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
        let own_port = port_in(&view.core.config().address);
        if listed.iter().any(|port| port_of(port).is_some() && port_of(port) == own_port)
            && let Some(id) = self.questions.accept_auth(view.now.monotonic, false)
        {
            self.bring_link_up(id, view, out);
        }
    }

    /// Brings the link up after `auth` was accepted, and tells the core.
    fn bring_link_up(&mut self, id: RequestId, view: CoreView<'_>, out: &mut Vec<Effect>) {
        let Some(neighbour) = self.dialled_neighbour().cloned() else { return };
        let mut hello = neighbour.hello(view.core.config());
        if self.behaviour.is_one_way() {
            hello.features.push(Hello::LISTED.to_owned());
        }
        self.linked = Some(neighbour);
        out.push(Effect::reply(id, Reply::Hello(hello)));
    }
}

/// Returns true if an error of `auth` says that the neighbour lists this node already.
fn is_listed(error: &str) -> bool {
    error.contains("neighbor exists")
}
