//! The engine of every world in real time: joins a launcher, a carrier and the drivers.
//!
//! One thread, one runtime: it makes progress only while [`World::next`] waits. Each node has one
//! task, which follows it from its start to its end and holds the one connection to it.

mod carrier;
mod directory;
mod launcher;
mod node;
mod page;
mod proxy;
mod router;
mod sides;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::Instant;

use super::{Event, LinkChange, NodeIndex, Occurrence, OpId, Operation, Outcome, Signal, World};
use crate::driver::{self, Request, What};

pub use carrier::{Carrier, Direct};
pub use launcher::{Launcher, Running, Written};
pub use node::interrupts;
pub use proxy::Proxied;

use directory::Addresses;
use node::{Following, Handle};
use router::Router;

/// A world in real time.
pub struct Live {
    runtime: Runtime,
    tasks: LocalSet,
    launcher: Rc<dyn Launcher>,
    addresses: Rc<RefCell<Addresses>>,
    router: Rc<Router>,
    nodes: BTreeMap<NodeIndex, Handle>,
    began: Instant,
    /// When the last event happened that was handed out.
    last: Duration,
    ahead_ms: BTreeMap<NodeIndex, Ahead>,
    /// Whose disks are full.
    full: BTreeSet<NodeIndex>,
    teller: Teller,
    events: mpsc::UnboundedReceiver<Occurrence>,
}

/// What a node is told about its life while it runs.
#[derive(Debug, Clone, Copy)]
enum Word {
    /// Its wall clock is so many milliseconds ahead.
    ClockAhead(i64),
    /// Whether its disk is full.
    DiskFull(bool),
}

/// How far the wall clock of a node is ahead of the machine's, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct Ahead {
    /// Since it was started.
    begun: i64,
    /// By what it was shifted.
    shifted: i64,
}

impl Ahead {
    fn sum(self) -> i64 {
        self.begun.saturating_add(self.shifted)
    }
}

/// Tells the runner what happened, and when.
///
/// The channel has no bound of its own: it holds what nodes said while the runner was busy, which
/// the sockets of the nodes bound, and one event for each operation under way.
#[derive(Clone)]
pub(super) struct Teller {
    began: Instant,
    events: mpsc::UnboundedSender<Occurrence>,
}

impl Teller {
    fn tell(&self, event: Event) {
        // With nobody left to be told, the world is being taken down.
        let _: Result<(), _> = self.events.send(Occurrence { at: self.began.elapsed(), event });
    }

    fn ended(&self, id: OpId, outcome: Outcome) {
        self.tell(Event::Ended { id, outcome });
    }
}

/// Wakes a world that waits, from any thread.
#[derive(Clone)]
pub struct Waker(Teller);

impl Waker {
    /// Makes the world tell [`Event::Woken`].
    pub fn wake(&self) {
        self.0.tell(Event::Woken);
    }
}

