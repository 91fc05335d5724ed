//! The standard test of a workload. It starts the nodes, and asks them at a rate for a time while faults come
//! and go. Then it lets them rest, has every client read its node once, and judges the history.
//!
//! The test drives a [`World`] and nothing else, so that it runs in real time as in virtual time.

mod executor;
mod faults;
mod figures;
mod final_reads;
mod load;
mod node_faults;
mod plan;
mod read_back;
mod record;
mod report;
mod stages;
#[cfg(test)]
mod tests;

pub use figures::Figures;
pub use plan::{NodeFault, Plan, Protocol};
pub use record::{last_operation, problem_event};
pub use report::{Agreement, End, Report, Stage};

use crate::journal::Recorder;
use crate::world::World;

/// Runs the test, and calls `on_stage` with each stage as it begins. The recorder gets every event, from the places
/// of the nodes to the judgement.
pub fn run(
    world: &mut dyn World,
    plan: &Plan,
    recorder: &mut dyn Recorder,
    on_stage: &mut dyn FnMut(Stage),
) -> Report {
    let mut test = stages::TestRun::new(world, plan, recorder);
    let end = test.run(on_stage);
    let end = end.unwrap_or_else(|stop| test.explain(stop));
    test.report(end)
}
