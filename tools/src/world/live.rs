//! The engine of every world in real time: joins a launcher, a carrier and the drivers.
//!
//! The engine has one thread and one runtime, which make progress only while [`World::next`] waits. Each node
//! has one task, which follows the node from its start to its end and holds the one connection to it.

mod attached;
mod bypass;
mod carrier;
mod directory;
mod error;
mod events;
mod first_start;
mod handle;
mod health;
mod http_probe;
mod launcher;
mod lost_requests;
mod message_body;
mod messages;
mod node;
mod proxy;
mod router;
mod setup;
mod signs;
mod supervision;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout};

use super::{Event, LinkChange, Misconduct, NodeIndex, Occurrence, OpId, Operation, Outcome, Signal, World};
use crate::driver::{self, CommandLine, Contacts, Request, RequestBody};

pub use bypass::{BypassFacts, Owner, Span};
pub use carrier::{Carrier, Direct, ShortageCallback};
pub use error::{ControlError, LaunchError, LinkError, ReadinessError, SetupError};
pub use events::Waker;
pub use launcher::{Launcher, Running, Written};
pub use messages::{MESSAGES, MessageLogging};
pub use node::interrupts;
pub use proxy::Proxied;

use attached::Attached;
use directory::NodeDirectory;
use events::EventSender;
use first_start::{Begun, FirstStart};
use handle::NodeHandle;
use messages::MessageLog;
use node::NodeTask;
use router::MessageRouter;
use setup::is_empty;

/// The longest time that an event may take which comes soon. Chosen: half of the time for which events may be lacking
/// in the journal of a harness that was killed.
const SOON: Duration = Duration::from_millis(50);

/// A world in real time.
pub struct Live {
    runtime: Runtime,
    tasks: LocalSet,
    launcher: Rc<dyn Launcher>,
    directory: Rc<RefCell<NodeDirectory>>,
    router: Rc<MessageRouter>,
    nodes: BTreeMap<NodeIndex, NodeHandle>,
    contacts: BTreeMap<NodeIndex, Rc<Contacts>>,
    /// The places of the nodes that ran before.
    attached: RefCell<BTreeMap<NodeIndex, driver::Place>>,
    /// The nodes whose first start was begun and not completed.
    begun_first: Begun,
    began: Instant,
    /// The time of the last event that was handed out; times never go back.
    last: Duration,
    clock_leads: BTreeMap<NodeIndex, ClockLead>,
    /// The nodes whose disks are full.
    full: BTreeSet<NodeIndex>,
    sender: EventSender,
    events: mpsc::UnboundedReceiver<Occurrence>,
}

/// The lead of a node's wall clock over the machine's, in milliseconds.
#[derive(Debug, Clone, Copy, Default)]
struct ClockLead {
    /// The part that the node was started with.
    at_start_ms: i64,
    /// The sum of later shifts.
    shifted_ms: i64,
}

impl ClockLead {
    fn sum_ms(self) -> i64 {
        self.at_start_ms.saturating_add(self.shifted_ms)
    }
}

impl Live {
    /// Creates a world without nodes. Draws for messages that the world carries itself come from the seed, and these
    /// messages may be logged in the folder. Fails where the system gives no event queue, or the log cannot be
    /// created.
    pub fn new(
        launcher: Rc<dyn Launcher>,
        mut carrier: Box<dyn Carrier>,
        seed: u64,
        (folder, logging): (&std::path::Path, MessageLogging),
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let began = {
            let _entered = runtime.enter();
            Instant::now()
        };
        let (sender, events) = EventSender::new(began);
        let log = MessageLog::create(folder, logging, began, &sender)?;
        let floods = sender.clone();
        launcher.watch_floods(Box::new(move |node, reason| {
            floods.send(Event::Misbehaved { node, how: Misconduct::Flood(reason) });
        }))?;
        let shortages = sender.clone();
        carrier.on_shortage(Arc::new(move |reason| shortages.send(Event::Lacking { reason })));
        let world = Self {
            runtime,
            tasks: LocalSet::new(),
            launcher,
            directory: Rc::new(RefCell::new(NodeDirectory::new(carrier))),
            router: Rc::new(MessageRouter::new(seed, began, log)),
            nodes: BTreeMap::new(),
            contacts: BTreeMap::new(),
            attached: RefCell::default(),
            begun_first: Begun::default(),
            clock_leads: BTreeMap::new(),
            full: BTreeSet::new(),
            began,
            last: Duration::ZERO,
            sender,
            events,
        };
        let sender = world.sender.clone();
        world.spawn(async move {
            // Where signals cannot be heard, they end the process, and the guard sees to the rest.
            let _: std::io::Result<()> = interrupts(|| sender.send(Event::Interrupted)).await;
        });
        Ok(world)
    }

