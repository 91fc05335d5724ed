//! The results of steps, of operations of workloads and of laws, as a journal names them.

use serde::{Deserialize, Serialize};

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// The step was performed to its end.
    Done,
    /// The step failed.
    Failed,
    /// The step was under way when something else ended it.
    Aborted,
    /// A result of a later version.
    #[serde(other)]
    Unknown,
}

/// The outcome of an operation of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationOutcome {
    /// The operation happened.
    Ok,
    /// The operation did not happen, and never will.
    Failed,
    /// The operation may have happened, may still happen, or never.
    Unknown,
    /// An outcome of a later version.
    #[serde(other)]
    Other,
}

/// The state of a law at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LawState {
    /// The law was judged, and held.
    Held,
    /// The law was broken.
    Broken,
    /// The law was not judged, or not to the end.
    NotJudged,
    /// A state of a later version.
    #[serde(other)]
    Unknown,
}
