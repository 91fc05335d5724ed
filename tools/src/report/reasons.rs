//! The reasons for which runs of one scenario failed, counted.

use super::wording::again;
use crate::run::{Failure, Law, Report};

/// The most reasons that are told apart. Chosen: a scenario has few steps that can fail.
const REASONS_MAX: usize = 20;

/// The reasons for which runs failed or broke, in the order in which they first came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasons {
    all: Vec<Reason>,
    /// The number of failing runs with further reasons.
    pub others: u64,
}

/// A reason, and the runs that failed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The law that was broken, if it is one.
    pub law: Option<Law>,
    /// The step that failed: its file and line.
    pub place: Option<(String, usize)>,
    /// The reason in words, of the first of these runs.
    pub message: String,
    /// The number of runs that failed for it.
    pub runs: u64,
    /// The seed of the first of them.
    pub seed: u64,
    /// The command that repeats that run.
    pub again: String,
}

impl Reasons {
    /// Adds a run, unless it did not fail.
    pub(super) fn add(&mut self, report: &Report) {
        let Some(failure) = report.verdict.failure() else { return };
        let place = place(failure);
        // Failures of one step have different words for the same: what each node held.
        let message = failure.message.lines().next().unwrap_or_default();
        let is_same = |reason: &&mut Reason| {
            let same_words = place.is_some() || failure.law.is_some() || reason.message == message;
            reason.law == failure.law && reason.place == place && same_words
        };
        if let Some(reason) = self.all.iter_mut().find(is_same) {
            reason.runs += 1;
        } else if self.all.len() < REASONS_MAX {
            let (message, again) = (message.to_owned(), again(report));
            self.all.push(Reason { law: failure.law, place, message, runs: 1, seed: report.seed, again });
        } else {
            self.others += 1;
        }
    }

    /// Returns the reasons, those of most runs first.
    #[must_use]
    pub fn sorted(&self) -> Vec<&Reason> {
        let mut reasons: Vec<&Reason> = self.all.iter().collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.runs));
        reasons
    }
}

fn place(failure: &Failure) -> Option<(String, usize)> {
    failure.at.as_ref().map(|at| (at.source.name().to_owned(), at.source.place(at.span).line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn runs_that_fail_at_one_step_or_by_one_law_count_together() {
        let mut reasons = Reasons::default();
        for report in &sample::sweep().failures {
            reasons.add(report);
            reasons.add(&Report { seed: 9, ..report.clone() });
        }
        reasons.add(&sample::broken());
        reasons.add(&sample::passed());
        let told: Vec<_> = reasons
            .sorted()
            .iter()
            .map(|one| (one.law.is_some(), one.place.is_some(), one.runs, one.seed))
            .collect();
        assert_eq!(told, [(false, true, 2, 2), (true, false, 2, 3), (false, true, 1, 417)]);
        assert_eq!(reasons.sorted()[0].again, "tools test scenarios/sync.scn --world sim --seed 2");
    }

    #[test]
    fn the_reasons_are_bounded() {
        let mut reasons = Reasons::default();
        for number in 0..30 {
            let mut report = sample::failed();
            if let crate::run::Verdict::Failed(failure) = &mut report.verdict {
                (failure.at, failure.message) = (None, format!("reason {number}"));
            }
            reasons.add(&report);
        }
        assert_eq!((reasons.sorted().len(), reasons.others), (REASONS_MAX, 10));
    }
}
