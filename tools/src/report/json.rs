//! Reports for programs: the JSON that `--report-json FILE` writes.
//!
//! The file is one JSON object, [`Document`]. Its fields are the fields of the types below, by the same
//! names. While `format` stays [`FORMAT`], fields may be added, and none is removed, renamed or given another
//! meaning. Every field is always there; one that does not apply is `null` or empty. All times are whole
//! milliseconds of the world's own time, except for the figures of measures, which are seconds.
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
//!       "notes": [],
//!       "failure": {
//!         "kind": "expectation", "law": null, "message": "expected `== Reimert` within 5 s",
//!         "file": "scenarios/sync.scn", "line": 5, "column": 1, "end_column": 41,
//!         "line_text": "expect all: get nom == Reimert within 5s",
//!         "when_ms": 5118, "waited_ms": 5000,
//!         "findings": [{"node": "c", "held": "nothing", "fits": false, "since_ms": 110}],
//!         "differences": [], "logs": [{"node": "c", "lines": ["…"]}], "help": null
//!       },
//!       "likelihood": null,
//!       "logs": "logs", "again": "tools test scenarios/sync.scn --seed 417",
//!       "began_ms": 1795247651123, "attempts": null, "timeout_factor": 1.0, "node_options": {"driver": "native"},
//!       "flags": []
//!     }
//!   ]
//! }
//! ```
//!
//! A scenario that was run with many seeds has one entry for all of them. In it `seeds` counts the runs by
//! verdict and tells what those that failed share; `seed` is that of the gravest run and `failure` is null. Then follows one entry for each of its
//! first failing seeds, twenty at most.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::reasons::Reason;
use super::sweep::Sweep;
use super::wording::{again, command, is_virtual};
use crate::contrast::{Contrast, Finding};
use crate::run::{Attempts, Failure, FailureKind, Law, Likelihood, LikelihoodPoint, Report, Verdict};

/// The number of this format. It changes when programs that read it would have to change.
pub const FORMAT: u32 = 1;

/// The scenarios of one invocation, in the order in which they ran.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Document<'a> {
    /// The number of the format, [`FORMAT`].
    pub format: u32,
    /// The entries: one for each scenario, choice of its parameters, seed and world.
    pub scenarios: Vec<ScenarioEntry<'a>>,
}

/// The entry of one scenario.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScenarioEntry<'a> {
    /// The name of the scenario, with the choice of its parameters.
    pub scenario: &'a str,
    /// The file of the scenario.
    pub file: &'a str,
    /// The comment that opens the file, which says what the scenario shows.
    pub about: &'a str,
    /// The choice of its parameters, by name.
    pub params: &'a BTreeMap<String, String>,
    /// The world in which it ran.
    pub world: &'a str,
    /// The seed of all draws.
    pub seed: u64,
    /// The number of runs by verdict, in an entry for many seeds.
    pub seeds: Option<SeedsEntry<'a>>,
    /// `passed`, `failed`, `flaky` (of several attempts one passed and another did not), `broken` (the
    /// environment failed), `interrupted` or `skipped`.
    pub verdict: &'static str,
    /// The reason why it was skipped.
    pub reason: Option<&'a str>,
    /// The time from its first step to its verdict.
    pub duration_ms: u64,
    /// The number of nodes that took part.
    pub nodes: usize,
    /// The number of expectations that held.
    pub held: u64,
    /// The measures, in order.
    pub measures: Vec<MeasureEntry<'a>>,
    /// The acknowledged writes known only to nodes that ended without a disk, in words.
    pub excused: &'a [String],
    /// The limits of what the run checked, one line each.
    pub notes: &'a [String],
    /// The failure, if it failed or broke.
    pub failure: Option<FailureEntry<'a>>,
    /// The likelihood of its failure along the run, if that was searched for.
    pub likelihood: Option<LikelihoodEntry>,
    /// The folder of its logs and its record, `run.jsonl`.
    pub logs: Option<&'a str>,
    /// The command that repeats the run.
    pub again: String,
    /// The moment at which it began, in milliseconds since 1970 by the clock of the machine; null if unknown, and in
    /// virtual time.
    pub began_ms: Option<u64>,
    /// The attempts, if there was more than one.
    pub attempts: Option<AttemptsEntry<'a>>,
    /// The factor by which every deadline was multiplied.
    pub timeout_factor: f64,
    /// The options of every node that did not come from the scenario, by name.
    pub node_options: &'a BTreeMap<String, String>,
    /// The further flags of the command line that changed the course of the run, each with its value.
    pub flags: &'a [(String, String)],
}

