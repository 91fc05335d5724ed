//! Connections of the other protocol: a conversation stands between each of them and the core.

use std::net::IpAddr;
use std::rc::Rc;

use tokio::time::Instant;

use super::interpreter::{Interpreter, packet};
use super::state::{Shell, ShellState};
use crate::core::{ConnId, DialId, Input};
use crate::net::byc::{Conversation, CoreView, Effect, Server};
use crate::net::write_queue::WriteQueue;
use crate::wire::{ErrorCode, Frame, Refusal, RequestId, encode_refusal};

impl Shell {
    /// Adds an incoming connection of the other protocol, from this host, with this session id.
    pub(in crate::net) fn add_accepted_byc(
        &self,
        from: Rc<str>,
        host: IpAddr,
        id: String,
    ) -> (ConnId, Rc<WriteQueue>) {
        let accepted = self.add_accepted(from);
        self.interpret(accepted.0, Conversation::accepted(host, id, self.clock.now().monotonic));
        accepted
    }

    /// Adds a connection of the other protocol that was dialled, unless the core no longer waits for it.
    pub(in crate::net) fn add_dialled_byc(
        self: &Rc<Self>,
        dial: DialId,
        to: Rc<str>,
        server: &Server,
    ) -> Option<(ConnId, Rc<WriteQueue>)> {
        let (conn, queue) = {
            let mut state = self.state.borrow_mut();
            state.dials.remove(&dial)?;
            state.add(to, self.ending.get())
        };
        self.interpret(conn, Conversation::dialled(server, self.clock.now().monotonic));
        self.handle_input(Input::Connected { conn, dial });
        Some((conn, queue))
    }

    /// Puts a conversation between a connection and the core.
    fn interpret(&self, conn: ConnId, conversation: Conversation) {
        if let Some(served) = self.state.borrow_mut().conns.get_mut(&conn) {
            served.interpreter = Some(Interpreter::new(conversation));
        }
    }

    /// Refuses a request, in the protocol of its connection.
    pub(super) fn refuse(self: &Rc<Self>, conn: ConnId, id: RequestId, reason: String) {
        let refusal = Refusal::new(ErrorCode::Refused, reason);
        let text = encode_refusal(Some(id), &refusal);
        let frame = Frame::Reply { id, result: Err(refusal) };
        if !self.converse(conn, |conversation, view, out| conversation.on_core_frame(&frame, view, out)) {
            self.queue_text(conn, text);
        }
    }

    /// Returns the time at which something is due in a conversation, or `None` once there is none. The caller
    /// calls [`on_conversation_due`](Self::on_conversation_due) then.
    pub(in crate::net) fn conversation_due(&self, conn: ConnId) -> Option<Instant> {
        let state = self.state.borrow();
        let served = state.conns.get(&conn).filter(|served| served.known)?;
        let interpreter = served.interpreter.as_ref()?;
        Some(self.clock.instant(interpreter.arm()))
    }

    /// Waits until something in a conversation is due sooner than it was.
    pub(in crate::net) async fn conversation_rearmed(&self, conn: ConnId) {
        let rearm = {
            let state = self.state.borrow();
            let interpreter = state.conns.get(&conn).and_then(|served| served.interpreter.as_ref());
            interpreter.map(|interpreter| interpreter.rearm())
        };
        if let Some(rearm) = rearm {
            rearm.notified().await;
        }
    }

    /// Runs the due timers of a conversation.
    pub(in crate::net) fn on_conversation_due(self: &Rc<Self>, conn: ConnId) {
        self.converse(conn, Conversation::on_due);
    }

    /// Runs a step of a connection's conversation and its effects. Returns false if there is no conversation.
    pub(super) fn converse(
        self: &Rc<Self>,
        conn: ConnId,
        step: impl FnOnce(&mut Conversation, CoreView<'_>, &mut Vec<Effect>),
    ) -> bool {
        let effects = {
            let mut state = self.state.borrow_mut();
            let ShellState { core, conns, .. } = &mut *state;
            let Some(served) = conns.get_mut(&conn) else { return false };
            let Some(interpreter) = &mut served.interpreter else { return false };
            if !served.known {
                return true;
            }
            interpreter.run(CoreView { core, now: self.clock.now() }, step)
        };
        for effect in effects {
            self.perform(conn, effect);
        }
        true
    }

    fn perform(self: &Rc<Self>, conn: ConnId, effect: Effect) {
        match effect {
            Effect::Send { text, weight } => {
                let dropped = self.state.borrow_mut().queue_frame(conn, packet(text, weight, true)).is_err();
                if dropped {
                    self.handle_input(Input::Closed { conn });
                }
            }
            Effect::Receive(frame) => self.on_frame(conn, frame),
            Effect::Offer { id, version } => {
                if self.is_known(conn) {
                    self.handle_input(Input::Offered { conn, id, version });
                }
            }
            Effect::BeginRound => {
                if self.is_known(conn) {
                    self.handle_input(Input::RoundDue { conn });
                }
            }
            Effect::Close(code, reason) => {
                self.on_closed(conn);
                if let Some(served) = self.state.borrow().conns.get(&conn) {
                    served.queue.close(code, reason);
                }
            }
        }
    }
}
