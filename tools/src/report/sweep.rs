//! The sweep of one scenario over many seeds, of which a bounded number of runs is stored.

use std::time::Duration;

use super::reasons::Reasons;
use crate::contrast::{Contrast, Features};
use crate::run::{Report, Verdict};

/// The most failing runs of one scenario that are stored whole, for reports that programs read. Chosen: a
/// failure with its logs takes some kilobytes, and more failures of one scenario teach nothing.
pub(super) const FAILURES_KEPT: usize = 20;

/// The most seeds of passing runs that are remembered, to be compared with failing ones. Chosen: twice as many as
/// of failing ones, since passing runs differ more from each other.
const PASSING_SEEDS_KEPT: usize = 2 * FAILURES_KEPT;

/// A run that is compared with others.
#[derive(Debug, Clone, PartialEq)]
struct ComparedRun {
    /// True if it failed.
    failed: bool,
    /// The index of the reason for which it failed.
    reason: Option<usize>,
    features: Box<Features>,
}

/// The results of one scenario with many seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// The gravest of its runs; of several equally grave ones the first.
    pub gravest: Report,
    /// The first seed that it was to run with.
    pub first: u64,
    /// The last seed that it was to run with.
    pub last: u64,
    /// The number of runs that passed.
    pub passed: u64,
    /// The number of runs that failed.
    pub failed: u64,
    /// The number of runs with several attempts of which only some passed.
    pub flaky: u64,
    /// The number of runs in which the environment failed.
    pub broken: u64,
    /// The number of runs that were interrupted.
    pub interrupted: u64,
    /// The duration of all runs together, in the world's time.
    pub duration: Duration,
    /// The greatest number of nodes that took part in a run.
    pub nodes: usize,
    /// The number of expectations that held, in all runs together.
    pub held: u64,
    /// The first runs that failed or broke, twenty at most.
    pub failures: Vec<Report>,
    /// The reasons of runs that failed or broke, counted.
    pub reasons: Reasons,
    /// The runs that are compared.
    compared: Vec<ComparedRun>,
    /// The seeds of the first runs that passed.
    passing_seeds: Vec<u64>,
}

impl Sweep {
    /// Returns a scenario's sweep over seeds, which begins with its first run.
    #[must_use]
    pub fn new((first, last): (u64, u64), report: Report) -> Self {
        let mut sweep = Self {
            gravest: report.clone(),
            first,
            last,
            passed: 0,
            failed: 0,
            flaky: 0,
            broken: 0,
            interrupted: 0,
            duration: Duration::ZERO,
            nodes: 0,
            held: 0,
            failures: Vec::new(),
            reasons: Reasons::default(),
            compared: Vec::new(),
            passing_seeds: Vec::new(),
        };
        sweep.add(report);
        sweep
    }

    /// Adds one more run.
    pub fn add(&mut self, report: Report) {
        *(match report.verdict {
            Verdict::Passed | Verdict::Skipped(_) => &mut self.passed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::Flaky(_) => &mut self.flaky,
            Verdict::Broken(_) => &mut self.broken,
            Verdict::Interrupted => &mut self.interrupted,
        }) += 1;
        self.duration += report.duration;
        self.nodes = self.nodes.max(report.nodes);
        self.held += report.held;
        if gravity(&report.verdict) > gravity(&self.gravest.verdict) {
            self.gravest = report.clone();
        }
        if report.verdict == Verdict::Passed && self.passing_seeds.len() < PASSING_SEEDS_KEPT {
            self.passing_seeds.push(report.seed);
        }
        self.reasons.add(&report);
        if let Some(features) = &report.features {
            self.add_features(&report, features.clone());
        }
        if report.verdict.failure().is_some() && self.failures.len() < FAILURES_KEPT {
            self.failures.push(report);
        }
    }

    /// Adds a run to those that are compared, if it failed or passed and there are not enough of its kind.
    pub fn add_features(&mut self, report: &Report, features: Box<Features>) {
        let failed = match report.verdict {
            Verdict::Passed => false,
            Verdict::Failed(_) => true,
            _ => return,
        };
        let most = if failed { FAILURES_KEPT } else { PASSING_SEEDS_KEPT };
        if self.compared.iter().filter(|run| run.failed == failed).count() < most {
            let reason = self.reasons.index(report);
            self.compared.push(ComparedRun { failed, reason, features });
        }
    }

    /// Returns the features of failing runs and of passing ones, as far as they are compared; with the index of a
    /// reason only the failing runs with that one.
    #[must_use]
    pub fn contrast(&self, reason: Option<usize>) -> Contrast {
        let mut contrast = Contrast::default();
        for run in &self.compared {
            if !run.failed || reason.is_none() || run.reason == reason {
                contrast.add(&run.features, run.failed);
            }
        }
        contrast
    }

    /// Returns the seeds of the first runs that failed; those in which the environment failed are not among them.
    #[must_use]
    pub fn failing_seeds(&self) -> Vec<u64> {
        let failed = self.failures.iter().filter(|report| matches!(report.verdict, Verdict::Failed(_)));
        failed.map(|report| report.seed).collect()
    }

    /// Returns the seeds of the first runs that passed.
    #[must_use]
    pub fn passing_seeds(&self) -> &[u64] {
        &self.passing_seeds
    }

    /// Returns the number of runs.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.passed + self.failed + self.flaky + self.broken + self.interrupted
    }

    /// Returns the number of seeds that it was to run with.
    #[must_use]
    pub fn seeds(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Returns true if it has run with all of these seeds.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.runs() >= self.seeds()
    }
}

fn gravity(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Passed | Verdict::Skipped(_) => 0,
        Verdict::Flaky(_) => 1,
        Verdict::Interrupted => 2,
        Verdict::Failed(_) => 3,
        Verdict::Broken(_) => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_gravest_counts_and_few_failures_are_kept() {
        let seeded = |seed: u64, report: Report| Report { seed, ..report };
        let mut sweep = Sweep::new((1, 100), seeded(1, sample::passed()));
        assert_eq!((sweep.gravest.verdict.word(), sweep.runs(), sweep.seeds()), ("passed", 1, 100));
        for seed in 2..=99 {
            sweep.add(seeded(seed, sample::failed()));
        }
        assert!(!sweep.is_whole());
        sweep.add(seeded(100, sample::passed()));
        assert!(sweep.is_whole());
        assert_eq!((sweep.gravest.verdict.word(), sweep.gravest.seed), ("failed", 2));
        assert_eq!((sweep.passed, sweep.failed, sweep.broken), (2, 98, 0));
        assert_eq!(sweep.failures.len(), FAILURES_KEPT);
        assert_eq!(sweep.duration, 2 * sample::passed().duration + 98 * sample::failed().duration);
        sweep.add(sample::broken());
        sweep.add(Report { verdict: Verdict::Interrupted, ..sample::passed() });
        assert_eq!((sweep.gravest.verdict.word(), sweep.broken, sweep.interrupted), ("broken", 1, 1));
    }
}
