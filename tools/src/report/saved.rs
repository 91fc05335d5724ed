//! The report of a saved run, made from the lines of its journal.
//!
//! The lines come one by one, so that a journal of any size is read in bounded memory: of most lines nothing
//! is parsed. Journals since format 2 have the whole report in the line of the verdict. Of an older one the
//! verdict and its reason are known. Of one that was cut short nothing is known but how far it came: such a
//! run did not pass.

mod entry;

use std::time::Duration;

use serde::Deserialize;

use crate::journal::FORMAT;
use crate::run::{Failure, FailureKind, Report, Verdict};
use entry::SavedEntry;

/// The most bytes of one line that are parsed. A report has at most twenty failures with their logs.
const LINE_MAX: usize = 16 << 20;

/// The reason why a file is not the journal of a run that can be reported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedProblem {
    /// The first line is no plan.
    #[error("line 1 is not the plan of a run, so this is no record of one")]
    NotARun,
    /// There is no line.
    #[error("the file is empty")]
    Empty,
    /// The journal was written by a later version.
    #[error("it has format {0}, and this version reads formats up to {FORMAT}")]
    Newer(u64),
    /// The line of the verdict cannot be read.
    #[error("line {line} is the verdict, and cannot be read: {cause}")]
    Verdict {
        /// The number of the line, from 1.
        line: u64,
        /// The cause, in words.
        cause: String,
    },
}

impl SavedProblem {
    /// Returns the remedy.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotARun | Self::Empty => {
                "name the file `run.jsonl` that a run wrote, or a folder with such files; a trace is none"
            }
            Self::Newer(_) => "read it with the version that wrote it, or a later one",
            Self::Verdict { .. } => "the file was changed after the run; run the scenario again",
        }
    }
}

/// The plan of a run, which is the first line of its journal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Plan {
    event: String,
    format: Option<u64>,
    scenario: String,
    file: String,
    text: String,
    about: String,
    params: std::collections::BTreeMap<String, String>,
    world: String,
    seed: u64,
    /// The world's time of day at the beginning; 0 in format 1.
    wall_ms: u64,
    virtual_time: bool,
    timeout_factor: Option<f64>,
    node_options: std::collections::BTreeMap<String, String>,
    #[serde(deserialize_with = "entry::flags")]
    flags: Vec<(String, String)>,
}

/// The line of the verdict.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VerdictLine {
    at_us: u64,
    event: String,
    verdict: String,
    message: Option<String>,
    report: Option<SavedEntry>,
}

/// The line with the report on several attempts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AttemptsLine {
    event: String,
    report: Option<SavedEntry>,
}

/// A line of which the time alone is read.
#[derive(Debug, Deserialize)]
struct Moment {
    at_us: u64,
}

/// A journal that is being read.
#[derive(Debug, Default)]
pub struct SavedRun {
    lines: u64,
    plan: Plan,
    verdict: Option<VerdictLine>,
    /// The report on all attempts, if the run was one of several.
    attempts: Option<SavedEntry>,
    nodes: usize,
    held: u64,
    /// The last line that was whole, unless it is too long.
    last: Vec<u8>,
    /// True if later events were written to another file.
    continued: bool,
}

impl SavedRun {
    /// Returns a journal of which no line has been read.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the next line, without its end.
    pub fn read(&mut self, line: &[u8]) -> Result<(), SavedProblem> {
        self.lines += 1;
        if self.lines == 1 {
            return self.read_plan(line);
        }
        // A value that a node told has its quotes escaped, so these are never part of one.
        let is = |event: &[u8]| memchr::memmem::find(line, event).is_some();
        if is(b"\"event\":\"node\"") {
            self.nodes += 1;
        } else if is(b"\"event\":\"held\"") {
            self.held += 1;
        } else if is(b"\"event\":\"continued\"") {
            self.continued = true;
        } else if is(b"\"event\":\"attempts\"") {
            // One that was cut short leaves the report on this attempt.
            let read = serde_json::from_slice::<AttemptsLine>(line).ok();
            self.attempts = read.filter(|read| read.event == "attempts").and_then(|read| read.report);
        } else if is(b"\"event\":\"verdict\"") {
            let read = serde_json::from_slice::<VerdictLine>(line);
            match read {
                Ok(read) if read.event == "verdict" => self.verdict = Some(read),
                Ok(_) => {}
                // A last line that was cut short ends in the middle of a value.
                Err(error) if error.is_eof() => {}
                Err(error) => {
                    return Err(SavedProblem::Verdict { line: self.lines, cause: error.to_string() });
                }
            }
        }
        if line.len() < 1 << 16 && line.ends_with(b"}") {
            self.last.clear();
            self.last.extend_from_slice(line);
        }
        Ok(())
    }

