//! The number of events over time, in a bounded number of intervals that grow as the run does.

use serde::Serialize;

/// The most intervals. Chosen: a screen has about two points for each.
const INTERVALS_MAX: usize = 512;

/// The number of events of each kind in intervals of the same width.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Density {
    /// The width of an interval.
    width_us: u64,
    /// The messages sent in each interval.
    sent: Vec<u32>,
    /// The messages lost in each interval.
    lost: Vec<u32>,
    /// The versions stored in each interval.
    stored: Vec<u32>,
    /// The asks in each interval.
    ask: Vec<u32>,
}

impl Density {
    pub(super) fn new() -> Self {
        Self { width_us: 1_000, sent: Vec::new(), lost: Vec::new(), stored: Vec::new(), ask: Vec::new() }
    }

    /// Counts an event, if it is of a kind that is counted.
    pub(super) fn count(&mut self, event: &str, at_us: u64) {
        while at_us / self.width_us >= INTERVALS_MAX as u64 {
            self.width_us = self.width_us.saturating_mul(2);
            for counts in [&mut self.sent, &mut self.lost, &mut self.stored, &mut self.ask] {
                *counts = counts
                    .chunks(2)
                    .map(|pair| pair.iter().fold(0, |sum, one| one.saturating_add(sum)))
                    .collect();
            }
        }
        let counts = match event {
            "sent" => &mut self.sent,
            "lost" => &mut self.lost,
            "stored" => &mut self.stored,
            "ask" => &mut self.ask,
            _ => return,
        };
        let at = usize::try_from(at_us / self.width_us).unwrap_or(INTERVALS_MAX - 1);
        if counts.len() <= at {
            counts.resize(at + 1, 0);
        }
        counts[at] = counts[at].saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_and_every_event_stays_counted() {
        let mut density = Density::new();
        for at in 0..100_000 {
            density.count("sent", at * 977);
            density.count("changed", at * 977);
        }
        assert!(density.sent.len() <= INTERVALS_MAX && density.sent.len() > INTERVALS_MAX / 4);
        assert_eq!(density.sent.iter().sum::<u32>(), 100_000);
        density.count("lost", u64::MAX);
        assert_eq!((density.lost.iter().sum::<u32>(), density.sent.iter().sum::<u32>()), (1, 100_000));
    }
}
