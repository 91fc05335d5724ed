//! Virtual time: a node is the node's own pure core, the network a seeded queue of events.
//!
//! Nothing here reads a clock, sleeps or draws from anywhere but the seed: the same operations at
//! the same times give the same events, on every machine. What it stands for:
//!
//! - An operation reaches the world after 100 µs; what nodes tell is heard at once.
//! - Links are those of `world::link`, one lane a direction. A lane that is cut lets arrive what
//!   was sent when it is joined again, in order; a connection that broke meanwhile has lost it.
//! - A node is as the shell makes it: connections take two round trips, sockets take 128 KiB
//!   before their writer has to wait, a frozen node's connections stay.
//! - A disk syncs in a millisecond or two; `kill` keeps a drawn part of what was not synced.
//!
//! Time ends: after 24 h, and where 20 million events happen without any passing.

mod client;
mod disk;
mod draw;
mod faults;
mod life;
mod node;
mod queue;
#[cfg(test)]
mod tests;
mod trace;
mod traffic;
mod wires;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use ::node::core::{Input, Output};
use ::node::wire::RequestId;

use super::{Declaration, Event, NodeIndex, Occurrence, OpId, Operation, Outcome, SIM, World};

use draw::Seed;
use node::Node;
use queue::Queue;
use trace::Trace;
use wires::{Arrival, Network};

/// How long an operation takes to reach the world.
const REACH: Duration = Duration::from_micros(100);
/// What may be under way in one direction of a connection before its writer waits, in bytes: about
/// what the buffers of two sockets hold.
const WINDOW: usize = 128 << 10;
/// When virtual time ends.
const LIMIT: Duration = Duration::from_hours(24);
/// How many events may happen at one instant.
const INSTANT_MAX: u64 = 20_000_000;
/// Where virtual time begins, in wall milliseconds: the year 2026, in UTC.
const WALL_MS: u64 = 1_767_225_600_000;

/// How a simulated world is made.
#[derive(Default)]
pub struct Options {
    /// Where every draw comes from.
    pub seed: u64,
    /// Takes every event of the run.
    pub trace: Option<Tracer>,
    /// Whether copies of versions that nodes send each other are told as [`Event::Payload`].
    pub payloads: bool,
}

impl Options {
    /// A world of which everything is told that a law is judged by.
    #[must_use]
    pub fn judged(seed: u64) -> Self {
        Self { seed, payloads: true, ..Self::default() }
    }
}

/// Takes events of a run, as one line of JSON each, without its newline.
pub type Tracer = Box<dyn FnMut(&str)>;

/// A world in virtual time.
pub struct Sim {
    seed: Seed,
    payloads: bool,
    trace: Trace,
    now: Duration,
    /// How many events there have been, in all and at this instant.
    events: u64,
    at_once: u64,
    /// Why virtual time has ended, once it has.
    over: Option<String>,
    queue: Queue<Scheduled>,
    nodes: Vec<Node>,
    by_name: BTreeMap<Arc<str>, NodeIndex>,
    by_address: BTreeMap<Arc<str>, NodeIndex>,
    network: Network,
    told: VecDeque<Occurrence>,
    /// Kept between turns for their memory.
    outputs: Vec<Output>,
    inputs: VecDeque<Input>,
}

/// What is scheduled.
enum Scheduled {
    /// An operation reaches the world.
    Operation(OpId, Box<Operation>),
    /// Time has passed.
    Timer(OpId),
    /// A node that was started is ready.
    Ready(NodeIndex, u64),
    /// An ask has had its time.
    GiveUp(NodeIndex, RequestId),
    /// Something has come to the end of a lane.
    Arrival(Arrival),
    /// A node wants to be woken.
    Wake(NodeIndex),
    /// A node's disk has synced.
    Synced(NodeIndex, u64),
}

