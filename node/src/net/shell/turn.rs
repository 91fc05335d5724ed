//! A turn: an input of the core, and all its outputs carried out before anything else runs.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::interpreter::{is_final, packet};
use super::state::{Shell, ShellState, Storage};
use crate::core::{CloseReason, ConnId, DialId, Input, Output, PersistId};
use crate::net::address::normalise_peer;
use crate::net::byc::{CoreView, Effect};
use crate::net::log;
use crate::net::write_queue::Outgoing;
use crate::wire::{Frame, Version, encode};

/// The Socket.IO packet that ends the session: a client does not connect again after it.
const DISCONNECT: &str = "41";

/// One turn: an input of the core and all that follows from it.
struct Turn {
    /// The connection that sent the input's frame.
    asker: Option<ConnId>,
    /// The last frame and its text: one that goes to many neighbours is encoded once.
    encoded: Option<(Arc<Frame>, Utf8Bytes)>,
    /// Further inputs that the core gets before the turn is over.
    inputs: VecDeque<Input>,
}

impl Turn {
    /// Returns the text of a frame.
    fn encode(&mut self, frame: &Arc<Frame>) -> Utf8Bytes {
        if let Some((last, text)) = &self.encoded
            && Arc::ptr_eq(last, frame)
        {
            return text.clone();
        }
        let text = Utf8Bytes::from(encode(frame));
        self.encoded = Some((Arc::clone(frame), text.clone()));
        text
    }
}

impl Shell {
    /// Hands an input to the core and carries out all outputs that follow. Does nothing once the node ends.
    pub(super) fn handle_input(self: &Rc<Self>, input: Input) {
        if self.ending.get() {
            return;
        }
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let mut turn = Turn { asker: None, encoded: None, inputs: VecDeque::new() };
        if let Input::Received { conn, .. } = input {
            turn.asker = Some(conn);
        }
        let mut next = Some(input);
        while let Some(input) = next {
            state.core.handle(self.clock.now(), input, &mut state.outputs);
            let mut outputs = std::mem::take(&mut state.outputs);
            for output in outputs.drain(..) {
                self.carry_out(state, output, &mut turn);
            }
            state.outputs = outputs;
            next = turn.inputs.pop_front();
        }
    }

    fn carry_out(self: &Rc<Self>, state: &mut ShellState, output: Output, turn: &mut Turn) {
        match output {
            Output::Send { conn, frame } if state.is_interpreted(conn) => {
                self.send_interpreted(state, conn, &frame, turn);
            }
            Output::Send { conn, frame } => send(state, conn, &frame, turn),
            Output::AwaitRoom { conn } => {
                if let Some(served) = state.conns.get(&conn) {
                    served.queue.await_room();
                }
            }
            Output::Dial { dial, address } => self.start_dial(state, dial, &address, turn),
            Output::CancelDial { dial } => {
                if let Some(task) = state.dials.remove(&dial) {
                    task.abort();
                }
            }
            Output::Close { conn, reason } => close(state, conn, reason),
            Output::Persist { id, versions } => persist(state, id, versions, turn),
            Output::Wake(due) => {
                self.wake.set(Some(due));
                if due < self.armed.get() {
                    self.rearm.notify_one();
                }
            }
            Output::Sign { of, value } => {
                if let Some(hub) = self.hub.get() {
                    hub.pass_on(&of, value.as_deref());
                }
            }
            Output::Log(event) => log::event(&event),
        }
    }

    fn start_dial(self: &Rc<Self>, state: &mut ShellState, dial: DialId, address: &str, turn: &mut Turn) {
        match normalise_peer(address, &self.default_host) {
            Ok(full) => {
                let task = self.dialler.start(Rc::clone(self), dial, full.into());
                state.dials.insert(dial, task);
            }
            Err(error) => turn.inputs.push_back(Input::DialFailed { dial, reason: error.to_string() }),
        }
    }

