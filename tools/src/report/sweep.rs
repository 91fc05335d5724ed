//! One scenario with many seeds: what is kept of its runs, however many there are.

use std::time::Duration;

use crate::run::{Report, Verdict};

/// The most failing runs of one scenario that are kept whole, for reports that programs read.
pub(super) const FAILURES_KEPT: usize = 20;

/// What came of one scenario with many seeds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Of its runs the gravest, and of several as grave the first.
    pub gravest: Report,
    /// The first seed that it was to run with.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// How many runs passed.
    pub passed: u64,
    /// In how many something did not hold.
    pub failed: u64,
    /// How many the environment failed.
    pub broken: u64,
    /// How many were interrupted.
    pub interrupted: u64,
    /// The time of all its runs together, in the world's time.
    pub duration: Duration,
    /// How many nodes took part, at most.
    pub nodes: usize,
    /// How many expectations held, in all runs together.
    pub held: u64,
    /// The first runs that failed or broke, twenty at most.
    pub failures: Vec<Report>,
}

impl Sweep {
    /// A scenario's sweep over seeds, from its first run on.
    #[must_use]
    pub fn new((first, last): (u64, u64), report: Report) -> Self {
        let mut sweep = Self {
            gravest: report.clone(),
            first,
            last,
            passed: 0,
            failed: 0,
            broken: 0,
            interrupted: 0,
            duration: Duration::ZERO,
            nodes: 0,
            held: 0,
            failures: Vec::new(),
        };
        sweep.add(report);
        sweep
    }

    /// Takes in one more run.
    pub fn add(&mut self, report: Report) {
        *(match report.verdict {
            Verdict::Passed | Verdict::Skipped(_) => &mut self.passed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::Broken(_) => &mut self.broken,
            Verdict::Interrupted => &mut self.interrupted,
        }) += 1;
        self.duration += report.duration;
        self.nodes = self.nodes.max(report.nodes);
        self.held += report.held;
        if gravity(&report.verdict) > gravity(&self.gravest.verdict) {
            self.gravest = report.clone();
        }
        if report.verdict.failure().is_some() && self.failures.len() < FAILURES_KEPT {
            self.failures.push(report);
        }
    }

    /// How many runs there were.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.passed + self.failed + self.broken + self.interrupted
    }

    /// How many seeds it was to run with.
    #[must_use]
    pub fn seeds(&self) -> u64 {
        (self.last - self.first).saturating_add(1)
    }

    /// Whether it has run with all of them.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.runs() >= self.seeds()
    }
}

fn gravity(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Passed | Verdict::Skipped(_) => 0,
        Verdict::Interrupted => 1,
        Verdict::Failed(_) => 2,
        Verdict::Broken(_) => 3,
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
