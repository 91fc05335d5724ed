//! The futures that steps wait for: outcomes of operations, moments, and conditions on the state.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::journal::{JournalEvent, StepResult};
use crate::run::state::RunState;
use crate::scenario::Step;
use crate::world::{OpId, Operation, Outcome};

/// The state that the executor and all futures share.
pub(super) type SharedState = Rc<RefCell<RunState>>;

/// A future that gives the outcome of an operation. Dropping it discards the outcome.
pub(in crate::run) struct PendingOutcome {
    state: SharedState,
    id: OpId,
}

impl PendingOutcome {
    /// Begins an operation.
    pub(super) fn new(state: &SharedState, operation: Operation) -> Self {
        let mut shared = state.borrow_mut();
        let step = shared.steps.current();
        let id = shared.operations.add(operation, step);
        drop(shared);
        Self { state: Rc::clone(state), id }
    }

    /// Returns the id of the operation.
    pub(in crate::run) fn id(&self) -> OpId {
        self.id
    }

    /// Returns the time at which the ask was put to its node, if the ask had to wait for others before it.
    pub(in crate::run) fn put_at(&self) -> Option<Duration> {
        self.state.borrow().operations.put_at(self.id)
    }
}

impl Future for PendingOutcome {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let outcome = self.state.borrow_mut().operations.poll_outcome(self.id, context.waker());
        outcome.map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for PendingOutcome {
    fn drop(&mut self) {
        self.state.borrow_mut().operations.remove(self.id);
    }
}

/// A future that ends when the world's time reaches a moment. It may be awaited repeatedly: there is one
/// timer behind it.
pub(in crate::run) struct Sleep {
    state: SharedState,
    at: Duration,
    timer: Option<PendingOutcome>,
}

impl Sleep {
    pub(super) fn new(state: &SharedState, at: Duration) -> Self {
        Self { state: Rc::clone(state), at, timer: None }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { state, at, timer } = &mut *self;
        if state.borrow().now >= *at {
            return Poll::Ready(());
        }
        let timer = timer.get_or_insert_with(|| PendingOutcome::new(state, Operation::Timer { at: *at }));
        Pin::new(timer).poll(context).map(drop)
    }
}

/// A future that ends when a condition on the state is true. Once dropped, it is woken no more.
pub(in crate::run) struct StateCondition<F> {
    state: SharedState,
    holds: F,
    number: Option<u64>,
}

impl<F: FnMut(&mut RunState) -> bool> StateCondition<F> {
    pub(super) fn new(state: &SharedState, holds: F) -> Self {
        Self { state: Rc::clone(state), holds, number: None }
    }
}

impl<F: FnMut(&mut RunState) -> bool + Unpin> Future for StateCondition<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.state.borrow_mut();
        if (this.holds)(&mut state) {
            return Poll::Ready(());
        }
        this.number = Some(state.changes.wait(this.number, context.waker()));
        Poll::Pending
    }
}

impl<F> Drop for StateCondition<F> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.state.borrow_mut().changes.end_wait(number);
        }
    }
}

/// A guard for one step, which is under way while the guard lives. Its beginning and its end stand in the
/// journal.
pub(in crate::run) struct StepGuard {
    state: SharedState,
    number: u64,
    result: StepResult,
}

impl StepGuard {
    pub(super) fn new(state: &SharedState, step: &Step) -> Self {
        let mut shared = state.borrow_mut();
        let number = shared.steps.begin(&step.at);
        let parent = shared.steps.current();
        shared.journal(|| {
            let place = step.at.source.place(step.at.span);
            JournalEvent::Step {
                step: number,
                parent,
                kind: step.kind.word().into(),
                file: step.at.source.name().to_owned(),
                line: place.line,
                column: place.column,
                end_column: place.column + place.width,
                text: place.text.trim().to_owned(),
            }
        });
        drop(shared);
        Self { state: Rc::clone(state), number, result: StepResult::Aborted }
    }

    /// Performs the step. Operations and steps that begin meanwhile belong to it.
    pub(in crate::run) async fn perform<T, E>(
        mut self,
        body: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut body = pin!(body);
        let (state, number) = (Rc::clone(&self.state), self.number);
        let result = poll_fn(move |context| {
            let outer = state.borrow_mut().steps.set_current(Some(number));
            let polled = body.as_mut().poll(context);
            state.borrow_mut().steps.set_current(outer);
            polled
        })
        .await;
        self.result = if result.is_ok() { StepResult::Done } else { StepResult::Failed };
        result
    }
}

impl Drop for StepGuard {
    fn drop(&mut self) {
        let mut state = self.state.borrow_mut();
        state.steps.end(self.number);
        let (step, result) = (self.number, self.result);
        state.journal(|| JournalEvent::StepEnded { step, result });
    }
}
