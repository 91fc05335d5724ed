//! The load of a test: the clients, the times of their operations, and the faults meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use super::executor::{Continue, Executor, WorkloadAbort};
use super::faults::Partition;
use super::node_faults::{NodeChange, NodeFaults};
use super::plan::{Plan, Protocol};
use super::report::HEAL;
use crate::random::Rng;
use crate::workload::{Completion, History, Operation as Asked, Workload};
use crate::world::{Bypass, NodeIndex, OpId, Operation, Outcome};

/// The purpose of an operation of the world.
enum Purpose {
    /// The next operation of a client is due.
    Arrival,
    /// A client has asked.
    Ask(Asking),
    /// A partition begins or ends.
    Toggle,
    /// The change of a partition is in force.
    Fault,
    /// Connections past the partition in force were looked for, before it ends.
    Look,
    /// A fault of a node begins or ends.
    Strike,
    /// The change of a node is made.
    Struck,
    /// A node that runs again is linked again.
    Linked,
    /// The time of the load is over.
    Over,
}

/// An operation that a client has asked.
pub(super) struct Asking {
    pub(super) client: usize,
    pub(super) node: NodeIndex,
    pub(super) words: Vec<String>,
    pub(super) invoked: Duration,
    pub(super) last: bool,
}

impl Asking {
    /// Returns the operation of the world that asks it.
    pub(super) fn operation(&self, plan: &Plan) -> Operation {
        Operation::Ask {
            node: self.node,
            words: plan.protocol.words(&self.words),
            deadline: self.invoked + plan.patience,
            until: None,
        }
    }

    /// Adds the operation with its outcome to the history.
    pub(super) fn record(
        self,
        completed: Duration,
        outcome: Outcome,
        protocol: Protocol,
        history: &mut History,
    ) {
        let outcome = protocol.completion(outcome, history);
        self.complete(completed, outcome, history);
    }

    /// Adds the operation with its completion to the history.
    pub(super) fn complete(self, completed: Duration, outcome: Completion, history: &mut History) {
        let Self { client, node, words, invoked, last } = self;
        history.push(Asked { client, node, words, last, invoked, completed, outcome });
    }
}

/// The load: the time in which clients ask.
pub(super) struct Load<'a, 'd> {
    executor: &'a mut Executor<'d>,
    plan: &'a Plan,
    workload: &'a mut dyn Workload,
    history: &'a mut History,
    faults: &'a mut Vec<(Duration, String)>,
    words: Rng,
    arrivals: Rng,
    partitions: Rng,
    under_way: BTreeMap<OpId, Purpose>,
    idle: Vec<usize>,
    /// The number of operations that wait for a client.
    backlog: usize,
    /// The number of operations that were due.
    due: usize,
    until: Duration,
    /// The time at which the next operation is due, by the plan and not by the event that announces it.
    arrival: Duration,
    /// The partition in force, and the time at which it began.
    partition: Option<(Partition, Duration)>,
    node_faults: NodeFaults,
    is_over: bool,
}

impl<'a, 'd> Load<'a, 'd> {
    pub(super) fn new(
        executor: &'a mut Executor<'d>,
        plan: &'a Plan,
        workload: &'a mut dyn Workload,
        history: &'a mut History,
        faults: &'a mut Vec<(Duration, String)>,
    ) -> Self {
        let until = executor.now() + plan.time;
        // Each kind of draws has its own stream, so that a change to one leaves the others as they are.
        let mut seeds = Rng::new(plan.seed);
        let mut stream = || Rng::new(seeds.below(u64::MAX));
        Self {
            executor,
            plan,
            workload,
            history,
            faults,
            words: stream(),
            arrivals: stream(),
            partitions: stream(),
            under_way: BTreeMap::new(),
            idle: (0..plan.clients).collect(),
            backlog: 0,
            due: 0,
            until,
            arrival: until.saturating_sub(plan.time),
            partition: None,
            node_faults: NodeFaults::new(stream()),
            is_over: false,
        }
    }

