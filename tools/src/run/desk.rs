//! The executor: one future, polled when something that it waits for has happened in the world.
//!
//! The desk is what all steps of a run share: the operations they submit, the slots in which what
//! came of those is laid, and the state of the network as events tell it.

use std::cell::{Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use super::history::History;
use super::laws::{Broken, Evidence};
use super::measure::Measures;
use super::network::{Life, Network};
use super::record::{Record, RunEvent};
use crate::scenario::At;
use crate::world::{Ending, Event, NodeIndex, OpId, Operation, Outcome, World};

/// What takes the records of a run, as they come, if anybody does.
pub(super) type Recorder = Option<Box<dyn FnMut(&Record)>>;

/// What ends a run from outside of its steps.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Alarm {
    /// The person at the terminal wants it to end.
    Interrupted,
    /// A node died that was not told to.
    Died(NodeIndex, Ending),
    /// A node broke the protocol that it is to speak, in this way.
    Misbehaved(NodeIndex, String),
    /// Virtual time is over, for this reason.
    Runaway(String),
    /// A law was broken.
    Broken(Box<Broken>),
}

/// A handle to what all steps share. Cheap to clone; lives in one thread.
#[derive(Clone)]
pub(super) struct Desk(Rc<RefCell<State>>);

/// What all steps share.
pub(super) struct State {
    /// The world's time at the last event.
    pub now: Duration,
    /// The network as events tell it.
    pub network: Network,
    /// The writes that were acknowledged.
    pub history: History,
    /// The measures under way.
    pub measures: Measures,
    /// What the laws are judged by.
    pub evidence: Evidence,
    recorder: Recorder,
    last_op: u64,
    queue: Vec<(OpId, Operation)>,
    slots: BTreeMap<OpId, Slot>,
    /// Grows with every change that is told.
    changes: u64,
    /// Who waits for a change, in the order in which they began to.
    awaiting_change: BTreeMap<u64, Waker>,
    last_awaiting: u64,
    alarm: Option<Alarm>,
    /// The steps that were under way when the alarm was raised.
    broken_off: Vec<At>,
    woken: bool,
    /// The steps under way, by when they began.
    doing: BTreeMap<u64, At>,
    last_doing: u64,
}

#[derive(Default)]
struct Slot {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Desk {
    pub(super) fn new(recorder: Recorder) -> Self {
        Self(Rc::new(RefCell::new(State {
            now: Duration::ZERO,
            network: Network::default(),
            history: History::default(),
            measures: Measures::default(),
            evidence: Evidence::default(),
            recorder,
            last_op: 0,
            queue: Vec::new(),
            slots: BTreeMap::new(),
            changes: 0,
            awaiting_change: BTreeMap::new(),
            last_awaiting: 0,
            alarm: None,
            broken_off: Vec::new(),
            woken: false,
            doing: BTreeMap::new(),
            last_doing: 0,
        })))
    }

    /// What is shared, to be read. Never held across an await.
    pub(super) fn state(&self) -> Ref<'_, State> {
        self.0.borrow()
    }

