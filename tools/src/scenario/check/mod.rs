//! Whether a scenario makes sense where it is to run, before anything starts.
//!
//! The steps are walked once, in the order of the text, with what is known at each: the nodes that
//! have started, the names that are kept, the figures that are measured. What depends on what nodes
//! answer, or on chance, is left to the run.

mod abilities;
mod ask;
mod facts;
mod figures;
mod links;
mod nodes;
mod options;
mod predicate;
mod scope;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use self::figures::Measures;
use self::nodes::Nodes;
use self::scope::Scope;
use super::ast::{At, Scenario};
use crate::text::{Diagnostic, Source, Span};
use crate::topology::Graph;
use crate::world::NodeSpec;
use crate::{driver, world};

/// Where a scenario is to run.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The world.
    pub world: &'a world::Declaration,
    /// All drivers that a `node` step may name; the first is that of nodes of which nothing is said.
    pub drivers: &'a [&'a driver::Declaration],
    /// Options of every node, by name as in `node`; they win over those of the scenario.
    pub options: &'a BTreeMap<String, String>,
    /// The network that is up already, where steps are done to a running one.
    pub existing: Option<&'a Graph>,
    /// How the nodes of that network were started, by name.
    pub running: &'a BTreeMap<String, NodeSpec>,
}

impl<'a> Setting<'a> {
    /// Where nothing is up yet, and no option is given.
    #[must_use]
    pub const fn of(world: &'a world::Declaration) -> Self {
        const NO_OPTIONS: &BTreeMap<String, String> = &BTreeMap::new();
        const NOBODY: &BTreeMap<String, NodeSpec> = &BTreeMap::new();
        Self { world, drivers: driver::ALL, options: NO_OPTIONS, existing: None, running: NOBODY }
    }

    /// The driver of nodes for which no `node` step names one.
    fn driver(&self) -> &'a driver::Declaration {
        let given = self.options.get("driver");
        let given = given.and_then(|name| self.drivers.iter().find(|driver| driver.name == *name));
        given.or(self.drivers.first()).copied().unwrap_or(&driver::NATIVE)
    }
}

/// Whether the harness carries the messages of all nodes of a scenario by itself: then nothing has to
/// stand between them.
#[must_use]
pub fn is_routed(scenario: &Scenario, setting: &Setting<'_>) -> bool {
    let mut checker = Checker::new(scenario, setting);
    checker.whole();
    checker.nodes.is_routed()
}

/// After so many diagnostics the rest is not looked at: they have one cause, or the file is none.
const DIAGNOSTICS_MAX: usize = 100;

/// All that is wrong with a scenario in that setting, and what is probably not meant, in the order of
/// the text; at most about a hundred. It may be run if nothing is an error.
#[must_use]
pub fn check(scenario: &Scenario, setting: &Setting<'_>) -> Vec<Diagnostic> {
    let mut checker = Checker::new(scenario, setting);
    checker.whole();
    let mut diagnostics = checker.diagnostics;
    let main = scenario.source.name();
    diagnostics.sort_by(|one, other| {
        let key = |diagnostic: &Diagnostic| {
            let name = diagnostic.source.name();
            (name != main, name.to_owned(), diagnostic.span)
        };
        key(one).cmp(&key(other))
    });
    diagnostics.dedup();
    diagnostics
}

/// What is known at a step.
struct Checker<'a> {
    scenario: &'a Scenario,
    setting: Setting<'a>,
    /// The file that the step stands in.
    source: Source,
    diagnostics: Vec<Diagnostic>,
    nodes: Nodes<'a>,
    scope: Scope,
    measures: Measures,
    /// How many `measure` blocks are open.
    measuring: usize,
    /// Whether a `repeat` may go on until other steps have ended.
    endless: bool,
    expectations: usize,
    /// What steps did to links.
    touched: BTreeSet<world::Ability>,
    /// The first argument that has nodes dial each other by themselves.
    dials_by_itself: Option<(String, At)>,
}

impl<'a> Checker<'a> {
    fn new(scenario: &'a Scenario, setting: &Setting<'a>) -> Self {
        Self {
            scenario,
            setting: *setting,
            source: scenario.source.clone(),
            diagnostics: Vec::new(),
            nodes: Nodes::new(scenario, setting),
            scope: Scope::new(),
            measures: Measures::default(),
            measuring: 0,
            endless: false,
            expectations: 0,
            touched: BTreeSet::new(),
            dials_by_itself: None,
        }
    }
}

impl Checker<'_> {
    fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&self.source, span, message)
    }

    fn warning(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(&self.source, span, message)
    }

    /// Everything, and what can be said only of everything.
    fn whole(&mut self) {
        let scenario = self.scenario;
        self.steps(&scenario.steps);
        self.bypassed();
        if self.setting.existing.is_some() {
            return;
        }
        let Some(last) = scenario.steps.last() else {
            let end = scenario.source.text().trim_end().len();
            let error = self.error(Span { start: end, end }, "this scenario has no step");
            self.say(error.help("begin with a network, such as `network a-b`"));
            return;
        };
        if self.expectations == 0 {
            let warning = Diagnostic::warning(&last.at.source, last.at.span, "this scenario expects nothing");
            self.say(warning.help(
                "what is checked at every end is checked here as well: no node died, no \
                 acknowledged write is lost",
            ));
        }
    }

    /// Says that a wait is longer than the whole scenario may take.
    fn within_timeout(&mut self, time: Duration, span: Span) {
        let timeout = self.scenario.headers.timeout;
        if time > timeout {
            let message = format!("the scenario is ended after {timeout:?}, before this time has passed");
            let warning = self.warning(span, message);
            self.say(warning.help("begin the file with a longer `timeout`"));
        }
    }
}

/// At most so many names, and how many more there are.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN_MAX: usize = 12;
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(SHOWN_MAX).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A number of things: `1 argument`, `2 arguments`.
fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("{count} {thing}") } else { format!("{count} {thing}s") }
}