    /// Lets clients ask until the time is over, and all operations were answered or given up. Returns the number
    /// of operations that were due.
    pub(super) fn run(mut self) -> Continue<usize> {
        let over = self.executor.submit(Operation::Timer { at: self.until });
        self.under_way.insert(over, Purpose::Over);
        self.plan_arrival();
        self.plan_toggle();
        // Partitions and faults of nodes come in turn, if both do.
        if !self.plan.node_faults.is_empty() {
            self.wake_at(self.executor.now() + self.plan.node_faults_every / 2, Purpose::Strike);
        }
        while !self.under_way.is_empty() {
            let (id, outcome) = self.executor.next_outcome()?;
            match self.under_way.remove(&id) {
                Some(Purpose::Arrival) => {
                    // The backlog is bounded: at most one operation for each client.
                    self.due += 1;
                    self.backlog = (self.backlog + 1).min(self.plan.clients);
                    self.plan_arrival();
                }
                Some(Purpose::Ask(asking)) => {
                    self.idle.push(asking.client);
                    asking.record(self.executor.now(), outcome, self.plan.protocol, self.history);
                    self.executor.record().on_operation(id, self.history);
                }
                Some(Purpose::Toggle) => self.toggle_partition()?,
                Some(Purpose::Strike) => self.strike_or_recover(),
                Some(Purpose::Look) => self.end_partition(outcome)?,
                Some(purpose @ (Purpose::Fault | Purpose::Struck)) => {
                    if let Outcome::Failed { reason } = outcome {
                        return Err(WorkloadAbort::Broken(reason));
                    }
                    if matches!(purpose, Purpose::Struck) {
                        self.on_struck();
                    }
                }
                // All faults end with the load, so that the nodes can come to rest.
                Some(Purpose::Over) => {
                    self.is_over = true;
                    self.look_past_partition()?;
                    self.recover();
                }
                Some(Purpose::Linked) | None => {}
            }
            self.start_due();
        }
        Ok(self.due)
    }

    /// Lets idle clients ask the operations that are due.
    fn start_due(&mut self) {
        while self.backlog > 0 && !self.idle.is_empty() && self.executor.now() < self.until {
            self.backlog -= 1;
            let client = self.idle.swap_remove(self.arrivals.index(self.idle.len()));
            let words = self.workload.next(&mut self.words);
            let asking = Asking {
                client,
                node: self.plan.node_of(client),
                words,
                invoked: self.executor.now(),
                last: false,
            };
            if self.node_faults.is_down(asking.node) {
                // Nobody is there to be asked, so nothing can have happened.
                let (code, message) = ("unavailable".to_owned(), "it is not running".to_owned());
                let outcome = Outcome::Refused { code, message };
                self.idle.push(client);
                asking.record(self.executor.now(), outcome, self.plan.protocol, self.history);
                let id = self.executor.unsubmitted();
                self.executor.record().on_operation(id, self.history);
                continue;
            }
            let id = self.executor.submit(asking.operation(self.plan));
            self.under_way.insert(id, Purpose::Ask(asking));
        }
    }

    /// Plans the next operation, unless none is to come. The time until then is drawn from nothing to twice its
    /// average.
    fn plan_arrival(&mut self) {
        if self.plan.rate <= 0.0 {
            return;
        }
        let most = Duration::try_from_secs_f64(2.0 / self.plan.rate).unwrap_or(self.plan.time);
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        self.arrival += Duration::from_nanos(self.arrivals.within(0, most));
        self.wake_at(self.arrival, Purpose::Arrival);
    }

    fn plan_toggle(&mut self) {
        if let Some(interval) = self.plan.partitions.filter(|_| self.plan.nodes.len() > 1) {
            self.wake_at(self.executor.now() + interval, Purpose::Toggle);
        }
    }

    fn wake_at(&mut self, at: Duration, purpose: Purpose) {
        if at < self.until {
            let id = self.executor.submit(Operation::Timer { at });
            self.under_way.insert(id, purpose);
        }
    }

