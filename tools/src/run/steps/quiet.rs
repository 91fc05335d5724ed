//! Quiet: the state from which the traffic of a span can be counted.
//!
//! Counters of nodes do not say which write a message belongs to. So a span begins once the nodes hold the
//! same and have ceased to send, and ends likewise. Nodes do not tell their counters: these are read again
//! after a lull. The wait is bounded. It is given up if other steps write; then the figures carry a note.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::select;

use crate::driver::NATIVE_ANNOUNCE;
use crate::run::context::RunContext;
use crate::run::convergence::Convergence;
use crate::run::state::Network;
use crate::scenario::Shape;
use crate::text;
use crate::world::link::EXPONENTIAL_MAX;

/// The time without a message after which nodes are at rest: twice as long as they gather announcements. The
/// delay of slow links is added to it.
const LULL: Duration = NATIVE_ANNOUNCE.saturating_mul(2);

/// The reason that a span counts traffic of other writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Unrest {
    /// Other steps write at the same time.
    Beside,
    /// Earlier writes did not reach all nodes in this time.
    Apart(Duration),
    /// Nodes did not cease to send in this time.
    Sending(Duration),
}

impl Unrest {
    /// Returns the note on a measure that did not begin in quiet.
    pub(in crate::run) fn at_the_beginning(self, measure: &str) -> String {
        let (why, remedy) = match self {
            Self::Beside => ("steps beside it were writing".to_owned(), "measure before or after them"),
            Self::Apart(time) => (
                format!("after {} earlier writes had not reached all nodes", text::duration(time)),
                "`expect converged` before it waits for them",
            ),
            Self::Sending(time) => {
                (format!("after {} nodes had not ceased to send", text::duration(time)), "`wait` before it")
            }
        };
        format!("`measure {measure}` counts traffic of other writes too, for when it began, {why}: {remedy}")
    }

    /// Returns the note on a measure that did not end in quiet.
    pub(in crate::run) fn at_the_end(self, measure: &str) -> String {
        let why = match self {
            Self::Beside => "steps beside it were writing".to_owned(),
            Self::Apart(time) | Self::Sending(time) => {
                format!("{} after its writes had spread nodes had not ceased to send", text::duration(time))
            }
        };
        format!("`measure {measure}` may count less or more than the traffic of its own writes: {why}")
    }
}

impl RunContext {
    /// Waits until the nodes of each component hold the same and have ceased to send, up
    /// to `settle` for each.
    pub(in crate::run) async fn quiet(&self) -> Result<(), Unrest> {
        let settle = self.stretch(self.settle.get());
        let deadline = self.executor.now() + settle;
        let writes = self.executor.state().measures.writes_begun;
        let everyone = Convergence::at_the_end();
        let mut end = self.executor.sleep_until(deadline);
        loop {
            let seen = self.executor.changes();
            self.nobody_writes(writes)?;
            if is_spread(&everyone, &self.executor.state().network) {
                break;
            }
            if self.executor.now() >= deadline {
                return Err(Unrest::Apart(settle));
            }
            select(pin!(self.executor.changed(seen)), &mut end).await;
        }
        self.rest(writes, settle).await
    }

    /// Waits until nodes have ceased to send, up to a time. Gives up if more writes have begun than
    /// these.
    pub(in crate::run) async fn rest(&self, writes: u64, time: Duration) -> Result<(), Unrest> {
        let deadline = self.executor.now() + time;
        let lull = LULL + 2 * slowest(&self.executor.state().network);
        let mut before = self.traffic().await;
        // If no node counts, no figure can be wrong.
        while !before.is_empty() {
            self.nobody_writes(writes)?;
            self.executor.sleep_until(self.executor.now() + lull).await;
            let now = self.traffic().await;
            self.nobody_writes(writes)?;
            if now == before && now.values().all(|node| node.waiting == 0) {
                break;
            }
            if self.executor.now() >= deadline {
                return Err(Unrest::Sending(time));
            }
            before = now;
        }
        Ok(())
    }

    /// Fails if a write is under way, or more have begun than these.
    fn nobody_writes(&self, writes: u64) -> Result<(), Unrest> {
        let measures = &self.executor.state().measures;
        let alone = measures.writes_begun == writes && measures.writes_ended == writes;
        if alone { Ok(()) } else { Err(Unrest::Beside) }
    }
}

/// Returns true if the nodes of each component hold the same. It is also true if a running node does
/// not tell of changes: then that is not known.
fn is_spread(everyone: &Convergence, network: &Network) -> bool {
    !network.all_tell(network.running()) || everyone.holds(network)
}

/// Returns the longest time that a link holds a message back.
fn slowest(network: &Network) -> Duration {
    let held_back = |shape: &Shape| match shape {
        Shape::Delay(time) | Shape::Jitter(time) => *time,
        Shape::Exponential(mean) => *mean * EXPONENTIAL_MAX,
        Shape::Loss(_) | Shape::Rate(_) | Shape::Duplicate(_) => Duration::ZERO,
    };
    network.shapes().map(|(_, shape)| shape.iter().map(held_back).sum()).max().unwrap_or_default()
}