    /// What is shared, to be changed. Never held across an await.
    pub(super) fn state_mut(&self) -> RefMut<'_, State> {
        self.0.borrow_mut()
    }

    /// The world's time.
    pub(super) fn now(&self) -> Duration {
        self.state().now
    }

    /// Lays an event into the run's record.
    pub(super) fn record(&self, event: impl FnOnce() -> RunEvent) {
        self.state_mut().record(event);
    }

    /// Submits an operation; the future is what comes of it. Dropping the future forgets it.
    pub(super) fn submit(&self, operation: Operation) -> Submitted {
        let mut state = self.state_mut();
        state.last_op += 1;
        let id = OpId(state.last_op);
        state.slots.insert(id, Slot::default());
        state.queue.push((id, operation));
        Submitted { desk: self.clone(), id }
    }

    /// Lets time pass until then. May be waited for again and again: there is one timer behind it.
    pub(super) fn until(&self, at: Duration) -> Until {
        Until { desk: self.clone(), at, timer: None }
    }

    /// How many operations have been submitted so far.
    pub(super) fn submitted(&self) -> u64 {
        self.state().last_op
    }

    /// Goes once through the world, so that what else happened is taken in.
    pub(super) async fn breathe(&self) {
        let at = self.now();
        self.submit(Operation::Timer { at }).await;
    }

    /// How many changes have been told so far.
    pub(super) fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Waits until more than `seen` changes have been told.
    pub(super) fn changed(&self, seen: u64) -> impl Future<Output = ()> + use<> {
        self.until_state(move |state| state.changes > seen)
    }

    /// Waits until something holds of the state, looked at whenever a change is told.
    pub(super) fn until_state<F: FnMut(&mut State) -> bool>(&self, holds: F) -> UntilState<F> {
        UntilState { desk: self.clone(), holds, number: None }
    }

    /// Notes that a step is under way, until the guard is dropped.
    pub(super) fn doing(&self, at: &At) -> Doing {
        let mut state = self.state_mut();
        state.last_doing += 1;
        let number = state.last_doing;
        state.doing.insert(number, at.clone());
        Doing { desk: self.clone(), number }
    }

    /// Counts a change that the steps themselves made, and wakes whoever waits for one.
    pub(super) fn stir(&self) {
        self.state_mut().stir();
    }

    /// Runs a future to its end, handing its operations to the world and the world's events to it.
    /// An alarm ends it early.
    pub(super) fn drive<T>(
        &self,
        world: &mut dyn World,
        future: impl Future<Output = T>,
    ) -> Result<T, Alarm> {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
                    self.flush(world);
                    // A law may have been broken by what the future learnt last.
                    return self.state_mut().alarm.take().map_or(Ok(value), Err);
                }
            }
            self.flush(world);
            if let Some(alarm) = self.state_mut().alarm.take() {
                return Err(alarm);
            }
            self.step(world);
            if let Some(alarm) = self.state_mut().alarm.take() {
                return Err(alarm);
            }
        }
    }

    /// Waits until somebody outside of the run wants attention.
    pub(super) fn woken(&self) -> impl Future<Output = ()> + use<> {
        self.until_state(|state| std::mem::take(&mut state.woken))
    }

    fn flush(&self, world: &mut dyn World) {
        let queue = std::mem::take(&mut self.state_mut().queue);
        for (id, operation) in queue {
            self.state_mut().note_submitted(id, &operation);
            world.submit(id, operation);
        }
    }

    fn step(&self, world: &mut dyn World) {
        let occurrence = world.next();
        let mut state = self.state_mut();
        state.now = state.now.max(occurrence.at);
        state.take(occurrence.event);
    }
}

impl State {
    /// Lays an event into the run's record; one that nobody takes is not even made.
    pub(super) fn record(&mut self, event: impl FnOnce() -> RunEvent) {
        if let Some(recorder) = &mut self.recorder {
            let at_us = u64::try_from(self.now.as_micros()).unwrap_or(u64::MAX);
            recorder(&Record { at_us, event: event() });
        }
    }

    /// The steps under way, the one that began last at the end.
    pub(super) fn doing(&self) -> Vec<At> {
        self.doing.values().cloned().collect()
    }

    /// The steps that were under way when the alarm was raised, the one that began last at the end.
    pub(super) fn broken_off(&self) -> &[At] {
        &self.broken_off
    }

    /// A node's life has changed: what it answered before may not be what it answers now.
    pub(super) fn set_life(&mut self, node: NodeIndex, life: Life) {
        self.stir();
        self.network.set_life(node, life, self.changes);
        self.evidence.disturbed(self.now);
    }

    /// Ends the run if a law was broken.
    pub(super) fn judged(&mut self, broken: Option<Broken>) {
        if let Some(broken) = broken {
            self.raise(Alarm::Broken(Box::new(broken)));
        }
    }

    /// Ends the run; what was raised first stays.
    fn raise(&mut self, alarm: Alarm) {
        if self.alarm.is_none() {
            self.alarm = Some(alarm);
            self.broken_off = self.doing();
        }
    }

    fn stir(&mut self) {
        self.changes += 1;
        for (_, waker) in std::mem::take(&mut self.awaiting_change) {
            waker.wake();
        }
    }

