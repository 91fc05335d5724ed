//! Reports for programs: what `--report-json FILE` writes.
//!
//! One JSON object, [`Document`]. Its fields are the fields of the types below, by the same names.
//! The promise: while `format` stays [`FORMAT`], fields may be added and none is removed, renamed
//! or given another meaning. Every field is always there; what does not apply is `null` or empty.
//! All times are whole milliseconds of the world's own time, except for the figures of measures,
//! which are seconds.
//!
//! ```json
//! {
//!   "format": 1,
//!   "scenarios": [
//!     {
//!       "scenario": "sync", "file": "scenarios/sync.scn", "about": "…", "params": {},
//!       "world": "process", "seed": 417, "seeds": null, "verdict": "failed", "reason": null,
//!       "duration_ms": 5120, "nodes": 3, "held": 1,
//!       "measures": [{"name": "load", "figures": {"ok": 1000, "ack_p50": 0.00085}}],
//!       "excused": [],
//!       "failure": {
//!         "kind": "expectation", "law": null, "message": "expected `== Reimert` within 5 s",
//!         "file": "scenarios/sync.scn", "line": 5, "column": 1,
//!         "line_text": "expect all: get nom == Reimert within 5s",
//!         "when_ms": 5118, "waited_ms": 5000,
//!         "findings": [{"node": "c", "held": "nothing", "fits": false, "since_ms": 110}],
//!         "differences": [], "logs": [{"node": "c", "lines": ["…"]}], "help": null
//!       },
//!       "logs": "logs", "again": "tools test scenarios/sync.scn --seed 417"
//!     }
//!   ]
//! }
//! ```
//!
//! A scenario that was run with many seeds has one entry for all of them, in which `seeds` says how
//! many came out how, `seed` is that of the gravest run and `failure` is null; then one entry for each
//! of its first failing seeds, twenty at most.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::sweep::Sweep;
use super::wording::{again, command};
use crate::run::{Failure, FailureKind, Law, Report, Verdict};

/// The number of this format; it changes when a program that reads it would have to.
pub const FORMAT: u32 = 1;

/// All scenarios of one invocation, in the order in which they ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document<'a> {
    /// [`FORMAT`].
    pub format: u32,
    /// One entry a scenario, a choice of its parameters, a seed and a world.
    pub scenarios: Vec<ScenarioEntry<'a>>,
}

/// One scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioEntry<'a> {
    /// Its name, with the choice of its parameters.
    pub scenario: &'a str,
    /// The file it stands in.
    pub file: &'a str,
    /// What it shows.
    pub about: &'a str,
    /// The choice of its parameters, by name.
    pub params: &'a BTreeMap<String, String>,
    /// Where it ran.
    pub world: &'a str,
    /// What every draw came from.
    pub seed: u64,
    /// Of an entry for many seeds: how many came out how.
    pub seeds: Option<SeedsEntry>,
    /// `passed`, `failed`, `broken` (the environment failed), `interrupted` or `skipped`.
    pub verdict: &'static str,
    /// Why it was skipped.
    pub reason: Option<&'a str>,
    /// From its first step to its verdict.
    pub duration_ms: u64,
    /// How many nodes took part.
    pub nodes: usize,
    /// How many expectations held.
    pub held: u64,
    /// What was measured, in order.
    pub measures: Vec<MeasureEntry<'a>>,
    /// Acknowledged writes known only to nodes that ended without a disk, in words.
    pub excused: &'a [String],
    /// Why it failed or broke.
    pub failure: Option<FailureEntry<'a>>,
    /// The folder of its logs and its record, `run.jsonl`.
    pub logs: Option<&'a str>,
    /// The command that repeats it.
    pub again: String,
}

/// How many seeds came out how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SeedsEntry {
    /// The first that it was to run with.
    pub first: u64,
    /// The last.
    pub last: u64,
    /// How many passed.
    pub passed: u64,
    /// With how many something did not hold.
    pub failed: u64,
    /// How many the environment failed.
    pub broken: u64,
    /// How many were interrupted.
    pub interrupted: u64,
}

/// One `measure`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureEntry<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its figures, by the names that scenarios use; times in seconds.
    #[serde(serialize_with = "figures")]
    pub figures: &'a BTreeMap<String, f64>,
}

/// Why a scenario failed or broke.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailureEntry<'a> {
    /// `expectation`, `step`, `died`, `timeout`, `end` or `environment`.
    pub kind: FailureKind,
    /// The law that was broken, if it is one: `convergence`, `nothing_lost`, ….
    pub law: Option<Law>,
    /// In words.
    pub message: &'a str,
    /// The file of the step; another than the scenario's where that includes others. Absent, with
    /// the three that follow, for what is checked unasked at the end.
    pub file: Option<&'a str>,
    /// The step's line, from 1.
    pub line: Option<usize>,
    /// Its column in characters, from 1.
    pub column: Option<usize>,
    /// That line as it stands there.
    pub line_text: Option<String>,
    /// When, since the run began.
    pub when_ms: u64,
    /// How long it was waited for.
    pub waited_ms: Option<u64>,
    /// What each node held.
    pub findings: Vec<FindingEntry<'a>>,
    /// How nodes differ, key by key; which writes are missing; which steps were under way. In words.
    pub differences: &'a [String],
    /// The ends of the logs that matter.
    pub logs: Vec<LogEntry<'a>>,
    /// What to do about it, if that can be said.
    pub help: Option<&'a str>,
}

