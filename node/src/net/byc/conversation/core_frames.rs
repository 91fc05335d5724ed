//! Frames from the core, translated for the other end, and the actions that are due.

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::effect::{CoreView, Effect};
use super::state::Conversation;
use crate::net::byc::heartbeat::HeartbeatAction;
use crate::wire::{Frame, Message};

impl Conversation {
    /// Translates a frame from the core for the other end.
    pub(in crate::net) fn on_core_frame(&mut self, frame: &Frame, view: CoreView<'_>, out: &mut Vec<Effect>) {
        match frame {
            Frame::Reply { id, result } => self.on_core_reply(*id, result, out),
            Frame::Request { id, command } => self.ask_neighbour(*id, command, view, out),
            Frame::Message(Message::Push(version) | Message::Stray(version)) => {
                self.push_version(version, version.weight(), out);
            }
            // Engine.IO has pings of its own.
            Frame::Message(Message::Ping) => out.push(Effect::Receive(Frame::Message(Message::Pong))),
            Frame::Message(_) | Frame::Notice(_) => {}
        }
    }

    /// Acts on time that has passed: pings, ends a silent connection, gives up overdue answers.
    pub(in crate::net) fn on_due(&mut self, view: CoreView<'_>, out: &mut Vec<Effect>) {
        match self.heartbeat.check(view.now.monotonic) {
            HeartbeatAction::Nothing => {}
            HeartbeatAction::Ping => out.push(Effect::send("2".to_owned())),
            HeartbeatAction::End => return out.push(Effect::close(CloseCode::Away, "silent for too long")),
        }
        self.give_up_overdue_questions(view, out);
        if self.behaviour.is_round_due(view.now.monotonic) && self.linked.is_some() {
            out.push(Effect::BeginRound);
        }
    }
}
