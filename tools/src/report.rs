//! Reports: pure functions of the results of runs.
//!
//! They print nothing, open no file and read no clock: each returns a text, and the caller decides where it
//! goes. Answers and logs of nodes come from strangers. Every text for a terminal therefore shows their
//! control characters instead of sending them.

mod json;
mod junit;
mod seeds;
mod style;
mod sweep;
mod table;
mod terminal;
mod wording;
mod workload;

pub use json::{
    Document, FORMAT, FailureEntry, FindingEntry, LikelihoodEntry, LikelihoodPointEntry, LogEntry,
    MeasureEntry, ScenarioEntry, SeedsEntry, document, entry, json,
};
pub use junit::junit;
pub use seeds::{DrawnRun, DrawnRuns};
pub use style::{Seal, Style};
pub use sweep::Sweep;
pub use terminal::{
    excused, explain, failing_seed, failure, likelihood, line, measures, notes, summary, sweep,
    sweeps_summary,
};
pub(crate) use wording::quoted;
pub use wording::{again, seconds};
pub use workload::{WorkloadCases, WorkloadRun};

#[cfg(test)]
mod sample;
