//! The mailbox of one node: lines that have come, and messages under way to it or to services for it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, select};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::network::{Network, SERVICES};
use crate::driver::{Call, Mailbox, Undelivered};
use crate::world::live::messages::MessageLog;
use crate::world::{Direction, NodeIndex};

/// The most bytes in the mailbox of one node. If it overflows though the node reads, a sender of at least half of
/// them is a flood. Chosen: eight lines of the greatest length that is read (`LINE_MAX` of the driver, 8 MiB).
pub(super) const MAILBOX_BYTES_MAX: usize = 64 << 20;

/// The reason for which a message is lost that comes to a cut or a partition.
pub(super) const SILENT: &str = "a cut or a partition lies between";

/// The reason for which a message is lost that a link drops.
pub(super) const LOST_BY_LINK: &str = "the link lost it";

/// The mailbox of one node.
pub(super) struct NodeMailbox {
    node: NodeIndex,
    network: Rc<RefCell<Network>>,
    ready: RefCell<VecDeque<Line>>,
    under_way: RefCell<UnderWay>,
    /// The bytes in the mailbox, those under way included.
    weight: Cell<usize>,
    /// The bytes in the mailbox that come from each node, those under way included.
    shares: RefCell<BTreeMap<NodeIndex, usize>>,
    /// True if the node reads nothing more.
    closed: Cell<bool>,
    /// The notification that a message has come, or is under way.
    news: Notify,
    log: MessageLog,
}

#[derive(Default)]
struct UnderWay {
    /// The messages by arrival time; those of one moment in the order in which they were sent.
    by_arrival: BTreeMap<(Instant, u64), Parcel>,
    last: u64,
}

/// A line to the node, the node that sent it, and its number in the log of messages. Services and the harness are
/// no nodes.
struct Line {
    from: Option<NodeIndex>,
    number: u64,
    text: Box<[u8]>,
}

/// A message under way.
enum Parcel {
    /// A line to the node.
    Line(Line),
    /// A request of the node to a service, and its number in the log of messages.
    Call(Call, u64),
}

impl Parcel {
    fn bytes(&self) -> usize {
        match self {
            Self::Line(line) => line.text.len(),
            Self::Call(call, _) => call.bytes,
        }
    }

    fn from(&self) -> Option<NodeIndex> {
        match self {
            Self::Line(line) => line.from,
            Self::Call(..) => None,
        }
    }
}

impl NodeMailbox {
    pub(super) fn new(node: NodeIndex, network: &Rc<RefCell<Network>>, log: MessageLog) -> Self {
        Self {
            node,
            network: Rc::clone(network),
            ready: RefCell::default(),
            under_way: RefCell::default(),
            weight: Cell::new(0),
            shares: RefCell::default(),
            closed: Cell::new(false),
            news: Notify::new(),
            log,
        }
    }

    /// Returns true if the node reads nothing more.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Returns the number of bytes in the mailbox if so many more do not fit.
    pub(super) fn is_full_for(&self, bytes: usize) -> Option<usize> {
        let waiting = self.weight.get();
        (waiting + bytes > MAILBOX_BYTES_MAX).then_some(waiting)
    }

    /// Returns the bytes in the mailbox that come from a node.
    pub(super) fn bytes_from(&self, from: NodeIndex) -> usize {
        self.shares.borrow().get(&from).copied().unwrap_or_default()
    }

    /// Puts a line of a node, of a service or of the harness into the mailbox.
    pub(super) fn deliver(&self, from: Option<NodeIndex>, number: u64, text: &[u8]) {
        self.log.arrived(number, text);
        self.add_weight(from, text.len());
        self.ready.borrow_mut().push_back(Line { from, number, text: text.into() });
        self.news.notify_one();
    }

    /// Schedules a line of a node or of a service to arrive at that moment.
    pub(super) fn schedule_line(&self, at: Instant, from: Option<NodeIndex>, number: u64, text: &[u8]) {
        self.schedule(at, Parcel::Line(Line { from, number, text: text.into() }));
    }

    /// Schedules a request of the node to arrive at its service at that moment.
    pub(super) fn schedule_call(&self, at: Instant, call: Call, number: u64) {
        self.schedule(at, Parcel::Call(call, number));
    }

