//! The hold on virtual time: before each scheduled event, a function says whether time goes on.
//!
//! The function may block for as long as it wants: time stands still meanwhile. The run is the same with it and
//! without it, unless it wakes the runner or ends the run.

use std::time::Duration;

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
    /// The event happens, and messages are not reported with it: those who hold time know of them already.
    Repeat,
    /// The runner is woken first, as by [`Event::Woken`](crate::world::Event::Woken). Then the function is asked again.
    Wake,
    /// The run ends here, as by an interrupt.
    End,
}
