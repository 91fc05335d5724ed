//! Connections of the other protocol: a conversation stands between each of them and the core.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Shell, State, Turn};
use crate::core::{CloseReason, ConnId, DialId, Input};
use crate::net::byc::{Conversation, Effect, Opened, Scene};
use crate::net::outbox::{Outbox, Outgoing};
use crate::wire::{ErrorCode, Frame, Refusal, RequestId, encode_refusal};

/// Who translates for one connection.
pub(super) struct Interpreter {
    conversation: Conversation,
    /// When somebody will look after it.
    armed: Cell<Duration>,
    rearm: Rc<Notify>,
}

impl Interpreter {
    fn new(conversation: Conversation) -> Box<Self> {
        Box::new(Self { conversation, armed: Cell::new(Duration::MAX), rearm: Rc::default() })
    }

    /// What comes of a turn of the conversation.
    fn turn(
        &mut self,
        scene: Scene<'_>,
        turn: impl FnOnce(&mut Conversation, Scene<'_>, &mut Vec<Effect>),
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        turn(&mut self.conversation, scene, &mut effects);
        if self.conversation.due() < self.armed.get() {
            self.rearm.notify_one();
        }
        effects
    }
}

impl Shell {
    /// Numbers a connection of the other protocol that came in, from this host, by this name.
    pub(in crate::net) fn accepted_byc(
        &self,
        from: Rc<str>,
        host: IpAddr,
        id: String,
    ) -> (ConnId, Rc<Outbox>) {
        let accepted = self.accepted(from);
        self.interpret(accepted.0, Conversation::accepted(host, id, self.clock.now().monotonic));
        accepted
    }

    /// The same of one that was dialled.
    pub(in crate::net) fn dialled_byc(
        self: &Rc<Self>,
        dial: DialId,
        to: Rc<str>,
        with: &Opened,
    ) -> Option<(ConnId, Rc<Outbox>)> {
        let (conn, outbox) = {
            let mut state = self.state.borrow_mut();
            state.dials.remove(&dial)?;
            state.register(to, self.ending.get())
        };
        self.interpret(conn, Conversation::dialled(with, self.clock.now().monotonic));
        self.feed(Input::Connected { conn, dial });
        Some((conn, outbox))
    }

    fn interpret(&self, conn: ConnId, conversation: Conversation) {
        if let Some(served) = self.state.borrow_mut().conns.get_mut(&conn) {
            served.interpreter = Some(Interpreter::new(conversation));
        }
    }

    pub(super) fn refuse(self: &Rc<Self>, conn: ConnId, id: RequestId, reason: String) {
        let refusal = Refusal::new(ErrorCode::Refused, reason);
        let text = encode_refusal(Some(id), &refusal);
        let frame = Frame::Reply { id, result: Err(refusal) };
        if !self.converse(conn, |conversation, scene, out| conversation.told(&frame, scene, out)) {
            self.say(conn, text);
        }
    }

    /// When something is due in a conversation, as long as there is one. Whoever asks will look then.
    pub(in crate::net) fn conversation_due(&self, conn: ConnId) -> Option<Instant> {
        let state = self.state.borrow();
        let served = state.conns.get(&conn).filter(|served| served.known)?;
        let interpreter = served.interpreter.as_ref()?;
        let due = interpreter.conversation.due();
        interpreter.armed.set(due);
        Some(self.clock.instant(due))
    }

    /// Waits until something is due in a conversation sooner than was thought.
    pub(in crate::net) async fn conversation_changed(&self, conn: ConnId) {
        let rearm = {
            let state = self.state.borrow();
            let interpreter = state.conns.get(&conn).and_then(|served| served.interpreter.as_ref());
            interpreter.map(|interpreter| Rc::clone(&interpreter.rearm))
        };
        if let Some(rearm) = rearm {
            rearm.notified().await;
        }
    }

    /// What is due in a conversation is done.
    pub(in crate::net) fn look_after(self: &Rc<Self>, conn: ConnId) {
        self.converse(conn, Conversation::look);
    }

    /// Has a turn in a conversation and does what comes of it; whether there is one.
    pub(super) fn converse(
        self: &Rc<Self>,
        conn: ConnId,
        turn: impl FnOnce(&mut Conversation, Scene<'_>, &mut Vec<Effect>),
    ) -> bool {
        let effects = {
            let mut state = self.state.borrow_mut();
            let State { core, conns, .. } = &mut *state;
            let Some(served) = conns.get_mut(&conn) else { return false };
            let Some(interpreter) = &mut served.interpreter else { return false };
            if !served.known {
                return true;
            }
            interpreter.turn(Scene { core, now: self.clock.now() }, turn)
        };
        for effect in effects {
            self.perform(conn, effect);
        }
        true
    }

    fn perform(self: &Rc<Self>, conn: ConnId, effect: Effect) {
        match effect {
            Effect::Say { text, weight } => {
                let dropped = self.state.borrow_mut().push(conn, packet(text, weight, true)).is_err();
                if dropped {
                    self.feed(Input::Closed { conn });
                }
            }
            Effect::Hear(frame) => self.received(conn, frame),
            Effect::Offer { id, version } => {
                if self.is_known(conn) {
                    self.feed(Input::Offered { conn, id, version });
                }
            }
            Effect::End(code, reason) => {
                self.closed(conn);
                if let Some(served) = self.state.borrow().conns.get(&conn) {
                    served.outbox.close(code, reason);
                }
            }
        }
    }

    /// Carries out what a frame becomes in another protocol.
    pub(super) fn interpret_to(&self, state: &mut State, conn: ConnId, frame: &Frame, turn: &mut Turn) {
        let State { core, conns, .. } = &mut *state;
        let Some(served) = conns.get_mut(&conn).filter(|served| served.known) else { return };
        let Some(interpreter) = &mut served.interpreter else { return };
        let scene = Scene { core, now: self.clock.now() };
        let effects =
            interpreter.turn(scene, |conversation, scene, out| conversation.told(frame, scene, out));
        let mut unsaid = match frame {
            Frame::Message(message) => message.weight(),
            _ => 0,
        };
        let asked = turn.speaker == Some(conn);
        for effect in effects {
            match effect {
                Effect::Say { text, weight } => {
                    unsaid = unsaid.saturating_sub(weight);
                    if state.push(conn, packet(text, weight, asked)).is_err() {
                        turn.inputs.push_back(Input::Closed { conn });
                    }
                }
                Effect::Hear(frame) => {
                    turn.inputs.push_back(Input::Received { conn, frame: Arc::new(frame) });
                }
                Effect::Offer { id, version } => turn.inputs.push_back(Input::Offered { conn, id, version }),
                Effect::End(code, reason) => {
                    if let Some(served) = state.conns.get_mut(&conn) {
                        served.known = false;
                        served.outbox.close(code, reason);
                    }
                    turn.inputs.push_back(Input::Closed { conn });
                }
            }
        }
        if unsaid > 0 {
            // What has no words in that protocol takes no room on its way.
            turn.inputs.push_back(Input::Written { conn, weight: unsaid, bytes: 0 });
        }
    }
}

/// A packet of the other protocol.
pub(super) fn packet(text: String, weight: usize, asked: bool) -> Outgoing {
    let counted = if weight > 0 { text.len() as u64 } else { 0 };
    Outgoing { text: text.into(), weight, counted, asked }
}

/// Whether the other end should not come back.
pub(super) fn is_final(reason: &CloseReason) -> bool {
    match reason {
        CloseReason::Refused(_) | CloseReason::Duplicate | CloseReason::Protocol(_) => true,
        CloseReason::Silent | CloseReason::NotReading => false,
    }
}
