//! The cases of a report: one for each run, and one for all seeds of a scenario that ran with many.

use std::collections::BTreeMap;
use std::time::Duration;

use super::sweep::Sweep;
use super::wording::{again, attempts, command, count};
use crate::run::{FailureKind, Report, Verdict};

/// A case, as build servers count them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    /// The report of the run; of a scenario with many seeds that of its gravest run.
    pub(super) report: &'a Report,
    /// The runs with many seeds, if the case is about all of them.
    pub(super) sweep: Option<&'a Sweep>,
    /// True if the same scenario has other cases, so that the name has to tell them apart.
    several: bool,
    /// True if another case is about this run as well, as one of many seeds.
    pub(super) is_part: bool,
}

/// The place of a failure in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CasePlace<'a> {
    /// The name of the file.
    pub(super) file: &'a str,
    /// The line, from 1.
    pub(super) line: usize,
    /// The first column, in characters from 1.
    pub(super) column: usize,
    /// The column behind the last.
    pub(super) end_column: usize,
    /// The text of the line.
    pub(super) text: String,
}

impl<'a> Case<'a> {
    /// Returns the case of a run that is the only one of its scenario.
    pub(super) fn single(report: &'a Report) -> Self {
        Self { report, sweep: None, several: false, is_part: false }
    }

    /// Returns the case of a run with one of many seeds.
    pub(super) fn seeded(report: &'a Report) -> Self {
        Self { report, sweep: None, several: true, is_part: true }
    }

    /// Returns the case of all seeds of a scenario.
    pub(super) fn of_sweep(sweep: &'a Sweep) -> Self {
        Self { report: &sweep.gravest, sweep: Some(sweep), several: true, is_part: false }
    }

    /// Returns the name: that of the scenario, with its world and seeds where it has other cases.
    pub(super) fn name(&self) -> String {
        let Report { scenario, world, seed, .. } = self.report;
        match self.sweep {
            Some(sweep) => format!("{scenario} in {world} seeds {}..{}", sweep.first, sweep.last),
            None if self.several => format!("{scenario} in {world} seed {seed}"),
            None => scenario.clone(),
        }
    }

    /// Returns the time that the case took, in its world's time.
    pub(super) fn duration(&self) -> Duration {
        self.sweep.map_or(self.report.duration, |sweep| sweep.duration)
    }

    /// Returns the number of expectations that held.
    pub(super) fn held(&self) -> u64 {
        self.sweep.map_or(self.report.held, |sweep| sweep.held)
    }

    /// Returns the command that repeats the run, or all runs.
    pub(super) fn again(&self) -> String {
        match self.sweep {
            Some(sweep) => command(self.report, &format!("--seeds {}..{}", sweep.first, sweep.last)),
            None => again(self.report),
        }
    }

    /// Returns true if the case counts as failed.
    pub(super) fn counts_as_failed(&self) -> bool {
        self.report.counts_as_failed() || self.report.verdict == Verdict::Interrupted
    }

    /// Returns the place of the failure, if there is a failure with one. All seeds together have none.
    pub(super) fn place(&self) -> Option<CasePlace<'a>> {
        let failure = self.report.verdict.failure().filter(|_| self.sweep.is_none())?;
        let at = failure.at.as_ref()?;
        let place = at.source.place(at.span);
        Some(CasePlace {
            file: at.source.name(),
            line: place.line,
            column: place.column,
            end_column: place.column + place.width,
            text: place.text,
        })
    }

    /// Returns the kind of the failure: the name that it has in JSON.
    pub(super) fn kind(&self) -> &'static str {
        if self.sweep.is_some() {
            return "seeds";
        }
        self.report.verdict.failure().map_or("interrupted", |failure| kind(failure.kind))
    }

    /// Returns the reason why the case did not pass, on one line and without its place; `None` if it passed.
    pub(super) fn reason(&self) -> Option<String> {
        let report = self.report;
        let failure = match &report.verdict {
            Verdict::Passed => return None,
            Verdict::Skipped(reason) => return Some(reason.lines().next().unwrap_or_default().to_owned()),
            _ if self.sweep.is_some() => {
                let sweep = self.sweep?;
                return Some(format!("{} of {} passed", sweep.passed, count(sweep.seeds(), "seed")));
            }
            Verdict::Interrupted => return Some("interrupted before its end".to_owned()),
            Verdict::Failed(failure) | Verdict::Flaky(failure) | Verdict::Broken(failure) => failure,
        };
        let message = failure.message.lines().next().unwrap_or_default();
        Some(match &report.attempts {
            Some(made) if matches!(report.verdict, Verdict::Flaky(_)) => {
                format!("flaky, {}: {message}", attempts(made))
            }
            _ => message.to_owned(),
        })
    }

    /// Returns the reason behind its place: people read a list of failures without the full texts.
    pub(super) fn placed_reason(&self) -> Option<String> {
        let reason = self.reason()?;
        Some(match self.place() {
            Some(place) => format!("{}:{}: {reason}", place.file, place.line),
            None => reason,
        })
    }
}

/// Returns the cases of single runs, then those of scenarios with many seeds, each followed by its first
/// failing runs.
pub(super) fn cases<'a>(reports: &'a [Report], sweeps: &'a [Sweep]) -> Vec<Case<'a>> {
    let mut runs: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for report in reports.iter().chain(sweeps.iter().map(|sweep| &sweep.gravest)) {
        *runs.entry((&report.file, &report.scenario)).or_default() += 1;
    }
    let several = |report: &Report| {
        runs.get(&(report.file.as_str(), report.scenario.as_str())).is_some_and(|runs| *runs > 1)
    };
    let single = reports.iter().map(|report| Case { several: several(report), ..Case::single(report) });
    let of_sweeps = sweeps.iter().flat_map(|sweep| {
        std::iter::once(Case::of_sweep(sweep)).chain(sweep.failures.iter().map(Case::seeded))
    });
    single.chain(of_sweeps).collect()
}

/// Returns the name that a kind of failure has in JSON.
pub(super) fn kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Expectation => "expectation",
        FailureKind::NotAsked => "not_asked",
        FailureKind::Step => "step",
        FailureKind::Died => "died",
        FailureKind::Misbehaved => "misbehaved",
        FailureKind::Flood => "flood",
        FailureKind::Bypassed => "bypassed",
        FailureKind::Timeout => "timeout",
        FailureKind::End => "end",
        FailureKind::Environment => "environment",
    }
}
