//! The verdict on a run, from the report that it wrote and from what it printed.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use serde::Deserialize;

use super::results::Outcome;
use crate::cli::exit::Exit;

/// The longest report that is read, in bytes. Chosen: a report of a thousand combinations stays below.
const REPORT_MAX: u64 = 64 << 20;
/// The longest reason, in characters. Chosen: it fits into a cell of a table.
const REASON_MAX: usize = 300;

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// The reason, unless it passed.
    pub(super) reason: Option<String>,
    /// The command that repeats it.
    pub(super) again: Option<String>,
}

impl Verdict {
    pub(super) fn new(outcome: Outcome, reason: &str) -> Self {
        Self { outcome, reason: Some(shortened(reason)), again: None }
    }
}

/// A report of `tools test`, as far as it is used here.
#[derive(Debug, Deserialize)]
struct Report {
    scenarios: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    scenario: String,
    verdict: String,
    reason: Option<String>,
    failure: Option<RunFailure>,
    again: String,
}

#[derive(Debug, Deserialize)]
struct RunFailure {
    kind: String,
    message: String,
    line: Option<usize>,
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    node: String,
    held: String,
    fits: bool,
}

/// Returns the verdict on a run that has ended by itself.
pub(super) fn judged(report: &Path, text: &Path, status: ExitStatus) -> Verdict {
    let read = read(report, REPORT_MAX).and_then(|text| serde_json::from_str::<Report>(&text).ok());
    if let Some(report) = read.filter(|report| !report.scenarios.is_empty()) {
        return of_report(&report);
    }
    let said = first_error(&read_start(text));
    match (said, status.code()) {
        (Some(said), Some(code)) if code == i32::from(Exit::Usage.code()) => {
            Verdict::new(Outcome::Unusable, &said)
        }
        (Some(said), _) => Verdict::new(Outcome::Broken, &said),
        (None, Some(code)) => {
            Verdict::new(Outcome::Broken, &format!("the run ended with the exit code {code}"))
        }
        (None, None) => {
            let signal = status.signal().unwrap_or_default();
            Verdict::new(Outcome::Broken, &format!("the run was ended by the signal {signal}"))
        }
    }
}

/// Returns the first error that was printed, with its place if it has one.
fn first_error(printed: &str) -> Option<String> {
    let mut lines = printed.lines();
    // The flag is this command's; what is wrong with the description follows.
    let error = lines
        .by_ref()
        .filter_map(|line| line.strip_prefix("error: "))
        .find(|error| !error.ends_with(": it describes no driver"))?;
    let place = lines.next().and_then(|line| line.strip_prefix(" --> "));
    let file = place.map(|place| place.rsplit('/').next().unwrap_or(place));
    Some(file.map_or_else(|| error.to_owned(), |file| format!("{error} ({file})")))
}

/// Returns the verdict on all combinations of a scenario's parameters: that of the first that did not pass.
fn of_report(report: &Report) -> Verdict {
    let passed = report.scenarios.iter().filter(|run| outcome(run) == Outcome::Passed).count();
    let first = report.scenarios.iter().find(|run| outcome(run) != Outcome::Passed);
    let Some(run) = first else {
        let again = report.scenarios.first().map(|run| run.again.clone());
        return Verdict { outcome: Outcome::Passed, reason: None, again };
    };
    let mut reason = run.failure.as_ref().map(RunFailure::text).or(run.reason.clone()).unwrap_or_default();
    if report.scenarios.len() > 1 {
        reason = format!("{} ({passed} of {} passed): {reason}", run.scenario, report.scenarios.len());
    }
    Verdict { again: Some(run.again.clone()), ..Verdict::new(outcome(run), &reason) }
}

fn outcome(run: &Run) -> Outcome {
    match run.verdict.as_str() {
        "passed" | "flaky" => Outcome::Passed,
        "failed" => Outcome::Failed,
        "skipped" => Outcome::Unfit,
        _ => Outcome::Broken,
    }
}

impl RunFailure {
    /// Returns the place, the message and the nodes that did not fit, on one line.
    fn text(&self) -> String {
        let place = self.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let mut lines = self.message.lines();
        let mut message = lines.next().unwrap_or_default().to_owned();
        // A message that ends with the log of a node has the cause in its last line.
        if let Some(last) = lines.rfind(|line| !line.trim().is_empty()).filter(|_| message.ends_with(':')) {
            message = format!("{message} {}", last.trim());
        }
        let unfit = self.findings.iter().filter(|finding| !finding.fits && self.kind == "expectation");
        let held: Vec<String> = unfit.map(|finding| format!("{}: {}", finding.node, finding.held)).collect();
        let held = if held.is_empty() { String::new() } else { format!(" ({})", held.join(", ")) };
        format!("{place}{message}{held}")
    }
}

