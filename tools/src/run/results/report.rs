//! The result of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use super::failure::Failure;
use super::likelihood::Likelihood;
use crate::contrast::{Contrast, Features};

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
    /// The moment at which it began by the clock of the machine, in milliseconds since 1970, if that is known.
    pub began_ms: Option<u64>,
    /// The command that repeats the run, where it is not one of `tools test`, which is made from the fields above.
    pub again: Option<String>,
    /// The attempts, if there was more than one.
    pub attempts: Option<Box<Attempts>>,
    /// The features of the run, if it may be compared with others.
    pub features: Option<Box<Features>>,
}

impl Report {
    /// Returns true if the run counts as failed: it failed or broke, or it is flaky and every attempt had to
    /// pass.
    #[must_use]
    pub fn counts_as_failed(&self) -> bool {
        match &self.verdict {
            Verdict::Failed(_) | Verdict::Broken(_) => true,
            Verdict::Flaky(_) => {
                self.attempts.as_ref().is_none_or(|attempts| attempts.rule == AttemptRule::Repeat)
            }
            Verdict::Passed | Verdict::Interrupted | Verdict::Skipped(_) => false,
        }
    }
}

/// The verdict on a run.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// All laws and expectations held.
    Passed,
    /// A law, an expectation or a step failed, or a node misbehaved.
    Failed(Box<Failure>),
    /// Of several attempts with the same seed one passed, and another failed or broke, for this reason.
    Flaky(Box<Failure>),
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
            Self::Flaky(_) => "flaky",
            Self::Broken(_) => "broken",
            Self::Interrupted => "interrupted",
            Self::Skipped(_) => "skipped",
        }
    }

    /// Returns the failure of a run that failed, was flaky or was broken.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Flaky(failure) | Self::Broken(failure) => Some(failure),
            Self::Passed | Self::Interrupted | Self::Skipped(_) => None,
        }
    }
}

/// The rule by which a scenario gets more than one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptRule {
    /// All attempts are made: a flaky scenario failed.
    Repeat,
    /// A further attempt is made after one that did not pass: a flaky scenario passed in the end.
    Retry,
}

impl AttemptRule {
    /// Returns the name of the rule, which is that of its flag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Repeat => "repeat",
            Self::Retry => "retries",
        }
    }
}

/// The attempts at one scenario with one seed, in a world of real time: there the same run may end in another
/// way.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempts {
    /// The rule of the attempts.
    pub rule: AttemptRule,
    /// The number of attempts that passed.
    pub passed: u64,
    /// The number of attempts that failed.
    pub failed: u64,
    /// The number of attempts in which the environment failed.
    pub broken: u64,
    /// The number of attempts that were interrupted.
    pub interrupted: u64,
    /// The first attempts that failed or broke, twenty at most.
    pub failures: Vec<Report>,
    /// The features of the attempts that failed and of those that passed.
    pub contrast: Contrast,
}

impl Attempts {
    /// Returns the number of attempts.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.passed + self.failed + self.broken + self.interrupted
    }

    /// Returns the attempts by this rule, of which none has been made.
    #[must_use]
    pub fn new(rule: AttemptRule) -> Self {
        let contrast = Contrast::default();
        Self { rule, passed: 0, failed: 0, broken: 0, interrupted: 0, failures: Vec::new(), contrast }
    }
}
