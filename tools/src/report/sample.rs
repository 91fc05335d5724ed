//! Reports as runs leave them, for tests.

use std::collections::BTreeMap;
use std::time::Duration;

use super::sweep::Sweep;
use crate::run::{
    AttemptRule, Attempted, Failure, FailureKind, Figures, Finding, Law, LogExcerpt, Report, Verdict,
};
use crate::scenario::At;
use crate::text::{Source, Span};

const SYNC: &str = "# A node that joins late learns what was set before it came.\n\nnetwork a-b\na: set nom \
                    Reimert\nexpect all: get nom == Reimert within 5s\n";

pub(super) fn passed() -> Report {
    let params = [("net", "line(26)"), ("policy", "last")];
    Report {
        scenario: "latency[net=line(26),policy=last]".to_owned(),
        file: "scenarios/latency.scn".to_owned(),
        about: "latency: both ends write at once; all agree.".to_owned(),
        params: params.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        world: "process".to_owned(),
        seed: 417,
        timeout_factor: 1.0,
        node_options: BTreeMap::from([("driver".to_owned(), "native".to_owned())]),
        flags: Vec::new(),
        verdict: Verdict::Passed,
        duration: Duration::from_millis(412),
        nodes: 26,
        held: 3,
        measures: Vec::new(),
        excused: Vec::new(),
        notes: Vec::new(),
        likelihood: None,
        logs: Some("logs".to_owned()),
        // 2026-11-21T07:54:11Z
        began_ms: Some(1_795_247_651_123),
        again: None,
        attempts: None,
        features: None,
    }
}

/// Returns a report: an expectation about 26 nodes did not hold for three of them.
pub(super) fn failed() -> Report {
    let start = SYNC.find("expect").unwrap();
    let at = At { source: Source::new("scenarios/sync.scn", SYNC), span: Span { start, end: start + 40 } };
    let mut findings: Vec<Finding> =
        ('a'..='z').map(|node| finding(&node.to_string(), "Reimert", true, Some(110))).collect();
    findings[2] = finding("c", "error: key `nom` is absent (absent)", false, None);
    findings[3] = finding("d", "Reinert\u{1b}[2J", false, Some(101));
    findings[25] = finding("z", "Reinert\u{1b}[2J", false, Some(250));
    Report {
        scenario: "sync".to_owned(),
        file: "scenarios/sync.scn".to_owned(),
        about: "A node that joins late learns what was set before it came.".to_owned(),
        params: BTreeMap::new(),
        duration: Duration::from_millis(5_120),
        held: 1,
        verdict: Verdict::Failed(Box::new(Failure {
            law: None,
            kind: FailureKind::Expectation,
            at: Some(at),
            when: Duration::from_millis(5_118),
            message: "expected `== Reimert` within 5 s".to_owned(),
            waited: Some(Duration::from_secs(5)),
            findings,
            differences: Vec::new(),
            logs: vec![LogExcerpt {
                node: "c".to_owned(),
                lines: vec![
                    "2026-11-21T07:54:11.123Z INFO link to b is up, dialled there".to_owned(),
                    "2026-11-21T07:54:11.130Z INFO link to b is down: reset".to_owned(),
                ],
            }],
            help: None,
        })),
        ..passed()
    }
}

/// Returns a report: a node never was ready.
pub(super) fn broken() -> Report {
    let source = Source::new("scenarios/sync.scn", SYNC);
    let start = SYNC.find("network").unwrap();
    let mut report = failed();
    report.world = "netns".to_owned();
    report.duration = Duration::from_millis(20);
    report.nodes = 1;
    report.held = 0;
    report.logs = None;
    report.verdict = Verdict::Broken(Box::new(Failure {
        law: None,
        kind: FailureKind::Environment,
        at: Some(At { source, span: Span { start, end: start + 11 } }),
        when: Duration::from_millis(20),
        message: "node `a` did not become ready".to_owned(),
        waited: None,
        findings: vec![finding("a", "exit code 3", false, None)],
        differences: Vec::new(),
        logs: Vec::new(),
        help: Some("is the port taken?".to_owned()),
    }));
    report
}

