//! Clients, and what they ask when.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Plan;
use super::desk::{Continue, Desk};
use super::faults::Partition;
use crate::workload::{Chance, History, Operation as Asked, Outcome as Came, Workload};
use crate::world::{NodeIndex, OpId, Operation, Outcome};

/// What an operation of the world is for.
enum Purpose {
    /// The next client asks.
    Arrival,
    /// A client has asked.
    Ask(Asking),
    /// A partition comes or goes.
    Turn,
    /// It is in force.
    Fault,
    /// The time is over.
    Over,
}

/// What a client has asked.
pub(super) struct Asking {
    pub(super) client: usize,
    pub(super) node: NodeIndex,
    pub(super) words: Vec<String>,
    pub(super) invoked: Duration,
    pub(super) last: bool,
}

impl Asking {
    /// The operation that begins it.
    pub(super) fn operation(&self, patience: Duration) -> Operation {
        Operation::Ask { node: self.node, words: self.words.clone(), deadline: self.invoked + patience }
    }

    /// Takes down what came of it.
    pub(super) fn note(self, completed: Duration, outcome: Outcome, history: &mut History) {
        let outcome = match outcome {
            Outcome::Done => Came::Ok(crate::workload::Answer::Done),
            Outcome::Answered(answer) => Came::Ok(history.answer(answer.value)),
            Outcome::Refused { code, message } => Came::Failed { code, message },
            Outcome::Unknown { reason } | Outcome::Failed { reason } => Came::Unknown { reason },
            Outcome::Lines(_) => Came::Unknown { reason: "no answer".to_owned() },
        };
        let Self { client, node, words, invoked, last } = self;
        history.push(Asked { client, node, words, last, invoked, completed, outcome });
    }
}

/// The time in which clients ask.
pub(super) struct Load<'a, 'd> {
    desk: &'a mut Desk<'d>,
    plan: &'a Plan,
    workload: &'a mut dyn Workload,
    history: &'a mut History,
    faults: &'a mut Vec<(Duration, String)>,
    words: Chance,
    arrivals: Chance,
    partitions: Chance,
    under_way: BTreeMap<OpId, Purpose>,
    idle: Vec<usize>,
    /// How many operations wait for a client.
    owed: usize,
    until: Duration,
    /// When the next operation is due: by the plan, whenever the world tells of it.
    arrival: Duration,
    partition: Option<Partition>,
}

impl<'a, 'd> Load<'a, 'd> {
    pub(super) fn new(
        desk: &'a mut Desk<'d>,
        plan: &'a Plan,
        workload: &'a mut dyn Workload,
        history: &'a mut History,
        faults: &'a mut Vec<(Duration, String)>,
    ) -> Self {
        let until = desk.now() + plan.time;
        // Each kind of draws has its own stream, so that one more of these changes none of those.
        let mut seeds = Chance::new(plan.seed);
        let mut chance = || Chance::new(seeds.below(u64::MAX));
        Self {
            desk,
            plan,
            workload,
            history,
            faults,
            words: chance(),
            arrivals: chance(),
            partitions: chance(),
            under_way: BTreeMap::new(),
            idle: (0..plan.clients).collect(),
            owed: 0,
            until,
            arrival: until.saturating_sub(plan.time),
            partition: None,
        }
    }

    /// Has clients ask until the time is over and all have been answered, or given up.
    pub(super) fn run(mut self) -> Continue<()> {
        let over = self.desk.begin(Operation::Timer { at: self.until });
        self.under_way.insert(over, Purpose::Over);
        self.next_arrival();
        self.next_turn();
        while !self.under_way.is_empty() {
            let (id, outcome) = self.desk.next()?;
            match self.under_way.remove(&id) {
                Some(Purpose::Arrival) => {
                    // Whoever could not be served by then is not owed more than each client one.
                    self.owed = (self.owed + 1).min(self.plan.clients);
                    self.next_arrival();
                }
                Some(Purpose::Ask(asking)) => {
                    self.idle.push(asking.client);
                    asking.note(self.desk.now(), outcome, self.history);
                }
                Some(Purpose::Turn) => self.turn(),
                Some(Purpose::Fault) => {
                    if let Outcome::Failed { reason } = outcome {
                        return Err(super::desk::Stop::Broken(reason));
                    }
                }
                Some(Purpose::Over) | None => {}
            }
            self.serve();
        }
        if let Some(partition) = self.partition.take() {
            self.desk.must(partition.end())?;
            self.faults.push((self.desk.now(), "heal".to_owned()));
        }
        Ok(())
    }

    /// Lets idle clients ask what is owed.
    fn serve(&mut self) {
        while self.owed > 0 && !self.idle.is_empty() && self.desk.now() < self.until {
            self.owed -= 1;
            let client = self.idle.swap_remove(self.arrivals.index(self.idle.len()));
            let asking = Asking {
                client,
                node: NodeIndex(client % self.plan.nodes.len()),
                words: self.workload.next(&mut self.words),
                invoked: self.desk.now(),
                last: false,
            };
            let id = self.desk.begin(asking.operation(self.plan.patience));
            self.under_way.insert(id, Purpose::Ask(asking));
        }
    }

    /// The time to the next is drawn from nothing to twice what it is on the average.
    fn next_arrival(&mut self) {
        let most = Duration::try_from_secs_f64(2.0 / self.plan.rate).unwrap_or(self.plan.time);
        let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        self.arrival += Duration::from_nanos(self.arrivals.within(0, most));
        self.wake(self.arrival, Purpose::Arrival);
    }

    fn next_turn(&mut self) {
        if let Some(interval) = self.plan.partitions.filter(|_| self.plan.nodes.len() > 1) {
            self.wake(self.desk.now() + interval, Purpose::Turn);
        }
    }

    fn wake(&mut self, at: Duration, purpose: Purpose) {
        if at < self.until {
            let id = self.desk.begin(Operation::Timer { at });
            self.under_way.insert(id, purpose);
        }
    }

    /// A partition comes, or the one that is there goes.
    fn turn(&mut self) {
        let now = self.desk.now();
        let operation = if let Some(partition) = self.partition.take() {
            self.faults.push((now, "heal".to_owned()));
            partition.end()
        } else {
            let partition = Partition::draw(&mut self.partitions, self.plan.nodes.len());
            let told = partition.describe(|node| self.history.node(node).to_owned());
            self.faults.push((now, told));
            self.partition.insert(partition).begin()
        };
        let id = self.desk.begin(operation);
        self.under_way.insert(id, Purpose::Fault);
        self.next_turn();
    }
}
