//! Reports: pure functions of what came out of runs.
//!
//! They print nothing, open no file and read no clock: each gives back a text, and whoever called
//! decides where it goes. What nodes answered and logged comes from strangers, so every text for a
//! terminal shows their control characters instead of sending them.

mod json;
mod junit;
mod style;
mod table;
mod terminal;
mod wording;

pub use json::{
    Document, FORMAT, FailureEntry, FindingEntry, LogEntry, MeasureEntry, ScenarioEntry, document, json,
};
pub use junit::junit;
pub use style::Style;
pub use terminal::{excused, explain, failure, line, measures, summary};
pub(crate) use wording::readable;
pub use wording::{again, seconds};

#[cfg(test)]
mod sample;
