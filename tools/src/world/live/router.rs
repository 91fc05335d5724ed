//! The router: the network of nodes that speak on their standard input and output.
//!
//! Messages are lines. Each goes into the mailbox of its receiver, at once or after the delay of its link.
//! The node takes all lines in its mailbox together. Messages are packets and no connection: a message that
//! is cut or lost does not come later, and on shaped links one may overtake another.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::{Rc, Weak};

use futures_util::future::{LocalBoxFuture, select};
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::error::LinkError;
use crate::driver::maelstrom::service::{self, Service};
use crate::driver::{Mailbox, Router, Undelivered};
use crate::world::link::{Conditions, DirectionModel};
use crate::world::partition::Partition;
use crate::world::{Direction, LinkChange, NodeIndex};

/// The most bytes in the mailbox of one node. If it overflows though the node reads, a sender of at least half of
/// them is a flood. Chosen: eight lines of the greatest length that is read (`LINE_MAX` of the driver, 8 MiB).
const MAILBOX_BYTES_MAX: usize = 64 << 20;

/// The nodes whose messages are carried, and the state of the network between them.
pub(super) struct MessageRouter {
    seed: u64,
    began: Instant,
    state: Rc<RefCell<State>>,
    /// The services that were called so far.
    services: RefCell<BTreeMap<String, Box<dyn Service>>>,
}

#[derive(Default)]
struct State {
    /// The nodes, each with its neighbours in the topology.
    members: BTreeMap<NodeIndex, BTreeSet<NodeIndex>>,
    mailboxes: BTreeMap<NodeIndex, Weak<NodeMailbox>>,
    /// The models of directions that are shaped.
    models: BTreeMap<Direction, DirectionModel>,
    draws: BTreeMap<Direction, fastrand::Rng>,
    cut: BTreeSet<Direction>,
    partition: Partition,
    /// The nodes that are frozen, until the first read after they thawed.
    frozen: BTreeSet<NodeIndex>,
    /// The nodes that have thawed and not read since.
    thawing: BTreeSet<NodeIndex>,
}

impl State {
    /// Records that a node reads: if it was frozen, it no longer is.
    fn record_read(&mut self, node: NodeIndex) {
        if self.thawing.remove(&node) {
            self.frozen.remove(&node);
        }
    }

    /// Returns true if messages in that direction are dropped.
    fn is_silent(&self, direction: Direction) -> bool {
        self.cut.contains(&direction) || self.partition.separates(direction)
    }
}

/// The mailbox of one node: messages that have come, and messages under way to it.
struct NodeMailbox {
    node: NodeIndex,
    state: Rc<RefCell<State>>,
    ready: RefCell<Vec<u8>>,
    under_way: RefCell<UnderWay>,
    /// The bytes in the mailbox, those under way included.
    weight: Cell<usize>,
    /// The bytes that have come from each node since this node last read.
    shares: RefCell<BTreeMap<NodeIndex, usize>>,
    /// True if the node reads nothing more.
    closed: Cell<bool>,
    /// The notification that a message has come, or is under way.
    news: Notify,
}

#[derive(Default)]
struct UnderWay {
    /// The messages by arrival time; those of one moment in the order in which they were sent.
    by_arrival: BTreeMap<(Instant, u64), Message>,
    last: u64,
}

/// A message under way: its sender and the line.
type Message = (NodeIndex, Box<[u8]>);

impl MessageRouter {
    pub(super) fn new(seed: u64, began: Instant) -> Self {
        Self { seed, began, state: Rc::default(), services: RefCell::default() }
    }

    /// Adds nodes and the links between them.
    pub(super) fn admit(&self, nodes: &[NodeIndex], links: &[Direction]) {
        let mut state = self.state.borrow_mut();
        for node in nodes {
            state.members.entry(*node).or_default();
        }
        for Direction { from, to } in links {
            for (one, other) in [(from, to), (to, from)] {
                if let Some(neighbours) = state.members.get_mut(one) {
                    neighbours.insert(*other);
                }
            }
        }
    }

