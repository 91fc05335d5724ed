//! The report of a workload's test in the shape of the report of a run, for the formats that all runs have.

use super::run::WorkloadRun;
use crate::run::{self, Failure, FailureKind, LogExcerpt, Verdict};
use crate::workload::CheckResult;
use crate::workload::runner::End;
use crate::world::Misconduct;

/// Returns the report of a run in this world that began at that moment, in milliseconds since 1970.
pub(super) fn as_run(run: &WorkloadRun<'_>, world: &str, began_ms: u64) -> run::Report {
    let report = run.report;
    let mut notes: Vec<String> =
        report.conditions.iter().map(|condition| format!("between nodes: {condition}")).collect();
    notes.extend(report.judged_up_to.map(|model| format!("judged up to {}", model.name())));
    run::Report {
        scenario: report.kind.name().to_owned(),
        file: run.origin().to_owned(),
        about: String::new(),
        params: std::collections::BTreeMap::new(),
        world: world.to_owned(),
        seed: report.seed,
        timeout_factor: 1.0,
        node_options: std::collections::BTreeMap::new(),
        flags: Vec::new(),
        verdict: verdict(run),
        duration: report.duration,
        nodes: report.nodes,
        held: 0,
        measures: vec![("operations".to_owned(), report.figures.by_name())],
        excused: Vec::new(),
        notes,
        likelihood: None,
        logs: Some(run.logs.display().to_string()),
        began_ms: Some(began_ms),
        again: Some(run.again.to_owned()),
        attempts: None,
        features: None,
    }
}

fn verdict(run: &WorkloadRun<'_>) -> Verdict {
    let failed = |kind| Box::new(failure(run, kind));
    match &run.report.end {
        End::Judged(verdict) if verdict.is_valid() => Verdict::Passed,
        End::Judged(_) => Verdict::Failed(failed(FailureKind::End)),
        End::Died { .. } => Verdict::Failed(failed(FailureKind::Died)),
        End::Misbehaved { how: Misconduct::Protocol(_), .. } => {
            Verdict::Failed(failed(FailureKind::Misbehaved))
        }
        End::Misbehaved { how: Misconduct::Flood(_), .. } => Verdict::Failed(failed(FailureKind::Flood)),
        End::Broken { .. } => Verdict::Broken(failed(FailureKind::Environment)),
        End::Interrupted => Verdict::Interrupted,
    }
}

fn failure(run: &WorkloadRun<'_>, kind: FailureKind) -> Failure {
    let report = run.report;
    let when = match &report.end {
        End::Died { at, .. } | End::Misbehaved { at, .. } => *at,
        End::Judged(verdict) => first_completed(run, verdict).unwrap_or(report.duration),
        End::Broken { .. } | End::Interrupted => report.duration,
    };
    let first = match &report.end {
        End::Judged(verdict) => verdict.problems.first().map(|problem| problem.message.clone()),
        _ => None,
    };
    let message = first.or_else(|| run.reason()).unwrap_or_else(|| run.word().to_owned());
    let mut failure = Failure::new(kind, None, when, message);
    match &report.end {
        End::Judged(verdict) => failure.differences = verdict.lines(&report.history),
        End::Died { node, log, .. } => {
            failure.logs = vec![LogExcerpt { node: node.clone(), lines: log.clone() }];
        }
        _ => {}
    }
    failure
}

/// Returns the time at which the first problem showed: the end of the first of its operations.
fn first_completed(run: &WorkloadRun<'_>, verdict: &CheckResult) -> Option<std::time::Duration> {
    let index = verdict.problems.first()?.operations.first()?;
    Some(run.report.history.operations().get(*index)?.completed)
}
