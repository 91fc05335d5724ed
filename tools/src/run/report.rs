//! What came out of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::Failure;

/// The figures of one `measure`, by the names that scenarios use; times in seconds.
pub type Figures = BTreeMap<String, f64>;

/// What came out of a run: all that reports are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The scenario's name, with the choice of its parameters.
    pub scenario: String,
    /// The file it stands in.
    pub file: String,
    /// What it shows, from its opening comment.
    pub about: String,
    /// The choice of its parameters, by name.
    pub params: BTreeMap<String, String>,
    /// Where it ran.
    pub world: String,
    /// What every draw came from.
    pub seed: u64,
    /// What every deadline was multiplied by.
    pub timeout_factor: f64,
    /// Options of every node that did not come from the scenario.
    pub node_options: BTreeMap<String, String>,
    /// What came out.
    pub verdict: Verdict,
    /// From its first step to its verdict, in the world's time.
    pub duration: Duration,
    /// How many nodes took part.
    pub nodes: usize,
    /// How many expectations held.
    pub held: u64,
    /// The figures of each `measure`, in order.
    pub measures: Vec<(String, Figures)>,
    /// Acknowledged writes that nobody answers for any more: known only to nodes that were killed
    /// without a disk. One line each.
    pub excused: Vec<String>,
    /// Where its logs and its record lie, if anywhere.
    pub logs: Option<String>,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// All held.
    Passed,
    /// Something did not hold.
    Failed(Box<Failure>),
    /// The environment failed.
    Broken(Box<Failure>),
    /// The person at the terminal ended it.
    Interrupted,
    /// It does not apply here, for this reason.
    Skipped(String),
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::Broken(_) => "broken",
            Self::Interrupted => "interrupted",
            Self::Skipped(_) => "skipped",
        }
    }

    /// Why it did not pass.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Broken(failure) => Some(failure),
            Self::Passed | Self::Interrupted | Self::Skipped(_) => None,
        }
    }
}
