//! The core, the connections, and what passes between them.

mod interpreter;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::address::{host_of, normalise_peer};
use super::byc::{self, Conversation};
use super::clock::Clock;
use super::data::{Kept, Writer};
use super::dial;
use super::log;
use super::outbox::{Outbox, Outgoing};
use crate::core::{CloseReason, Config, ConnId, Core, DialId, Input, Output};
use crate::wire::{Command, Frame, Limits, Malformed, Policy, Version, decode, encode, encode_refusal};

use interpreter::{Interpreter, is_final, packet};

/// A node on sockets. Shared by its tasks, all on one thread.
pub(super) struct Shell {
    state: RefCell<State>,
    clock: Clock,
    limits: Limits,
    default_host: String,
    /// When the core wants to be woken.
    wake: Cell<Option<Duration>>,
    /// When the timekeeper will look.
    armed: Cell<Duration>,
    rearm: Notify,
    places: Cell<usize>,
    freed: Notify,
    ending: Cell<bool>,
}

struct State {
    core: Core,
    keeper: Keeper,
    outputs: Vec<Output>,
    conns: BTreeMap<ConnId, Served>,
    next: u64,
    dials: BTreeMap<DialId, AbortHandle>,
}

/// Who keeps what the core hands over.
#[derive(Debug)]
pub(super) enum Keeper {
    /// Nobody: it is as safe as it will be.
    Nobody,
    /// The disk.
    Disk(Writer),
    /// The disk did, and the node ends.
    Gone,
}

struct Served {
    outbox: Rc<Outbox>,
    from: Rc<str>,
    /// Whether the core still counts on it: it is told no more of one that it closed.
    known: bool,
    /// What stands between it and the core, where it is of another protocol.
    interpreter: Option<Box<Interpreter>>,
}

/// One input and all that comes of it.
struct Turn {
    /// Whose frame it was.
    speaker: Option<ConnId>,
    /// The last frame and its text: one that goes to many neighbours is encoded once.
    encoded: Option<(Arc<Frame>, Utf8Bytes)>,
    /// What the core is to be told before the turn is over.
    inputs: VecDeque<Input>,
}

/// A place among those that may be connected; free again when dropped.
pub(super) struct Place(Rc<Shell>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.places.set(self.0.places.get().saturating_sub(1));
        self.0.freed.notify_one();
    }
}