impl Live {
    /// A world with no node yet. What is drawn for messages that it carries itself comes from the seed.
    /// Fails where the system gives no event queue.
    pub fn new(launcher: Rc<dyn Launcher>, carrier: Box<dyn Carrier>, seed: u64) -> std::io::Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build()?;
        let (sender, events) = mpsc::unbounded_channel();
        let began = {
            let _entered = runtime.enter();
            Instant::now()
        };
        let teller = Teller { began, events: sender };
        let world = Self {
            runtime,
            tasks: LocalSet::new(),
            launcher,
            addresses: Rc::new(RefCell::new(Addresses::new(carrier))),
            router: Rc::new(Router::new(seed, began)),
            nodes: BTreeMap::new(),
            ahead_ms: BTreeMap::new(),
            full: BTreeSet::new(),
            began,
            last: Duration::ZERO,
            teller,
            events,
        };
        let teller = world.teller.clone();
        world.spawn(async move {
            // Where signals cannot be heard, they end the process, and the guard sees to the rest.
            let _: std::io::Result<()> = interrupts(|| teller.tell(Event::Interrupted)).await;
        });
        Ok(world)
    }

    /// What wakes it from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(self.teller.clone())
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let _entered = self.runtime.enter();
        self.tasks.spawn_local(task);
    }

    /// What is known at once is told like all else: after what happened before.
    fn know(&self, id: OpId, outcome: Outcome) {
        self.teller.ended(id, outcome);
    }

    fn launch(&mut self, id: OpId, node: NodeIndex, mut spec: super::NodeSpec, deadline: Instant) {
        // What it was shifted by outlives it.
        let ahead = self.ahead_ms.entry(node).or_default();
        ahead.begun = spec.clock_ms;
        spec.clock_ms = ahead.sum();
        spec.disk_full = self.full.contains(&node);
        let Some(driver) = driver::by_name(&spec.driver) else {
            let reason = format!("there is no driver `{}`", spec.driver);
            return self.know(id, Outcome::Failed { reason });
        };
        let place = match self.launcher.place(node, &spec.name) {
            Ok(place) => place,
            Err(reason) => return self.know(id, Outcome::Failed { reason }),
        };
        let command = match driver.command_line(&spec, &place) {
            Ok(command) => command,
            Err(reason) => return self.know(id, Outcome::Failed { reason }),
        };
        self.addresses.borrow_mut().add(node, &spec, &place.address());
        let following = Following {
            id,
            node,
            spec: Rc::new(spec),
            place: Rc::new(place),
            command,
            deadline,
            driver,
            launcher: Rc::clone(&self.launcher),
            directory: Rc::clone(&self.addresses),
            exchange: Rc::clone(&self.router),
            teller: self.teller.clone(),
        };
        let (handle, task) = following.start();
        self.nodes.insert(node, handle);
        self.spawn(task);
    }

    fn ask(&mut self, id: OpId, node: NodeIndex, what: What, deadline: Instant) {
        let patience = deadline.saturating_duration_since(Instant::now());
        let request = Request { id, node, what, deadline, patience };
        let alive = self.nodes.get(&node).filter(|handle| handle.is_alive());
        if alive.is_none_or(|handle| handle.requests.send(request).is_err()) {
            self.know(id, Outcome::Unknown { reason: "it is not running".to_owned() });
        }
    }

    /// Shifts the wall clock of a node. Who does not run starts with it.
    fn shift(&mut self, id: OpId, node: NodeIndex, offset_ms: i64) {
        if self.is_foreign(node) {
            let reason = "only the clock of our own node can be shifted".to_owned();
            return self.know(id, Outcome::Failed { reason });
        }
        let ahead = self.ahead_ms.entry(node).or_default();
        ahead.shifted = ahead.shifted.saturating_add(offset_ms);
        let ahead_ms = ahead.sum();
        self.tell_node(id, node, Word::ClockAhead(ahead_ms));
    }

    /// Fills the disk of a node, or makes room. Who does not run starts with it so.
    fn fill(&mut self, id: OpId, node: NodeIndex, full: bool) {
        if self.is_foreign(node) {
            let reason = "only the disk of our own node can be filled".to_owned();
            return self.know(id, Outcome::Failed { reason });
        }
        if full {
            self.full.insert(node);
        } else {
            self.full.remove(&node);
        }
        self.tell_node(id, node, Word::DiskFull(full));
    }

    /// Whether a node was started that does not hear what it is told about its life.
    fn is_foreign(&self, node: NodeIndex) -> bool {
        self.nodes.get(&node).is_some_and(|handle| !handle.supervised)
    }

    /// Tells a node something about its life. One that is just being started is told when it has been:
    /// what it starts with was said before.
    fn tell_node(&self, id: OpId, node: NodeIndex, word: Word) {
        let Some(handle) = self.nodes.get(&node).filter(|handle| handle.is_alive()).cloned() else {
            return self.know(id, Outcome::Done);
        };
        let teller = self.teller.clone();
        self.spawn(async move {
            let told = match (handle.running().await, word) {
                (None, _) => Ok(()),
                (Some(running), Word::ClockAhead(ahead_ms)) => running.put_clock_ahead(ahead_ms).await,
                (Some(running), Word::DiskFull(full)) => running.fill_disk(full).await,
            };
            teller.ended(id, told.map_or_else(|reason| Outcome::Failed { reason }, |()| Outcome::Done));
        });
    }

    fn wait(&mut self) -> Occurrence {
        let known = !self.events.is_empty();
        let next = async {
            // Whoever is told at once, again and again, keeps nothing else waiting.
            if known {
                tokio::task::yield_now().await;
            }
            self.events.recv().await
        };
        let next = self.tasks.run_until(next);
        // The world holds a sender itself, so that the channel stays open.
        let interrupted = Occurrence { at: self.began.elapsed(), event: Event::Interrupted };
        self.runtime.block_on(next).unwrap_or(interrupted)
    }

    /// Changes links, each by whoever carries on it.
    fn change(&mut self, changes: Vec<LinkChange>) -> Result<(), String> {
        let is_ours = |change: &LinkChange| self.router.carries(change.direction().from);
        let (ours, others): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_ours);
        self.router.change(&ours)?;
        if others.is_empty() { Ok(()) } else { self.addresses.borrow_mut().change(&others) }
    }

    /// Puts sets of nodes apart, by all who carry.
    fn part(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), String> {
        self.router.part(sets);
        if self.nodes.keys().all(|node| self.router.carries(*node)) {
            return Ok(());
        }
        self.addresses.borrow_mut().part(sets)
    }

    fn signal(&mut self, id: OpId, node: NodeIndex, signal: Signal, deadline: Instant) {
        self.router.freeze(node, signal == Signal::Pause);
        let Some(handle) = self.nodes.get(&node).filter(|handle| handle.is_alive()) else {
            return self.know(id, Outcome::Done);
        };
        let handle = handle.clone();
        let teller = self.teller.clone();
        self.spawn(async move { handle.signal(id, signal, deadline, &teller).await });
    }
}