/// The attempts at a scenario with one seed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AttemptsEntry<'a> {
    /// `repeat` (every attempt had to pass) or `retries` (one had to).
    pub rule: &'static str,
    /// The number of attempts that passed.
    pub passed: u64,
    /// The number of attempts that failed.
    pub failed: u64,
    /// The number of attempts in which the environment failed.
    pub broken: u64,
    /// The number of attempts that were interrupted.
    pub interrupted: u64,
    /// The first attempts that failed or broke, twenty at most. Each has the fields of a scenario.
    pub failures: Vec<ScenarioEntry<'a>>,
    /// The comparison of failing attempts with passing ones; null if there were not both.
    pub contrast: Option<ContrastEntry>,
}

/// The runs of a scenario with many seeds: their number by verdict, and what those that failed share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedsEntry<'a> {
    /// The first seed that it was to run with.
    pub first: u64,
    /// The last seed that it was to run with.
    pub last: u64,
    /// The number of runs that passed.
    pub passed: u64,
    /// The number of runs that failed.
    pub failed: u64,
    /// The number of runs with several attempts of which only some passed.
    pub flaky: u64,
    /// The number of runs in which the environment failed.
    pub broken: u64,
    /// The number of runs that were interrupted.
    pub interrupted: u64,
    /// The reasons of runs that failed or broke, those of most runs first; twenty at most.
    pub reasons: Vec<ReasonEntry<'a>>,
    /// The comparison of failing runs with passing ones; null if there were not both.
    pub contrast: Option<ContrastEntry>,
}

/// A reason for which runs failed or broke.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasonEntry<'a> {
    /// The law that was broken, if it is one.
    pub law: Option<Law>,
    /// The file of the step that failed, if it is one.
    pub file: Option<&'a str>,
    /// The line of that step.
    pub line: Option<usize>,
    /// The reason in words, of the first of these runs.
    pub message: &'a str,
    /// The number of runs that failed for it.
    pub runs: u64,
    /// The seed of the first of them.
    pub seed: u64,
    /// The command that repeats that run.
    pub again: &'a str,
    /// The comparison of these runs alone with passing ones; null if there is no other reason.
    pub contrast: Option<ContrastEntry>,
}

/// The features that failing runs share and passing ones lack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContrastEntry {
    /// The number of failing runs that were compared.
    pub failing: u64,
    /// The number of passing runs that were compared.
    pub passing: u64,
    /// The findings, those with the greatest phi coefficient first.
    pub findings: Vec<ContrastFindingEntry>,
}

/// Features of exactly the same runs, more of them failing than passing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ContrastFindingEntry {
    /// The features in words, four at most.
    pub features: Vec<String>,
    /// The number of further features of exactly these runs.
    pub more: usize,
    /// The number of failing runs with them.
    pub failing: u64,
    /// The number of passing runs with them.
    pub passing: u64,
    /// The phi coefficient of having them and failing, to three decimals.
    pub phi: f64,
    /// True if so strong a tie is to be expected by chance among all features of so few runs.
    pub may_be_chance: bool,
}

/// The entry of one `measure`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MeasureEntry<'a> {
    /// The name of the measure.
    pub name: &'a str,
    /// The figures of the measure, by the names that scenarios use; times in seconds.
    #[serde(serialize_with = "figures")]
    pub figures: &'a BTreeMap<String, f64>,
}

