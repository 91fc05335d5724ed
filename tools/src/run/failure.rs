//! Why a run did not pass, with all that a stranger needs to understand it.

use std::time::Duration;

use super::laws::{Broken, Law};
use crate::scenario::At;

/// Why a run did not pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// What kind of thing went wrong.
    pub kind: FailureKind,
    /// The law that was broken, if it is one.
    pub law: Option<Law>,
    /// The step; none for what is checked unasked at the end.
    pub at: Option<At>,
    /// When: since the run began.
    pub when: Duration,
    /// What went wrong: a lower-case fragment.
    pub message: String,
    /// How long it was waited for.
    pub waited: Option<Duration>,
    /// What each node held instead.
    pub findings: Vec<Finding>,
    /// How the nodes differ, key by key, or which writes are missing, or what else tells that a law
    /// was broken: one line each.
    pub differences: Vec<String>,
    /// The last lines of the logs that matter.
    pub logs: Vec<LogExcerpt>,
    /// What to do about it, if that can be said.
    pub help: Option<String>,
}

/// What kind of thing went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// An expectation did not hold.
    Expectation,
    /// A step was refused by a node, or got no answer.
    Step,
    /// A node died unasked.
    Died,
    /// A node broke the protocol that it is to speak.
    Misbehaved,
    /// The scenario's time was up.
    Timeout,
    /// A law did not hold, while steps ran or at the end: see [`Failure::law`].
    End,
    /// The environment failed: a port taken, a program missing, a node that never was ready.
    Environment,
}

/// What one node held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The node's name.
    pub node: String,
    /// What it held or answered.
    pub held: String,
    /// Whether that satisfied the expectation.
    pub fits: bool,
    /// Since when it has held that, if it is known.
    pub since: Option<Duration>,
}

/// The last lines of one node's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogExcerpt {
    /// The node's name.
    pub node: String,
    /// The lines, oldest first.
    pub lines: Vec<String>,
}

impl Failure {
    /// A law that was broken.
    pub(super) fn of_law(broken: Broken, at: Option<&At>, when: Duration) -> Self {
        let mut failure = Self::new(FailureKind::End, at, when, broken.message);
        failure.law = Some(broken.law);
        failure.findings = broken.findings;
        failure.differences = broken.evidence;
        failure
    }

    /// A failure of which nothing more is known yet.
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
