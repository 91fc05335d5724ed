//! The result of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::Failure;
use super::likelihood::Likelihood;

/// The figures of one `measure`, by the names that scenarios use; times in seconds.
pub type Figures = BTreeMap<String, f64>;

/// The result of a run: all that reports are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The scenario's name, with the choice of its parameters.
    pub scenario: String,
    /// The scenario's file.
    pub file: String,
    /// The purpose of the scenario, from its opening comment.
    pub about: String,
    /// The choice of its parameters, by name.
    pub params: BTreeMap<String, String>,
    /// The name of the world in which it ran.
    pub world: String,
    /// The seed of every draw.
    pub seed: u64,
    /// The factor by which every deadline was multiplied.
    pub timeout_factor: f64,
    /// Options of every node that did not come from the scenario.
    pub node_options: BTreeMap<String, String>,
    /// Other flags of the command line that changed the course of the run, each with its value.
    pub flags: Vec<(String, String)>,
    /// The verdict.
    pub verdict: Verdict,
    /// The time from its first step to its verdict, in the world's time.
    pub duration: Duration,
    /// The number of nodes that took part.
    pub nodes: usize,
    /// The number of expectations that held.
    pub held: u64,
    /// The figures of each `measure`, in order.
    pub measures: Vec<(String, Figures)>,
    /// Acknowledged writes that no node can answer for any more: only nodes that were killed without a
    /// disk knew them. One line each.
    pub excused: Vec<String>,
    /// The limits of the checks that were made: one line each.
    pub notes: Vec<String>,
    /// The likelihood of its failure along the run, if that was searched for.
    pub likelihood: Option<Likelihood>,
    /// The folder of its logs and its journal, if any was written.
    pub logs: Option<String>,
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// All laws and expectations held.
    Passed,
    /// A law, an expectation or a step failed, or a node misbehaved.
    Failed(Box<Failure>),
    /// The environment failed.
    Broken(Box<Failure>),
    /// The person at the terminal ended the run.
    Interrupted,
    /// The scenario does not apply here, for this reason.
    Skipped(String),
}

impl Verdict {
    /// Returns the word for the verdict.
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

    /// Returns the failure of a run that failed or was broken.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Broken(failure) => Some(failure),
            Self::Passed | Self::Interrupted | Self::Skipped(_) => None,
        }
    }
}