/// What one node held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingEntry<'a> {
    /// The node.
    pub node: &'a str,
    /// What it held or answered.
    pub held: &'a str,
    /// Whether that is what was expected.
    pub fits: bool,
    /// Since when, counted from the run's beginning, if that is known.
    pub since_ms: Option<u64>,
}

/// The end of one node's log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogEntry<'a> {
    /// The node.
    pub node: &'a str,
    /// The lines, oldest first.
    pub lines: &'a [String],
}

/// Reports, then those of scenarios with many seeds, as the types that are written.
#[must_use]
pub fn document<'a>(reports: &'a [Report], sweeps: &'a [Sweep]) -> Document<'a> {
    let of_sweeps = sweeps
        .iter()
        .flat_map(|sweep| std::iter::once(all_seeds(sweep)).chain(sweep.failures.iter().map(scenario)));
    Document { format: FORMAT, scenarios: reports.iter().map(scenario).chain(of_sweeps).collect() }
}

/// The same as JSON, indented, with a newline at the end.
pub fn json(reports: &[Report], sweeps: &[Sweep]) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&document(reports, sweeps))?;
    text.push('\n');
    Ok(text)
}

fn scenario(report: &Report) -> ScenarioEntry<'_> {
    let measure = |(name, figures)| MeasureEntry { name, figures };
    ScenarioEntry {
        scenario: &report.scenario,
        file: &report.file,
        about: &report.about,
        params: &report.params,
        world: &report.world,
        seed: report.seed,
        seeds: None,
        verdict: report.verdict.word(),
        reason: match &report.verdict {
            Verdict::Skipped(reason) => Some(reason),
            _ => None,
        },
        duration_ms: ms(report.duration),
        nodes: report.nodes,
        held: report.held,
        measures: report.measures.iter().map(|(name, figures)| measure((name.as_str(), figures))).collect(),
        excused: &report.excused,
        failure: report.verdict.failure().map(failure),
        logs: report.logs.as_deref(),
        again: again(report),
    }
}

/// One entry for all seeds of a scenario.
fn all_seeds(sweep: &Sweep) -> ScenarioEntry<'_> {
    ScenarioEntry {
        seeds: Some(SeedsEntry {
            first: sweep.first,
            last: sweep.last,
            passed: sweep.passed,
            failed: sweep.failed,
            broken: sweep.broken,
            interrupted: sweep.interrupted,
        }),
        duration_ms: ms(sweep.duration),
        nodes: sweep.nodes,
        held: sweep.held,
        measures: Vec::new(),
        excused: &[],
        failure: None,
        logs: None,
        again: command(&sweep.gravest, &format!("--seeds {}..{}", sweep.first, sweep.last)),
        ..scenario(&sweep.gravest)
    }
}

