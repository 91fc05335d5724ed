//! The result of a checker: the problems that it found in a history, and its counts.

use super::Percentiles;

/// The most problems of a kind that are reported in full. Chosen: further ones have the same cause.
const PROBLEMS_MAX: usize = 4;
/// The kinds of problems that may be gone when nodes are read once more, after they had more time. All others
/// stay in the history.
const HEALING: &[&str] = &["lost", "no_final_read", "wrong_sum", "disagreement"];
/// The most operations of a problem that are shown. Chosen: half a screen.
const OPERATIONS_MAX: usize = 12;

/// A violation of a workload's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The kind of the problem, for programs.
    pub kind: &'static str,
    /// The message for people: the problem, its place, and what was expected instead.
    pub message: String,
    /// The operations that show it, by their indices in the history.
    pub operations: Vec<usize>,
}

/// The result of the check of a history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// The first few problems of each kind.
    pub problems: Vec<Problem>,
    /// The number of all problems.
    pub found: u64,
    /// The reason why the history could not be decided, if no problem was found.
    pub undecided: Option<String>,
    /// The counts, by name.
    pub counts: Vec<(&'static str, u64)>,
    /// The percentiles of times, by name.
    pub times: Vec<(&'static str, Percentiles)>,
}

impl CheckResult {
    /// Returns true if no problem was found and all of the history was checked.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.found == 0 && self.undecided.is_none()
    }

    /// Returns true if time may help: a problem is of a kind that may be gone after more time. The search is
    /// complete, since for each kind that was found at least one problem is listed.
    #[must_use]
    pub fn may_heal(&self) -> bool {
        self.problems.iter().any(|problem| HEALING.contains(&problem.kind))
    }

    /// Returns a count by name.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts.iter().find(|(of, _)| *of == name).map(|(_, count)| *count)
    }

    pub(super) fn problem(&mut self, kind: &'static str, message: String, mut operations: Vec<usize>) {
        self.found += 1;
        if self.problems.iter().filter(|problem| problem.kind == kind).count() < PROBLEMS_MAX {
            operations.truncate(OPERATIONS_MAX);
            self.problems.push(Problem { kind, message, operations });
        }
    }

    pub(super) fn counted(&mut self, name: &'static str, count: usize) {
        self.counts.push((name, count as u64));
    }
}
