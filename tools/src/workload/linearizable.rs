//! The check that a register is linearizable (Herlihy, Wing 1990): the calls that clients saw can have
//! happened one after another, each at some moment between its beginning and its end.
//!
//! The method is just-in-time linearization (Lowe 2017, "Testing for linearizability"; the search is that of
//! Wing and Gong 1993). The checker walks the calls in order of time, and holds the set of states that the
//! register may be in. A call must have taken effect when it ends, and no sooner. So states are followed only
//! at an end, and only as far as the call that ends. Three rules keep the set small:
//!
//! - A read takes effect as soon as it can: that changes nothing for the other calls.
//! - A write that is overwritten at once leaves no trace. Its effect is therefore left open until it ends.
//! - A call that never ends takes effect at some time or never. Equal ones are only counted, and those whose
//!   value no client has seen are left out.
//!
//! Registers are independent: linearizability is local, so that keys are judged one by one.

mod bits;
mod call;
mod frontier;
mod order;
mod result;
mod search;
#[cfg(test)]
mod tests;

pub use call::{Call, Interval, NOTHING, Value};
pub use order::{LongestOrder, longest_order};
pub use result::{Contradiction, Linearizability};

use call::{Moment, moments};
use search::Search;

/// Judges the history of one register. At most 1,024 calls that end may be under way at a time; a history
/// with more is not decided.
#[must_use]
pub fn judge(history: &[Interval]) -> Linearizability {
    match most_at_once(history) {
        0..=64 => Search::<1>::new(history).run(),
        65..=256 => Search::<4>::new(history).run(),
        _ => Search::<16>::new(history).run(),
    }
}

/// Returns the greatest number of calls that are under way at a time, only those that end counted.
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