    /// Translates a frame for a connection of the other protocol and carries out the effects.
    fn send_interpreted(&self, state: &mut ShellState, conn: ConnId, frame: &Frame, turn: &mut Turn) {
        let ShellState { core, conns, .. } = &mut *state;
        let Some(served) = conns.get_mut(&conn).filter(|served| served.known) else { return };
        let Some(interpreter) = &mut served.interpreter else { return };
        let view = CoreView { core, now: self.clock.now() };
        let effects =
            interpreter.run(view, |conversation, view, out| conversation.on_core_frame(frame, view, out));
        let mut unsent = match frame {
            Frame::Message(message) => message.weight(),
            _ => 0,
        };
        let asked = turn.asker == Some(conn);
        for effect in effects {
            match effect {
                Effect::Send { text, weight } => {
                    unsent = unsent.saturating_sub(weight);
                    if state.queue_frame(conn, packet(text, weight, asked)).is_err() {
                        turn.inputs.push_back(Input::Closed { conn });
                    }
                }
                Effect::Receive(frame) => {
                    turn.inputs.push_back(Input::Received { conn, frame: Arc::new(frame) });
                }
                Effect::Offer { id, version } => turn.inputs.push_back(Input::Offered { conn, id, version }),
                Effect::BeginRound => turn.inputs.push_back(Input::RoundDue { conn }),
                Effect::Close(code, reason) => {
                    if let Some(served) = state.conns.get_mut(&conn) {
                        served.known = false;
                        served.queue.close(code, reason);
                    }
                    turn.inputs.push_back(Input::Closed { conn });
                }
            }
        }
        if unsent > 0 {
            // A message without a translation takes no room in the connection's queue.
            turn.inputs.push_back(Input::Written { conn, weight: unsent, bytes: 0 });
        }
    }
}

fn send(state: &mut ShellState, conn: ConnId, frame: &Arc<Frame>, turn: &mut Turn) {
    let text = turn.encode(frame);
    let (weight, counted) = match &**frame {
        Frame::Message(message) if message.is_background() => (message.weight(), 0),
        Frame::Message(message) => (message.weight(), text.len() as u64),
        _ => (0, 0),
    };
    let asked = turn.asker == Some(conn);
    if state.queue_frame(conn, Outgoing { text, weight, counted, asked }).is_err() {
        turn.inputs.push_back(Input::Closed { conn });
    }
}

fn close(state: &mut ShellState, conn: ConnId, reason: CloseReason) {
    let Some(served) = state.conns.get_mut(&conn) else { return };
    if served.interpreter.is_some() && is_final(&reason) {
        // Without this packet a client of the other protocol would connect again at once. If the queue has no
        // room for the packet, the client does so.
        let _ = served.queue.push(packet(DISCONNECT.to_owned(), 0, true));
    }
    served.known = false;
    let (code, reason) = code_and_text(reason);
    served.queue.close(code, reason);
}

fn persist(state: &ShellState, id: PersistId, versions: Vec<Arc<Version>>, turn: &mut Turn) {
    match &state.storage {
        Storage::Memory => turn.inputs.push_back(Input::Persisted(id)),
        Storage::Disk(writer) => writer.enqueue(id, versions),
        Storage::Closed => {
            let reason = "the node ends".to_owned();
            turn.inputs.push_back(Input::PersistFailed { up_to: id, reason });
        }
    }
}

/// Returns the code and the text of the close frame.
fn code_and_text(reason: CloseReason) -> (CloseCode, String) {
    match reason {
        CloseReason::Refused(reason) => (CloseCode::Policy, reason),
        CloseReason::Duplicate => (CloseCode::Normal, "a second link between the same nodes".to_owned()),
        CloseReason::Unanswered => (CloseCode::Away, "the dial took too long".to_owned()),
        CloseReason::Silent => (CloseCode::Away, "silent for too long".to_owned()),
        CloseReason::NotReading => (CloseCode::Away, "read nothing for too long".to_owned()),
        CloseReason::Protocol(reason) => (CloseCode::Protocol, reason),
    }
}