    fn read_plan(&mut self, line: &[u8]) -> Result<(), SavedProblem> {
        self.plan = serde_json::from_slice(line).map_err(|_| SavedProblem::NotARun)?;
        if self.plan.event != "plan" {
            return Err(SavedProblem::NotARun);
        }
        match self.plan.format {
            Some(format) if format > u64::from(FORMAT) => Err(SavedProblem::Newer(format)),
            _ => Ok(()),
        }
    }

    /// Returns the most bytes of a line that are of use: a longer one may be handed over as empty.
    #[must_use]
    pub fn line_max(&self) -> usize {
        LINE_MAX
    }

    /// Returns true if the verdict stands in another file of the same folder, where later events went.
    #[must_use]
    pub fn continues_elsewhere(&self) -> bool {
        self.continued && self.verdict.is_none()
    }

    /// Returns the report. `logs` is the folder of the journal as it is named now, and `written_ms` the moment
    /// of the last change of the file, in milliseconds since 1970.
    pub fn report(self, logs: &str, written_ms: Option<u64>) -> Result<Report, SavedProblem> {
        if self.lines == 0 {
            return Err(SavedProblem::Empty);
        }
        let last_us = serde_json::from_slice::<Moment>(&self.last).map_or(0, |moment| moment.at_us);
        let Self { plan, verdict, attempts, nodes, held, .. } = self;
        // The clock of a world with virtual time says nothing of the moment at which it ran.
        let of_world = Some(plan.wall_ms).filter(|wall_ms| *wall_ms > 0 && !plan.virtual_time);
        let began_ms = of_world.or(written_ms);
        let (verdict, at_us) = match verdict {
            Some(VerdictLine { report: Some(entry), .. }) => {
                let entry = attempts.unwrap_or(entry);
                let mut report = entry.report(&plan.file, &plan.text);
                report.began_ms = report.began_ms.or(began_ms);
                report.logs = Some(logs.to_owned());
                return Ok(report);
            }
            Some(line) => (old_verdict(&line), line.at_us),
            None => (cut_short(last_us), last_us),
        };
        Ok(Report {
            scenario: plan.scenario,
            file: plan.file,
            about: plan.about,
            params: plan.params,
            world: plan.world,
            seed: plan.seed,
            timeout_factor: plan.timeout_factor.unwrap_or(1.0),
            node_options: plan.node_options,
            flags: plan.flags,
            verdict,
            duration: Duration::from_micros(at_us),
            nodes,
            held,
            measures: Vec::new(),
            excused: Vec::new(),
            notes: Vec::new(),
            likelihood: None,
            logs: Some(logs.to_owned()),
            began_ms,
            again: None,
            attempts: None,
            features: None,
        })
    }
}

/// Returns the verdict of a journal without the whole report.
fn old_verdict(line: &VerdictLine) -> Verdict {
    let failure = |kind| {
        let message = line.message.clone().unwrap_or_else(|| "the record gives no reason".to_owned());
        let mut failure = Failure::new(kind, None, Duration::from_micros(line.at_us), message);
        failure.help =
            Some("the record is of an old version, which kept no details; run it again".to_owned());
        Box::new(failure)
    };
    match line.verdict.as_str() {
        "passed" => Verdict::Passed,
        "interrupted" => Verdict::Interrupted,
        "broken" => Verdict::Broken(failure(FailureKind::Environment)),
        _ => Verdict::Failed(failure(FailureKind::Step)),
    }
}

/// Returns the verdict of a journal that ends without one.
fn cut_short(last_us: u64) -> Verdict {
    let when = Duration::from_micros(last_us);
    let message = "the record was cut short, so the verdict is unknown";
    let mut failure = Failure::new(FailureKind::Environment, None, when, message);
    failure.help = Some(
        "the run still goes on, or its process was killed; `run.jsonl` has what happened until then"
            .to_owned(),
    );
    Verdict::Broken(Box::new(failure))
}

#[cfg(test)]
mod tests;
