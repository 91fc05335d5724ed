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
        if let Some(index) = self.index(report) {
            self.all[index].runs += 1;
        } else if self.all.len() < REASONS_MAX {
            let (message, again) = (first_line(failure).to_owned(), again(report));
            let (law, place, seed) = (failure.law, place(failure), report.seed);
            self.all.push(Reason { law, place, message, runs: 1, seed, again });
        } else {
            self.others += 1;
        }
    }

    /// Returns the index of the reason for which a run failed.
    pub(super) fn index(&self, report: &Report) -> Option<usize> {
        let failure = report.verdict.failure()?;
        let place = place(failure);
        self.all.iter().position(|reason| {
            // Failures of one step have different words for the same: what each node held.
            let same_words =
                place.is_some() || failure.law.is_some() || reason.message == first_line(failure);
            reason.law == failure.law && reason.place == place && same_words
        })
    }

    /// Returns the reasons with their indices, those of most runs first.
    #[must_use]
    pub fn sorted(&self) -> Vec<(usize, &Reason)> {
        let mut reasons: Vec<(usize, &Reason)> = self.all.iter().enumerate().collect();
        reasons.sort_by_key(|(_, reason)| std::cmp::Reverse(reason.runs));
        reasons
    }
}

fn first_line(failure: &Failure) -> &str {
    failure.message.lines().next().unwrap_or_default()
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
        let told = reasons.sorted();
        let told: Vec<_> = told
            .iter()
            .map(|(_, one)| (one.law.is_some(), one.place.is_some(), one.runs, one.seed))
            .collect();
        assert_eq!(told, [(false, true, 2, 2), (true, false, 2, 3), (false, true, 1, 417)]);
        assert_eq!(reasons.sorted()[0].1.again, "tools test scenarios/sync.scn --world sim --seed 2");
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