/// The reason why a scenario failed or broke.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FailureEntry<'a> {
    /// The kind of the failure: `expectation`, `not_asked`, `step`, `died`, `misbehaved`, `flood`,
    /// `bypassed`, `timeout`, `end` or `environment`.
    pub kind: FailureKind,
    /// The law that was broken, if it is one: `convergence`, `nothing_lost`, ….
    pub law: Option<Law>,
    /// The failure in words.
    pub message: &'a str,
    /// The file of the step; another than the scenario's if that includes others. This field and the next
    /// three are absent for the checks at the end, which belong to no step.
    pub file: Option<&'a str>,
    /// The line of the step, from 1.
    pub line: Option<usize>,
    /// The column of the step in characters, from 1.
    pub column: Option<usize>,
    /// The column behind the step, or behind its first line if it has several.
    pub end_column: Option<usize>,
    /// The text of that line.
    pub line_text: Option<String>,
    /// The time of the failure, since the run began.
    pub when_ms: u64,
    /// The time that the runner waited before the failure.
    pub waited_ms: Option<u64>,
    /// The findings: what each node held.
    pub findings: Vec<FindingEntry<'a>>,
    /// The differences between nodes, key by key; or the missing writes; or the steps under way. In words.
    pub differences: &'a [String],
    /// The ends of the logs that matter.
    pub logs: Vec<LogEntry<'a>>,
    /// A remedy, if there is one.
    pub help: Option<&'a str>,
}

/// The likelihood of a failure along a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LikelihoodEntry {
    /// The number of events of the run.
    pub events: u64,
    /// The points from which runs were drawn anew, in order of their events.
    pub points: Vec<LikelihoodPointEntry>,
    /// True if the search was stopped before it had found the moment as narrowly as it could.
    pub stopped: bool,
    /// The time that the search took, by the clock of the machine.
    pub took_ms: u64,
}

/// A point of a run, and the runs drawn anew from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LikelihoodPointEntry {
    /// The number of events before the point.
    pub event: u64,
    /// The time of the last event before the point, in microseconds since the run began.
    pub at_us: u64,
    /// The number of runs drawn anew from here.
    pub runs: u64,
    /// The number of these that fail as the run did.
    pub failed: u64,
    /// The seed of a run drawn anew from here that does not fail so; null if all do.
    pub spared_by: Option<u64>,
}

/// The finding about one node.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingEntry<'a> {
    /// The name of the node.
    pub node: &'a str,
    /// The content that it held or answered.
    pub held: &'a str,
    /// True if the content is as expected.
    pub fits: bool,
    /// The time since which it held the content, counted from the run's beginning; null if unknown.
    pub since_ms: Option<u64>,
}

/// The end of one node's log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LogEntry<'a> {
    /// The name of the node.
    pub node: &'a str,
    /// The lines, oldest first.
    pub lines: &'a [String],
}

/// Returns the reports, then those of scenarios with many seeds, as one document.
#[must_use]
pub fn document<'a>(reports: &'a [Report], sweeps: &'a [Sweep]) -> Document<'a> {
    let of_sweeps = sweeps
        .iter()
        .flat_map(|sweep| std::iter::once(all_seeds(sweep)).chain(sweep.failures.iter().map(scenario)));
    Document { format: FORMAT, scenarios: reports.iter().map(scenario).chain(of_sweeps).collect() }
}

/// Returns the document as JSON, indented, with a newline at the end.
pub fn json(reports: &[Report], sweeps: &[Sweep]) -> serde_json::Result<String> {
    let mut text = serde_json::to_string_pretty(&document(reports, sweeps))?;
    text.push('\n');
    Ok(text)
}

