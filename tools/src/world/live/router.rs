//! The router: the network of nodes that speak on their standard input and output.
//!
//! Messages are lines. Each goes into the mailbox of its receiver, at once or after the delay of its link.
//! Messages are packets and no connection: a message that is cut or lost does not come later, and on shaped
//! links one may overtake another. Answers to clients come at once.

mod clients;
mod mailbox;
mod network;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::error::LinkError;
use super::messages::MessageLog;
use crate::driver::maelstrom::service::Services;
use crate::driver::{Answered, Call, ClientInbox, Mailbox, Router, Undelivered};
use crate::world::{Direction, LinkChange, Members, NodeIndex};
use clients::ClientNames;
use mailbox::{LOST_BY_LINK, MAILBOX_BYTES_MAX, NodeMailbox, SILENT};
use network::{Network, SERVICES};

/// The network, and the receivers of messages in it.
pub(super) struct MessageRouter {
    network: Rc<RefCell<Network>>,
    clients: RefCell<ClientNames>,
    mailboxes: RefCell<BTreeMap<NodeIndex, Weak<NodeMailbox>>>,
    log: MessageLog,
}

impl MessageRouter {
    pub(super) fn new(seed: u64, began: Instant, log: MessageLog) -> Self {
        Self {
            network: Rc::new(RefCell::new(Network::new(seed, began))),
            clients: RefCell::default(),
            mailboxes: RefCell::default(),
            log,
        }
    }

    /// Adds nodes and the links between them.
    pub(super) fn admit(&self, members: &Members) {
        self.network.borrow_mut().admit(members);
    }

    /// Changes the effect of links on messages.
    pub(super) fn change(&self, changes: &[LinkChange]) -> Result<(), LinkError> {
        self.network.borrow_mut().change(changes)
    }

    /// Records that a node is frozen, or no longer is: a frozen node is not to blame for not reading.
    pub(super) fn freeze(&self, node: NodeIndex, frozen: bool) {
        self.network.borrow_mut().freeze(node, frozen);
    }

    /// Returns the open mailbox of a node.
    fn mailbox(&self, node: NodeIndex) -> Option<Rc<NodeMailbox>> {
        let mailbox = self.mailboxes.borrow().get(&node).and_then(Weak::upgrade)?;
        (!mailbox.is_closed()).then_some(mailbox)
    }

    /// Returns true if the router carries the messages of the node.
    pub(super) fn carries(&self, node: NodeIndex) -> bool {
        self.network.borrow().has(node)
    }

    /// Sets the partition, in place of the one before.
    pub(super) fn set_partition(&self, sets: &[Vec<NodeIndex>]) {
        self.network.borrow_mut().set_partition(sets);
    }
}

impl Router for MessageRouter {
    fn members(&self) -> Vec<NodeIndex> {
        self.network.borrow().members()
    }

    fn id(&self, node: NodeIndex) -> String {
        self.network.borrow().id(node).unwrap_or_default().to_owned()
    }

    fn node(&self, id: &str) -> Option<NodeIndex> {
        self.network.borrow().node(id)
    }

    fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex> {
        self.network.borrow().neighbours(node)
    }

    fn open_mailbox(&self, node: NodeIndex) -> Rc<dyn Mailbox> {
        let mailbox = Rc::new(NodeMailbox::new(node, &self.network, self.log.clone()));
        self.mailboxes.borrow_mut().insert(node, Rc::downgrade(&mailbox));
        mailbox
    }

    fn send(&self, from: NodeIndex, to: NodeIndex, line: &[u8]) -> Result<(), Undelivered> {
        let direction = Direction { from, to };
        let number = self.log.sent(line, |id| self.node(id));
        let mut network = self.network.borrow_mut();
        if network.is_silent(direction) {
            self.log.lost(number, SILENT);
            return Ok(());
        }
        let Some(mailbox) = self.mailbox(to) else {
            self.log.lost(number, "no node reads it");
            return if network.has(to) { Ok(()) } else { Err(Undelivered::Nobody) };
        };
        if let Some(waiting) = mailbox.is_full_for(line.len()) {
            self.log.lost(number, "the receiver's mailbox is full");
            // Messages to a node that does not read because it is frozen, or was until just now, count as
            // lost. So do messages for which another node's flood leaves no room.
            let is_flood = !network.is_frozen(to) && mailbox.bytes_from(from) >= MAILBOX_BYTES_MAX / 2;
            return if is_flood { Err(Undelivered::Flooded { waiting }) } else { Ok(()) };
        }
        match network.arrivals(direction, line.len()) {
            None => mailbox.deliver(Some(from), number, line),
            Some(arrivals) => {
                if arrivals == [None, None] {
                    self.log.lost(number, LOST_BY_LINK);
                }
                let schedule = |at| mailbox.schedule_line(at, Some(from), number, line);
                arrivals.into_iter().flatten().for_each(schedule);
            }
        }
        Ok(())
    }

    fn call(&self, node: NodeIndex, call: Call) -> Result<(), Undelivered> {
        if !Services::has(&call.service) {
            return Err(Undelivered::Nobody);
        }
        let Some(mailbox) = self.mailbox(node) else { return Ok(()) };
        if let Some(waiting) = mailbox.is_full_for(call.bytes) {
            return Err(Undelivered::Flooded { waiting });
        }
        let number =
            if self.log.is_on() { self.log.sent(&mailbox::line_of(&call), |id| self.node(id)) } else { 0 };
        let to_service = Direction { from: node, to: SERVICES };
        let arrivals = self.network.borrow_mut().arrivals(to_service, call.bytes);
        match arrivals {
            None => mailbox.call(call, number),
            Some(arrivals) => {
                if arrivals == [None, None] {
                    self.log.lost(number, LOST_BY_LINK);
                }
                arrivals.into_iter().flatten().for_each(|at| mailbox.schedule_call(at, call.clone(), number));
            }
        }
        Ok(())
    }

    fn log_answer(&self, line: &[u8]) {
        self.log.arrived(self.log.sent(line, |id| self.node(id)), line);
    }

    fn open_client(&self, inbox: Weak<dyn ClientInbox>) -> String {
        let network = self.network.borrow();
        self.clients.borrow_mut().open(inbox, |name| network.node(name).is_some())
    }

    fn has_client(&self, name: &str) -> bool {
        self.clients.borrow().was_opened(name)
    }

    fn close_client(&self, name: &str) {
        self.clients.borrow_mut().close(name);
    }

    fn answer(&self, client: &str, body: Map<String, Value>, blame: &dyn Fn(String)) -> Answered {
        // The inbox may open a client, or send a message.
        let inbox = self.clients.borrow().inbox(client);
        inbox.map_or(Answered::Ignored, |inbox| inbox.on_answer(client, body, blame))
    }
}
