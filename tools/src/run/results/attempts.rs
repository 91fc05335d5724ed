//! The report of a scenario that may get more than one attempt.

use super::failure::Failure;
use super::report::{AttemptRule, Attempts, Report, Verdict};

/// The most failing attempts that are stored whole. Chosen: as many as of a scenario with many seeds.
const FAILURES_KEPT: usize = 20;

/// The report of one or more attempts: each is added, and the whole is taken at the end.
#[derive(Debug, Clone)]
pub struct Attempted {
    attempts: Attempts,
    /// The report of the last attempt, with the duration of all.
    last: Option<Report>,
}

impl Attempted {
    /// Returns a report of no attempt by this rule.
    #[must_use]
    pub fn new(rule: AttemptRule) -> Self {
        Self { attempts: Attempts::new(rule), last: None }
    }

    /// Adds one more attempt.
    pub fn add(&mut self, mut report: Report) {
        self.count(&report);
        if let Some(last) = &self.last {
            report.duration += last.duration;
            report.began_ms = last.began_ms;
        }
        self.last = Some(report);
    }

    fn count(&mut self, report: &Report) {
        let attempts = &mut self.attempts;
        if let (Some(features), Verdict::Passed | Verdict::Failed(_)) = (&report.features, &report.verdict) {
            attempts.contrast.add(features, report.verdict != Verdict::Passed);
        }
        *(match report.verdict {
            Verdict::Passed | Verdict::Skipped(_) | Verdict::Flaky(_) => &mut attempts.passed,
            Verdict::Failed(_) => &mut attempts.failed,
            Verdict::Broken(_) => &mut attempts.broken,
            Verdict::Interrupted => &mut attempts.interrupted,
        }) += 1;
        if report.verdict.failure().is_some() && attempts.failures.len() < FAILURES_KEPT {
            attempts.failures.push(report.clone());
        }
    }

    /// Returns the report on all attempts, or `None` if there was none. Of a single attempt it is that
    /// attempt's own.
    #[must_use]
    pub fn report(self) -> Option<Report> {
        let mut report = self.last.clone()?;
        if self.attempts.count() < 2 {
            return Some(report);
        }
        if let Some(told) = self.told() {
            let failure = told.verdict.failure().cloned().map(Box::<Failure>::new);
            report.verdict = match failure {
                Some(failure) if self.attempts.passed > 0 => Verdict::Flaky(failure),
                _ => told.verdict.clone(),
            };
            // The logs that a reader wants are those of the failure that the report tells of.
            report.logs.clone_from(&told.logs);
            (report.nodes, report.held) = (told.nodes, told.held);
        }
        // The features of the last attempt are not those of the whole.
        report.features = None;
        report.attempts = Some(Box::new(self.attempts));
        Some(report)
    }

    /// Returns the attempt that the report tells of: the first that failed, or else the first that broke.
    fn told(&self) -> Option<&Report> {
        let failures = &self.attempts.failures;
        let failed = failures.iter().find(|report| matches!(report.verdict, Verdict::Failed(_)));
        failed.or(failures.first())
    }
}

#[cfg(test)]
mod tests;