    fn schedule(&self, at: Instant, parcel: Parcel) {
        self.add_weight(parcel.from(), parcel.bytes());
        let mut under_way = self.under_way.borrow_mut();
        under_way.last += 1;
        let place = (at, under_way.last);
        let is_next = under_way.by_arrival.first_key_value().is_none_or(|(first, _)| place < *first);
        under_way.by_arrival.insert(place, parcel);
        if is_next {
            self.news.notify_one();
        }
    }

    /// Handles the messages under way that have arrived by now; returns the time of the next arrival.
    fn deliver_arrived(&self) -> Option<Instant> {
        let now = Instant::now();
        loop {
            let mut under_way = self.under_way.borrow_mut();
            let next = under_way.by_arrival.first_entry()?;
            let at = next.key().0;
            if at > now {
                return Some(at);
            }
            let parcel = next.remove();
            drop(under_way);
            self.take_weight(parcel.from(), parcel.bytes());
            match parcel {
                Parcel::Line(Line { from: Some(from), number, .. })
                    if self.network.borrow().is_silent(Direction { from, to: self.node }) =>
                {
                    self.log.lost(number, SILENT);
                }
                Parcel::Line(Line { from, number, text }) => self.deliver(from, number, &text),
                Parcel::Call(call, number) => self.call(call, number),
            }
        }
    }

    /// Has a service handle a request of the node, and sends the reply back.
    pub(super) fn call(&self, call: Call, number: u64) {
        if self.log.is_on() {
            self.log.arrived(number, &line_of(&call));
        }
        let mut network = self.network.borrow_mut();
        let Some(reply) = network.serve(call) else { return };
        let arrivals = network.arrivals(Direction { from: SERVICES, to: self.node }, reply.len());
        drop(network);
        let number = self.log.sent(&reply, |id| self.network.borrow().node(id));
        match arrivals {
            None => self.deliver(None, number, &reply),
            Some(arrivals) => {
                if arrivals == [None, None] {
                    self.log.lost(number, LOST_BY_LINK);
                }
                let schedule = |at| self.schedule_line(at, None, number, &reply);
                arrivals.into_iter().flatten().for_each(schedule);
            }
        }
    }

    fn add_weight(&self, from: Option<NodeIndex>, bytes: usize) {
        self.weight.set(self.weight.get() + bytes);
        if let Some(from) = from {
            *self.shares.borrow_mut().entry(from).or_default() += bytes;
        }
    }

    fn take_weight(&self, from: Option<NodeIndex>, bytes: usize) {
        self.weight.set(self.weight.get().saturating_sub(bytes));
        if let Some(from) = from
            && let Some(share) = self.shares.borrow_mut().get_mut(&from)
        {
            *share = share.saturating_sub(bytes);
        }
    }
}

impl Mailbox for NodeMailbox {
    fn next(&self) -> LocalBoxFuture<'_, Box<[u8]>> {
        Box::pin(async move {
            loop {
                let next = self.deliver_arrived();
                if let Some(line) = self.try_next() {
                    return line;
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

    fn try_next(&self) -> Option<Box<[u8]>> {
        let Line { from, text, .. } = self.ready.borrow_mut().pop_front()?;
        self.take_weight(from, text.len());
        self.network.borrow_mut().record_read(self.node);
        Some(text)
    }

    fn waiting(&self) -> usize {
        self.ready.borrow().len()
    }

    fn put(&self, line: &[u8]) -> Result<(), Undelivered> {
        if self.closed.get() {
            return Ok(());
        }
        if let Some(waiting) = self.is_full_for(line.len()) {
            return Err(Undelivered::Flooded { waiting });
        }
        let number = self.log.sent(line, |id| self.network.borrow().node(id));
        self.deliver(None, number, line);
        Ok(())
    }

    fn close(&self) {
        self.closed.set(true);
        self.ready.take();
        for parcel in self.under_way.take().by_arrival.into_values() {
            let (Parcel::Line(Line { number, .. }) | Parcel::Call(_, number)) = parcel;
            self.log.lost(number, "the receiver has ended");
        }
        self.shares.take();
        self.weight.set(0);
    }
}

/// Returns a request to a service as a line, for the log.
pub(super) fn line_of(call: &Call) -> Vec<u8> {
    json!({ "src": call.client, "dest": call.service, "body": call.body }).to_string().into_bytes()
}