impl Sim {
    /// A world with no node yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let seed = Seed(options.seed);
        Self {
            seed,
            payloads: options.payloads,
            trace: Trace::new(options.trace),
            now: Duration::ZERO,
            events: 0,
            at_once: 0,
            over: None,
            queue: Queue::default(),
            nodes: Vec::new(),
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
            network: Network::new(seed),
            told: VecDeque::new(),
            outputs: Vec::new(),
            inputs: VecDeque::new(),
        }
    }

    /// How many events there have been.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The most events that were scheduled at once.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.queue.peak()
    }

    /// The log of each node that was ever started, by name, oldest line first: its last 10,000 lines,
    /// and how many there were before.
    pub fn logs(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.nodes.iter().filter(|node| node.lives > 0).map(|node| {
            let mut lines = node.log_lines(usize::MAX);
            if node.lines_let_go > 0 {
                lines.insert(0, format!("… {} earlier lines are not kept", node.lines_let_go));
            }
            (&*node.name, lines)
        })
    }

    fn schedule(&mut self, at: Duration, what: Scheduled) {
        self.queue.push(nanos(at.max(self.now)), what);
    }

    fn tell(&mut self, event: Event) {
        self.trace.told(self.now, &event);
        self.told.push_back(Occurrence { at: self.now, event });
    }

    fn ended(&mut self, id: OpId, outcome: Outcome) {
        self.tell(Event::Ended { id, outcome });
    }

    /// The place of a node, made where there is none yet.
    fn place(&mut self, node: NodeIndex) -> &mut Node {
        while self.nodes.len() <= node.0 {
            self.nodes.push(Node::vacant());
        }
        &mut self.nodes[node.0]
    }

    /// Carries out the next thing that is scheduled.
    fn step(&mut self) {
        let Some((at_ns, what)) = self.queue.pop() else {
            return self.end("nothing is scheduled any more: what is waited for cannot happen");
        };
        let at = Duration::from_nanos(at_ns);
        if at > LIMIT {
            self.queue.push(at_ns, what);
            return self
                .end("virtual time is limited to 24 h: shorten waits and time-outs, or split the scenario");
        }
        if at > self.now {
            self.now = at;
            self.at_once = 0;
        }
        self.events += 1;
        self.at_once += 1;
        if self.at_once > INSTANT_MAX {
            return self.end("20 million events have happened without any time passing: nodes answer each other without end");
        }
        match what {
            Scheduled::Operation(id, operation) => self.operate(id, *operation),
            Scheduled::Timer(id) => self.ended(id, Outcome::Done),
            Scheduled::Ready(node, life) => self.on_ready(node, life),
            Scheduled::GiveUp(node, request) => self.give_up(node, request),
            Scheduled::Arrival(arrival) => self.arrive(arrival),
            Scheduled::Wake(node) => self.wake(node),
            Scheduled::Synced(node, life) => self.on_synced(node, life),
        }
    }

    fn operate(&mut self, id: OpId, operation: Operation) {
        self.trace.operation(self.now, id, &operation);
        match operation {
            Operation::Launch { node, spec, .. } => self.launch(id, node, spec),
            Operation::Signal { node, signal, .. } => self.signal(id, node, signal),
            Operation::Ask { node, words, deadline } => {
                self.ask(id, node, client::What::Words(words), deadline);
            }
            Operation::Wire { from, to, deadline } => {
                self.ask(id, from, client::What::Wire(to), deadline);
            }
            Operation::Watch { node, deadline } => self.ask(id, node, client::What::Watch, deadline),
            Operation::Links(changes) => {
                for change in &changes {
                    self.change(change);
                }
                self.ended(id, Outcome::Done);
            }
            Operation::Partition(sets) => {
                self.part(&sets);
                self.ended(id, Outcome::Done);
            }
            Operation::Clock { node, offset_ms } => {
                let place = self.place(node);
                place.shift_ms = place.shift_ms.saturating_add(offset_ms);
                self.ended(id, Outcome::Done);
            }
            Operation::Disk { node, full } => {
                self.place(node).disk.fill(full);
                self.ended(id, Outcome::Done);
            }
            Operation::Log { node, lines } => {
                let lines = self.place(node).log_lines(lines);
                self.ended(id, Outcome::Lines(lines));
            }
            Operation::Members { .. } | Operation::Timer { .. } => self.ended(id, Outcome::Done),
        }
    }

    /// Ends virtual time.
    fn end(&mut self, why: &str) {
        let reason = format!("{why}; {}", self.still_scheduled());
        self.over = Some(reason.clone());
        self.tell(Event::Runaway { reason });
    }

    /// What is still scheduled, in words.
    fn still_scheduled(&self) -> String {
        let mut kinds: BTreeMap<(&'static str, &'static str), (usize, u64)> = BTreeMap::new();
        for (at_ns, what) in self.queue.iter() {
            let kind = match what {
                Scheduled::Operation(..) => ("operation", "operations"),
                Scheduled::Timer(_) => ("timer of the scenario", "timers of the scenario"),
                Scheduled::Ready(..) => ("node about to be ready", "nodes about to be ready"),
                Scheduled::GiveUp(..) => ("deadline of an ask", "deadlines of asks"),
                Scheduled::Arrival(_) => ("frame under way", "frames under way"),
                Scheduled::Wake(_) => ("timer of a node", "timers of nodes"),
                Scheduled::Synced(..) => ("disk about to sync", "disks about to sync"),
            };
            let (count, first) = kinds.entry(kind).or_insert((0, u64::MAX));
            *count += 1;
            *first = (*first).min(at_ns);
        }
        if kinds.is_empty() {
            return "nothing was scheduled".to_owned();
        }
        let kinds: Vec<String> = kinds
            .into_iter()
            .map(|((one, many), (count, first))| {
                let kind = if count == 1 { one } else { many };
                let first = crate::text::duration(Duration::from_nanos(first));
                format!("{count} {kind} (the first at {first})")
            })
            .collect();
        format!("still scheduled: {}", kinds.join(", "))
    }
}

impl World for Sim {
    fn declaration(&self) -> &'static Declaration {
        &SIM
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        match operation {
            Operation::Timer { at } => self.schedule(at, Scheduled::Timer(id)),
            operation => {
                self.schedule(self.now + REACH, Scheduled::Operation(id, Box::new(operation)));
            }
        }
    }

    fn next(&mut self) -> Occurrence {
        loop {
            if let Some(occurrence) = self.told.pop_front() {
                return occurrence;
            }
            if let Some(reason) = self.over.clone() {
                return Occurrence { at: self.now, event: Event::Runaway { reason } };
            }
            self.step();
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
