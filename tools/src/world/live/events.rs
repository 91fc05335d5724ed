//! The events of a world in real time, on their way to the runner.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::driver::Backlog;
use crate::world::{Event, Occurrence, OpId, Outcome};

/// The sender of events to the runner, each with its time.
///
/// The channel has no bound of its own. It holds one event for each operation under way, and the events that
/// nodes report unasked. Drivers do not read the latter while there is a [`Backlog`].
#[derive(Clone)]
pub(super) struct EventSender {
    began: Instant,
    pub(super) backlog: Arc<Backlog>,
    events: mpsc::UnboundedSender<Occurrence>,
}

impl EventSender {
    /// Creates the sender of a world that began at a time, and the end at which the runner receives.
    pub(super) fn new(began: Instant) -> (Self, mpsc::UnboundedReceiver<Occurrence>) {
        let (events, received) = mpsc::unbounded_channel();
        (Self { began, backlog: Arc::default(), events }, received)
    }

    /// Sends an event.
    pub(super) fn send(&self, event: Event) {
        self.backlog.count_queued();
        // With no receiver left, the world is being taken down.
        let _: Result<(), _> = self.events.send(Occurrence { at: self.began.elapsed(), event });
    }

    /// Sends that an operation has ended.
    pub(super) fn ended(&self, id: OpId, outcome: Outcome) {
        self.send(Event::Ended { id, outcome });
    }
}

/// A handle that wakes a waiting world from any thread.
#[derive(Clone)]
pub struct Waker(pub(super) EventSender);

impl Waker {
    /// Makes the world report [`Event::Woken`].
    pub fn wake(&self) {
        self.0.send(Event::Woken);
    }
}
