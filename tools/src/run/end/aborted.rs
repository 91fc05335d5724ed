//! The failures of runs that were ended from outside of their steps.

use std::time::Duration;

use crate::run::context::RunContext;
use crate::run::laws::Breach;
use crate::run::results::{Failure, FailureKind, Finding};
use crate::run::state::{Abort, Life};
use crate::world::{ExitStatus, Misconduct, NodeIndex};

impl RunContext {
    /// Returns the failure that an abort is; none if a person ended the run.
    pub(in crate::run) fn failure_of(&self, abort: Abort) -> Option<Failure> {
        Some(match abort {
            Abort::Interrupted => return None,
            Abort::Died(node, ending) => self.died(node, ending),
            Abort::Misbehaved(node, how) => self.misbehaved(node, &how),
            Abort::Lacking(reason) => self.lacks(reason),
            Abort::Broken(breach) => self.broke(*breach),
            Abort::Runaway(reason) => self.ran_away(reason),
        })
    }

    /// Returns the failure of a scenario whose time was up.
    pub(in crate::run) fn timed_out(&self, timeout: Duration) -> Failure {
        let state = self.executor.state();
        let steps_under_way = state.steps.all();
        let at = steps_under_way.last().cloned();
        let message = format!("the scenario did not end within its {}", crate::text::duration(timeout));
        let mut failure = Failure::new(FailureKind::Timeout, at.as_ref(), state.now, message);
        failure.waited = Some(timeout);
        let starting = state.network.nodes().filter(|(_, node)| node.life == Life::Starting);
        failure.findings.extend(starting.map(|(_, node)| Finding {
            node: node.name().to_owned(),
            held: "not ready yet".to_owned(),
            fits: false,
            since: None,
        }));
        failure.differences = steps_under_way
            .iter()
            .map(|at| {
                let place = at.source.place(at.span);
                format!("still waiting at line {}: {}", place.line, place.text.trim())
            })
            .collect();
        failure.differences.extend(state.measures.waiting(&state.network));
        failure.help = Some("`timeout 120s` at the top of the file gives it more time".to_owned());
        failure
    }

    /// Returns the failure of a run whose virtual time is over. No event follows, so it gets no details.
    pub(in crate::run) fn ran_away(&self, reason: String) -> Failure {
        let state = self.executor.state();
        Failure::new(FailureKind::Timeout, state.aborted_steps().last(), state.now, reason)
    }

    fn lacks(&self, reason: String) -> Failure {
        let state = self.executor.state();
        Failure::new(FailureKind::Environment, state.aborted_steps().last(), state.now, reason)
    }

    /// Returns the failure of a law that was broken while steps ran.
    fn broke(&self, broken: Breach) -> Failure {
        let state = self.executor.state();
        Failure::of_law(broken, state.aborted_steps().last(), state.now)
    }

    fn misbehaved(&self, node: NodeIndex, how: &Misconduct) -> Failure {
        let state = self.executor.state();
        let name = state.network.name(node);
        let (kind, held) = match how {
            Misconduct::Protocol(_) => (FailureKind::Misbehaved, "broke its protocol"),
            Misconduct::Flood(_) => (FailureKind::Flood, "flooded"),
        };
        let message = how.said_of(name);
        let mut failure = Failure::new(kind, state.aborted_steps().last(), state.now, message);
        failure.findings.push(Finding {
            node: name.to_owned(),
            held: held.to_owned(),
            fits: false,
            since: Some(state.now),
        });
        failure
    }

    fn died(&self, node: NodeIndex, ending: ExitStatus) -> Failure {
        let state = self.executor.state();
        let name = state.network.name(node);
        let message = format!("node `{name}` died unasked: {ending}");
        let mut failure = Failure::new(FailureKind::Died, state.aborted_steps().last(), state.now, message);
        failure.findings.push(Finding {
            node: name.to_owned(),
            held: format!("died: {ending}"),
            fits: false,
            since: Some(state.now),
        });
        failure
    }
}
