//! Reports: pure functions of the results of runs.
//!
//! They print nothing, open no file and read no clock: each returns a text, and the caller decides where it
//! goes. Answers and logs of nodes come from strangers. Every text for a terminal therefore shows their
//! control characters instead of sending them.

mod case;
mod code_quality;
mod github;
mod json;
mod junit;
mod markdown;
mod reasons;
mod saved;
mod seeds;
mod style;
mod sweep;
mod table;
mod tap;
mod terminal;
mod wording;
mod workload;

pub use code_quality::code_quality;
pub use github::{github, resume_commands, stop_commands};
pub use json::{
    AttemptsEntry, ContrastEntry, ContrastFindingEntry, Document, FORMAT, FailureEntry, FindingEntry,
    LikelihoodEntry, LikelihoodPointEntry, LogEntry, MeasureEntry, ReasonEntry, ScenarioEntry, SeedsEntry,
    document, entry, json,
};
pub use junit::junit;
pub use markdown::markdown;
pub use reasons::{Reason, Reasons};
pub use saved::{SavedProblem, SavedRun};
pub use seeds::{DrawnRun, DrawnRuns};
pub use style::{Seal, Style};
pub use sweep::Sweep;
pub use tap::{TapPoints, tap};
pub use terminal::{
    compared, excused, explain, failing_seed, failure, likelihood, line, measures, notes, summary, sweep,
    sweeps_summary,
};
pub(crate) use wording::quoted;
pub use wording::{again, seconds};
pub use workload::{WorkloadCases, WorkloadRun, origin_of};

#[cfg(test)]
mod sample;
