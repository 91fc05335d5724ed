//! Reports: pure functions of what came out of runs.
//!
//! They print nothing, open no file and read no clock: each gives back a text, and whoever called
//! decides where it goes. What nodes answered and logged comes from strangers, so every text for a
//! terminal shows their control characters instead of sending them.

mod json;
mod junit;
mod style;
mod sweep;
mod table;
mod terminal;
mod wording;
mod workload;

pub use json::{
    Document, FORMAT, FailureEntry, FindingEntry, LogEntry, MeasureEntry, ScenarioEntry, SeedsEntry,
    document, json,
};
pub use junit::junit;
pub use style::Style;
pub use sweep::Sweep;
pub use terminal::{excused, explain, failing_seed, failure, line, measures, summary, sweep, sweeps_summary};
pub use wording::{again, seconds};
pub(crate) use wording::{quoted, readable};
pub use workload::WorkloadRun;

#[cfg(test)]
mod sample;
