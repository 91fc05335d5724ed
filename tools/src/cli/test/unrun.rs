//! The report of a scenario that took no step.

use std::time::Duration;

use crate::run::{Options, Report, Verdict};
use crate::scenario::Scenario;

/// Returns the report of a scenario that took no step.
pub(in crate::cli) fn unrun(scenario: &Scenario, world: &str, options: &Options, verdict: Verdict) -> Report {
    Report {
        scenario: scenario.name.clone(),
        file: scenario.source.name().to_owned(),
        about: scenario.about.clone(),
        params: scenario.params.clone(),
        world: world.to_owned(),
        seed: options.seed,
        timeout_factor: options.timeout_factor,
        node_options: options.node_options.clone(),
        flags: options.flags.clone(),
        verdict,
        duration: Duration::ZERO,
        nodes: 0,
        held: 0,
        measures: Vec::new(),
        excused: Vec::new(),
        notes: Vec::new(),
        likelihood: None,
        logs: None,
        began_ms: None,
        again: None,
        attempts: None,
        features: None,
    }
}