fn failure(failure: &Failure) -> FailureEntry<'_> {
    let place = failure.at.as_ref().map(|at| at.source.place(at.span));
    FailureEntry {
        kind: failure.kind,
        law: failure.law,
        message: &failure.message,
        file: failure.at.as_ref().map(|at| at.source.name()),
        line: place.as_ref().map(|place| place.line),
        column: place.as_ref().map(|place| place.column),
        line_text: place.map(|place| place.text),
        when_ms: ms(failure.when),
        waited_ms: failure.waited.map(ms),
        findings: failure
            .findings
            .iter()
            .map(|finding| FindingEntry {
                node: &finding.node,
                held: &finding.held,
                fits: finding.fits,
                since_ms: finding.since.map(ms),
            })
            .collect(),
        differences: &failure.differences,
        logs: failure.logs.iter().map(|log| LogEntry { node: &log.node, lines: &log.lines }).collect(),
        help: failure.help.as_deref(),
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A float that counts something is written as the whole number that it is.
fn figures<S: Serializer>(figures: &BTreeMap<String, f64>, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Figure {
        Whole(u64),
        Any(f64),
    }
    to.collect_map(figures.iter().map(|(name, figure)| {
        let whole = if figure.fract() == 0.0 { format!("{figure:.0}").parse().ok() } else { None };
        (name, whole.map_or(Figure::Any(*figure), Figure::Whole))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_failure_is_written_whole() {
        let mut report = sample::failed();
        if let Verdict::Failed(failure) = &mut report.verdict {
            failure.findings.drain(4..);
            failure.differences = vec!["`k` is a: 1; b: nothing".to_owned()];
        }
        insta::assert_snapshot!(json(&[report], &[]).unwrap(), @r###"
        {
          "format": 1,
          "scenarios": [
            {
              "scenario": "sync",
              "file": "scenarios/sync.scn",
              "about": "A node that joins late learns what was set before it came.",
              "params": {},
              "world": "process",
              "seed": 417,
              "seeds": null,
              "verdict": "failed",
              "reason": null,
              "duration_ms": 5120,
              "nodes": 26,
              "held": 1,
              "measures": [],
              "excused": [],
              "failure": {
                "kind": "expectation",
                "law": null,
                "message": "expected `== Reimert` within 5 s",
                "file": "scenarios/sync.scn",
                "line": 5,
                "column": 1,
                "line_text": "expect all: get nom == Reimert within 5s",
                "when_ms": 5118,
                "waited_ms": 5000,
                "findings": [
                  {
                    "node": "a",
                    "held": "Reimert",
                    "fits": true,
                    "since_ms": 110
                  },
                  {
                    "node": "b",
                    "held": "Reimert",
                    "fits": true,
                    "since_ms": 110
                  },
                  {
                    "node": "c",
                    "held": "error: key `nom` is absent (absent)",
                    "fits": false,
                    "since_ms": null
                  },
                  {
                    "node": "d",
                    "held": "Reinert\u001b[2J",
                    "fits": false,
                    "since_ms": 101
                  }
                ],
                "differences": [
                  "`k` is a: 1; b: nothing"
                ],
                "logs": [
                  {
                    "node": "c",
                    "lines": [
                      "2026-11-21T07:54:11.123Z INFO link to b is up, dialled there",
                      "2026-11-21T07:54:11.130Z INFO link to b is down: reset"
                    ]
                  }
                ],
                "help": null
              },
              "logs": "logs",
              "again": "tools test scenarios/sync.scn --seed 417"
            }
          ]
        }
        "###);
    }

    #[test]
    fn figures_stay_what_they_are() {
        let mut report = sample::passed();
        report.measures = vec![("load".to_owned(), sample::figures())];
        let text = json(&[report], &[]).unwrap();
        for line in ["\"ok\": 1000,", "\"ack_p50\": 0.00085,", "\"duration\": 1.2,", "\"bytes\": 1250000,"] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn every_entry_has_the_same_fields() {
        let reports = [sample::passed(), sample::failed(), sample::broken(), sample::skipped()];
        let value: serde_json::Value = serde_json::from_str(&json(&reports, &[]).unwrap()).unwrap();
        let fields =
            |entry: &serde_json::Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<String>>();
        let entries = value["scenarios"].as_array().unwrap();
        assert_eq!(entries.len(), 4);
        assert!(entries.iter().all(|entry| fields(entry) == fields(&entries[0])));
        assert_eq!(fields(&entries[1]["failure"]), fields(&entries[2]["failure"]));
        assert_eq!(entries[0]["failure"], serde_json::Value::Null);
        assert_eq!(entries[3]["verdict"], "skipped");
        assert!(entries[3]["reason"].as_str().unwrap().starts_with("the world `process` cannot"));
    }

    #[test]
    fn what_is_checked_at_the_end_has_no_place() {
        let mut report = sample::failed();
        if let Verdict::Failed(failure) = &mut report.verdict {
            failure.at = None;
        }
        let reports = [report];
        let failure = document(&reports, &[]).scenarios.remove(0).failure.unwrap();
        assert_eq!((failure.file, failure.line, failure.column, failure.line_text), (None, None, None, None));
    }

    #[test]
    fn many_seeds_are_one_entry_and_one_for_each_that_failed() {
        let sweeps = [sample::sweep()];
        let reports = [sample::skipped()];
        let value: serde_json::Value = serde_json::from_str(&json(&reports, &sweeps).unwrap()).unwrap();
        let entries = value["scenarios"].as_array().unwrap();
        let brief: Vec<String> = entries
            .iter()
            .map(|entry| format!("{} {} {}", entry["verdict"], entry["seed"], entry["failure"]["law"]))
            .collect();
        let expected = [
            r#""skipped" 417 null"#,
            r#""failed" 2 null"#,
            r#""failed" 2 null"#,
            r#""failed" 3 "convergence""#,
        ];
        assert_eq!(brief, expected);
        let seeds = serde_json::json!({
            "first": 1, "last": 3, "passed": 1, "failed": 2, "broken": 0, "interrupted": 0,
        });
        assert_eq!((&entries[1]["seeds"], &entries[2]["seeds"]), (&seeds, &serde_json::Value::Null));
        assert_eq!(entries[1]["failure"], serde_json::Value::Null);
        assert_eq!(entries[1]["again"], "tools test scenarios/sync.scn --world sim --seeds 1..3");
        assert_eq!(entries[3]["again"], "tools test scenarios/sync.scn --world sim --seed 3");
    }
}
