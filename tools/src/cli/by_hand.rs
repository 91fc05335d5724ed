//! The steps that a person does by hand on a network that runs: their check, and the replies of nodes to them.

mod answers;

use std::collections::BTreeMap;
use std::path::Path;

pub(super) use answers::{Answers, NodeReply};

use super::exit::Exit;
use super::failure::Failure;
use super::load::find_drivers;
use super::reach::Reach;
use crate::driver;
use crate::run::Session;
use crate::scenario::{Scenario, Setting, Step, StepKind, check, parse_steps};
use crate::text::{Severity, Source};
use crate::topology::Graph;
use crate::world::{ClockReach, Declaration};

/// The most steps whose names stay known. Chosen: far more than a person defines, and each is checked again
/// with every request.
const NAMES_MAX: usize = 1_000;

/// The network that steps by hand are checked against.
pub(super) struct Grounds<'a> {
    pub(super) session: &'a Session,
    pub(super) world: &'static Declaration,
    /// Options of every node, from the command line.
    pub(super) node_options: &'a BTreeMap<String, String>,
    pub(super) naming: &'a Naming,
    /// The judge of programs whose clocks are to be shifted.
    pub(super) clock_reach: ClockReach,
}

/// The steps that define or measure something that later steps may name.
#[derive(Debug, Default)]
pub(super) struct Naming(Vec<Step>);

impl Naming {
    /// Adds a step that succeeded, if it defines or measures something.
    pub(super) fn add(&mut self, step: &Step) {
        if self.0.len() < NAMES_MAX && names_something(step) {
            self.0.push(step.clone());
        }
    }
}

impl Grounds<'_> {
    /// Parses steps and checks them against the network as it is. Messages call the text `name`.
    pub(super) fn check(&self, name: &str, text: &str) -> Result<Scenario, Failure> {
        let source = Source::new(name, text);
        let reach = Reach::of_folders([Path::new("")]);
        let (scenario, _) = parse_steps(&source, &mut |path: &str| reach.include(path))?;
        let unread = find_drivers(&scenario.steps);
        let existing = self.graph();
        let running = {
            let network = self.session.network();
            network.nodes().map(|(_, node)| (node.name().to_owned(), node.spec.clone())).collect()
        };
        let setting = Setting {
            options: self.node_options,
            existing: Some(&existing),
            running: &running,
            before: &self.naming.0,
            drivers: driver::all(),
            clock_reach: self.clock_reach,
            ..Setting::of(self.world)
        };
        // All else that is wrong would follow from a driver that cannot be read.
        let wrong = if unread.is_empty() { check(&scenario, &setting) } else { unread };
        let errors: Vec<String> = wrong
            .into_iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(|diagnostic| diagnostic.to_string())
            .collect();
        if errors.is_empty() { Ok(scenario) } else { Err(Failure::rendered(Exit::Usage, errors.join("\n"))) }
    }

    /// Returns the network as a graph.
    fn graph(&self) -> Graph {
        let network = self.session.network();
        Graph::from_names(
            network.nodes().map(|(_, node)| node.name()),
            network.links().iter().map(|link| (link.from.0, link.to.0)),
        )
    }
}

/// Returns true if a step defines or measures something that later steps may name.
fn names_something(step: &Step) -> bool {
    matches!(step.kind, StepKind::LetAnswer { .. } | StepKind::LetNodes { .. } | StepKind::Measure { .. })
}