/// Returns a report: the second of two attempts passed.
pub(super) fn flaky() -> Report {
    let mut attempted = Attempted::new(AttemptRule::Retry);
    attempted.add(failed());
    let logs = Some("logs/sync.attempt-2".to_owned());
    attempted.add(Report { verdict: Verdict::Passed, logs, held: 2, ..failed() });
    attempted.report().unwrap()
}

/// The text of a stranger who knows the formats of reports.
pub(super) const HOSTILE: &str = "x\n::error::owned\r\n# SKIP\nnot ok 9 - <b>&\"'|`` ```\n...\n]]> \u{0}\u{1b}[2J\u{202e}\u{fffe} \
                                  ##[error] %0A, @all \\# {} - x";

/// Returns a report of a failure in which every text is a stranger's.
pub(super) fn hostile() -> Report {
    let mut report = failed();
    let hostile = || HOSTILE.to_owned();
    let source = Source::new(HOSTILE, format!("expect {}\n", HOSTILE.replace('\n', " ")));
    if let Verdict::Failed(failure) = &mut report.verdict {
        failure.message = hostile();
        failure.at = Some(At { source, span: Span { start: 0, end: 6 } });
        failure.findings = vec![finding(HOSTILE, HOSTILE, false, None)];
        failure.differences = vec![hostile()];
        failure.logs =
            vec![LogExcerpt { node: hostile(), lines: HOSTILE.lines().map(str::to_owned).collect() }];
        failure.help = Some(hostile());
    }
    report.scenario = hostile();
    report.file = hostile();
    report.about = hostile();
    report.params = BTreeMap::from([(hostile(), hostile())]);
    report.notes = vec![hostile()];
    report
}

pub(super) fn skipped() -> Report {
    let reason = "the world `process` cannot lose packets; `netns` and `sim` can";
    Report {
        scenario: "loss".to_owned(),
        file: "scenarios/loss.scn".to_owned(),
        verdict: Verdict::Skipped(reason.to_owned()),
        ..passed()
    }
}

/// Returns a sweep in which two of three seeds did not pass.
pub(super) fn sweep() -> Sweep {
    let in_sim = |seed, report: Report| Report { seed, world: "sim".to_owned(), logs: None, ..report };
    let mut sweep = Sweep::new((1, 3), in_sim(1, Report { verdict: Verdict::Passed, ..failed() }));
    sweep.add(in_sim(2, failed()));
    let mut of_a_law = failed();
    if let Verdict::Failed(failure) = &mut of_a_law.verdict {
        failure.law = Some(Law::Convergence);
        failure.at = None;
        failure.message = "at the end the nodes do not hold the same, 5 s after the last step".to_owned();
    }
    sweep.add(in_sim(3, of_a_law));
    sweep
}

pub(super) fn finding(node: &str, held: &str, fits: bool, since_ms: Option<u64>) -> Finding {
    Finding { node: node.to_owned(), held: held.to_owned(), fits, since: since_ms.map(Duration::from_millis) }
}

pub(super) fn figures() -> Figures {
    let figures = [
        ("ok", 1000.0),
        ("refused", 0.0),
        ("unknown", 2.0),
        ("updates", 1000.0),
        ("payloads", 25_000.0),
        ("messages", 26_010.0),
        ("bytes", 1_250_000.0),
        ("ack_p50", 0.000_85),
        ("ack_p99", 0.002_1),
        ("ack_max", 0.01),
        ("spread_p50", 0.004_1),
        ("spread_p99", 0.022),
        ("spread_max", 0.031),
        ("duration", 1.2),
    ];
    figures.map(|(name, figure)| (name.to_owned(), figure)).into()
}
