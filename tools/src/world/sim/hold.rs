//! The hold on virtual time: before each scheduled event, a function says whether time goes on.
//!
//! The function may block for as long as it wants: time stands still meanwhile. The run is the same with it and
//! without it, unless it wakes the runner or ends the run.

use std::time::Duration;

use super::state::Sim;
use crate::world::Event;

/// The function that holds time.
pub type Holder = Box<dyn FnMut(Upcoming) -> Hold>;

/// A scheduled event that is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upcoming {
    /// The number of events that have happened.
    pub event: u64,
    /// The time of the last event.
    pub now: Duration,
    /// The time of the event.
    pub at: Duration,
}

/// The answer of a [`Holder`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// The event happens.
    Continue,
    /// The runner is woken first, as by [`Event::Woken`]. Then the function is asked again.
    Wake,
    /// The run ends here, as by an interrupt.
    End,
}

impl Sim {
    /// Asks the holder about the next event, if there is a holder. Returns true if the event has to wait.
    pub(super) fn is_held(&mut self) -> bool {
        let Some(holder) = &mut self.holder else { return false };
        let Some(at_ns) = self.queue.next_at_ns() else { return false };
        let upcoming = Upcoming { event: self.events, now: self.now, at: Duration::from_nanos(at_ns) };
        let event = match holder(upcoming) {
            Hold::Continue => return false,
            Hold::Wake => Event::Woken,
            Hold::End => Event::Interrupted,
        };
        self.report(event);
        true
    }
}
