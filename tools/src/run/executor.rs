//! The executor: polls one future when an event in the world concerns it.
//!
//! It hands the operations of that future to the world, and the world's events to the state of the run.

mod futures;

use std::cell::{Ref, RefCell, RefMut};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::{PendingOutcome, SharedState, Sleep, StateCondition, StepGuard};

use super::results::JournalWriter;
use super::state::{Abort, RunState};
use crate::journal::JournalEvent;
use crate::scenario::Step;
use crate::world::{Operation, World};

/// The executor of a run, and the handle to the state that all steps share. It is cheap to clone and lives
/// in one thread.
#[derive(Clone)]
pub(in crate::run) struct Executor(SharedState);

impl Executor {
    /// Returns the executor of a run that has not begun.
    pub(in crate::run) fn new(journal: JournalWriter) -> Self {
        Self(Rc::new(RefCell::new(RunState::new(journal))))
    }

    /// Borrows the shared state to read it. Never hold the borrow across an await.
    pub(in crate::run) fn state(&self) -> Ref<'_, RunState> {
        self.0.borrow()
    }

    /// Borrows the shared state to change it. Never hold the borrow across an await.
    pub(in crate::run) fn state_mut(&self) -> RefMut<'_, RunState> {
        self.0.borrow_mut()
    }

    /// Returns the world's time.
    pub(in crate::run) fn now(&self) -> Duration {
        self.state().now
    }

    /// Appends an event to the run's journal.
    pub(in crate::run) fn journal(&self, event: impl FnOnce() -> JournalEvent) {
        self.state_mut().journal(event);
    }

    /// Begins an operation. The future gives its outcome; dropping the future discards the outcome.
    pub(in crate::run) fn submit(&self, operation: Operation) -> PendingOutcome {
        PendingOutcome::new(&self.0, operation)
    }

    /// Waits until the world's time is `at`. The future may be awaited repeatedly: there
    /// is one timer behind it.
    pub(in crate::run) fn sleep_until(&self, at: Duration) -> Sleep {
        Sleep::new(&self.0, at)
    }

    /// Returns the number of operations begun so far.
    pub(in crate::run) fn operations(&self) -> u64 {
        self.state().operations.count()
    }

    /// Yields to the world: waits for a timer that elapses at once, so that the world's other events are
    /// taken in first.
    pub(in crate::run) async fn yield_to_world(&self) {
        let at = self.now();
        self.submit(Operation::Timer { at }).await;
    }

    /// Returns the number of changes told so far.
    pub(in crate::run) fn changes(&self) -> u64 {
        self.state().changes.count()
    }

    /// Waits until more than `seen` changes have been told.
    pub(in crate::run) fn changed(&self, seen: u64) -> impl Future<Output = ()> + use<> {
        self.wait_until(move |state| state.changes.count() > seen)
    }

    /// Waits until a condition on the state is true. The condition is checked whenever a change is told.
    pub(in crate::run) fn wait_until<F: FnMut(&mut RunState) -> bool>(&self, holds: F) -> StateCondition<F> {
        StateCondition::new(&self.0, holds)
    }

    /// Waits until a source outside of the run wants attention.
    pub(in crate::run) fn woken(&self) -> impl Future<Output = ()> + use<> {
        self.wait_until(RunState::take_woken)
    }

    /// Marks a step as under way until the guard is dropped.
    pub(in crate::run) fn step_guard(&self, step: &Step) -> StepGuard {
        StepGuard::new(&self.0, step)
    }

    /// Returns the number of the step that is being polled, if one is.
    pub(in crate::run) fn current_step(&self) -> Option<u64> {
        self.state().steps.current()
    }

    /// Counts a change that the steps themselves made, and wakes the futures that wait for one.
    pub(in crate::run) fn wake_waiters(&self) {
        self.state_mut().changes.wake_waiters();
    }

    /// Runs a future to its end. Its operations go to the world, and the world's events come to it. An
    /// abort ends it early.
    pub(in crate::run) fn drive<T>(
        &self,
        world: &mut dyn World,
        future: impl Future<Output = T>,
    ) -> Result<T, Abort> {
        let flag = Arc::new(WakeFlag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                    self.submit_queue(world);
                    // The last outcome that the future saw may have broken a law.
                    return self.state_mut().take_abort().map_or(Ok(value), Err);
                }
            }
            self.submit_queue(world);
            if let Some(abort) = self.state_mut().take_abort() {
                return Err(abort);
            }
            self.handle_next_event(world);
            if let Some(abort) = self.state_mut().take_abort() {
                return Err(abort);
            }
        }
    }

    fn submit_queue(&self, world: &mut dyn World) {
        let queue = self.state_mut().operations.drain_queue();
        for (id, operation, step) in queue {
            self.state_mut().on_submitted(id, &operation, step);
            world.submit(id, operation);
        }
    }

    fn handle_next_event(&self, world: &mut dyn World) {
        let occurrence = if self.state().is_unflushed() {
            world.next_soon().unwrap_or_else(|| {
                self.state_mut().flush_journal();
                world.next()
            })
        } else {
            world.next()
        };
        let mut state = self.state_mut();
        state.wall_ms = world.wall_ms();
        state.now = state.now.max(occurrence.at);
        state.on_event(occurrence.event);
    }
}

struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
