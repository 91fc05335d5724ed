//! Whether what clients saw of a register can have happened one after another, each call at some
//! moment between its beginning and its end: linearizability (Herlihy, Wing 1990).
//!
//! The method is just-in-time linearization (Lowe 2017, "Testing for linearizability"; the search
//! is that of Wing and Gong 1993): the calls are walked in order of time, and the states that the
//! register may be in are kept as a set. A call must have taken effect when it ends and not sooner,
//! so states are followed only there, and only as far as the call that ends. Three things hold the
//! set small:
//!
//! - a read takes effect as soon as it can: that changes nothing for the others;
//! - a write that is overwritten at once leaves no trace, so that whether it has taken effect is
//!   left open until it ends;
//! - a call that never ends takes effect at some time or never: equal ones are counted, and those
//!   whose value nobody has seen are left out.
//!
//! Registers are independent: linearizability is local, so that keys are judged one by one.

mod bits;
mod front;
mod search;
#[cfg(test)]
mod tests;

use std::time::Duration;

use search::Search;

/// What a register holds, as a number that stands for it; [`NOTHING`] at the beginning.
pub type Value = u32;

/// The value of a register that nobody has written.
pub const NOTHING: Value = 0;

/// What a client called, with what it learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// A read of this value.
    Read(Value),
    /// A write of this value.
    Write(Value),
    /// An exchange of one value for another, that found what it expected.
    Exchange {
        /// What it found.
        from: Value,
        /// What it wrote.
        to: Value,
    },
}

/// A call, and when it was under way. Ends that come together are in no order: whoever begins at
/// that moment is concurrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// What was called.
    pub call: Call,
    /// When it began.
    pub begin: Duration,
    /// When it ended; none if nobody knows whether it took effect, or will.
    pub end: Option<Duration>,
}

/// What is known of a register's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// There is an order.
    Linearizable,
    /// There is none.
    Not(Contradiction),
    /// The search would have taken too much: nothing is known from this call on.
    Undecided {
        /// Which.
        at: usize,
    },
}

/// Where no order is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The call that cannot have ended as it did.
    pub at: usize,
    /// What the register could hold then instead.
    pub possible: Vec<Value>,
    /// The calls that were under way when it ended, itself aside.
    pub concurrent: Vec<usize>,
}

/// Judges the history of one register. At most 1,024 calls that end may be under way at a time;
/// more are not decided.
#[must_use]
pub fn judge(history: &[Interval]) -> Judgement {
    match most_at_once(history) {
        0..=64 => Search::<1>::new(history).run(),
        65..=256 => Search::<4>::new(history).run(),
        _ => Search::<16>::new(history).run(),
    }
}

/// How many calls that end are under way at a time, at most.
fn most_at_once(history: &[Interval]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for moment in moments(history) {
        match moment {
            Moment::Begin(index) if history[index].end.is_some() => {
                now += 1;
                most = most.max(now);
            }
            Moment::Begin(_) => {}
            Moment::End(_) => now = now.saturating_sub(1),
        }
    }
    most
}

/// The beginning or the end of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    Begin(usize),
    End(usize),
}

/// What happened in order of time; of what happened together the beginnings come first.
fn moments(history: &[Interval]) -> Vec<Moment> {
    let begins = history.iter().enumerate().map(|(index, call)| (call.begin, Moment::Begin(index)));
    let ends = history
        .iter()
        .enumerate()
        .filter_map(|(index, call)| Some((call.end?.max(call.begin), Moment::End(index))));
    let mut all: Vec<_> = begins.chain(ends).collect();
    all.sort_unstable();
    all.into_iter().map(|(_, moment)| moment).collect()
}
