//! The run of a plan: its text, in virtual time, with every law watched.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::plan::Plan;
use super::shrink::{Budget, Shrunk, shrink};
use super::signature::Signature;
use crate::run::{self, Failure, Report, Session, Verdict};
use crate::scenario::{self, Scenario};
use crate::text::{Diagnostic, Source};
use crate::world::sim::{self, Sim};

/// The interval at which queues are looked at while steps run, in virtual time. Chosen: four looks a second
/// find a queue that grows for a graft delay, and cost less than the traffic between them.
const AUDIT: Duration = Duration::from_millis(250);

/// Options of the runs of plans that are the same for every plan.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// True if runs watch only what `tools test` watches: the queues when the steps are over, and
    /// not while they run. Watching shifts events by some microseconds, so a run is the same only
    /// with the same watching.
    pub plainly: bool,
    /// The mistake that every node makes.
    #[cfg(feature = "mutants")]
    pub mutant: Option<crate::world::Mutant>,
}

/// The result of the run of a plan.
#[derive(Debug, Clone)]
pub struct PlanResult {
    /// The reason for which it did not pass; none if it passed.
    pub broken: Option<PlanFailure>,
    /// The duration of the run, in the time of its world.
    pub took: Duration,
}

/// The reason why the run of a plan has no result.
#[derive(Debug, Error)]
pub enum NotJudged {
    /// The text of the plan is no scenario. Nothing was started.
    #[error("{0}")]
    NoScenario(Box<Diagnostic>),
    /// The environment failed during the run, which says nothing of the nodes. The run has ended.
    #[error("{0}")]
    Environment(String),
    /// A person interrupted the run, which has ended.
    #[error("the run was interrupted")]
    Interrupted,
}

/// The failure of a plan: the reason for which its run did not pass.
#[derive(Debug, Clone)]
pub struct PlanFailure {
    /// The signature by which it is the same failure as another.
    pub signature: Signature,
    /// The fault, for people: one line.
    pub message: String,
    /// The failure with all its details.
    pub failure: Box<Failure>,
}

impl Setup {
    /// Runs a plan with the seed that it was drawn from.
    ///
    /// # Errors If its text is no scenario, or the run was not judged.
    pub fn run(self, plan: &Plan) -> Result<PlanResult, NotJudged> {
        self.run_text(&plan.text("Drawn."), plan.seed)
    }

    /// Returns the signature of a plan's failure; none if it passes or cannot be judged.
    #[must_use]
    pub fn signature(self, plan: &Plan) -> Option<Signature> {
        Some(self.run(plan).ok()?.broken?.signature)
    }

    /// Returns the setup that watches only what `tools test` watches.
    #[must_use]
    pub fn as_test(mut self) -> Self {
        self.plainly = true;
        self
    }

    /// Shrinks a plan that fails. If the plan also fails with only what `tools test` watches, so does the
    /// result: a file that is to be kept should fail there. The returned setup is the one that was used.
    #[must_use]
    pub fn shrink(self, plan: &Plan, signature: &Signature, budget: Budget) -> (Self, Shrunk) {
        let as_test = self.as_test();
        let setup = if as_test.signature(plan).as_ref() == Some(signature) { as_test } else { self };
        (setup, shrink(plan, signature, budget, |plan| setup.signature(plan)))
    }

    /// Runs a scenario with a seed.
    ///
    /// # Errors If the text is no scenario, or the run was not judged.
    pub fn run_text(self, text: &str, seed: u64) -> Result<PlanResult, NotJudged> {
        self.run_in(text, sim::Options::judged(seed))
    }

    /// Runs a scenario as [`Setup::run_text`] does. `trace` is handed each event, as one line of JSON.
    pub fn run_traced(self, text: &str, seed: u64, trace: sim::Tracer) -> Result<PlanResult, NotJudged> {
        self.run_in(text, sim::Options { trace: Some(trace), ..sim::Options::judged(seed) })
    }

    fn run_in(self, text: &str, world: sim::Options) -> Result<PlanResult, NotJudged> {
        let scenario = parse(text)?;
        let audit = (!self.plainly).then_some(AUDIT);
        let session = Session::without_journal(run::Options {
            audit,
            #[cfg(feature = "mutants")]
            mutant: self.mutant,
            ..run::Options::in_virtual_time(world.seed)
        });
        let mut world = Sim::new(world);
        PlanResult::of(session.scenario(&mut world, &scenario), &scenario)
    }
}

impl PlanResult {
    /// Returns the outcome of the run of a scenario, in whatever world.
    ///
    /// # Errors If the run was not judged.
    pub fn of(report: Report, scenario: &Scenario) -> Result<Self, NotJudged> {
        let broken = match report.verdict {
            Verdict::Passed | Verdict::Skipped(_) => None,
            // A failure of the environment says nothing of the nodes.
            Verdict::Broken(failure) => return Err(NotJudged::Environment(failure.message)),
            Verdict::Failed(failure) | Verdict::Flaky(failure) => Some(PlanFailure {
                signature: Signature::of(&failure, scenario),
                message: failure.message.clone(),
                failure,
            }),
            Verdict::Interrupted => return Err(NotJudged::Interrupted),
        };
        Ok(Self { broken, took: report.duration })
    }
}

/// Parses a drawn text as a scenario.
///
/// # Errors If the text is no scenario.
pub fn parse(text: &str) -> Result<Scenario, NotJudged> {
    let source = Source::new("fuzz.scn", text);
    let includes = &mut |path: &str| Err(format!("`{path}` is not read here"));
    let parsed = scenario::parse(&source, &BTreeMap::new(), includes);
    parsed.map(|(scenario, _)| scenario).map_err(|wrong| NotJudged::NoScenario(Box::new(wrong)))
}
