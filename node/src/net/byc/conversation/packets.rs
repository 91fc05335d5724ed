//! Packets from the other end, of Engine.IO and Socket.IO.

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::effect::{CoreView, Effect};
use super::state::{Conversation, Side};
use crate::net::byc::packet::{Envelope, EnvelopeKind, Packet};

impl Conversation {
    /// Reads a packet from the other end and acts on it.
    pub(in crate::net) fn on_packet(&mut self, text: &str, view: CoreView<'_>, out: &mut Vec<Effect>) {
        self.heartbeat.on_received(view.now.monotonic);
        match Packet::read(text) {
            None => out.push(Effect::close(CloseCode::Protocol, "not a packet of Engine.IO")),
            Some(Packet::Close) => out.push(Effect::close(CloseCode::Normal, "")),
            Some(Packet::Ping(data)) => out.push(Effect::send(format!("3{data}"))),
            Some(Packet::Message(text)) => self.on_message(text, view, out),
            Some(Packet::Open(_) | Packet::Pong(_) | Packet::Upgrade | Packet::Noop) => {}
        }
    }

    /// Ends the connection after a binary message: attachments are not supported.
    pub(in crate::net) fn on_binary(out: &mut Vec<Effect>) {
        out.push(Effect::close(CloseCode::Unsupported, "binary attachments are not taken"));
    }

    fn on_message(&mut self, text: &str, view: CoreView<'_>, out: &mut Vec<Effect>) {
        let Some(Envelope { kind, namespace, ack, data }) = Envelope::read(text) else {
            return out.push(Effect::close(CloseCode::Protocol, "not a packet of Socket.IO"));
        };
        match (kind, &self.side) {
            (EnvelopeKind::Binary, _) => Self::on_binary(out),
            (EnvelopeKind::Connect, Side::Accepted { id, .. }) if namespace == "/" => {
                if !std::mem::replace(&mut self.joined, true) {
                    out.push(Effect::send(format!("40{{\"sid\":\"{id}\"}}")));
                }
            }
            (EnvelopeKind::Connect, _) if namespace != "/" => {
                out.push(Effect::send(format!("44{namespace},{{\"message\":\"Invalid namespace\"}}")));
            }
            _ if namespace != "/" => {}
            (EnvelopeKind::Event, _) if self.joined => self.on_event(ack, data, view, out),
            (EnvelopeKind::Event, _) => {
                out.push(Effect::close(CloseCode::Policy, "an event before the namespace was joined"));
            }
            (EnvelopeKind::Ack, _) => {
                if let Some(number) = ack {
                    self.on_acknowledgement(number, data, view, out);
                }
            }
            (EnvelopeKind::Disconnect | EnvelopeKind::ConnectError, _) => {
                out.push(Effect::close(CloseCode::Normal, ""));
            }
            (EnvelopeKind::Connect, _) => {}
        }
    }
}
