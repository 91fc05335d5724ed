//! The operations under way: those to be submitted, and a slot for the outcome of each.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Duration;

use crate::world::{OpId, Operation, Outcome};

/// The operations that steps have begun.
#[derive(Default)]
pub(in crate::run) struct Operations {
    last: u64,
    /// The operations that the world has not been handed yet, in order, each with the step that began it.
    queue: Vec<(OpId, Operation, Option<u64>)>,
    slots: BTreeMap<OpId, Slot>,
}

#[derive(Default)]
struct Slot {
    outcome: Option<Outcome>,
    /// The time at which the ask was put to its node, if the world told it.
    put: Option<Duration>,
    waker: Option<Waker>,
}

impl Operations {
    /// Adds an operation of a step to the queue, with a slot for its outcome.
    pub(in crate::run) fn add(&mut self, operation: Operation, step: Option<u64>) -> OpId {
        self.last += 1;
        let id = OpId(self.last);
        self.slots.insert(id, Slot::default());
        self.queue.push((id, operation, step));
        id
    }

    /// Returns the number of operations added so far.
    pub(in crate::run) fn count(&self) -> u64 {
        self.last
    }

    /// Removes the operations that the world has not been handed yet.
    pub(in crate::run) fn drain_queue(&mut self) -> Vec<(OpId, Operation, Option<u64>)> {
        std::mem::take(&mut self.queue)
    }

    /// Stores the outcome of an operation, and wakes the future that waits for it.
    pub(in crate::run) fn on_ended(&mut self, id: OpId, outcome: Outcome) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.outcome = Some(outcome);
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        }
    }

    /// Stores the time at which an ask was put to its node.
    pub(in crate::run) fn on_put(&mut self, id: OpId, now: Duration) {
        if let Some(slot) = self.slots.get_mut(&id) {
            slot.put = Some(now);
        }
    }

    /// Returns the time at which an ask was put to its node, if it had to wait for others before it.
    pub(in crate::run) fn put_at(&self, id: OpId) -> Option<Duration> {
        self.slots.get(&id)?.put
    }

    /// Returns the outcome of an operation. Without one, `waker` is woken when it comes.
    pub(in crate::run) fn poll_outcome(&mut self, id: OpId, waker: &Waker) -> Option<Outcome> {
        let slot = self.slots.get_mut(&id)?;
        let outcome = slot.outcome.take();
        if outcome.is_none() {
            slot.waker = Some(waker.clone());
        }
        outcome
    }

    /// Removes the slot of an operation: nothing waits for its outcome any more.
    pub(in crate::run) fn remove(&mut self, id: OpId) {
        self.slots.remove(&id);
    }
}