    /// Returns true if the router carries the messages of the node.
    pub(super) fn carries(&self, node: NodeIndex) -> bool {
        self.state.borrow().members.contains_key(&node)
    }

    /// Changes the effect of links on messages.
    pub(super) fn change(&self, changes: &[LinkChange]) -> Result<(), LinkError> {
        let mut state = self.state.borrow_mut();
        for change in changes {
            match change {
                LinkChange::Cut(direction) => drop(state.cut.insert(*direction)),
                LinkChange::Join(direction) => drop(state.cut.remove(direction)),
                LinkChange::Break(_) => {
                    return Err(LinkError::NoConnection);
                }
                LinkChange::Shape(direction, shapes) if shapes.is_empty() => {
                    state.models.remove(direction);
                }
                LinkChange::Shape(direction, shapes) => {
                    let conditions = Conditions::shaped(Conditions::IDEAL, shapes);
                    state
                        .models
                        .entry(*direction)
                        .or_insert_with(|| DirectionModel::new(conditions))
                        .shape(conditions);
                }
            }
        }
        Ok(())
    }

    /// Sets the partition, in place of the one before.
    pub(super) fn set_partition(&self, sets: &[Vec<NodeIndex>]) {
        self.state.borrow_mut().partition = Partition::new(sets);
    }

    /// Records that a node is frozen, or no longer is: a frozen node is not to blame for not reading.
    pub(super) fn freeze(&self, node: NodeIndex, frozen: bool) {
        let mut state = self.state.borrow_mut();
        if frozen {
            state.frozen.insert(node);
            state.thawing.remove(&node);
        } else if state.frozen.contains(&node) {
            state.thawing.insert(node);
        }
    }
}

impl Router for MessageRouter {
    fn members(&self) -> Vec<NodeIndex> {
        self.state.borrow().members.keys().copied().collect()
    }

    fn call(&self, service: &str, client: &str, body: &Map<String, Value>) -> Option<Map<String, Value>> {
        let seed = self.seed;
        let mut services = self.services.borrow_mut();
        if !services.contains_key(service) {
            services.insert(service.to_owned(), service::by_name(service, seed)?);
        }
        let request = Value::Object(body.clone());
        let answer = services.get_mut(service)?.answer(client, &request, self.began.elapsed());
        let Value::Object(mut answer) = answer else { return None };
        if let Some(number) = body.get("msg_id") {
            answer.insert("in_reply_to".to_owned(), number.clone());
        }
        Some(answer)
    }

    fn neighbours(&self, node: NodeIndex) -> Vec<NodeIndex> {
        self.state.borrow().members.get(&node).into_iter().flatten().copied().collect()
    }

    fn open_mailbox(&self, node: NodeIndex) -> Rc<dyn Mailbox> {
        let mailbox = Rc::new(NodeMailbox {
            node,
            state: Rc::clone(&self.state),
            ready: RefCell::default(),
            under_way: RefCell::default(),
            weight: Cell::new(0),
            shares: RefCell::default(),
            closed: Cell::new(false),
            news: Notify::new(),
        });
        self.state.borrow_mut().mailboxes.insert(node, Rc::downgrade(&mailbox));
        mailbox
    }

