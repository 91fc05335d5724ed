//! The life of a connection: its task adds it, reports what it read and wrote, and removes it.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::slots::Slot;
use super::state::Shell;
use crate::core::{ConnId, DialId, Input};
use crate::net::address::{AddressError, normalise_peer};
use crate::net::byc::{self, Conversation};
use crate::net::write_queue::{Outgoing, WriteQueue};
use crate::wire::{Command, Frame, Malformed, Policy, decode, encode_refusal};

/// The reason why a peer cannot be added. The core does not get the request.
#[derive(Debug, thiserror::Error)]
enum PeerError {
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The address is one of the other protocol, and the node's policy is not that protocol's.
    #[error("{}", byc::LINKS_NEED_OLDEST)]
    Policy,
}

impl Shell {
    /// Takes a slot for an incoming connection from an address, or returns `None` if all are taken.
    pub(in crate::net) fn take_slot(&self, from: IpAddr) -> Option<Slot> {
        self.slots.acquire(from)
    }

    /// Waits until a slot may have become free.
    pub(in crate::net) async fn slot_freed(&self) {
        self.slots.freed.notified().await;
    }

    /// Adds an incoming connection and numbers it.
    pub(in crate::net) fn add_accepted(&self, from: Rc<str>) -> (ConnId, Rc<WriteQueue>) {
        self.state.borrow_mut().add(from, self.ending.get())
    }

    /// Adds a connection that was dialled and numbers it, unless the core no longer waits for the dial.
    pub(in crate::net) fn add_dialled(
        self: &Rc<Self>,
        dial: DialId,
        to: Rc<str>,
    ) -> Option<(ConnId, Rc<WriteQueue>)> {
        let (conn, queue) = {
            let mut state = self.state.borrow_mut();
            state.dials.remove(&dial)?;
            state.add(to, self.ending.get())
        };
        self.handle_input(Input::Connected { conn, dial });
        Some((conn, queue))
    }

    /// Reports a dial that failed, unless the core no longer waits for it.
    pub(in crate::net) fn on_dial_failed(self: &Rc<Self>, dial: DialId, reason: String) {
        if self.state.borrow_mut().dials.remove(&dial).is_some() {
            self.handle_input(Input::DialFailed { dial, reason });
        }
    }

    /// Handles a text that came in. Fails if it is no frame.
    pub(in crate::net) fn on_text(self: &Rc<Self>, conn: ConnId, text: &str) -> Result<(), Malformed> {
        if self.converse(conn, |conversation, view, out| conversation.on_packet(text, view, out)) {
            return Ok(());
        }
        self.on_frame(conn, decode(text, &self.limits)?);
        Ok(())
    }

    /// Handles a frame that came in.
    pub(in crate::net) fn on_frame(self: &Rc<Self>, conn: ConnId, mut frame: Frame) {
        if let Frame::Request { id, command: Command::AddPeer { address } } = &mut frame {
            match self.peer_address(address) {
                Ok(full) => *address = full,
                Err(error) => return self.refuse(conn, *id, error.to_string()),
            }
        }
        if self.is_known(conn) {
            self.handle_input(Input::Received { conn, frame: Arc::new(frame) });
        }
    }

    /// Returns the address at which others dial this node.
    pub(in crate::net) fn own_address(&self) -> String {
        self.state.borrow().core.config().address.clone()
    }

    /// Handles a value that a neighbour of another make sent.
    pub(in crate::net) fn hear(self: &Rc<Self>, value: String) {
        self.handle_input(Input::Heard { value });
    }

    /// Returns the full address of a peer to be added.
    fn peer_address(&self, address: &str) -> Result<String, PeerError> {
        let full = normalise_peer(address, &self.default_host)?;
        let oldest = self.state.borrow().core.config().policy == Policy::Oldest;
        if full.ends_with(byc::PATH) && !oldest { Err(PeerError::Policy) } else { Ok(full) }
    }

    /// Refuses an incoming message that is no frame. A malformed answer gets no answer, see
    /// [`Malformed::answer`].
    pub(in crate::net) fn on_malformed(self: &Rc<Self>, conn: ConnId, malformed: &Malformed) {
        if !self.converse(conn, |_, _, out| Conversation::on_binary(out)) && !malformed.answer {
            self.queue_text(conn, encode_refusal(malformed.id, &malformed.refusal));
        }
    }

    /// Tells the core that frames were flushed to a neighbour or a client.
    pub(in crate::net) fn on_written(self: &Rc<Self>, conn: ConnId, weight: usize, bytes: u64) {
        if self.has_awaited_room(conn) {
            self.handle_input(Input::Room { conn });
        }
        if weight > 0 && self.is_known(conn) {
            self.handle_input(Input::Written { conn, weight, bytes });
        }
    }

    /// Returns true, once, if there is now the room that the core waits for.
    fn has_awaited_room(&self, conn: ConnId) -> bool {
        let state = self.state.borrow();
        state.conns.get(&conn).is_some_and(|served| served.known && served.queue.has_awaited_room())
    }

    /// Tells the core that nothing more comes from this connection.
    pub(in crate::net) fn on_closed(self: &Rc<Self>, conn: ConnId) {
        let was_known = {
            let mut state = self.state.borrow_mut();
            state.conns.get_mut(&conn).is_some_and(|served| std::mem::take(&mut served.known))
        };
        if was_known {
            self.handle_input(Input::Closed { conn });
        }
    }

    /// Removes a connection whose task is over.
    pub(in crate::net) fn remove(self: &Rc<Self>, conn: ConnId) {
        self.on_closed(conn);
        self.state.borrow_mut().conns.remove(&conn);
        self.removed.notify_one();
    }

    /// Has the core compare what it holds with each neighbour, one after another. Returns their number.
    pub(in crate::net) fn synchronise(self: &Rc<Self>) -> u64 {
        let conns: Vec<ConnId> = self.state.borrow().conns.keys().copied().collect();
        for conn in conns {
            // Of connections that are no links the core takes no notice.
            self.handle_input(Input::RoundDue { conn });
        }
        self.state.borrow().core.peers().len() as u64
    }

    /// Queues a text that the core need not know of.
    pub(in crate::net) fn queue_text(self: &Rc<Self>, conn: ConnId, text: String) {
        let outgoing = Outgoing { text: text.into(), weight: 0, counted: 0, asked: true };
        let dropped = self.state.borrow_mut().queue_frame(conn, outgoing).is_err();
        if dropped {
            self.handle_input(Input::Closed { conn });
        }
    }

    /// Cancels all dials, closes all connections, and waits until they have ended. The core gets no more
    /// inputs.
    pub(in crate::net) async fn close_all(&self) {
        self.ending.set(true);
        {
            let mut state = self.state.borrow_mut();
            for dial in std::mem::take(&mut state.dials).into_values() {
                dial.abort();
            }
            for served in state.conns.values_mut() {
                served.known = false;
                served.queue.close(CloseCode::Away, "the node ends".to_owned());
            }
        }
        while !self.state.borrow().conns.is_empty() {
            self.removed.notified().await;
        }
    }
}