/// Returns the entry of one report as a value, for the journal of its run.
#[must_use]
pub fn entry(report: &Report) -> serde_json::Value {
    // All keys are texts, so that nothing can fail; `null` would read as no report.
    serde_json::to_value(scenario(report)).unwrap_or_default()
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
        notes: &report.notes,
        failure: report.verdict.failure().map(failure),
        likelihood: report.likelihood.as_ref().map(likelihood),
        logs: report.logs.as_deref(),
        again: again(report),
        // In virtual time a seed brings the same report back, whenever it runs.
        began_ms: report.began_ms.filter(|_| !is_virtual(&report.world)),
        attempts: report.attempts.as_deref().map(attempts),
        timeout_factor: report.timeout_factor,
        node_options: &report.node_options,
        flags: &report.flags,
    }
}

fn attempts(made: &Attempts) -> AttemptsEntry<'_> {
    AttemptsEntry {
        rule: made.rule.name(),
        passed: made.passed,
        failed: made.failed,
        broken: made.broken,
        interrupted: made.interrupted,
        failures: made.failures.iter().map(scenario).collect(),
        contrast: contrast(&made.contrast),
    }
}

/// Returns one entry for all seeds of a scenario.
fn all_seeds(sweep: &Sweep) -> ScenarioEntry<'_> {
    ScenarioEntry {
        seeds: Some(SeedsEntry {
            first: sweep.first,
            last: sweep.last,
            passed: sweep.passed,
            failed: sweep.failed,
            flaky: sweep.flaky,
            broken: sweep.broken,
            interrupted: sweep.interrupted,
            reasons: reasons(sweep),
            contrast: contrast(&sweep.contrast(None)),
        }),
        duration_ms: ms(sweep.duration),
        nodes: sweep.nodes,
        held: sweep.held,
        measures: Vec::new(),
        excused: &[],
        notes: &[],
        failure: None,
        likelihood: None,
        logs: None,
        attempts: None,
        again: command(&sweep.gravest, &format!("--seeds {}..{}", sweep.first, sweep.last)),
        ..scenario(&sweep.gravest)
    }
}

fn reasons(sweep: &Sweep) -> Vec<ReasonEntry<'_>> {
    let reasons = sweep.reasons.sorted();
    let alone = reasons.len() == 1;
    let of_reason = |index| if alone { None } else { contrast(&sweep.contrast(Some(index))) };
    reasons.into_iter().map(|(index, one)| reason(one, of_reason(index))).collect()
}

fn reason(reason: &Reason, contrast: Option<ContrastEntry>) -> ReasonEntry<'_> {
    ReasonEntry {
        law: reason.law,
        file: reason.place.as_ref().map(|(file, _)| file.as_str()),
        line: reason.place.as_ref().map(|(_, line)| *line),
        message: &reason.message,
        runs: reason.runs,
        seed: reason.seed,
        again: &reason.again,
        contrast,
    }
}

fn contrast(contrast: &Contrast) -> Option<ContrastEntry> {
    let finding = |finding: Finding| ContrastFindingEntry {
        features: finding.features,
        more: finding.more,
        failing: finding.failing,
        passing: finding.passing,
        phi: (finding.phi * 1_000.0).round() / 1_000.0,
        may_be_chance: finding.may_be_chance,
    };
    contrast.compares().then(|| ContrastEntry {
        failing: contrast.failing(),
        passing: contrast.passing(),
        findings: contrast.findings().into_iter().map(finding).collect(),
    })
}

fn likelihood(likelihood: &Likelihood) -> LikelihoodEntry {
    let point = |point: &LikelihoodPoint| LikelihoodPointEntry {
        event: point.event,
        at_us: u64::try_from(point.at.as_micros()).unwrap_or(u64::MAX),
        runs: point.runs,
        failed: point.failed,
        spared_by: point.spared_by,
    };
    LikelihoodEntry {
        events: likelihood.events,
        points: likelihood.points.iter().map(point).collect(),
        stopped: likelihood.stopped,
        took_ms: ms(likelihood.took),
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
        end_column: place.as_ref().map(|place| place.column + place.width),
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

/// Writes a float that counts something as a whole number.
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
mod tests;
