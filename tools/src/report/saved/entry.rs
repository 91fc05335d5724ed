//! The entry of a saved run, in the shape of an entry of the JSON report, read back.
//!
//! Fields of later versions are passed over, and those that an earlier version did not write have defaults.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

use crate::contrast::Contrast;
use crate::report::case;
use crate::run::{AttemptRule, Attempts, Failure, FailureKind, Finding, Law, LogExcerpt, Report, Verdict};
use crate::scenario::At;
use crate::text::{Source, Span};

/// The greatest line that a place is made for. Chosen: no person writes a longer scenario, and a damaged
/// number must not cost memory.
const LINE_MAX: usize = 1_000_000;
/// The deepest nesting of attempts: those of a scenario have none of their own.
const ATTEMPTS_KEPT: usize = 20;

/// The entry of a scenario.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SavedEntry {
    scenario: String,
    file: String,
    about: String,
    params: BTreeMap<String, String>,
    world: String,
    seed: u64,
    verdict: String,
    reason: Option<String>,
    duration_ms: u64,
    nodes: usize,
    held: u64,
    measures: Vec<SavedMeasure>,
    excused: Vec<String>,
    notes: Vec<String>,
    failure: Option<SavedFailure>,
    logs: Option<String>,
    again: Option<String>,
    began_ms: Option<u64>,
    attempts: Option<SavedAttempts>,
    timeout_factor: Option<f64>,
    node_options: BTreeMap<String, String>,
    #[serde(deserialize_with = "flags")]
    flags: Vec<(String, String)>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedMeasure {
    name: String,
    figures: BTreeMap<String, f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedAttempts {
    rule: String,
    passed: u64,
    failed: u64,
    broken: u64,
    interrupted: u64,
    failures: Vec<SavedEntry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedFailure {
    kind: String,
    law: Option<String>,
    message: String,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    end_column: Option<usize>,
    line_text: Option<String>,
    when_ms: u64,
    waited_ms: Option<u64>,
    findings: Vec<SavedFinding>,
    differences: Vec<String>,
    logs: Vec<SavedLog>,
    help: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedFinding {
    node: String,
    held: String,
    fits: bool,
    since_ms: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SavedLog {
    node: String,
    lines: Vec<String>,
}

/// Reads flags, which are pairs; or an object of flags by name.
pub(super) fn flags<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, String)>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flags {
        Pairs(Vec<(String, String)>),
        ByName(BTreeMap<String, String>),
    }
    Ok(match Flags::deserialize(from)? {
        Flags::Pairs(pairs) => pairs,
        Flags::ByName(by_name) => by_name.into_iter().collect(),
    })
}

impl SavedEntry {
    /// Returns the report. The text of the scenario gives the places of failures in that file.
    pub(super) fn report(self, file: &str, text: &str) -> Report {
        let failure = || {
            let saved = self.failure.as_ref();
            Box::new(saved.map_or_else(unknown_failure, |failure| failure.failure(file, text)))
        };
        let verdict = match self.verdict.as_str() {
            "passed" => Verdict::Passed,
            "failed" => Verdict::Failed(failure()),
            "flaky" => Verdict::Flaky(failure()),
            "interrupted" => Verdict::Interrupted,
            "skipped" => Verdict::Skipped(self.reason.unwrap_or_default()),
            // A verdict of a later version does not count as passed.
            _ => Verdict::Broken(failure()),
        };
        Report {
            scenario: self.scenario,
            file: self.file,
            about: self.about,
            params: self.params,
            world: self.world,
            seed: self.seed,
            timeout_factor: self.timeout_factor.unwrap_or(1.0),
            node_options: self.node_options,
            flags: self.flags,
            verdict,
            duration: Duration::from_millis(self.duration_ms),
            nodes: self.nodes,
            held: self.held,
            measures: self.measures.into_iter().map(|measure| (measure.name, measure.figures)).collect(),
            excused: self.excused,
            notes: self.notes,
            likelihood: None,
            logs: self.logs,
            began_ms: self.began_ms,
            // A command of `tools test` is made from the fields, with the names that files have now.
            again: self.again.filter(|again| !again.starts_with("tools test ")),
            attempts: self.attempts.map(|attempts| Box::new(attempts.attempts(file, text))),
            features: None,
        }
    }
}

impl SavedAttempts {
    fn attempts(self, file: &str, text: &str) -> Attempts {
        let without_own = |entry: SavedEntry| SavedEntry { attempts: None, ..entry };
        Attempts {
            rule: if self.rule == AttemptRule::Retry.name() {
                AttemptRule::Retry
            } else {
                AttemptRule::Repeat
            },
            passed: self.passed,
            failed: self.failed,
            broken: self.broken,
            interrupted: self.interrupted,
            failures: self
                .failures
                .into_iter()
                .take(ATTEMPTS_KEPT)
                .map(|entry| without_own(entry).report(file, text))
                .collect(),
            contrast: Contrast::default(),
        }
    }
}

fn unknown_failure() -> Failure {
    Failure::new(FailureKind::Environment, None, Duration::ZERO, "the record gives no reason")
}

impl SavedFailure {
    fn failure(&self, file: &str, text: &str) -> Failure {
        let at = self.at(file, text);
        let kind = KINDS.into_iter().find(|kind| case::kind(*kind) == self.kind).unwrap_or(FailureKind::Step);
        let when = Duration::from_millis(self.when_ms);
        let mut failure = Failure::new(kind, at.as_ref(), when, self.message.as_str());
        failure.law =
            self.law.as_ref().and_then(|name| Law::ALL.into_iter().find(|law| is_named(*law, name)));
        failure.waited = self.waited_ms.map(Duration::from_millis);
        failure.findings = self
            .findings
            .iter()
            .map(|finding| Finding {
                node: finding.node.clone(),
                held: finding.held.clone(),
                fits: finding.fits,
                since: finding.since_ms.map(Duration::from_millis),
            })
            .collect();
        failure.differences.clone_from(&self.differences);
        failure.logs = self
            .logs
            .iter()
            .map(|log| LogExcerpt { node: log.node.clone(), lines: log.lines.clone() })
            .collect();
        failure.help.clone_from(&self.help);
        failure
    }

    /// Returns the place of the failure: in the text of the scenario if it is in that file and the line is the
    /// same, or else in a text that has this line alone.
    fn at(&self, file: &str, text: &str) -> Option<At> {
        let name = self.file.as_deref()?;
        let (line, column) = (self.line?.max(1), self.column?.max(1));
        let line_text = self.line_text.as_deref().unwrap_or_default();
        if line > LINE_MAX {
            return None;
        }
        let whole = text.split('\n').nth(line - 1).map(|found| found.trim_end_matches('\r'));
        let text = if name == file && whole == Some(line_text) {
            text.to_owned()
        } else {
            format!("{}{line_text}", "\n".repeat(line - 1))
        };
        let line_start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let offset = |column: usize| {
            line_text.char_indices().nth(column - 1).map_or(line_text.len(), |(offset, _)| offset)
        };
        let start = line_start + offset(column);
        let end = line_start + self.end_column.map_or(line_text.len(), |end| offset(end.max(column)));
        Some(At { source: Source::new(name, text), span: Span { start, end } })
    }
}

/// All kinds of failures.
const KINDS: [FailureKind; 10] = [
    FailureKind::Expectation,
    FailureKind::NotAsked,
    FailureKind::Step,
    FailureKind::Died,
    FailureKind::Misbehaved,
    FailureKind::Flood,
    FailureKind::Bypassed,
    FailureKind::Timeout,
    FailureKind::End,
    FailureKind::Environment,
];

/// Returns true if the name is that of a law in JSON.
fn is_named(law: Law, name: &str) -> bool {
    serde_json::to_value(law).is_ok_and(|value| value.as_str() == Some(name))
}
