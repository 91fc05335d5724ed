//! The failure that ends a step, and the nodes that it found apart.

use super::failure::Failure;
use crate::world::NodeIndex;

/// The running nodes of one component that do not hold the same, as they last told: grouped by digest.
pub(in crate::run) type Apart = Vec<Vec<NodeIndex>>;

/// The failure that ends a step, and with it the run.
#[derive(Debug)]
pub(in crate::run) struct StepFailure {
    /// The reason for the end.
    pub failure: Box<Failure>,
    /// The nodes that were found apart; the report shows their differences.
    pub apart: Vec<Apart>,
}

impl From<Failure> for StepFailure {
    fn from(failure: Failure) -> Self {
        Self { failure: Box::new(failure), apart: Vec::new() }
    }
}