impl Shell {
    /// A node that is reached at `config.address` and listens on `listen`, and knows what its disk held.
    pub(super) fn new(
        config: Config,
        listen: &str,
        clock: Clock,
        keeper: Keeper,
        held: Vec<Arc<Version>>,
    ) -> Rc<Self> {
        let limits = config.limits.clone();
        let mut core = Core::new(config, clock.now());
        core.restore(held);
        Rc::new(Self {
            state: RefCell::new(State {
                core,
                keeper,
                outputs: Vec::new(),
                conns: BTreeMap::new(),
                next: 0,
                dials: BTreeMap::new(),
            }),
            clock,
            limits,
            default_host: host_of(listen).to_owned(),
            wake: Cell::new(None),
            armed: Cell::new(Duration::MAX),
            rearm: Notify::new(),
            places: Cell::new(0),
            freed: Notify::new(),
            ending: Cell::new(false),
        })
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A place for a connection that comes in, unless all are taken.
    pub(super) fn place(self: &Rc<Self>) -> Option<Place> {
        let taken = self.places.get();
        (taken < self.limits.connections).then(|| {
            self.places.set(taken + 1);
            Place(Rc::clone(self))
        })
    }

    /// Waits until some connection has ended.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Numbers a connection that came in.
    pub(super) fn accepted(&self, from: Rc<str>) -> (ConnId, Rc<Outbox>) {
        let mut state = self.state.borrow_mut();
        state.register(from, self.ending.get())
    }

    /// Numbers a connection that was dialled, unless nobody waits for it any more.
    pub(super) fn dialled(self: &Rc<Self>, dial: DialId, to: Rc<str>) -> Option<(ConnId, Rc<Outbox>)> {
        let (conn, outbox) = {
            let mut state = self.state.borrow_mut();
            state.dials.remove(&dial)?;
            state.register(to, self.ending.get())
        };
        self.feed(Input::Connected { conn, dial });
        Some((conn, outbox))
    }

    pub(super) fn dial_failed(self: &Rc<Self>, dial: DialId, reason: String) {
        if self.state.borrow_mut().dials.remove(&dial).is_some() {
            self.feed(Input::DialFailed { dial, reason });
        }
    }

    /// A text came in.
    pub(super) fn heard(self: &Rc<Self>, conn: ConnId, text: &str) -> Result<(), Malformed> {
        if self.converse(conn, |conversation, scene, out| conversation.received(text, scene, out)) {
            return Ok(());
        }
        self.received(conn, decode(text, &self.limits)?);
        Ok(())
    }

    /// A frame came in.
    fn received(self: &Rc<Self>, conn: ConnId, mut frame: Frame) {
        if let Frame::Request { id, command: Command::AddPeer { address } } = &mut frame {
            match self.peer_address(address) {
                Ok(place) => *address = place,
                Err(reason) => return self.refuse(conn, *id, reason),
            }
        }
        if self.is_known(conn) {
            self.feed(Input::Received { conn, frame: Arc::new(frame) });
        }
    }

    /// The address of a neighbour to be, or why there can be none.
    fn peer_address(&self, address: &str) -> Result<String, String> {
        let place = normalise_peer(address, &self.default_host).map_err(|error| error.to_string())?;
        let oldest = self.state.borrow().core.config().policy == Policy::Oldest;
        if place.ends_with(byc::PATH) && !oldest { Err(byc::LINKS_NEED_OLDEST.to_owned()) } else { Ok(place) }
    }

    /// Something came in that is no frame. Answers are not answered, see [`Malformed::answer`].
    pub(super) fn received_malformed(self: &Rc<Self>, conn: ConnId, malformed: &Malformed) {
        if !self.converse(conn, |_, _, out| Conversation::received_binary(out)) && !malformed.answer {
            self.say(conn, encode_refusal(malformed.id, &malformed.refusal));
        }
    }

    /// Frames were flushed to a neighbour.
    pub(super) fn written(self: &Rc<Self>, conn: ConnId, weight: usize, bytes: u64) {
        if weight > 0 && self.is_known(conn) {
            self.feed(Input::Written { conn, weight, bytes });
        }
    }

    /// Nothing more will come from this connection.
    pub(super) fn closed(self: &Rc<Self>, conn: ConnId) {
        if self.forget(conn) {
            self.feed(Input::Closed { conn });
        }
    }

    /// The task of this connection is over.
    pub(super) fn over(self: &Rc<Self>, conn: ConnId) {
        self.closed(conn);
        self.state.borrow_mut().conns.remove(&conn);
        self.freed.notify_one();
    }

    /// Comes back to the core whenever it asked for it. Never returns.
    pub(super) async fn keep_time(self: &Rc<Self>) {
        loop {
            let due = self.wake.get();
            self.armed.set(due.unwrap_or(Duration::MAX));
            let Some(due) = due else {
                self.rearm.notified().await;
                continue;
            };
            tokio::select! {
                () = tokio::time::sleep_until(self.clock.instant(due)) => {
                    // The wake may have been put off meanwhile; then this was only a look.
                    if self.wake.get().is_some_and(|wake| wake <= self.clock.now().monotonic) {
                        self.wake.set(None);
                        self.feed(Input::Tick);
                    }
                }
                () = self.rearm.notified() => {}
            }
        }
    }

    /// Puts the wall clock so far ahead of the machine's; what waits for a moment is looked at again.
    pub(super) fn put_clock_ahead(self: &Rc<Self>, ahead_ms: i64) {
        self.clock.put_ahead(ahead_ms);
        self.feed(Input::Tick);
    }

    /// Tells the core what the disk has kept. Returns when that is all: when the disk is there no more.
    pub(super) async fn keep(self: &Rc<Self>, kept: &mut mpsc::UnboundedReceiver<Kept>) {
        while let Some(Kept { up_to, kept }) = kept.recv().await {
            self.feed(match kept {
                Ok(()) => Input::Persisted(up_to),
                Err(reason) => Input::PersistFailed { up_to, reason },
            });
        }
    }

    /// Hands nothing more to the disk, which tells what it has kept by then and ends.
    pub(super) fn close_disk(&self) {
        let mut state = self.state.borrow_mut();
        if matches!(state.keeper, Keeper::Disk(_)) {
            state.keeper = Keeper::Gone;
        }
    }

    /// Takes leave of everybody, and waits until they took theirs.
    pub(super) async fn end(&self) {
        self.ending.set(true);
        {
            let mut state = self.state.borrow_mut();
            for dial in std::mem::take(&mut state.dials).into_values() {
                dial.abort();
            }
            for served in state.conns.values_mut() {
                served.known = false;
                served.outbox.close(CloseCode::Away, "the node ends".to_owned());
            }
        }
        while !self.state.borrow().conns.is_empty() {
            self.freed.notified().await;
        }
    }

    fn is_known(&self, conn: ConnId) -> bool {
        self.state.borrow().conns.get(&conn).is_some_and(|served| served.known)
    }

    /// Whether the core counted on this connection until now.
    fn forget(&self, conn: ConnId) -> bool {
        let mut state = self.state.borrow_mut();
        state.conns.get_mut(&conn).is_some_and(|served| std::mem::take(&mut served.known))
    }

    /// Says something that the core need not know of.
    pub(super) fn say(self: &Rc<Self>, conn: ConnId, text: String) {
        let outgoing = Outgoing { text: text.into(), weight: 0, counted: 0, asked: true };
        let dropped = self.state.borrow_mut().push(conn, outgoing).is_err();
        if dropped {
            self.feed(Input::Closed { conn });
        }
    }

    /// Hands an input to the core and carries out all that comes of it.
    fn feed(self: &Rc<Self>, input: Input) {
        if self.ending.get() {
            return;
        }
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        let mut turn = Turn { speaker: None, encoded: None, inputs: VecDeque::new() };
        if let Input::Received { conn, .. } = input {
            turn.speaker = Some(conn);
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

    fn carry_out(self: &Rc<Self>, state: &mut State, output: Output, turn: &mut Turn) {
        match output {
            Output::Send { conn, frame } if state.is_interpreted(conn) => {
                self.interpret_to(state, conn, &frame, turn);
            }
            Output::Send { conn, frame } => {
                let text = match &turn.encoded {
                    Some((last, text)) if Arc::ptr_eq(last, &frame) => text.clone(),
                    _ => Utf8Bytes::from(encode(&frame)),
                };
                let (weight, counted) = match &*frame {
                    Frame::Message(message) if message.is_background() => (message.weight(), 0),
                    Frame::Message(message) => (message.weight(), text.len() as u64),
                    _ => (0, 0),
                };
                turn.encoded = Some((frame, text.clone()));
                let asked = turn.speaker == Some(conn);
                if state.push(conn, Outgoing { text, weight, counted, asked }).is_err() {
                    turn.inputs.push_back(Input::Closed { conn });
                }
            }
            Output::Dial { dial, address } => match normalise_peer(&address, &self.default_host) {
                Ok(place) => {
                    let task = tokio::task::spawn_local(dial::connect(Rc::clone(self), dial, place.into()));
                    state.dials.insert(dial, task.abort_handle());
                }
                Err(error) => turn.inputs.push_back(Input::DialFailed { dial, reason: error.to_string() }),
            },
            Output::CancelDial { dial } => {
                if let Some(task) = state.dials.remove(&dial) {
                    task.abort();
                }
            }
            Output::Close { conn, reason } => {
                if let Some(served) = state.conns.get_mut(&conn) {
                    if served.interpreter.is_some() && is_final(&reason) {
                        // Else a client of the other protocol would come back at once. Where there is no
                        // room for that, it does.
                        let _ = served.outbox.push(packet("41".to_owned(), 0, true));
                    }
                    served.known = false;
                    let (code, reason) = close_frame(reason);
                    served.outbox.close(code, reason);
                }
            }
            Output::Persist { id, versions } => match &state.keeper {
                Keeper::Nobody => turn.inputs.push_back(Input::Persisted(id)),
                Keeper::Disk(writer) => writer.keep(id, versions),
                Keeper::Gone => {
                    let reason = "the node ends".to_owned();
                    turn.inputs.push_back(Input::PersistFailed { up_to: id, reason });
                }
            },
            Output::Wake(due) => {
                self.wake.set(Some(due));
                if due < self.armed.get() {
                    self.rearm.notify_one();
                }
            }
            Output::Log(event) => log::event(&event),
        }
    }
}

impl State {
    fn register(&mut self, from: Rc<str>, ending: bool) -> (ConnId, Rc<Outbox>) {
        let conn = ConnId(self.next);
        self.next += 1;
        let outbox = Rc::new(Outbox::default());
        if ending {
            outbox.drop_now();
        }
        let served = Served { outbox: Rc::clone(&outbox), from, known: !ending, interpreter: None };
        self.conns.insert(conn, served);
        (conn, outbox)
    }

    fn is_interpreted(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|served| served.interpreter.is_some())
    }

    /// Queues a frame. Whoever does not read is dropped: then the core is to be told.
    fn push(&mut self, conn: ConnId, outgoing: Outgoing) -> Result<(), Dropped> {
        let Some(served) = self.conns.get_mut(&conn) else { return Ok(()) };
        if !served.known || served.outbox.push(outgoing).is_ok() {
            return Ok(());
        }
        log::warn(format_args!("{} does not read what it is told: dropped", served.from));
        served.outbox.drop_now();
        served.known = false;
        Err(Dropped)
    }
}

/// Somebody was dropped, and the core does not know it yet.
struct Dropped;

/// The code and the reason in the close frame.
fn close_frame(reason: CloseReason) -> (CloseCode, String) {
    match reason {
        CloseReason::Refused(reason) => (CloseCode::Policy, reason),
        CloseReason::Duplicate => (CloseCode::Normal, "a second link between the same nodes".to_owned()),
        CloseReason::Silent => (CloseCode::Away, "silent for too long".to_owned()),
        CloseReason::NotReading => (CloseCode::Away, "read nothing for too long".to_owned()),
        CloseReason::Protocol(reason) => (CloseCode::Protocol, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Hex;

    #[tokio::test]
    async fn no_more_connections_than_there_are_places() {
        let limits = Limits { connections: 2, ..Limits::default() };
        let config = Config { limits, ..Config::new(Hex::ZERO, "", "", "127.0.0.1:1") };
        let shell = Shell::new(config, "127.0.0.1:1", Clock::start(0), Keeper::Nobody, Vec::new());
        let (one, other) = (shell.place(), shell.place());
        assert!(one.is_some() && other.is_some() && shell.place().is_none());
        drop(one);
        shell.freed().await;
        assert!(shell.place().is_some());
    }
}