    /// Returns a handle that wakes the world from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(self.sender.clone())
    }

    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let _entered = self.runtime.enter();
        self.tasks.spawn_local(task);
    }

    /// Ends an operation at once; its outcome is queued behind earlier events.
    fn end_at_once(&self, id: OpId, outcome: Outcome) {
        self.sender.ended(id, outcome);
    }

    fn launch(&mut self, id: OpId, node: NodeIndex, mut spec: super::NodeSpec, deadline: Instant) {
        // The shift of a node's clock outlives the node.
        let lead = self.clock_leads.entry(node).or_default();
        lead.at_start_ms = spec.clock_ms;
        spec.clock_ms = lead.sum_ms();
        spec.disk_full = self.full.contains(&node);
        let Some(driver) = driver::by_name(&spec.driver) else {
            let reason = format!("there is no driver `{}`", spec.driver);
            return self.end_at_once(id, Outcome::Failed { reason });
        };
        let place = match self.place(node, &spec.name, &*driver, spec.at.as_ref()) {
            Ok(place) => place,
            Err(error) => return self.end_at_once(id, failed(&error)),
        };
        let is_first_in_run = !self.nodes.contains_key(&node);
        let first = FirstStart::new(node, &place.data, &self.begun_first);
        let is_begun_anew = spec.at.is_none() && first.is_unfinished();
        if is_begun_anew && let Err(error) = first.clear() {
            let folder = place.data.clone();
            return self.end_at_once(id, failed(&LaunchError::Aside { folder, error }));
        }
        spec.is_first_start = is_begun_anew || is_first_in_run && is_empty(&place.data);
        let members = match self.members(&spec) {
            Ok(members) => members,
            Err(error) => return self.end_at_once(id, failed(&error)),
        };
        let attached = spec.at.as_ref().map(|_| {
            Rc::new(Attached::new(place.address_of(driver.declaration().asked), self.sender.clone()))
        });
        let command = match attached {
            Some(_) => driver.attach(node, &spec, &place),
            None => driver.command_line(&spec, &place, &members),
        };
        let command = match command {
            Ok(mut command) => {
                // Whether a node that ran before serves again is asked once its links are up.
                if !is_first_in_run && command.healthy.is_some() {
                    command.ready = driver::Ready::Port;
                }
                CommandLine { clock_ms: spec.clock_ms, ..command }
            }
            Err(error) => return self.end_at_once(id, failed(&error)),
        };
        if (spec.disk || command.uses_data)
            && let Err(error) = self.launcher.make_data(&spec.name, command.uses_data)
        {
            return self.end_at_once(id, failed(&error));
        }
        self.directory.borrow_mut().add(node, &spec, &place);
        let has_programs = !(command.setup.before.is_empty() && command.setup.after.is_empty());
        let first_start = (spec.is_first_start && has_programs).then_some(first);
        let following = NodeTask {
            id,
            node,
            spec: Rc::new(spec),
            place: Rc::new(place),
            command,
            deadline,
            driver,
            attached,
            is_first_in_run,
            first_start,
            launcher: Rc::clone(&self.launcher),
            directory: Rc::clone(&self.directory),
            router: Rc::clone(&self.router),
            contacts: Rc::clone(self.contacts.entry(node).or_default()),
            sender: self.sender.clone(),
        };
        let (handle, task) = following.start();
        self.nodes.insert(node, handle);
        self.spawn(task);
    }

    /// Returns the places of the nodes that a node is told at its start. Those that are not started yet get theirs.
    fn members(&self, spec: &super::NodeSpec) -> Result<Vec<driver::Member>, LaunchError> {
        let member = |member: &super::MemberSpec| {
            let place = match driver::by_name(&member.driver) {
                Some(driver) => self.place(member.node, &member.name, &*driver, member.at.as_ref())?,
                None => self.launcher.place(member.node, &member.name, 1)?,
            };
            let (node, name) = (member.node, member.name.clone());
            Ok(driver::Member { node, name, place, tie: member.tie })
        };
        spec.members.iter().map(member).collect()
    }

    /// Returns the place of a node: that where the launcher starts it, or the one where it runs already. The name of its
    /// host is resolved once.
    fn place(
        &self,
        node: NodeIndex,
        name: &str,
        driver: &dyn driver::Driver,
        at: Option<&super::Attachment>,
    ) -> Result<driver::Place, LaunchError> {
        let Some(at) = at else { return self.launcher.place(node, name, driver.ports()) };
        if let Some(place) = self.attached.borrow().get(&node) {
            return Ok(place.clone());
        }
        let (host, ports) = attached::resolved(at, driver.declaration())?;
        let place = self.launcher.attach(node, name, host, &ports);
        self.attached.borrow_mut().insert(node, place.clone());
        Ok(place)
    }

    fn ask(
        &mut self,
        id: OpId,
        node: NodeIndex,
        body: RequestBody,
        deadline: Instant,
        until: Option<Instant>,
    ) {
        let patience = deadline.saturating_duration_since(Instant::now());
        let request = Request { id, node, body, deadline, patience, until };
        let alive = self.nodes.get(&node).filter(|handle| handle.is_alive());
        if alive.is_none_or(|handle| handle.requests.send(request).is_err()) {
            self.end_at_once(id, Outcome::Unknown { reason: "it is not running".to_owned() });
        }
    }

    /// Waits for the next event, at most so long.
    fn wait(&mut self, within: Option<Duration>) -> Option<Occurrence> {
        let known = !self.events.is_empty();
        let next = async {
            // Yields; a runner that always finds an event queued would starve the I/O tasks.
            if known {
                tokio::task::yield_now().await;
            }
            match within {
                Some(within) => timeout(within, self.events.recv()).await.unwrap_or(None),
                None => self.events.recv().await,
            }
        };
        let next = self.tasks.run_until(next);
        self.runtime.block_on(next)
    }

    /// Counts an event that is handed out.
    fn taken(&mut self, mut occurrence: Occurrence) -> Occurrence {
        self.sender.backlog.count_taken();
        // Another thread reads the clock before its wake is queued, so times may come out of order.
        occurrence.at = occurrence.at.max(self.last);
        self.last = occurrence.at;
        occurrence
    }

    /// Changes links, each by the router or the carrier that it belongs to.
    fn change(&mut self, changes: Vec<LinkChange>) -> Result<(), LinkError> {
        let is_ours = |change: &LinkChange| self.router.carries(change.direction().from);
        let (ours, others): (Vec<_>, Vec<_>) = changes.into_iter().partition(is_ours);
        self.router.change(&ours)?;
        if others.is_empty() { Ok(()) } else { self.directory.borrow_mut().change(&others) }
    }

    /// Sets the partition, in the router and in the carrier.
    fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), LinkError> {
        self.router.set_partition(sets);
        if self.nodes.keys().all(|node| self.router.carries(*node)) {
            return Ok(());
        }
        self.directory.borrow_mut().set_partition(sets)
    }

    /// Finds connections that bypass the carrier.
    fn bypasses(&self, since: BTreeMap<NodeIndex, Duration>) -> Outcome {
        let since = since.into_iter().map(|(node, since)| (node, self.began + since)).collect();
        let contacts = |node: NodeIndex| self.contacts.get(&node);
        let was_contacted = |node, span: &Span| {
            contacts(node).is_some_and(|contacts| contacts.covers(span.earliest, span.latest))
        };
        let owners = |sockets: &BTreeSet<u64>| self.launcher.owners(sockets);
        match self.directory.borrow().bypasses(since, &was_contacted, &owners) {
            Ok(found) => Outcome::Bypasses(found.into_iter().collect()),
            Err(error) => {
                let reason = format!("the connections between nodes cannot be listed: {error}");
                Outcome::Failed { reason }
            }
        }
    }

    fn healthy(&mut self, id: OpId, node: NodeIndex, deadline: Instant) {
        let Some(handle) = self.nodes.get(&node).cloned() else {
            return self.end_at_once(id, Outcome::Unknown { reason: "it is not running".to_owned() });
        };
        let sender = self.sender.clone();
        self.spawn(async move { sender.ended(id, handle.healthy(deadline).await) });
    }

    fn signal(&mut self, id: OpId, node: NodeIndex, signal: Signal, deadline: Instant) {
        self.router.freeze(node, signal == Signal::Pause);
        let Some(handle) = self.nodes.get(&node).filter(|handle| handle.is_alive()) else {
            return self.end_at_once(id, Outcome::Done);
        };
        let handle = handle.clone();
        let sender = self.sender.clone();
        self.spawn(async move { handle.signal(id, signal, deadline, &sender).await });
    }
}