    /// Begins a fault of a node, or ends the one in force.
    fn strike_or_recover(&mut self) {
        if let Some(change) = self.node_faults.next(self.executor.now(), self.plan) {
            self.submit_change(change);
        }
        self.wake_at(self.executor.now() + self.plan.node_faults_every, Purpose::Strike);
    }

    /// Ends the fault of a node that is in force, if one is.
    fn recover(&mut self) {
        if let Some(change) = self.node_faults.recover(self.executor.now(), self.plan) {
            self.submit_change(change);
        }
    }

    fn submit_change(&mut self, change: NodeChange) {
        if change.is_kill {
            self.executor.expect_end_of(change.node);
        }
        self.faults.push((self.executor.now(), change.describe(self.history.node(change.node))));
        let id = self.executor.submit(change.operation);
        self.under_way.insert(id, Purpose::Struck);
    }

    /// Links a node that runs again. A fault that came into force as the load ended is ended.
    fn on_struck(&mut self) {
        let Some(node) = self.node_faults.on_changed() else {
            if self.is_over {
                self.recover();
            }
            return;
        };
        if !matches!(self.plan.protocol, Protocol::Store { is_linked: true, .. }) {
            return;
        }
        let deadline = self.executor.now() + self.plan.patience;
        let links = self.plan.links.iter().map(|(from, to)| (NodeIndex(*from), NodeIndex(*to)));
        for (from, to) in links.filter(|(from, to)| *from == node || *to == node) {
            let id = self.executor.submit(Operation::Wire { from, to, deadline });
            self.under_way.insert(id, Purpose::Linked);
        }
    }

    /// Looks for connections past the partition in force, if there is one. It ends after that.
    fn look_past_partition(&mut self) -> Continue<()> {
        let Some((_, since)) = &self.partition else { return Ok(()) };
        if !self.plan.has_ways_past {
            return self.end_partition(Outcome::Done);
        }
        let since = (0..self.plan.nodes.len()).map(|node| (NodeIndex(node), *since)).collect();
        let id = self.executor.submit(Operation::Bypasses { since });
        self.under_way.insert(id, Purpose::Look);
        Ok(())
    }

    /// Ends the partition in force, which the nodes must not have passed by.
    fn end_partition(&mut self, looked: Outcome) -> Continue<()> {
        let Some((partition, _)) = self.partition.take() else { return Ok(()) };
        let found = if let Outcome::Bypasses(found) = looked { found } else { Vec::new() };
        let past =
            found.iter().find(|bypass| bypass.from.is_none_or(|from| partition.parts(from, bypass.to)));
        if let Some(Bypass { from, to }) = past {
            let name = |node: NodeIndex| self.history.node(node).to_owned();
            let between = from.map_or_else(
                || format!("for {}", name(*to)),
                |from| format!("between {} and {}", name(from), name(*to)),
            );
            return Err(WorkloadAbort::Broken(format!(
                "the partition does nothing {between}: connections go past the links. With --world netns it holds for all traffic"
            )));
        }
        self.faults.push((self.executor.now(), HEAL.to_owned()));
        let id = self.executor.submit(partition.end());
        self.under_way.insert(id, Purpose::Fault);
        Ok(())
    }

    /// Begins a partition, or ends the one in force.
    fn toggle_partition(&mut self) -> Continue<()> {
        if self.partition.is_some() {
            self.look_past_partition()?;
        } else {
            let now = self.executor.now();
            let (draws, nodes) = (&mut self.partitions, self.plan.nodes.len());
            let partition = match self.plan.protocol {
                Protocol::Routed => Partition::draw(draws, nodes),
                Protocol::Store { .. } => Partition::draw_of_all(draws, nodes),
            };
            let described = partition.describe(|node| self.history.node(node).to_owned());
            self.faults.push((now, described));
            let (partition, _) = self.partition.insert((partition, now));
            let id = self.executor.submit(partition.begin());
            self.under_way.insert(id, Purpose::Fault);
        }
        self.plan_toggle();
        Ok(())
    }
}
