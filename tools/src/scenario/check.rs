//! The check of a scenario in its setting, before anything starts.
//!
//! The steps are walked once, in the order of the text. At each step the checker knows the nodes that have
//! started, the names of variables, and the measures that have figures. Anything that depends on the answers
//! of nodes, or on chance, is left to the run.

mod abilities;
mod ask;
mod attached;
mod checker;
mod choice;
mod facts;
mod figures;
mod fit;
mod links;
mod nodes;
mod options;
mod partition;
mod predicate;
mod scope;
mod setting;
mod variables;
mod walk;
mod wording;
mod workload;

pub use self::fit::{Fit, fit};
pub use self::setting::Setting;

use std::collections::BTreeSet;

use self::checker::Checker;
use super::ast::Scenario;
use crate::text::{Diagnostic, Span};

/// Returns true if the harness itself carries the messages of all nodes of a scenario. Then no proxies are
/// needed between them.
#[must_use]
pub fn is_routed(scenario: &Scenario, setting: &Setting<'_>) -> bool {
    let mut checker = Checker::new(scenario, setting);
    checker.check_all();
    checker.nodes.is_routed()
}

/// Returns the options that only some kinds of nodes use, and that some node of the scenario uses.
#[must_use]
pub fn options_in_use(scenario: &Scenario, setting: &Setting<'_>) -> BTreeSet<&'static str> {
    let mut checker = Checker::new(scenario, setting);
    checker.check_all();
    let nodes = &checker.nodes;
    nodes.all(&nodes.ever).flat_map(|(_, facts)| facts.driver.takes).copied().collect()
}

/// Returns all errors and warnings about a scenario in its setting, in the order of the text; at most about a
/// hundred. The scenario may run if none is an error.
#[must_use]
pub fn check(scenario: &Scenario, setting: &Setting<'_>) -> Vec<Diagnostic> {
    let mut checker = Checker::new(scenario, setting);
    checker.check_all();
    let mut diagnostics: Vec<Diagnostic> =
        checker.diagnostics.into_iter().map(Diagnostic::without_secrets).collect();
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

impl Checker<'_> {
    /// Checks all steps, then the conditions that concern the scenario as a whole.
    fn check_all(&mut self) {
        let scenario = self.scenario;
        self.replay_earlier_steps();
        self.steps(&scenario.steps);
        self.bypassed();
        self.useless();
        self.options_of_the_start();
        if self.setting.existing.is_some() {
            return;
        }
        let Some(last) = scenario.steps.last() else {
            let end = scenario.source.text().trim_end().len();
            let error = self.error(Span { start: end, end }, "this scenario has no step");
            self.report(error.help("begin with a network, such as `network a-b`"));
            return;
        };
        self.addresses_of_nobody(last.at.span);
        if self.expectations == 0 {
            let warning = Diagnostic::warning(&last.at.source, last.at.span, "this scenario expects nothing");
            self.report(warning.help(
                "what is checked at every end is checked here as well: no node died, no \
                 acknowledged write is lost",
            ));
        }
    }

    /// Reads the variables and measures of earlier steps, which were checked when they were done.
    fn replay_earlier_steps(&mut self) {
        let before = self.setting.before;
        for step in before {
            self.steps(std::slice::from_ref(step));
            self.diagnostics.clear();
        }
        self.expectations = 0;
        self.link_abilities.clear();
        self.restricted.clear();
        self.of_the_start.clear();
        self.dials_by_itself = None;
    }
}
