//! Running a plan: its text, in virtual time, with every law watched.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::Plan;
use super::shrink::{Budget, Shrunk, shrink};
use super::signature::Signature;
use crate::run::{self, Failure, Report, Session, Verdict};
use crate::scenario::{self, Scenario};
use crate::text::Source;
use crate::world::sim::{self, Sim};

/// How often queues are looked at while steps run, in virtual time.
const AUDIT: Duration = Duration::from_millis(250);

/// How plans are run, whatever they say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    /// Only what `tools test` watches is watched: the queues are looked at when the steps are over,
    /// and not while they run. Whoever looks on changes when things happen by some microseconds, so
    /// that a run is the same only with the same watching.
    pub plainly: bool,
    /// The mistake that every node makes.
    #[cfg(feature = "mutants")]
    pub mutant: Option<crate::world::Mutant>,
}

/// What came of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Why it did not pass, if it did not.
    pub broken: Option<Broken>,
    /// How long it took, in the time of its world.
    pub took: Duration,
}

/// Why a run did not pass.
#[derive(Debug, Clone)]
pub struct Broken {
    /// What makes it the same as another.
    pub signature: Signature,
    /// What was wrong, for people: one line.
    pub message: String,
    /// Everything that is known of it.
    pub failure: Box<Failure>,
}

impl Setup {
    /// Runs a plan with the seed it was drawn from. The error says why its text is no scenario.
    pub fn run(self, plan: &Plan) -> Result<Outcome, String> {
        self.run_text(&plan.text("Drawn."), plan.seed)
    }

    /// What makes the failure of a plan the same as another; nothing if it holds.
    #[must_use]
    pub fn signature(self, plan: &Plan) -> Option<Signature> {
        Some(self.run(plan).ok()?.broken?.signature)
    }

    /// The same, with only what `tools test` watches.
    #[must_use]
    pub fn as_test(mut self) -> Self {
        self.plainly = true;
        self
    }

    /// Makes a plan that fails small. If it fails as well for those who watch no more than `tools
    /// test` does, what is left does, too, and the setup says so: a file that is to be kept should
    /// fail there.
    #[must_use]
    pub fn shrink(self, plan: &Plan, signature: &Signature, budget: Budget) -> (Self, Shrunk) {
        let as_test = self.as_test();
        let setup = if as_test.signature(plan).as_ref() == Some(signature) { as_test } else { self };
        (setup, shrink(plan, signature, budget, |plan| setup.signature(plan)))
    }

    /// Runs a scenario with a seed. The error says why it cannot be run.
    pub fn run_text(self, text: &str, seed: u64) -> Result<Outcome, String> {
        self.run_in(text, sim::Options::judged(seed))
    }

    /// The same; what takes events is handed each, as one line of JSON.
    pub fn run_traced(self, text: &str, seed: u64, trace: sim::Tracer) -> Result<Outcome, String> {
        self.run_in(text, sim::Options { trace: Some(trace), ..sim::Options::judged(seed) })
    }

    fn run_in(self, text: &str, world: sim::Options) -> Result<Outcome, String> {
        let scenario = parse(text)?;
        let audit = (!self.plainly).then_some(AUDIT);
        let session = Session::unrecorded(run::Options {
            audit,
            #[cfg(feature = "mutants")]
            mutant: self.mutant,
            ..run::Options::in_virtual_time(world.seed)
        });
        let mut world = Sim::new(world);
        Outcome::of(session.scenario(&mut world, &scenario), &scenario)
    }
}

impl Outcome {
    /// Of the run of a scenario, in whatever world. The error says why it was not judged.
    pub fn of(report: Report, scenario: &Scenario) -> Result<Self, String> {
        let broken = match report.verdict {
            Verdict::Passed | Verdict::Skipped(_) => None,
            Verdict::Failed(failure) | Verdict::Broken(failure) => Some(Broken {
                signature: Signature::of(&failure, scenario),
                message: failure.message.clone(),
                failure,
            }),
            Verdict::Interrupted => return Err("the run was interrupted".to_owned()),
        };
        Ok(Self { broken, took: report.duration })
    }
}

/// The scenario that a drawn text is. The error says why it is none.
pub fn parse(text: &str) -> Result<Scenario, String> {
    let source = Source::new("fuzz.scn", text);
    let includes = &mut |path: &str| Err(format!("`{path}` is not read here"));
    let parsed = scenario::parse(&source, &BTreeMap::new(), includes);
    parsed.map(|(scenario, _)| scenario).map_err(|wrong| wrong.to_string())
}
