//! The asks of one look at nodes: their number, and the time that they took.

use std::time::Duration;

use super::observed::{Asked, Observed};
use crate::text;

/// The asks of one look at nodes: the number needed, the number put, and the time that the answers took.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::run) struct Asks {
    needed: u32,
    put: u32,
    took: Duration,
}

impl Asks {
    /// Counts one ask.
    pub(in crate::run) fn add(&mut self, asked: &Asked) {
        self.needed += 1;
        if !matches!(asked.observed, Observed::Unasked) {
            self.put += 1;
            self.took += asked.answered.saturating_sub(asked.put);
        }
    }

    /// Counts the asks of another look as well.
    pub(in crate::run) fn join(&mut self, other: Self) {
        self.needed += other.needed;
        self.put += other.put;
        self.took += other.took;
    }

    /// Describes asks that did not fit into a time: `122 asks of 200 ms each do not fit into 1 s`.
    pub(in crate::run) fn misfit(self, time: Duration) -> String {
        let time = text::duration(time);
        let took = self.took.checked_div(self.put).map(text::duration);
        match (self.needed, took) {
            (1, Some(took)) => format!("1 ask of {took} does not fit into {time}"),
            (needed, Some(took)) => format!("{needed} asks of {took} each do not fit into {time}"),
            (1, None) => format!("1 ask does not fit into {time}"),
            (needed, None) => format!("{needed} asks do not fit into {time}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_fit_is_said_in_numbers() {
        let mut asks = Asks::default();
        asks.add(&Asked::between(0, 400, Observed::text("x")));
        assert_eq!(asks.misfit(Duration::from_millis(200)), "1 ask of 400 ms does not fit into 200 ms");
        asks.add(&Asked::between(0, 200, Observed::text("x")));
        asks.add(&Asked::between(500, 500, Observed::Unasked));
        assert_eq!(asks.misfit(Duration::from_secs(1)), "3 asks of 300 ms each do not fit into 1 s");
    }
}
