//! The summary of a run of which a page leaves events out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::curves::FinishedCurves;
use super::density::Density;

/// The summary of a run that a page does not keep whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The number of lines of the run.
    pub lines: u64,
    /// The number of lines left out, by event.
    pub left_out: BTreeMap<String, u64>,
    /// The spans of time of which lines are left out: begin and end in microseconds.
    pub gaps: Vec<(u64, u64)>,
    /// The number of events over time.
    pub(super) density: Density,
    /// The contents of nodes over time.
    #[serde(flatten)]
    pub(super) curves: FinishedCurves,
}