    fn note_submitted(&mut self, id: OpId, operation: &Operation) {
        if self.recorder.is_some()
            && let Some(event) = RunEvent::submitted(id, operation)
        {
            self.record(|| event);
        }
        if matches!(
            operation,
            Operation::Wire { .. }
                | Operation::Links(_)
                | Operation::Partition(_)
                | Operation::Clock { .. }
                | Operation::Disk { .. }
                | Operation::Signal { .. }
        ) {
            self.evidence.disturbed(self.now);
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Ended { id, outcome } => {
                if self.recorder.is_some()
                    && let Some(event) = RunEvent::ended(id, &outcome)
                {
                    self.record(|| event);
                }
                if let Some(slot) = self.slots.get_mut(&id) {
                    slot.outcome = Some(outcome);
                    if let Some(waker) = slot.waker.take() {
                        waker.wake();
                    }
                }
            }
            Event::Changed { node, change } => {
                self.record(|| RunEvent::Changed { node, change: change.clone() });
                self.stir();
                if self.network.told(node, change, self.now, self.changes) {
                    self.evidence.disturbed(self.now);
                }
            }
            Event::Stored { node, key, rank } => {
                let now = self.now;
                let broken = self.evidence.stored(node, self.network.node(node), &key, &rank, now);
                self.judged(broken);
                if self.measures.stored(node, &key, &rank, now) {
                    self.stir();
                }
            }
            Event::Exited { node, ending } => {
                self.record(|| RunEvent::Exited { node, ending });
                let before = self.network.node(node).life;
                self.network.forget_state(node);
                self.set_life(
                    node,
                    if before == Life::Ending { Life::Stopped } else { Life::Exited(ending) },
                );
                // Before it is ready, its launch tells of it.
                if !matches!(before, Life::Ending | Life::Starting) {
                    self.raise(Alarm::Died(node, ending));
                }
            }
            Event::Payload { key, rank, .. } => {
                let broken = self.evidence.sent(&key, &rank, self.now);
                self.judged(broken);
            }
            Event::Misbehaved { node, reason } => {
                self.record(|| RunEvent::Misbehaved { node, reason: reason.clone() });
                // Whoever is just told to end may break off anywhere.
                if self.network.node(node).life != Life::Ending {
                    self.raise(Alarm::Misbehaved(node, reason));
                }
            }
            Event::Runaway { reason } => self.raise(Alarm::Runaway(reason)),
            Event::Interrupted => self.alarm = Some(Alarm::Interrupted),
            Event::Woken => {
                self.woken = true;
                self.stir();
            }
        }
    }
}

/// What comes of an operation.
pub(super) struct Submitted {
    desk: Desk,
    id: OpId,
}

impl Future for Submitted {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut state = self.desk.state_mut();
        let Some(slot) = state.slots.get_mut(&self.id) else { return Poll::Pending };
        if let Some(outcome) = slot.outcome.take() {
            return Poll::Ready(outcome);
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Submitted {
    fn drop(&mut self) {
        self.desk.state_mut().slots.remove(&self.id);
    }
}

/// Ends when the world's time has come so far.
pub(super) struct Until {
    desk: Desk,
    at: Duration,
    timer: Option<Submitted>,
}

impl Future for Until {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.desk.now() >= this.at {
            return Poll::Ready(());
        }
        let timer = this.timer.get_or_insert_with(|| this.desk.submit(Operation::Timer { at: this.at }));
        Pin::new(timer).poll(context).map(drop)
    }
}

/// Ends when something holds of the state. One that is dropped waits no more.
pub(super) struct UntilState<F> {
    desk: Desk,
    holds: F,
    number: Option<u64>,
}

impl<F: FnMut(&mut State) -> bool + Unpin> Future for UntilState<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = this.desk.state_mut();
        if (this.holds)(&mut state) {
            return Poll::Ready(());
        }
        let number = *this.number.get_or_insert_with(|| {
            state.last_awaiting += 1;
            state.last_awaiting
        });
        state.awaiting_change.insert(number, context.waker().clone());
        Poll::Pending
    }
}

impl<F> Drop for UntilState<F> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.desk.state_mut().awaiting_change.remove(&number);
        }
    }
}

/// A step is under way while this lives.
pub(super) struct Doing {
    desk: Desk,
    number: u64,
}

impl Drop for Doing {
    fn drop(&mut self) {
        self.desk.state_mut().doing.remove(&self.number);
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
