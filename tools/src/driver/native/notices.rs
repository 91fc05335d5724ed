//! The notices that a node sends unrequested, and the rules that they have to keep.

use node::wire::{Change, Digest};
use tokio::time::Instant;

use crate::world::Misconduct;

/// The most versions that a node may store without reporting a change. One message brings at most a frame of
/// them, a million bytes, and the shortest takes more than 16.
const STORED_MAX: u64 = 65_536;

/// The most changes in a row with the same digest and number of neighbours. A neighbour that leaves while
/// another joins explains a few of them. Chosen: many times those few.
const SAME_MAX: u64 = 4_096;

/// The most changes ahead of [`RATE`]. Chosen: ten seconds of that rate, for reports that were held up on their
/// way and come together.
const AHEAD_MAX: u64 = 500_000;

/// The changes a second that a node may report for any length of time. One thread that stores a version for
/// each change, and reports it, does not reach this. Chosen: some 20 µs for each.
const RATE: u64 = 50_000;

/// The notices of a watched node so far.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// True once the node has answered `watch`. Before that, it reports the versions that it held already.
    pub(super) begun: bool,
    incarnation: u64,
    sequence: u64,
    /// The number of requests to report all versions that the node has not completed.
    catching_up: u64,
    /// The versions reported since the last change.
    stored: u64,
    /// The digest and the number of neighbours after the last change; `same` counts the changes in a row
    /// since then without a difference.
    state: Option<(Digest, u64)>,
    same: u64,
    pace: Pace,
}

/// The changes reported ahead of the rate at which a node can make them.
#[derive(Debug, Default)]
struct Pace {
    ahead: u64,
    /// The time up to which the rate was counted.
    counted: Option<Instant>,
}

impl Pace {
    /// Counts a change. Returns false if there are too many.
    fn keeps(&mut self, now: Instant) -> bool {
        let counted = *self.counted.get_or_insert(now);
        let elapsed = now.saturating_duration_since(counted);
        let earned = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX).saturating_mul(RATE) / 1_000_000;
        // Time that earns less than one change is not counted yet, or it would be lost.
        if earned > 0 {
            (self.ahead, self.counted) = (self.ahead.saturating_sub(earned), Some(now));
        }
        self.ahead += 1;
        self.ahead <= AHEAD_MAX
    }
}

impl Notices {
    /// Handles the answer to `watch`.
    pub(super) fn begin(&mut self, change: &Change) {
        (self.begun, self.incarnation, self.sequence) = (true, change.incarnation, change.sequence);
    }

    /// Counts a request to report all versions.
    pub(super) fn catch_up(&mut self) {
        self.catching_up += 1;
    }

    /// Handles the end of such a report.
    pub(super) fn caught_up(&mut self) {
        self.catching_up = self.catching_up.saturating_sub(1);
        self.stored = 0;
    }

    /// Checks a report of a change at that time.
    pub(super) fn changed(&mut self, change: &Change, now: Instant) -> Result<(), Misconduct> {
        let Change { incarnation, sequence, .. } = *change;
        // After a restart, the node has another incarnation, and its numbers begin anew.
        if self.begun && incarnation == self.incarnation && sequence <= self.sequence {
            let how = format!("told of change {sequence} after change {}", self.sequence);
            return Err(Misconduct::Protocol(how));
        }
        (self.incarnation, self.sequence, self.stored) = (incarnation, sequence, 0);
        let state = Some((change.digest, change.peers));
        self.same = if self.state == state { self.same + 1 } else { 0 };
        self.state = state;
        if self.same > SAME_MAX {
            let how = format!("floods: it told of {SAME_MAX} changes in a row in which nothing changed");
            return Err(Misconduct::Flood(how));
        }
        if !self.pace.keeps(now) {
            let how = format!(
                "floods: it told of {AHEAD_MAX} changes beyond the {RATE} a second that a node can make"
            );
            return Err(Misconduct::Flood(how));
        }
        Ok(())
    }

    /// Checks a report of a stored version.
    pub(super) fn stored(&mut self) -> Result<(), Misconduct> {
        if self.begun && self.catching_up == 0 {
            self.stored += 1;
            if self.stored > STORED_MAX {
                let how = format!("floods: it told of {STORED_MAX} versions in a row and of no change");
                return Err(Misconduct::Flood(how));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use node::wire::Hex;

    use super::*;

    fn change(incarnation: u64, sequence: u64) -> Change {
        let digest = Digest { count: 0, fingerprint: Hex::ZERO };
        Change { incarnation, sequence, digest, peers: 0 }
    }

    #[test]
    fn changes_are_told_in_order_and_versions_with_them() {
        let (mut notices, now) = (Notices::default(), Instant::now());
        // The node may report any number of versions before it answers.
        for _ in 0..=STORED_MAX {
            notices.stored().unwrap();
        }
        notices.begin(&change(1, 7));
        notices.changed(&change(1, 8), now).unwrap();
        notices.changed(&change(1, 10), now).unwrap();
        let again = Misconduct::Protocol("told of change 10 after change 10".to_owned());
        assert_eq!(notices.changed(&change(1, 10), now), Err(again));
        notices.changed(&change(2, 1), now).unwrap();
        for again in [true, false] {
            if again {
                notices.catch_up();
            }
            for _ in 0..STORED_MAX {
                notices.stored().unwrap();
            }
            if again {
                notices.stored().unwrap();
                notices.caught_up();
            }
        }
        assert!(is_flood(notices.stored()));
    }

    fn is_flood(told: Result<(), Misconduct>) -> bool {
        matches!(told, Err(Misconduct::Flood(how)) if how.starts_with("floods: it told of "))
    }

    #[test]
    fn changes_without_end_in_which_nothing_changes_are_a_flood() {
        let (mut notices, now) = (Notices::default(), Instant::now());
        notices.begin(&change(1, 0));
        for sequence in 1..=SAME_MAX {
            notices.changed(&change(1, sequence), now).unwrap();
        }
        // A change with a difference ends the row.
        let other = Change { peers: 1, ..change(1, SAME_MAX + 1) };
        notices.changed(&other, now).unwrap();
        for sequence in 2..=SAME_MAX + 2 {
            notices.changed(&change(1, SAME_MAX + sequence), now).unwrap();
        }
        assert!(is_flood(notices.changed(&change(1, 3 * SAME_MAX), now)));
    }

    #[test]
    fn changes_without_end_are_a_flood_however_each_looks() {
        let start = Instant::now();
        let mut notices = Notices::default();
        notices.begin(&change(1, 0));
        let mut sequence = 0;
        let mut told = |at: Duration| {
            sequence += 1;
            notices.changed(&Change { peers: sequence % 2, ..change(1, sequence) }, start + at)
        };
        // The rate of the fastest node is allowed for any length of time.
        for number in 0..2 * AHEAD_MAX {
            told(Duration::from_micros(number * 1_000_000 / RATE)).unwrap();
        }
        let last = Duration::from_micros(2 * AHEAD_MAX * 1_000_000 / RATE);
        let flood = (0..=AHEAD_MAX).map(|_| told(last)).find(Result::is_err);
        assert!(flood.is_some_and(is_flood));
    }
}
