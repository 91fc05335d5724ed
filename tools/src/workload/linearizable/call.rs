//! The calls to a register, and the moments at which they begin and end.

use std::time::Duration;

/// The content of a register, as a number that stands for it; [`NOTHING`] at the beginning.
pub type Value = u32;

/// The value of a register that no client has written.
pub const NOTHING: Value = 0;

/// A call of a client, with the values that it learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// A read of this value.
    Read(Value),
    /// A write of this value.
    Write(Value),
    /// An exchange of one value for another; the register held the expected value.
    Exchange {
        /// The value that it found.
        from: Value,
        /// The value that it wrote.
        to: Value,
    },
}

/// A call, and the time in which it was under way. Ends at the same moment have no order: a call that begins
/// at that moment is concurrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The call itself.
    pub call: Call,
    /// The time of its beginning.
    pub begin: Duration,
    /// The time of its end; none if it is unknown whether the call took effect, or will.
    pub end: Option<Duration>,
}

/// The beginning or the end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    Begin(usize),
    End(usize),
}

/// Returns the moments of a history in order of time. Of those at one time, the beginnings come first.
pub(super) fn moments(history: &[Interval]) -> Vec<Moment> {
    let begins = history.iter().enumerate().map(|(index, call)| (call.begin, Moment::Begin(index)));
    let ends = history
        .iter()
        .enumerate()
        .filter_map(|(index, call)| Some((call.end?.max(call.begin), Moment::End(index))));
    let mut all: Vec<_> = begins.chain(ends).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, moment)| moment).collect()
}
