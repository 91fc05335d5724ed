//! The check of a network of which some nodes run already, for commands that are given no scenario.

use std::collections::BTreeMap;

use super::exit::Exit;
use super::failure::Failure;
use super::setting::SettingArguments;
use crate::scenario::{At, Headers, Scenario, Step, StepKind, check};
use crate::text::{Severity, Source, Span};
use crate::topology::Graph;
use crate::world::{self, Attachment};

/// Checks that the nodes of a network which run already, by the options of all nodes, can be asked.
pub(super) fn check_network(
    source: &Source,
    graph: &Graph,
    options: &BTreeMap<String, String>,
    world: &'static world::Declaration,
) -> Result<(), Failure> {
    if !options.keys().any(|option| Attachment::node_of(option).is_some()) {
        return Ok(());
    }
    let span = Span { start: 0, end: source.text().trim_end().len() };
    let step = Step { at: At { source: source.clone(), span }, kind: StepKind::Network(graph.clone()) };
    let scenario = Scenario {
        name: String::new(),
        about: String::new(),
        source: source.clone(),
        headers: Headers::default(),
        params: BTreeMap::new(),
        steps: vec![step],
    };
    let wrong = check(&scenario, &SettingArguments { world }.setting(options));
    let errors = wrong.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|diagnostic| diagnostic.to_string()).collect();
    if errors.is_empty() { Ok(()) } else { Err(Failure::rendered(Exit::Usage, errors.join("\n"))) }
}
