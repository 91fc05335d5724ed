//! The search for the moment at which a failure became certain.
//!
//! A run in virtual time is replayed up to an event, and what follows is drawn from other seeds. The share of
//! such runs that fail as the run did rises along the run, and is 1 from the moment on at which nothing could
//! save it. The search begins with points at even distances, and then draws from points between the last one
//! that spares a run and the next one.
//!
//! The search is a function of the results so far: it runs nothing and draws nothing.

use std::time::Duration;

use crate::run::{Likelihood, LikelihoodPoint};

/// The number of points at which the search begins. Chosen: a curve of 16 points shows its shape.
const FIRST_POINTS: u64 = 16;
/// The number of points of each further round. Chosen: each round makes the interval eight times smaller.
const NEXT_POINTS: u64 = 7;
/// The number of runs that are drawn anew from each point. Chosen: a failure that half of the runs share is
/// taken for a certain one once in a thousand points.
const RUNS: u64 = 10;

/// A run that is to be drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redraw {
    /// The number of events before the point.
    pub event: u64,
    /// The seed of all draws from there on.
    pub seed: u64,
}

/// The result of a run that was drawn anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redrawn {
    /// The time of the last event before the point.
    pub at: Duration,
    /// True if it fails as the run did.
    pub failed: bool,
}

/// Returns the runs to be drawn anew next, `runs_max` in all at most; none once the search is over.
#[must_use]
pub fn next_redraws(likelihood: &Likelihood, runs_max: u64) -> Vec<Redraw> {
    let points =
        if likelihood.points.is_empty() { first_points(likelihood.events) } else { between(likelihood) };
    let room = runs_max.saturating_sub(likelihood.runs()) / RUNS;
    let points = points.into_iter().take(usize::try_from(room).unwrap_or(usize::MAX));
    points.flat_map(|event| (1..=RUNS).map(move |seed| Redraw { event, seed })).collect()
}

/// Adds the results of runs that were drawn anew, each beside its run.
pub fn add_redrawn(likelihood: &mut Likelihood, results: &[(Redraw, Redrawn)]) {
    for (redraw, result) in results {
        let points = &mut likelihood.points;
        let index = points.binary_search_by_key(&redraw.event, |point| point.event).unwrap_or_else(|index| {
            points.insert(
                index,
                LikelihoodPoint { event: redraw.event, at: result.at, runs: 0, failed: 0, spared_by: None },
            );
            index
        });
        let point = &mut points[index];
        point.runs += 1;
        if result.failed {
            point.failed += 1;
        } else {
            point.spared_by = point.spared_by.or(Some(redraw.seed));
        }
    }
}

fn first_points(events: u64) -> Vec<u64> {
    let mut points: Vec<u64> = (0..FIRST_POINTS).map(|part| scaled(events, part, FIRST_POINTS)).collect();
    points.dedup();
    points
}

/// Returns points inside the interval in which the failure became certain; none if it is one event.
fn between(likelihood: &Likelihood) -> Vec<u64> {
    let (Some(spared), certain) = likelihood.turn() else { return Vec::new() };
    let end = certain.map_or(likelihood.events, |point| point.event);
    let width = end.saturating_sub(spared.event);
    let mut points: Vec<u64> =
        (1..=NEXT_POINTS).map(|part| spared.event + scaled(width, part, NEXT_POINTS + 1)).collect();
    points.retain(|event| *event > spared.event && *event < end);
    points.dedup();
    points
}

/// Returns `part / parts` of a number, rounded down.
fn scaled(number: u64, part: u64, parts: u64) -> u64 {
    u64::try_from(u128::from(number) * u128::from(part) / u128::from(parts)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of runs that the command line allows unless told otherwise.
    const RUNS_USUAL: u64 = 600;

    /// Searches a run of so many events. From the event `certain` on every run fails; before it, those with
    /// a seed below `share` do.
    fn searched(events: u64, certain: u64, share: u64, runs_max: u64) -> Likelihood {
        let mut likelihood = Likelihood { events, ..Likelihood::default() };
        loop {
            let redraws = next_redraws(&likelihood, runs_max);
            if redraws.is_empty() {
                return likelihood;
            }
            let result = |redraw: Redraw| Redrawn {
                at: Duration::from_micros(redraw.event),
                failed: redraw.event >= certain || redraw.seed < share,
            };
            let results: Vec<_> = redraws.into_iter().map(|redraw| (redraw, result(redraw))).collect();
            add_redrawn(&mut likelihood, &results);
        }
    }

    #[track_caller]
    fn check(events: u64, certain: u64) {
        let likelihood = searched(events, certain, 5, RUNS_USUAL);
        let (spared, found) = likelihood.turn();
        assert_eq!(
            spared.map(|point| (point.event, point.failed, point.spared_by)),
            Some((certain - 1, 4, Some(5)))
        );
        assert_eq!(found.map(|point| point.event), (certain < events).then_some(certain));
        assert!(likelihood.runs() <= RUNS_USUAL, "{} runs", likelihood.runs());
    }

    #[test]
    fn the_event_is_found_wherever_it_is() {
        for certain in [1, 2, 99, 6_249, 6_250, 6_251, 54_321, 99_999, 100_000] {
            check(100_000, certain);
        }
        for certain in 1..=20 {
            check(20, certain);
        }
        check(1, 1);
    }

    #[test]
    fn a_failure_without_chance_is_certain_from_the_beginning() {
        let likelihood = searched(100_000, 0, 0, RUNS_USUAL);
        assert!(likelihood.turn().0.is_none());
        assert_eq!(likelihood.runs(), FIRST_POINTS * RUNS);
    }

    #[test]
    fn no_more_runs_are_drawn_than_allowed() {
        for runs_max in [0, 9, 10, 95, 170, 300] {
            assert!(searched(1_000_000, 777_777, 3, runs_max).runs() <= runs_max);
        }
        let events = u64::MAX;
        assert!(next_redraws(&Likelihood { events, ..Likelihood::default() }, 1_000).len() == 160);
    }
}