impl World for Live {
    fn declaration(&self) -> &'static super::Declaration {
        self.launcher.declaration()
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        let at = |time: Duration| self.began + time;
        match operation {
            Operation::Launch { node, spec, deadline } => self.launch(id, node, spec, at(deadline)),
            Operation::Signal { node, signal, deadline } => self.signal(id, node, signal, at(deadline)),
            Operation::Ask { node, words, deadline } => self.ask(id, node, What::Words(words), at(deadline)),
            Operation::Watch { node, deadline } => self.ask(id, node, What::Watch, at(deadline)),
            Operation::Members { nodes, links } => {
                self.router.admit(&nodes, &links);
                self.know(id, Outcome::Done);
            }
            // The harness is the network: what links two nodes is that it carries between them.
            Operation::Wire { from, .. } if self.router.carries(from) => self.know(id, Outcome::Done),
            Operation::Wire { from, to, deadline } => {
                let name = self.addresses.borrow().name_of(to).unwrap_or_default();
                self.ask(id, from, What::Wire(name), at(deadline));
            }
            Operation::Links(changes) => {
                let done = self.change(changes);
                self.know(id, done.map_or_else(|reason| Outcome::Failed { reason }, |()| Outcome::Done));
            }
            Operation::Partition(sets) => {
                let done = self.part(&sets);
                self.know(id, done.map_or_else(|reason| Outcome::Failed { reason }, |()| Outcome::Done));
            }
            Operation::Clock { node, offset_ms } => self.shift(id, node, offset_ms),
            Operation::Disk { node, full } => self.fill(id, node, full),
            Operation::Log { node, lines } => {
                let name = self.addresses.borrow().name_of(node).unwrap_or_default();
                self.know(id, Outcome::Lines(self.launcher.log(&name, lines)));
            }
            Operation::Timer { at: time } => {
                let (teller, until) = (self.teller.clone(), at(time));
                self.spawn(async move {
                    tokio::time::sleep_until(until).await;
                    teller.ended(id, Outcome::Done);
                });
            }
        }
    }

    fn next(&mut self) -> Occurrence {
        let mut occurrence = self.wait();
        // Another thread reads the clock before it comes to tell that it wants attention.
        occurrence.at = occurrence.at.max(self.last);
        self.last = occurrence.at;
        occurrence
    }
}

impl Drop for Live {
    /// Ends every node that still runs, and waits for it.
    fn drop(&mut self) {
        let ending = self.launcher.end_all();
        self.runtime.block_on(self.tasks.run_until(ending));
    }
}