    fn send(&self, from: NodeIndex, to: NodeIndex, line: &[u8]) -> Result<(), Undelivered> {
        let direction = Direction { from, to };
        let mut state = self.state.borrow_mut();
        if state.is_silent(direction) {
            return Ok(());
        }
        let State { members, mailboxes, models, draws, frozen, .. } = &mut *state;
        let Some(mailbox) = mailboxes.get(&to).and_then(Weak::upgrade) else {
            return if members.contains_key(&to) { Ok(()) } else { Err(Undelivered::Nobody) };
        };
        if mailbox.closed.get() {
            return Ok(());
        }
        if mailbox.weight.get() + line.len() > MAILBOX_BYTES_MAX {
            // Messages to a node that does not read because it is frozen, or was until just now, count as
            // lost. So do messages for which another node's flood leaves no room.
            let is_flood = !frozen.contains(&to) && mailbox.bytes_from(from) >= MAILBOX_BYTES_MAX / 2;
            let waiting = mailbox.weight.get();
            return if is_flood { Err(Undelivered::Flooded { waiting }) } else { Ok(()) };
        }
        let Some(shaped) = models.get_mut(&direction) else {
            mailbox.deliver(Some(from), line);
            return Ok(());
        };
        let draws = draws.entry(direction).or_insert_with(|| direction.draws(self.seed));
        let arrivals = shaped.send_packet(self.began.elapsed(), line.len(), |most| draws.u64(0..=most));
        for arrives in arrivals.into_iter().flatten() {
            mailbox.schedule(self.began + arrives, from, line);
        }
        Ok(())
    }
}

impl NodeMailbox {
    /// Returns the bytes in the mailbox that come from a node.
    fn bytes_from(&self, from: NodeIndex) -> usize {
        let under_way = self.under_way.borrow();
        let late = under_way.by_arrival.values().filter(|(sender, _)| *sender == from);
        let come = self.shares.borrow().get(&from).copied().unwrap_or_default();
        come + late.map(|(_, line)| line.len()).sum::<usize>()
    }

    /// Puts a message of a node or of the harness into the mailbox.
    fn deliver(&self, from: Option<NodeIndex>, line: &[u8]) {
        if let Some(from) = from {
            *self.shares.borrow_mut().entry(from).or_default() += line.len();
        }
        self.ready.borrow_mut().extend_from_slice(line);
        self.weight.set(self.weight.get() + line.len());
        self.news.notify_one();
    }

    /// Schedules a message to arrive at that moment.
    fn schedule(&self, at: Instant, from: NodeIndex, line: &[u8]) {
        let mut under_way = self.under_way.borrow_mut();
        under_way.last += 1;
        let place = (at, under_way.last);
        let is_next = under_way.by_arrival.first_key_value().is_none_or(|(first, _)| place < *first);
        under_way.by_arrival.insert(place, (from, line.into()));
        self.weight.set(self.weight.get() + line.len());
        if is_next {
            self.news.notify_one();
        }
    }

    /// Puts messages under way that have arrived by now into the mailbox; returns the time of the next
    /// arrival.
    fn deliver_arrived(&self) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let mut under_way = self.under_way.borrow_mut();
            let next = under_way.by_arrival.first_entry()?;
            let at = next.key().0;
            if at > now {
                return Some(at);
            }
            let (from, line) = next.remove();
            drop(under_way);
            self.weight.set(self.weight.get().saturating_sub(line.len()));
            if !self.state.borrow().is_silent(Direction { from, to: self.node }) {
                self.deliver(Some(from), &line);
            }
        }
    }
}

impl Mailbox for NodeMailbox {
    fn next(&self) -> LocalBoxFuture<'_, Vec<u8>> {
        Box::pin(async move {
            loop {
                let next = self.deliver_arrived();
                if !self.ready.borrow().is_empty() {
                    let ready = self.ready.take();
                    self.shares.borrow_mut().clear();
                    self.state.borrow_mut().record_read(self.node);
                    self.weight.set(self.weight.get().saturating_sub(ready.len()));
                    return ready;
                }
                match next {
                    Some(at) => {
                        select(pin!(self.news.notified()), pin!(sleep_until(at))).await;
                    }
                    None => self.news.notified().await,
                }
            }
        })
    }

    fn put(&self, line: &[u8]) -> Result<(), Undelivered> {
        let waiting = self.weight.get();
        if self.closed.get() {
            return Ok(());
        }
        if waiting + line.len() > MAILBOX_BYTES_MAX {
            return Err(Undelivered::Flooded { waiting });
        }
        self.deliver(None, line);
        Ok(())
    }

    fn close(&self) {
        self.closed.set(true);
        self.ready.take();
        self.under_way.take();
        self.weight.set(0);
    }
}
