//! What is under way in the world, and what comes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::world::{Ending, Event, NodeIndex, OpId, Operation, Outcome, World};

/// Why a test does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    Died { node: NodeIndex, ending: Ending, at: Duration },
    Misbehaved { node: NodeIndex, reason: String, at: Duration },
    Broken(String),
    Interrupted,
}

/// Whether a test goes on.
pub(super) type Continue<T> = Result<T, Stop>;

/// The world, and the time in it.
pub(super) struct Desk<'a> {
    world: &'a mut dyn World,
    next: u64,
    now: Duration,
    /// Whether it is in order that nodes end.
    ending: bool,
    /// Who ended while that was in order.
    ended: Vec<(NodeIndex, Ending)>,
    /// Whether nothing matters any more but that nodes end.
    over: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(world: &'a mut dyn World) -> Self {
        Self { world, next: 0, now: Duration::ZERO, ending: false, ended: Vec::new(), over: false }
    }

    /// The time of the last event.
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    /// Whether it is in order from now on that nodes end. Gives who has ended while it was.
    pub(super) fn expect_ends(&mut self, ending: bool) -> Vec<(NodeIndex, Ending)> {
        self.ending = ending;
        std::mem::take(&mut self.ended)
    }

    /// From now on nothing matters but that nodes end.
    pub(super) fn take_down(&mut self) {
        self.ending = true;
        self.over = true;
    }

    /// Begins an operation.
    pub(super) fn begin(&mut self, operation: Operation) -> OpId {
        self.next += 1;
        let id = OpId(self.next);
        self.world.submit(id, operation);
        id
    }

    /// What ended next.
    pub(super) fn next(&mut self) -> Continue<(OpId, Outcome)> {
        loop {
            let occurrence = self.world.next();
            let at = occurrence.at;
            self.now = self.now.max(at);
            match occurrence.event {
                Event::Ended { id, outcome } => return Ok((id, outcome)),
                Event::Exited { node, ending } if !self.ending => {
                    return Err(Stop::Died { node, ending, at });
                }
                Event::Misbehaved { node, reason } if !self.over => {
                    return Err(Stop::Misbehaved { node, reason, at });
                }
                Event::Interrupted => return Err(Stop::Interrupted),
                Event::Runaway { reason } => return Err(Stop::Broken(reason)),
                Event::Exited { node, ending } => self.ended.push((node, ending)),
                Event::Misbehaved { .. }
                | Event::Changed { .. }
                | Event::Stored { .. }
                | Event::Payload { .. }
                | Event::Woken => {}
            }
        }
    }

    /// Does all of these side by side; what came of each, in their order, and when.
    pub(super) fn all(&mut self, operations: Vec<Operation>) -> Continue<Vec<(Outcome, Duration)>> {
        let count = operations.len();
        let mut places = BTreeMap::new();
        for (place, operation) in operations.into_iter().enumerate() {
            places.insert(self.begin(operation), place);
        }
        let mut ended = BTreeMap::new();
        while ended.len() < count {
            let (id, outcome) = self.next()?;
            if let Some(place) = places.get(&id) {
                ended.insert(*place, (outcome, self.now));
            }
        }
        Ok(ended.into_values().collect())
    }

    /// Does one thing, which the world must be able to.
    pub(super) fn must(&mut self, operation: Operation) -> Continue<Outcome> {
        match self.all(vec![operation])?.pop() {
            Some((Outcome::Failed { reason }, _)) => Err(Stop::Broken(reason)),
            Some((outcome, _)) => Ok(outcome),
            None => Ok(Outcome::Done),
        }
    }
}
