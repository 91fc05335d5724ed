//! The executor of a test's operations: it submits them to the world, and waits for their outcomes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::record::Record;
use crate::journal::Recorder;
use crate::world::{Event, ExitStatus, Misconduct, NodeIndex, Occurrence, OpId, Operation, Outcome, World};

/// An event that aborts the run of a workload.
#[derive(Debug)]
pub(super) enum WorkloadAbort {
    Died { node: NodeIndex, ending: ExitStatus, at: Duration },
    Misbehaved { node: NodeIndex, how: Misconduct, at: Duration },
    Broken(String),
    Interrupted,
}

/// A result, or the reason why the test stops.
pub(super) type Continue<T> = Result<T, WorkloadAbort>;

/// The world, and the time of its last event.
pub(super) struct Executor<'a> {
    world: &'a mut dyn World,
    record: Record<'a>,
    next: u64,
    now: Duration,
    /// True if nodes are expected to end.
    ending: bool,
    /// The nodes that a fault kills, and that have not ended yet.
    killed: BTreeSet<NodeIndex>,
    /// The nodes that ended while that was expected.
    ended: Vec<(NodeIndex, ExitStatus)>,
    /// True if the test is over, and only the ends of nodes matter.
    over: bool,
}

impl<'a> Executor<'a> {
    pub(super) fn new(world: &'a mut dyn World, recorder: &'a mut dyn Recorder) -> Self {
        Self {
            world,
            record: Record::new(recorder),
            next: 0,
            now: Duration::ZERO,
            ending: false,
            killed: BTreeSet::new(),
            ended: Vec::new(),
            over: false,
        }
    }

    /// Returns the record of the test.
    pub(super) fn record(&mut self) -> &mut Record<'a> {
        &mut self.record
    }

    /// Returns the time of the last event.
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// Sets the expectation that nodes end. Returns the nodes that have ended while they were.
    pub(super) fn expect_ends(&mut self, ending: bool) -> Vec<(NodeIndex, ExitStatus)> {
        self.ending = ending;
        std::mem::take(&mut self.ended)
    }

    /// Records that a node is about to be killed.
    pub(super) fn expect_end_of(&mut self, node: NodeIndex) {
        self.killed.insert(node);
    }

    /// Records that the test is over: from now on nodes are expected to end, and their misconduct is ignored.
    pub(super) fn expect_all_ends(&mut self) {
        self.ending = true;
        self.over = true;
        self.record.end_world();
    }

    /// Begins an operation.
    pub(super) fn submit(&mut self, operation: Operation) -> OpId {
        self.next += 1;
        let id = OpId(self.next);
        self.record.on_submitted(id, &operation);
        self.world.submit(id, operation);
        id
    }

    /// Returns the number of an operation that is not begun, since its outcome is known.
    pub(super) fn unsubmitted(&mut self) -> OpId {
        self.next += 1;
        OpId(self.next)
    }

    /// Waits for the next operation to end, and returns its outcome.
    pub(super) fn next_outcome(&mut self) -> Continue<(OpId, Outcome)> {
        loop {
            let occurrence = self.next_occurrence();
            let at = occurrence.at;
            self.now = self.now.max(at);
            self.record.set_now(self.now);
            self.record.on_event(&occurrence.event);
            match occurrence.event {
                Event::Ended { id, outcome } => return Ok((id, outcome)),
                Event::Exited { node, .. } if self.killed.remove(&node) => {}
                Event::Exited { node, ending } if !self.ending => {
                    return Err(WorkloadAbort::Died { node, ending, at });
                }
                Event::Misbehaved { node, how } if !self.over => {
                    return Err(WorkloadAbort::Misbehaved { node, how, at });
                }
                Event::Interrupted => return Err(WorkloadAbort::Interrupted),
                Event::Runaway { reason } | Event::Lacking { reason } => {
                    return Err(WorkloadAbort::Broken(reason));
                }
                Event::Exited { node, ending } => self.ended.push((node, ending)),
                Event::Misbehaved { .. }
                | Event::Changed { .. }
                | Event::Stored { .. }
                | Event::Payload { .. }
                | Event::Put { .. }
                | Event::Link { .. }
                | Event::Message(_)
                | Event::Woken => {}
            }
        }
    }

    /// Waits for the next event of the world. The record is flushed before a wait that may be long.
    fn next_occurrence(&mut self) -> Occurrence {
        if !self.record.is_unflushed() {
            return self.world.next();
        }
        self.world.next_soon().unwrap_or_else(|| {
            self.record.flush();
            self.world.next()
        })
    }

    /// Runs the operations side by side. Returns the outcome and the time of each, in the order of the
    /// operations.
    pub(super) fn run_all(&mut self, operations: Vec<Operation>) -> Continue<Vec<(Outcome, Duration)>> {
        let count = operations.len();
        let mut places = BTreeMap::new();
        for (place, operation) in operations.into_iter().enumerate() {
            places.insert(self.submit(operation), place);
        }
        let mut ended = BTreeMap::new();
        while ended.len() < count {
            let (id, outcome) = self.next_outcome()?;
            if let Some(place) = places.get(&id) {
                ended.insert(*place, (outcome, self.now));
            }
        }
        Ok(ended.into_values().collect())
    }

    /// Runs one operation, which the world must be able to do; a failure stops the test.
    pub(super) fn run_required(&mut self, operation: Operation) -> Continue<Outcome> {
        match self.run_all(vec![operation])?.pop() {
            Some((Outcome::Failed { reason }, _)) => Err(WorkloadAbort::Broken(reason)),
            Some((outcome, _)) => Ok(outcome),
            None => Ok(Outcome::Done),
        }
    }
}
