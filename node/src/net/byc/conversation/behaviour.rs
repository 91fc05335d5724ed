//! The behaviour of a neighbour, as far as its answers and requests show it. It decides in which form versions
//! are pushed, which of them, and when a further round with the neighbour is due.

use std::collections::BTreeSet;
use std::time::Duration;

/// The most keys that are held back. Chosen: more than the writes of any client in the round trip that the first
/// listing takes; beyond it, everything that the neighbour lacks is pushed.
const HELD_BACK_MAX: usize = 1_024;
/// The time between two rounds with a neighbour that may push nothing, and before a round that has to follow soon.
/// Chosen: a person who looks at both nodes hardly notices it, and a listing each second costs little.
const ROUND_INTERVAL: Duration = Duration::from_secs(1);

/// The form in which a neighbour understands values, and lists its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Not known yet: nothing is pushed.
    #[default]
    Unknown,
    /// No answer came in time. The neighbour is taken for one that understands dates until an answer shows more.
    Presumed,
    /// Values with their dates and hashes; the neighbour answers `keysAndTime`.
    Dated,
    /// Plain values: the neighbour does not know `keysAndTime`.
    Plain,
}

/// The behaviour of a neighbour.
#[derive(Debug, Default)]
pub(super) struct Behaviour {
    pub(super) dialect: Dialect,
    /// True if the neighbour asked for the keys held here. It then fetches the versions that it lacks.
    pub(super) fetches: bool,
    /// The number of listings that have come.
    pub(super) listings: u64,
    /// True if the neighbour listed this node before this connection. Nodes of the course then push nothing on it.
    one_way: bool,
    /// The keys of the versions that were not pushed, since the dialect was not known.
    held_back: BTreeSet<String>,
    /// The time at which a further round is due.
    round_due: Option<Duration>,
}

impl Behaviour {
    /// Records that the neighbour listed this node before this connection.
    pub(super) fn record_listed(&mut self, now: Duration) {
        self.one_way = true;
        self.round_due = Some(now + ROUND_INTERVAL);
    }

    /// Records that the neighbour pushed a version on this connection.
    pub(super) fn record_push(&mut self) {
        self.one_way = false;
    }

    /// Returns true if the neighbour may push nothing on this connection.
    pub(super) fn is_one_way(&self) -> bool {
        self.one_way
    }

    /// Holds back the version of a key until the dialect is known.
    pub(super) fn hold_back(&mut self, key: &str) {
        if self.held_back.len() < HELD_BACK_MAX {
            self.held_back.insert(key.to_owned());
        } else {
            self.fetches = false;
        }
    }

    /// Removes and returns the keys whose versions were held back.
    pub(super) fn take_held_back(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.held_back)
    }

    /// Lets a further round follow soon.
    pub(super) fn schedule_round(&mut self, now: Duration) {
        self.round_due = Some(now + ROUND_INTERVAL);
    }

    /// Returns the time at which a further round is due.
    pub(super) fn due(&self) -> Option<Duration> {
        self.round_due
    }

    /// Returns true if a further round is due now. Where the neighbour may push nothing, the next one follows.
    pub(super) fn is_round_due(&mut self, now: Duration) -> bool {
        let due = self.round_due.is_some_and(|due| due <= now);
        if due {
            self.round_due = self.one_way.then_some(now + ROUND_INTERVAL);
        }
        due
    }
}