fn read(path: &Path, most: u64) -> Option<String> {
    let mut text = String::new();
    File::open(path).ok()?.take(most).read_to_string(&mut text).ok()?;
    Some(text)
}

/// Returns the start of what a run printed.
fn read_start(path: &Path) -> String {
    let mut bytes = Vec::new();
    // What cannot be read has no reason in it.
    let _: Option<usize> =
        File::open(path).ok().and_then(|file| file.take(1 << 20).read_to_end(&mut bytes).ok());
    String::from_utf8_lossy(&bytes).into_owned()
}

fn shortened(reason: &str) -> String {
    if reason.chars().count() <= REASON_MAX {
        return reason.to_owned();
    }
    reason.chars().take(REASON_MAX - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(verdict: &str, failure: &str) -> String {
        format!(
            r#"{{"scenario": "s[x=1]", "verdict": "{verdict}", "reason": null, "failure": {failure}, "again": "tools test s"}}"#
        )
    }

    fn judged_text(report: &str, printed: &str, status: i32) -> (Outcome, Option<String>) {
        let folder = tempfile::tempdir().unwrap();
        let (report_path, text_path) = (folder.path().join("r"), folder.path().join("t"));
        if !report.is_empty() {
            std::fs::write(&report_path, report).unwrap();
        }
        std::fs::write(&text_path, printed).unwrap();
        let verdict = judged(&report_path, &text_path, ExitStatus::from_raw(status));
        (verdict.outcome, verdict.reason)
    }

    const FAILURE: &str = r#"{"kind": "expectation", "message": "expected == 2\nmore", "line": 3, "findings": [{"node": "a", "held": "2", "fits": true}, {"node": "b", "held": "1", "fits": false}]}"#;

    #[test]
    fn a_report_gives_the_verdict_with_the_first_reason() {
        let report = |runs: &[String]| format!(r#"{{"format": 1, "scenarios": [{}]}}"#, runs.join(","));
        let (passed, failed) = (run("passed", "null"), run("failed", FAILURE));
        assert_eq!(judged_text(&report(std::slice::from_ref(&passed)), "", 0), (Outcome::Passed, None));
        let reason = "line 3: expected == 2 (b: 1)";
        assert_eq!(
            judged_text(&report(std::slice::from_ref(&failed)), "", 256),
            (Outcome::Failed, Some(reason.to_owned()))
        );
        let of_two = format!("s[x=1] (1 of 2 passed): {reason}");
        assert_eq!(judged_text(&report(&[passed, failed]), "", 256), (Outcome::Failed, Some(of_two)));
        assert_eq!(judged_text(&report(&[run("broken", FAILURE)]), "", 768).0, Outcome::Broken);
        assert_eq!(judged_text(&report(&[run("skipped", "null")]), "", 512).0, Outcome::Unfit);
    }

    #[test]
    fn without_a_report_the_first_error_is_the_reason() {
        let reason = |report, printed, status| {
            let (outcome, reason) = judged_text(report, printed, status);
            (outcome, reason.unwrap())
        };
        let printed = "seed 1\nerror: no such flag\n  = help: x\nerror: more\n";
        assert_eq!(reason("", printed, 512), (Outcome::Unusable, "no such flag".to_owned()));
        assert_eq!(reason("{", printed, 768), (Outcome::Broken, "no such flag".to_owned()));
        let described = "error: invalid value 'x' for '--driver <NAME|FILE>': it describes no driver\n\nerror: unknown field\n \
                         --> /a/b/node.toml:2:1\n";
        assert_eq!(
            reason("", described, 512),
            (Outcome::Unusable, "unknown field (node.toml:2:1)".to_owned())
        );
        assert_eq!(reason("", "", 768), (Outcome::Broken, "the run ended with the exit code 3".to_owned()));
        assert_eq!(reason("", "", 9), (Outcome::Broken, "the run was ended by the signal 9".to_owned()));
    }

    #[test]
    fn the_end_of_a_log_is_part_of_the_reason() {
        let failure = RunFailure {
            kind: "setup".to_owned(),
            message: "node `a` did not start; its log:\n    Traceback\n    MemoryError\n".to_owned(),
            line: Some(2),
            findings: vec![Finding { node: "a".to_owned(), held: "did not start".to_owned(), fits: false }],
        };
        assert_eq!(failure.text(), "line 2: node `a` did not start; its log: MemoryError");
    }

    #[test]
    fn a_long_reason_is_cut() {
        assert_eq!(shortened(&"é".repeat(999)).chars().count(), REASON_MAX);
        assert_eq!(shortened("x"), "x");
    }
}