/// Returns the outcome of an operation that an error of the environment ended.
fn failed(error: &dyn std::error::Error) -> Outcome {
    Outcome::Failed { reason: error.to_string() }
}

impl World for Live {
    fn declaration(&self) -> &'static super::Declaration {
        self.launcher.declaration()
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        let at = |time: Duration| self.began + time;
        match operation {
            Operation::Launch { node, spec, deadline } => self.launch(id, node, *spec, at(deadline)),
            Operation::Signal { node, signal, deadline } => self.signal(id, node, signal, at(deadline)),
            Operation::Ask { node, words, deadline, until } => {
                self.ask(id, node, RequestBody::Words(words), at(deadline), until.map(at));
            }
            Operation::Watch { node, deadline } => self.ask(id, node, RequestBody::Watch, at(deadline), None),
            Operation::Healthy { node, deadline } => self.healthy(id, node, at(deadline)),
            Operation::Members(members) => {
                self.router.admit(&members);
                self.end_at_once(id, Outcome::Done);
            }
            // The harness is the network: two nodes are linked because it carries between them.
            Operation::Wire { from, .. } if self.router.carries(from) => self.end_at_once(id, Outcome::Done),
            Operation::Wire { from, to, deadline } => {
                let name = self.directory.borrow().name_of(to).unwrap_or_default();
                self.ask(id, from, RequestBody::Wire(name), at(deadline), None);
            }
            Operation::Links(changes) => {
                let done = self.change(changes);
                self.end_at_once(id, done.map_or_else(|error| failed(&error), |()| Outcome::Done));
            }
            Operation::Partition(sets) => {
                let done = self.set_partition(&sets);
                self.end_at_once(id, done.map_or_else(|error| failed(&error), |()| Outcome::Done));
            }
            Operation::Bypasses { since } => {
                let found = self.bypasses(since);
                self.end_at_once(id, found);
            }
            Operation::Clock { node, offset_ms } => self.shift(id, node, offset_ms),
            Operation::Disk { node, full } => self.fill(id, node, full),
            Operation::Log { node, lines } => {
                let name = self.directory.borrow().name_of(node).unwrap_or_default();
                let written = self.launcher.log(&name, Written::default());
                let lines = written.map(|part| part.excerpt(lines)).concat();
                self.end_at_once(id, Outcome::Lines(lines));
            }
            Operation::Excerpt { node, lines } => {
                let name = self.directory.borrow().name_of(node).unwrap_or_default();
                let handle = self.nodes.get(&node);
                let excerpt = handle.map(|handle| handle.excerpt(&*self.launcher, &name, lines));
                let excerpt = match excerpt {
                    Some(_) if self.attached.borrow().contains_key(&node) => {
                        vec![format!(
                            "`{name}` ran before: the harness did not start it, and has no log of it"
                        )]
                    }
                    excerpt => excerpt.unwrap_or_default(),
                };
                self.end_at_once(id, Outcome::Lines(excerpt));
            }
            Operation::Timer { at: time } => {
                let (sender, until) = (self.sender.clone(), at(time));
                self.spawn(async move {
                    tokio::time::sleep_until(until).await;
                    sender.ended(id, Outcome::Done);
                });
            }
        }
    }

    fn next(&mut self) -> Occurrence {
        let occurrence = self.wait(None);
        // The world holds a sender itself, so that the channel stays open.
        let interrupted = Occurrence { at: self.began.elapsed(), event: Event::Interrupted };
        self.taken(occurrence.unwrap_or(interrupted))
    }

    fn next_soon(&mut self) -> Option<Occurrence> {
        let occurrence = self.wait(Some(SOON))?;
        Some(self.taken(occurrence))
    }

    fn log_rates(&self) -> BTreeMap<NodeIndex, u64> {
        self.launcher.log_rates()
    }

    fn packets_lost(&self) -> u64 {
        self.directory.borrow().packets_lost()
    }

    fn wall_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Live {
    /// Ends every node that still runs, and waits for its end.
    fn drop(&mut self) {
        let ending = self.launcher.end_all();
        self.runtime.block_on(self.tasks.run_until(ending));
        self.launcher.check_last_writes();
    }
}
