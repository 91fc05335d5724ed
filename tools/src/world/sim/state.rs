//! The state of the simulated world: its nodes, its network, its queue of events, and its reports.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use node::core::{Input, Output};

use super::clock::nanos;
use super::hold::Holder;
use super::messages::Messages;
use super::node::Node;
use super::queue::Queue;
use super::reseed::Reseed;
use super::scheduled::Scheduled;
use super::trace::{Trace, Tracer};
use super::wires::Network;
use crate::random::Seed;
use crate::world::{Event, NodeIndex, Occurrence, OpId, Outcome};

/// The options of a simulated world.
#[derive(Default)]
pub struct Options {
    /// The seed of every draw.
    pub seed: u64,
    /// A callback that receives every event of the run.
    pub trace: Option<Tracer>,
    /// True if copies of versions that nodes send each other are reported as [`Event::Payload`].
    pub payloads: bool,
    /// The points of the run from which all is drawn anew, in order.
    pub reseeds: Vec<Reseed>,
    /// True if messages between nodes are reported as [`Event::Message`].
    pub messages: bool,
    /// The function that holds time, if somebody does.
    pub holder: Option<Holder>,
}

impl Options {
    /// Returns the options of a world that reports every event by which laws are judged.
    #[must_use]
    pub fn judged(seed: u64) -> Self {
        Self { seed, payloads: true, ..Self::default() }
    }
}

/// A world in virtual time.
pub struct Sim {
    /// The seed of all draws that are still to come.
    pub(super) seed: Seed,
    /// The seed of the nodes' ids. It stays when draws are made from another: a node's disk holds its id.
    pub(super) id_seed: Seed,
    /// The points from which all is drawn anew and that have not come yet, the next one at the end.
    pub(super) reseeds: Vec<Reseed>,
    /// The time at which each earlier point came.
    pub(super) reseeded_at: Vec<Duration>,
    pub(super) payloads: bool,
    /// The messages that were reported, if they are.
    pub(super) messages: Option<Messages>,
    pub(super) trace: Trace,
    pub(super) holder: Option<Holder>,
    pub(super) now: Duration,
    /// The number of events so far.
    pub(super) events: u64,
    /// The number of events at this instant.
    pub(super) at_once: u64,
    /// The reason why virtual time has ended, once it has.
    pub(super) end_reason: Option<String>,
    pub(super) queue: Queue<Scheduled>,
    pub(super) nodes: Vec<Node>,
    pub(super) by_name: BTreeMap<Arc<str>, NodeIndex>,
    pub(super) by_address: BTreeMap<Arc<str>, NodeIndex>,
    pub(super) network: Network,
    /// The events that the runner has not taken.
    pub(super) reported: VecDeque<Occurrence>,
    /// The buffers of a turn, kept between turns for their memory.
    pub(super) outputs: Vec<Output>,
    pub(super) inputs: VecDeque<Input>,
}

impl Sim {
    /// Creates a world without nodes.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let seed = Seed(options.seed);
        let mut reseeds = options.reseeds;
        reseeds.reverse();
        Self {
            seed,
            id_seed: seed,
            reseeds,
            reseeded_at: Vec::new(),
            payloads: options.payloads,
            messages: options.messages.then(Messages::default),
            trace: Trace::new(options.trace),
            holder: options.holder,
            now: Duration::ZERO,
            events: 0,
            at_once: 0,
            end_reason: None,
            queue: Queue::default(),
            nodes: Vec::new(),
            by_name: BTreeMap::new(),
            by_address: BTreeMap::new(),
            network: Network::new(seed),
            reported: VecDeque::new(),
            outputs: Vec::new(),
            inputs: VecDeque::new(),
        }
    }

    /// Returns the number of events so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Returns the most events that were scheduled at one time.
    #[must_use]
    pub fn peak(&self) -> usize {
        self.queue.peak()
    }

    /// Returns the log of each node that was ever started, by name, oldest line first. A log holds its last
    /// 10,000 lines, after a line that counts those dropped before them.
    pub fn logs(&self) -> impl Iterator<Item = (&str, Vec<String>)> {
        self.nodes.iter().filter(|node| node.lives > 0).map(|node| {
            let mut lines = node.log_lines(usize::MAX);
            if node.lines_let_go > 0 {
                lines.insert(0, format!("… {} earlier lines are not kept", node.lines_let_go));
            }
            (&*node.name, lines)
        })
    }

    /// Schedules an event, now if its time has passed.
    pub(super) fn schedule(&mut self, at: Duration, event: Scheduled) {
        self.queue.push(nanos(at.max(self.now)), event);
    }

    /// Reports an event to the runner.
    pub(super) fn report(&mut self, event: Event) {
        self.trace.reported(self.now, &event);
        self.reported.push_back(Occurrence { at: self.now, event });
    }

    /// Reports that an operation has ended.
    pub(super) fn ended(&mut self, id: OpId, outcome: Outcome) {
        self.report(Event::Ended { id, outcome });
    }

    /// Returns the place of a node, and makes it where there is none yet.
    pub(super) fn place(&mut self, node: NodeIndex) -> &mut Node {
        while self.nodes.len() <= node.0 {
            self.nodes.push(Node::vacant());
        }
        &mut self.nodes[node.0]
    }
}
