//! The state of the shell: the core, the connections, the dials, and the time of the next wake.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::interpreter::Interpreter;
use super::slots::Slots;
use crate::core::{Config, ConnId, Core, DialId};
use crate::net::address::host_of;
use crate::net::clock::SystemClock;
use crate::net::data::Writer;
use crate::net::log;
use crate::net::write_queue::{Outgoing, WriteQueue};
use crate::wire::{Limits, Version};

/// A node on sockets. Its tasks share it, all on one thread.
pub(in crate::net) struct Shell {
    pub(super) state: RefCell<ShellState>,
    pub(super) clock: SystemClock,
    pub(super) limits: Limits,
    /// The host of an address that names only a port.
    pub(super) default_host: String,
    pub(super) dialler: Box<dyn Dialler>,
    /// The time at which the core wants to be woken.
    pub(super) wake: Cell<Option<Duration>>,
    /// The time at which the timer's current sleep ends.
    pub(super) armed: Cell<Duration>,
    /// Notified when the core wants to be woken before `armed`.
    pub(super) rearm: Notify,
    pub(super) slots: Rc<Slots>,
    /// Notified when a connection was removed.
    pub(super) removed: Notify,
    /// The neighbours of another make, where the node may have some.
    pub(super) hub: OnceCell<Rc<dyn Signs>>,
    /// True once the node ends: the core gets no more inputs.
    pub(super) ending: Cell<bool>,
}

/// The part of the shell's state that changes with every input of the core.
pub(super) struct ShellState {
    pub(super) core: Core,
    pub(super) storage: Storage,
    /// The outputs of the core, in a vector that keeps its memory.
    pub(super) outputs: Vec<crate::core::Output>,
    pub(super) conns: BTreeMap<ConnId, ConnState>,
    /// The number of the next connection.
    pub(super) next: u64,
    pub(super) dials: BTreeMap<DialId, AbortHandle>,
}

/// The storage of the versions that the core hands over.
#[derive(Debug)]
pub(in crate::net) enum Storage {
    /// No storage: versions count as persisted at once.
    Memory,
    /// The disk, through its writer.
    Disk(Writer),
    /// The disk was closed, and the node ends.
    Closed,
}

/// The part of the node that opens connections for the shell.
pub(in crate::net) trait Dialler {
    /// Starts a dial. Its task adds the connection to the shell, or reports the failure. The handle cancels
    /// the task.
    fn start(&self, shell: Rc<Shell>, dial: DialId, address: Rc<str>) -> AbortHandle;
}

/// The part of the node that passes signs of life on to neighbours which the core does not know.
pub(in crate::net) trait Signs {
    /// Passes a sign of the node called `of` on: the value that it stands for, if it has one.
    fn pass_on(&self, of: &str, value: Option<&str>);
}

/// One connection, as the shell sees it.
pub(super) struct ConnState {
    pub(super) queue: Rc<WriteQueue>,
    /// The address of the other end, for the log.
    pub(super) peer: Rc<str>,
    /// True while the core counts on the connection: it gets no inputs about one that it closed.
    pub(super) known: bool,
    /// The translator between the connection and the core, where the connection has another protocol.
    pub(super) interpreter: Option<Box<Interpreter>>,
}

/// The error of a connection that was dropped and of which the core does not know yet.
pub(super) struct Dropped;

impl Shell {
    /// Creates a node that is reached at `config.address`, listens on `listen`, and has the versions that its
    /// disk held.
    pub(in crate::net) fn new(
        config: Config,
        listen: &str,
        clock: SystemClock,
        storage: Storage,
        held: Vec<Arc<Version>>,
        dialler: Box<dyn Dialler>,
    ) -> Rc<Self> {
        let limits = config.limits.clone();
        let slots = Slots::new(limits.connections);
        let mut core = Core::new(config, clock.now());
        core.restore(held);
        Rc::new(Self {
            state: RefCell::new(ShellState {
                core,
                storage,
                outputs: Vec::new(),
                conns: BTreeMap::new(),
                next: 0,
                dials: BTreeMap::new(),
            }),
            clock,
            limits,
            default_host: host_of(listen).to_owned(),
            dialler,
            wake: Cell::new(None),
            armed: Cell::new(Duration::MAX),
            rearm: Notify::new(),
            slots,
            removed: Notify::new(),
            hub: OnceCell::new(),
            ending: Cell::new(false),
        })
    }

    /// Lets the node have neighbours of another make.
    pub(in crate::net) fn attach_hub(&self, hub: Rc<dyn Signs>) {
        // A second one is of no use: a node has one port for neighbours.
        let _ = self.hub.set(hub);
    }

    pub(in crate::net) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns true while the core counts on a connection.
    pub(super) fn is_known(&self, conn: ConnId) -> bool {
        self.state.borrow().conns.get(&conn).is_some_and(|served| served.known)
    }
}

impl ShellState {
    /// Adds a connection and numbers it. If the node ends, the connection is dropped at once.
    pub(super) fn add(&mut self, peer: Rc<str>, ending: bool) -> (ConnId, Rc<WriteQueue>) {
        let conn = ConnId(self.next);
        self.next += 1;
        let queue = Rc::new(WriteQueue::default());
        if ending {
            queue.drop_now();
        }
        let added = ConnState { queue: Rc::clone(&queue), peer, known: !ending, interpreter: None };
        self.conns.insert(conn, added);
        (conn, queue)
    }

    /// Returns true if a connection has another protocol than the core's.
    pub(super) fn is_interpreted(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|served| served.interpreter.is_some())
    }

    /// Queues a frame. A connection that does not read is dropped; then the caller tells the core.
    pub(super) fn queue_frame(&mut self, conn: ConnId, outgoing: Outgoing) -> Result<(), Dropped> {
        let Some(served) = self.conns.get_mut(&conn) else { return Ok(()) };
        if !served.known || served.queue.push(outgoing).is_ok() {
            return Ok(());
        }
        log::warn(format_args!("{} does not read what is sent to it: dropped", served.peer));
        served.queue.drop_now();
        served.known = false;
        Err(Dropped)
    }
}
