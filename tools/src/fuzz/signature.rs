//! The signature of a failure: two failures with the same signature are the same.

use std::fmt;

use crate::run::{Failure, FailureKind, Law};
use crate::scenario::{At, Block, Claim, Scenario, StepKind};

/// The signature of a failure: the broken law, or else the kind of failure and the step that failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// A law was broken.
    Law(Law),
    /// A step failed, or time was up during it: the failure in a few words, and the step in one or two.
    Step(&'static str, String),
}

impl Signature {
    /// Returns the signature of a failure of this scenario.
    #[must_use]
    pub fn of(failure: &Failure, scenario: &Scenario) -> Self {
        if let Some(law) = failure.law {
            return Self::Law(law);
        }
        let step = failure.at.as_ref().and_then(|at| words(&scenario.steps, at));
        // To expect convergence at the end or a step before is the same.
        if failure.kind == FailureKind::Expectation && step.as_deref() == Some(CONVERGED) {
            return Self::Law(Law::Convergence);
        }
        let kind = match failure.kind {
            FailureKind::Expectation => "not as expected",
            FailureKind::NotAsked => "not asked in time",
            FailureKind::Step => "failed",
            FailureKind::Died => "a node died",
            FailureKind::Misbehaved => "a node broke its protocol",
            FailureKind::Flood => "a node flooded",
            FailureKind::Bypassed => "bypassed",
            FailureKind::Timeout => "no end",
            FailureKind::End => "at the end",
            FailureKind::Environment => "the environment failed",
        };
        Self::Step(kind, step.unwrap_or_default())
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Law(law) => law.fmt(f),
            Self::Step(kind, step) if step.is_empty() => f.write_str(kind),
            Self::Step(kind, step) => write!(f, "{step}: {kind}"),
        }
    }
}

const CONVERGED: &str = "expect converged";

/// Returns the words for the innermost step at that place.
fn words(steps: &Block, at: &At) -> Option<String> {
    let within = |place: &At| place.span.start <= at.span.start && at.span.end <= place.span.end;
    steps.iter().find_map(|step| {
        let inner = match &step.kind {
            StepKind::Together(block)
            | StepKind::Do(block)
            | StepKind::Measure { block, .. }
            | StepKind::Workload { block, .. }
            | StepKind::Repeat { block, .. }
            | StepKind::Each { block, .. } => words(block, at),
            _ => None,
        };
        inner.or_else(|| within(&step.at).then(|| word(&step.kind)))
    })
}

fn word(step: &StepKind) -> String {
    match step {
        StepKind::Ask { ask, .. } => {
            ask.words.first().and_then(crate::scenario::Word::fixed).unwrap_or_default()
        }
        StepKind::Expect { claim: Claim::Converged { .. }, .. } => CONVERGED.to_owned(),
        StepKind::Expect { claim: Claim::Ask { ask, .. }, .. } => {
            let command = ask.words.first().and_then(crate::scenario::Word::fixed).unwrap_or_default();
            format!("expect {command}")
        }
        other => other.word().to_owned(),
    }
}
