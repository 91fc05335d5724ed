//! The state of the check at a step, and the report of what it finds.

use std::collections::BTreeSet;
use std::time::Duration;

use super::nodes::Nodes;
use super::scope::{Measures, Scope};
use super::setting::Setting;
use crate::scenario::ast::{At, Scenario, Who};
use crate::text::{Diagnostic, Source, Span};
use crate::workload::Kind;
use crate::world;

/// An option that only nodes of some kinds use, with its place.
pub(super) struct RestrictedOption {
    pub(super) source: Source,
    pub(super) who: Who,
    pub(super) name: String,
    pub(super) span: Span,
}

/// The state of the check at a step.
pub(super) struct Checker<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) setting: Setting<'a>,
    /// The file that the step stands in.
    pub(super) source: Source,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) nodes: Nodes<'a>,
    pub(super) scope: Scope,
    pub(super) measures: Measures,
    /// The number of `measure` blocks that are open.
    pub(super) measuring: usize,
    /// The workloads of the `workload` steps before.
    pub(super) loads: Vec<Kind>,
    /// True if a `repeat` may go on until other steps have ended.
    pub(super) endless: bool,
    pub(super) expectations: usize,
    /// The abilities of the world that the steps on links need.
    pub(super) link_abilities: BTreeSet<world::Ability>,
    /// The first argument that makes nodes dial each other by themselves.
    pub(super) dials_by_itself: Option<(String, At)>,
    /// The options given so far that not all nodes use.
    pub(super) restricted: Vec<RestrictedOption>,
    /// The options given so far that only nodes have which the harness starts.
    pub(super) of_the_start: Vec<RestrictedOption>,
}

impl<'a> Checker<'a> {
    /// Creates the state before the first step.
    pub(super) fn new(scenario: &'a Scenario, setting: &Setting<'a>) -> Self {
        Self {
            scenario,
            setting: *setting,
            source: scenario.source.clone(),
            diagnostics: Vec::new(),
            nodes: Nodes::new(scenario, setting),
            scope: Scope::new(),
            measures: Measures::default(),
            measuring: 0,
            loads: Vec::new(),
            endless: false,
            expectations: 0,
            link_abilities: BTreeSet::new(),
            dials_by_itself: None,
            restricted: Vec::new(),
            of_the_start: Vec::new(),
        }
    }
}

impl Checker<'_> {
    /// Adds a diagnostic to the result.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Creates an error in the present file; it is not reported yet.
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&self.source, span, message)
    }

    /// Creates a warning in the present file; it is not reported yet.
    pub(super) fn warning(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(&self.source, span, message)
    }

    /// Warns that a wait is longer than the whole scenario may take.
    pub(super) fn within_timeout(&mut self, time: Duration, span: Span) {
        let timeout = self.scenario.headers.timeout;
        if time > timeout {
            let message = format!("the scenario is ended after {timeout:?}, before this time has passed");
            let warning = self.warning(span, message);
            self.report(warning.help("begin the file with a longer `timeout`"));
        }
    }
}
