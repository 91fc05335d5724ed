//! The fit of a scenario to the nodes that the command line names.
//!
//! A scenario that is right with nodes of another kind has no mistake: it is meant for those nodes.

use std::collections::BTreeMap;

use super::check;
use super::setting::Setting;
use crate::driver;
use crate::scenario::ast::Scenario;
use crate::text::{Diagnostic, Severity};

/// The options that define the kind of nodes. A policy goes with nodes of several kinds.
const OF_THE_KIND: [&str; 5] = ["driver", "exec", "adapter", "workload", "ready"];

/// The value for an option that nodes of a kind need and nobody gave.
const ANY_PROGRAM: &str = "program {data}";

/// The relation of a scenario to the kind of nodes in a [`Setting`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// Nodes of this kind can do all that the scenario asks for.
    Fits,
    /// Nodes of this kind lack something, as these errors say, and nodes of another kind lack nothing. Never
    /// empty.
    Misfit(Vec<Diagnostic>),
    /// The scenario is wrong with nodes of every kind.
    Wrong(Vec<Diagnostic>),
}

/// Compares a scenario with the nodes of a setting. A program that such nodes need counts as given.
#[must_use]
pub fn fit(scenario: &Scenario, setting: &Setting<'_>) -> Fit {
    let wrong_with = |options: &BTreeMap<String, String>| -> Vec<Diagnostic> {
        let found = check(scenario, &Setting { options, ..*setting });
        found.into_iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect()
    };
    let wrong = wrong_with(&complete(setting.options, setting.driver()));
    if wrong.is_empty() {
        return Fit::Fits;
    }
    let names_a_kind = OF_THE_KIND.iter().any(|option| setting.options.contains_key(*option));
    if names_a_kind && other_kinds(setting).iter().any(|options| wrong_with(options).is_empty()) {
        Fit::Misfit(wrong)
    } else {
        Fit::Wrong(wrong)
    }
}

/// Returns the options with all that nodes of the driver need.
fn complete(options: &BTreeMap<String, String>, driver: &driver::Declaration) -> BTreeMap<String, String> {
    let mut complete = options.clone();
    for need in driver.needs {
        complete.entry((*need).to_owned()).or_insert_with(|| ANY_PROGRAM.to_owned());
    }
    complete
}

/// Returns the options of nodes as the scenario itself sets them, then those of each driver.
fn other_kinds(setting: &Setting<'_>) -> Vec<BTreeMap<String, String>> {
    let mut bare = setting.options.clone();
    bare.retain(|name, _| !OF_THE_KIND.contains(&name.as_str()));
    let of_driver = |driver: &&driver::Declaration| {
        let mut options = complete(&bare, driver);
        options.insert("driver".to_owned(), driver.name.to_owned());
        options
    };
    std::iter::once(bare.clone()).chain(setting.drivers.iter().map(of_driver)).collect()
}
