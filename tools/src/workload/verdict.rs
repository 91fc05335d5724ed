//! What a checker finds.

use super::Percentiles;

/// How many problems of a kind are told in full.
const PROBLEMS_MAX: usize = 4;
/// Kinds of problems that may be gone when nodes are read once more, after they had more time. All else
/// stays in the history.
const HEALING: &[&str] = &["lost", "no_final_read", "wrong_sum", "disagreement"];
/// How many operations are shown of a problem.
const OPERATIONS_MAX: usize = 12;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// For programs.
    pub kind: &'static str,
    /// For people: what, where, and what was expected instead.
    pub message: String,
    /// The operations that show it, by their places in the history.
    pub operations: Vec<usize>,
}

/// Whether a history is one that the workload allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// What must not be, the first few of each kind.
    pub problems: Vec<Problem>,
    /// How many problems there are in all.
    pub found: u64,
    /// Why it could not be decided, if nothing was found.
    pub undecided: Option<String>,
    /// Figures: what was counted.
    pub counts: Vec<(&'static str, u64)>,
    /// Figures: how long things took.
    pub times: Vec<(&'static str, Percentiles)>,
}

impl Verdict {
    /// Whether nothing speaks against it and all was looked at.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.found == 0 && self.undecided.is_none()
    }

    /// Whether time may help: one of the problems is that nodes do not say yet what they should. Of each
    /// kind that was found there is a problem.
    #[must_use]
    pub fn may_heal(&self) -> bool {
        self.problems.iter().any(|problem| HEALING.contains(&problem.kind))
    }

    /// A figure.
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
