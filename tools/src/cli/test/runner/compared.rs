//! The comparison of failing and passing runs in virtual time. Runs of many seeds have no journal, so some of each
//! are run again with one that stays in memory.

use std::sync::{Arc, PoisonError};

use super::{Runner, take_empty};
use crate::cli::test::queue::{Case, Job};
use crate::cli::test::watch::Watch;
use crate::contrast::Features;
use crate::report::Sweep;
use crate::run::{Options, Report, Session, Verdict};

/// The most scenarios of which runs are compared. Chosen: where more fail, chance is not the reason.
const SCENARIOS_MAX: usize = 20;
/// The most events of all runs of a scenario that are run again; one run more may begin. Chosen: such runs take some
/// seconds.
const EVENTS_MAX: u64 = 2_000_000;

impl Runner {
    /// Returns a watch over a run in real time, if it may be compared with others.
    pub(super) fn watch(&self) -> Option<Watch> {
        (self.0.many || self.0.attempts.is_some()).then(Watch::default)
    }

    /// Remembers the scenario of a run that failed among those of many seeds, so that its runs can be compared. The
    /// first scenarios stay, whichever run ends first.
    pub(super) fn remember_failing(&self, job: &Job, report: &Report) {
        if !self.0.many || report.verdict.failure().is_none() {
            return;
        }
        let mut cases = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if cases.values().any(|one| Arc::ptr_eq(one, &job.case)) {
            return;
        }
        // The runs of one scenario have numbers that follow one another.
        cases.insert(job.number, Arc::clone(&job.case));
        if cases.len() > SCENARIOS_MAX {
            cases.pop_last();
        }
    }

    /// Compares the failing and the passing runs of a scenario, if it has both. Runs in real time were watched as
    /// they happened; of those in virtual time some are run again. With a page, the first run that failed gets a
    /// record that the page can show.
    pub(in crate::cli::test) fn compare(&self, sweep: &mut Sweep) {
        if !self.0.world.virtual_time {
            return;
        }
        let is_case = |case: &&Arc<Case>| {
            case.scenario.name == sweep.gravest.scenario && case.scenario.source.name() == sweep.gravest.file
        };
        let cases = self.0.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(case) = cases.values().find(is_case).cloned() else { return };
        drop(cases);
        if self.0.detail.versions {
            self.record_first(&case, sweep);
        }
        let failing: Vec<_> = sweep.failing_seeds().into_iter().map(|seed| (seed, true)).collect();
        let passing: Vec<_> = sweep.passing_seeds().iter().map(|seed| (*seed, false)).collect();
        if failing.is_empty() || passing.is_empty() {
            return;
        }
        let mut events = 0;
        // Failing and passing runs take turns, so that there are some of both when the bound is reached.
        for (seed, failed) in turns(&failing, &passing) {
            if events >= EVENTS_MAX {
                break;
            }
            let Some((report, features, of_run)) = self.features(&case, seed, failed) else { return };
            sweep.add_features(&report, Box::new(features));
            events += of_run;
        }
    }

    /// Runs the first run that failed again, with a record in its folder of logs. Without one it stays as it is.
    fn record_first(&self, case: &Arc<Case>, sweep: &mut Sweep) {
        let Some(report) = sweep.failures.first_mut() else { return };
        let job = Job { number: 0, case: Arc::clone(case), seed: report.seed, attempt: None };
        let path = self.folder(&job);
        let Ok(_folder) = take_empty(&path) else { return };
        let logs = Some(path.display().to_string());
        let options = Options { logs, again: Some(self.again(&job)), ..self.options(job.seed) };
        let again = self.in_virtual_time(&job, options, Some(&path));
        if let Ok(again) = again
            && again.verdict == report.verdict
        {
            report.logs = again.logs;
        }
    }

    /// Runs a scenario again, and returns its report, its features and its number of events; `None` if it did not end
    /// as before.
    fn features(&self, case: &Case, seed: u64, failed: bool) -> Option<(Report, Features, u64)> {
        let watch = Watch::default();
        let session = Session::new(Options { messages: true, ..self.options(seed) }, watch.recorder());
        let mut world = self.world(seed, true, None);
        let report = session.scenario(&mut world, &case.scenario);
        let is_same = (report.verdict == Verdict::Passed) != failed && report.verdict != Verdict::Interrupted;
        is_same.then(|| (report, watch.finish(), world.into_world().events()))
    }
}

/// Returns the items of two lists by turns, and then the rest of the longer one.
fn turns<T: Copy>(one: &[T], other: &[T]) -> Vec<T> {
    let longest = one.len().max(other.len());
    (0..longest).flat_map(|at| [one.get(at), other.get(at)]).flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::turns;

    #[test]
    fn both_lists_have_their_turn() {
        assert_eq!(turns(&[1, 2], &[7, 8, 9]), [1, 7, 2, 8, 9]);
        assert_eq!(turns::<u64>(&[], &[]), [0_u64; 0]);
    }
}
