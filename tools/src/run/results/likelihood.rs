//! The likelihood of a run's failure along the run: from each of some points, runs with all drawn anew were
//! made, and some of them fail as the run did.

use std::time::Duration;

/// The likelihood of a failure along a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Likelihood {
    /// The number of events of the run that failed.
    pub events: u64,
    /// The points from which runs were drawn anew, in order of their events.
    pub points: Vec<LikelihoodPoint>,
    /// True if the search was stopped before it had found the moment as narrowly as it could.
    pub stopped: bool,
    /// The time that the search took, by the clock of the machine.
    pub took: Duration,
}

/// A point of a run, and the runs drawn anew from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LikelihoodPoint {
    /// The number of events before the point.
    pub event: u64,
    /// The time of the last event before the point, since the run began.
    pub at: Duration,
    /// The number of runs drawn anew from here.
    pub runs: u64,
    /// The number of these that fail as the run did.
    pub failed: u64,
    /// The seed of a run drawn anew from here that does not fail so, if there is one.
    pub spared_by: Option<u64>,
}

impl LikelihoodPoint {
    /// Returns true if all runs drawn anew from here fail.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.runs > 0 && self.failed == self.runs
    }
}

impl Likelihood {
    /// Returns the points between which the failure became certain: the last from which some run does not
    /// fail, and the next one. The first is absent if every run fails from the beginning on, and the second
    /// if some run does not fail from the last point.
    #[must_use]
    pub fn turn(&self) -> (Option<&LikelihoodPoint>, Option<&LikelihoodPoint>) {
        let spared = self.points.iter().rposition(|point| !point.is_certain());
        let certain = self.points.get(spared.map_or(0, |index| index + 1));
        (spared.map(|index| &self.points[index]), certain)
    }

    /// Returns the number of runs that were drawn anew.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.points.iter().map(|point| point.runs).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failed: &[u64], expected: (Option<u64>, Option<u64>)) {
        let points = (0..).zip(failed).map(|(event, failed)| LikelihoodPoint {
            event,
            at: Duration::ZERO,
            runs: 10,
            failed: *failed,
            spared_by: (*failed < 10).then_some(1),
        });
        let likelihood = Likelihood { points: points.collect(), ..Likelihood::default() };
        let (spared, certain) = likelihood.turn();
        assert_eq!((spared.map(|point| point.event), certain.map(|point| point.event)), expected);
        assert_eq!(likelihood.runs(), 10 * failed.len() as u64);
    }

    #[test]
    fn the_turn_is_where_the_last_run_is_spared() {
        check(&[0, 3, 10, 10], (Some(1), Some(2)));
        check(&[0, 10, 9, 10], (Some(2), Some(3)));
        check(&[10, 10], (None, Some(0)));
        check(&[1, 2], (Some(1), None));
        check(&[], (None, None));
    }
}
