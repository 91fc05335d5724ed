//! The failure of a run, with all that a stranger needs to understand it.

use std::time::Duration;

use super::finding::{Finding, LogExcerpt};
use crate::run::laws::{Breach, Law};
use crate::scenario::At;

/// The reason for a run that did not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The kind of failure.
    pub kind: FailureKind,
    /// The broken law, if the failure is of a law.
    pub law: Option<Law>,
    /// The step at fault; none for a check that is made unasked at the end.
    pub at: Option<At>,
    /// The time of the failure, since the run began.
    pub when: Duration,
    /// The message: a lower-case fragment.
    pub message: String,
    /// The time that was waited for the expectation.
    pub waited: Option<Duration>,
    /// The content that each node held instead.
    pub findings: Vec<Finding>,
    /// The evidence, one line each: differences between nodes by key, missing writes, or other
    /// signs of a broken law.
    pub differences: Vec<String>,
    /// The first and the last lines of the logs that matter.
    pub logs: Vec<LogExcerpt>,
    /// The remedy, if one is known.
    pub help: Option<String>,
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// An expectation did not hold.
    Expectation,
    /// Nodes could not all be asked in the time that an expectation had. No node is to blame for it.
    NotAsked,
    /// A step was refused by a node, or got no answer.
    Step,
    /// A node died unasked.
    Died,
    /// A node broke the protocol that it is to speak.
    Misbehaved,
    /// A node wrote or told so much that nobody could take it.
    Flood,
    /// A fault did nothing: nodes were connected past the proxies in their links.
    Bypassed,
    /// The scenario's time was up.
    Timeout,
    /// A law did not hold, while steps ran or at the end: see [`Failure::law`].
    End,
    /// The environment failed: a port taken, a program missing, a node that never was ready.
    Environment,
}

impl Failure {
    /// Returns the failure of a run that broke a law.
    pub(in crate::run) fn of_law(broken: Breach, at: Option<&At>, when: Duration) -> Self {
        let mut failure = Self::new(FailureKind::End, at, when, broken.message);
        failure.law = Some(broken.law);
        failure.findings = broken.findings;
        failure.differences = broken.evidence;
        failure
    }

    /// Returns a failure with no details yet.
    #[must_use]
    pub fn new(kind: FailureKind, at: Option<&At>, when: Duration, message: impl Into<String>) -> Self {
        Self {
            kind,
            law: None,
            at: at.cloned(),
            when,
            message: message.into(),
            waited: None,
            findings: Vec::new(),
            differences: Vec::new(),
            logs: Vec::new(),
            help: None,
        }
    }
}
