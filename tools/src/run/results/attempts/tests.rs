//! Tests of several attempts as one report.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::run::FailureKind;

fn report(verdict: Verdict, logs: &str) -> Report {
    Report {
        scenario: "x".to_owned(),
        file: "x.scn".to_owned(),
        about: String::new(),
        params: BTreeMap::new(),
        world: "process".to_owned(),
        seed: 1,
        timeout_factor: 1.0,
        node_options: BTreeMap::new(),
        flags: Vec::new(),
        verdict,
        duration: Duration::from_secs(1),
        nodes: 2,
        held: 1,
        measures: Vec::new(),
        excused: Vec::new(),
        notes: Vec::new(),
        likelihood: None,
        logs: Some(logs.to_owned()),
        began_ms: Some(7),
        again: None,
        attempts: None,
        features: None,
    }
}

fn failure(kind: FailureKind) -> Box<Failure> {
    Box::new(Failure::new(kind, None, Duration::ZERO, "it did not hold"))
}

fn failed() -> Verdict {
    Verdict::Failed(failure(FailureKind::Step))
}

fn broken() -> Verdict {
    Verdict::Broken(failure(FailureKind::Environment))
}

#[track_caller]
fn check(rule: AttemptRule, verdicts: &[Verdict], word: &str, counts_as_failed: bool, logs: &str) {
    let mut attempted = Attempted::new(rule);
    for (index, verdict) in verdicts.iter().enumerate() {
        attempted.add(report(verdict.clone(), &index.to_string()));
    }
    let report = attempted.report().unwrap();
    assert_eq!((report.verdict.word(), report.counts_as_failed()), (word, counts_as_failed));
    assert_eq!(report.logs.as_deref(), Some(logs));
    assert_eq!(report.duration, Duration::from_secs(verdicts.len() as u64));
    assert_eq!(report.attempts.is_some(), verdicts.len() > 1);
}

#[test]
fn what_fails_and_passes_is_flaky() {
    use AttemptRule::{Repeat, Retry};
    use Verdict::{Interrupted, Passed};
    check(Retry, &[Passed], "passed", false, "0");
    check(Retry, &[failed()], "failed", true, "0");
    check(Retry, &[failed(), Passed], "flaky", false, "0");
    check(Retry, &[broken(), Passed], "flaky", false, "0");
    check(Retry, &[broken(), failed(), Passed], "flaky", false, "1");
    check(Retry, &[failed(), failed(), failed()], "failed", true, "0");
    check(Retry, &[broken(), failed()], "failed", true, "1");
    check(Repeat, &[Passed, failed(), Passed], "flaky", true, "1");
    check(Repeat, &[Passed, Passed], "passed", false, "1");
    check(Repeat, &[Passed, Interrupted], "interrupted", false, "1");
    check(Repeat, &[failed(), Interrupted], "failed", true, "0");
}

#[test]
fn few_failing_attempts_are_kept() {
    let mut attempted = Attempted::new(AttemptRule::Repeat);
    for _ in 0..100 {
        attempted.add(report(failed(), "x"));
    }
    let made = attempted.report().unwrap().attempts.unwrap();
    assert_eq!((made.count(), made.failed, made.failures.len()), (100, 100, FAILURES_KEPT));
    assert!(Attempted::new(AttemptRule::Retry).report().is_none());
}

#[test]
fn the_features_of_failing_and_of_passing_attempts_are_counted() {
    let mut attempted = Attempted::new(AttemptRule::Repeat);
    let features = || Some(Box::default());
    attempted.add(Report { features: features(), ..report(failed(), "1") });
    attempted.add(Report { features: features(), ..report(Verdict::Passed, "2") });
    attempted.add(Report { features: features(), ..report(broken(), "3") });
    let report = attempted.report().unwrap();
    let contrast = &report.attempts.as_ref().unwrap().contrast;
    assert_eq!((contrast.failing(), contrast.passing()), (1, 1));
    // Those of the last attempt are not those of the whole.
    assert_eq!(report.features, None);
}
