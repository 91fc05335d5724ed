//! Reports of tests of workloads.

mod as_run;
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

    /// Returns the report in the shape of the report of a run in this world. It began at that moment, in
    /// milliseconds since 1970.
    #[must_use]
    pub fn as_run(&self, world: &str, began_ms: u64) -> crate::run::Report {
        as_run::as_run(self, world, began_ms)
    }

    /// Returns the name that stands in place of the file of a scenario.
    #[must_use]
    pub fn origin(&self) -> &str {
        origin_of(self.again)
    }
}

/// Returns the name that stands in place of the file of a scenario, by the command that repeats the test: its first
/// two words.
#[must_use]
pub fn origin_of(again: &str) -> &str {
    again.match_indices(' ').nth(1).map_or(again, |(end, _)| &again[..end])
}

#[cfg(test)]
mod tests;
