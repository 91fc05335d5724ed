//! Reports of tests of workloads.

mod json;
mod junit;
mod run;
mod terminal;

pub use junit::WorkloadCases;
pub use run::WorkloadRun;

impl WorkloadRun<'_> {
    /// Returns the report for a person at a terminal.
    #[must_use]
    pub fn terminal(&self, style: super::Style) -> String {
        terminal::terminal(self, style)
    }

    /// Returns the report for programs, as one object.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        json::json(self)
    }
}

#[cfg(test)]
mod tests;
