//! The changes told so far, and the futures that wait for the next one.

use std::collections::BTreeMap;
use std::task::Waker;

/// The count of changes, and the wakers of those who wait for one.
#[derive(Default)]
pub(in crate::run) struct Changes {
    count: u64,
    /// The wakers, in the order in which the waits began.
    waiting: BTreeMap<u64, Waker>,
    last_waiting: u64,
}

impl Changes {
    /// Returns the number of changes told so far.
    pub(in crate::run) fn count(&self) -> u64 {
        self.count
    }

    /// Counts a change, and wakes the futures that wait for one.
    pub(in crate::run) fn wake_waiters(&mut self) {
        self.count += 1;
        for (_, waker) in std::mem::take(&mut self.waiting) {
            waker.wake();
        }
    }

    /// Wakes `waker` at the next change. A wait keeps the number that it was given at its beginning.
    pub(in crate::run) fn wait(&mut self, number: Option<u64>, waker: &Waker) -> u64 {
        let number = number.unwrap_or_else(|| {
            self.last_waiting += 1;
            self.last_waiting
        });
        self.waiting.insert(number, waker.clone());
        number
    }

    /// Ends a wait.
    pub(in crate::run) fn end_wait(&mut self, number: u64) {
        self.waiting.remove(&number);
    }
}
