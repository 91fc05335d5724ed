//! A run as a whole: a network that lives in one world, and the steps that are done to it.

use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::converge::Apart;
use super::desk::{Alarm, Desk, Recorder};
use super::environment::Environment;
use super::failure::{Failure, FailureKind, Finding};
use super::laws::Broken;
use super::network::{Life, Link, Network};
use super::record::{Record, RunEvent};
use super::report::{Report, Verdict};
use crate::driver;
use crate::scenario::{Scenario, Shape, Step};
use crate::text::Source;
use crate::world::{Ending, NodeIndex, World};

/// The workload whose nodes are told of the topology, and the command that shows it.
pub(super) const BROADCAST: &str = "broadcast";

/// How runs are done, whatever they do.
#[derive(Debug, Clone)]
pub struct Options {
    /// What every draw comes from.
    pub seed: u64,
    /// What every deadline is multiplied by; figures never are.
    pub timeout_factor: f64,
    /// The drivers that there are; the first is taken where none is named.
    pub drivers: Vec<&'static driver::Declaration>,
    /// Options of every node, by name as in `node`; they win over those of the scenario.
    pub node_options: BTreeMap<String, String>,
    /// The mistake that every node makes.
    #[cfg(feature = "mutants")]
    pub mutant: Option<crate::world::Mutant>,
    /// Where the run's logs lie, for reports.
    pub logs: Option<String>,
    /// Whether nodes tell of every version they store from their start on, so that the law of
    /// stored versions can be judged. Otherwise they do only while something is measured.
    pub versions: bool,
    /// How often, in the world's time, the queues of all running nodes are looked at while steps
    /// run; otherwise they are only at the end.
    pub audit: Option<Duration>,
}

impl Options {
    /// As `tools test` judges a scenario in virtual time, where no law costs the run anything but time
    /// of the machine. Whoever looks on changes when things happen by some microseconds: a run can be
    /// had again only with the same watching.
    #[must_use]
    pub fn in_virtual_time(seed: u64) -> Self {
        Self { seed, versions: true, ..Self::default() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            timeout_factor: 1.0,
            drivers: driver::ALL.to_vec(),
            node_options: BTreeMap::new(),
            #[cfg(feature = "mutants")]
            mutant: None,
            logs: None,
            versions: false,
            audit: None,
        }
    }
}

/// Why a session that was waiting goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idle {
    /// Somebody wants attention.
    Woken,
    /// The moment has come.
    Elapsed,
    /// The person at the terminal wants it to end.
    Interrupted,
    /// A node died unasked.
    Died(NodeIndex, Ending),
    /// A node broke the protocol that it is to speak, in this way.
    Misbehaved(NodeIndex, String),
}

/// What one run knows and shares with all its steps.
#[derive(Clone)]
pub(super) struct Run {
    pub desk: Desk,
    pub options: Rc<Options>,
    /// Options of nodes, as the scenario gave them so far.
    pub rules: Rc<RefCell<Vec<super::life::Rule>>>,
    /// The shape that `link all` gave to every link, later ones included.
    pub standing_shape: Rc<RefCell<Vec<Shape>>>,
    /// Links of nodes that were started while the other end could not be reached: to be wired as soon
    /// as it can, since neither end may dial by itself.
    pub owed_links: Rc<RefCell<BTreeSet<Link>>>,
    /// Whether the scenario has nodes broadcast: then that is what those are for of which it was not said.
    pub broadcasts: Rc<Cell<bool>>,
}

/// What ends a step early.
#[derive(Debug)]
pub(super) struct Stop {
    /// Why.
    pub failure: Box<Failure>,
    /// The nodes that were found apart: the report tells how they differ.
    pub apart: Vec<Apart>,
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self { failure: Box::new(failure), apart: Vec::new() }
    }
}

/// A network in a world, and what has been done to it so far.
pub struct Session {
    run: Run,
    environment: RefCell<Environment>,
    interrupted: Cell<bool>,
}

impl Session {
    /// A session with no node yet. `recorder` is handed every event of the run, as it comes.
    pub fn new(options: Options, recorder: impl FnMut(&Record) + 'static) -> Self {
        Self::with(options, Some(Box::new(recorder)))
    }

    /// A session whose events nobody wants: nothing is spent on them.
    #[must_use]
    pub fn unrecorded(options: Options) -> Self {
        Self::with(options, None)
    }

    fn with(options: Options, recorder: Recorder) -> Self {
        let run = Run {
            desk: Desk::new(recorder),
            options: Rc::new(options),
            rules: Rc::default(),
            standing_shape: Rc::default(),
            owed_links: Rc::default(),
            broadcasts: Rc::default(),
        };
        Self { run, environment: RefCell::default(), interrupted: Cell::default() }
    }

    /// The network as it is now.
    pub fn network(&self) -> Ref<'_, Network> {
        Ref::map(self.run.desk.state(), |state| &state.network)
    }

    /// The world's time at the last event: since the run began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.run.desk.now()
    }

    /// Whether the person at the terminal wanted it to end, even if that came too late to be the verdict:
    /// when something had failed already, and its report was being made.
    #[must_use]
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// Records what is about to be run, and where.
    pub fn plan(&self, name: &str, source: &Source, params: &BTreeMap<String, String>, world: &str) {
        self.run.desk.record(|| RunEvent::Plan {
            scenario: name.to_owned(),
            file: source.name().to_owned(),
            text: source.text().to_owned(),
            params: params.clone(),
            world: world.to_owned(),
            seed: self.run.options.seed,
        });
    }

    /// Runs a scenario from its first step to its verdict. The nodes are left as they are.
    pub fn scenario(&self, world: &mut dyn World, scenario: &Scenario) -> Report {
        let run = &self.run;
        self.plan(&scenario.name, &scenario.source, &scenario.params, world.declaration().name);
        let began = run.desk.now();
        run.desk.state_mut().evidence.keep();
        run.broadcasts.set(scenario.asks(BROADCAST));
        let verdict = self.verdict(
            world,
            async {
                let mut environment = Environment::default();
                run.audited(run.block(&scenario.steps, &mut environment, None)).await?;
                run.finish(run.stretch(scenario.headers.settle)).await
            },
            Some(scenario.headers.timeout),
        );
        run.desk.record(|| RunEvent::Verdict {
            verdict: verdict.word().to_owned(),
            message: verdict.failure().map(|failure| failure.message.clone()),
        });
        let state = run.desk.state();
        Report {
            scenario: scenario.name.clone(),
            file: scenario.source.name().to_owned(),
            about: scenario.about.clone(),
            params: scenario.params.clone(),
            world: world.declaration().name.to_owned(),
            seed: run.options.seed,
            timeout_factor: run.options.timeout_factor,
            node_options: run.options.node_options.clone(),
            verdict,
            duration: state.now.saturating_sub(began),
            nodes: state.network.indices().count(),
            held: state.history.held,
            measures: state.measures.finished().to_vec(),
            excused: state.history.excused.clone(),
            logs: run.options.logs.clone(),
        }
    }

    /// Does steps to the network as it is. What `let` keeps stays known to later steps.
    pub fn perform(&self, world: &mut dyn World, steps: &[Step]) -> Verdict {
        let mut environment = self.environment.take();
        let verdict =
            self.verdict(world, async { self.run.block(steps, &mut environment, None).await }, None);
        self.environment.replace(environment);
        verdict
    }

    /// Takes in what happens, with nothing under way, until there is something to attend to or, if
    /// a moment is given, until then.
    pub fn idle(&self, world: &mut dyn World, until: Option<Duration>) -> Idle {
        let desk = &self.run.desk;
        let waiting = async {
            let Some(until) = until else {
                desk.woken().await;
                return Idle::Woken;
            };
            match select(std::pin::pin!(desk.woken()), std::pin::pin!(desk.until(until))).await {
                Either::Left(_) => Idle::Woken,
                Either::Right(_) => Idle::Elapsed,
            }
        };
        match desk.drive(world, waiting) {
            Ok(idle) => idle,
            Err(Alarm::Interrupted) => Idle::Interrupted,
            Err(Alarm::Died(node, ending)) => Idle::Died(node, ending),
            Err(Alarm::Misbehaved(node, reason)) => Idle::Misbehaved(node, reason),
            // Nobody waits idly in virtual time; were it so, that would be over now. Laws are judged of
            // scenarios only.
            Err(Alarm::Runaway(_) | Alarm::Broken(_)) => Idle::Elapsed,
        }
    }

    /// Ends all nodes that still run, in an orderly way. Whether that was interrupted: then it is not
    /// done, and taking the world down does it without order.
    pub fn stop_all(&self, world: &mut dyn World) -> bool {
        let run = &self.run;
        let running: Vec<NodeIndex> = {
            let state = run.desk.state();
            let lives = |life| matches!(life, Life::Running | Life::Paused | Life::Starting);
            state.network.nodes().filter(|(_, node)| lives(node.life)).map(|(index, _)| index).collect()
        };
        matches!(run.desk.drive(world, run.end_all(&running)), Err(Alarm::Interrupted))
    }

    fn verdict(
        &self,
        world: &mut dyn World,
        steps: impl Future<Output = Result<(), Stop>>,
        timeout: Option<Duration>,
    ) -> Verdict {
        let run = &self.run;
        let timeout = timeout.map(|timeout| run.stretch(timeout));
        let until = timeout.map(|timeout| run.desk.now() + timeout);
        let outcome = run.desk.drive(world, async {
            let Some(until) = until else { return steps.await };
            let (steps, time) = (std::pin::pin!(steps), std::pin::pin!(run.desk.until(until)));
            match select(steps, time).await {
                Either::Left((result, _)) => result,
                Either::Right(((), _)) => Err(run.timed_out(timeout.unwrap_or_default()).into()),
            }
        });
        let Stop { failure, apart } = match outcome {
            Ok(Ok(())) => return Verdict::Passed,
            Ok(Err(stop)) => stop,
            Err(Alarm::Interrupted) => {
                self.interrupted.set(true);
                return Verdict::Interrupted;
            }
            Err(Alarm::Died(node, ending)) => run.died(node, ending).into(),
            Err(Alarm::Misbehaved(node, reason)) => run.misbehaved(node, &reason).into(),
            Err(Alarm::Broken(broken)) => run.broke(*broken).into(),
            Err(Alarm::Runaway(reason)) => return Verdict::Failed(Box::new(run.ran_away(reason))),
        };
        let kind = failure.kind;
        let failure = Box::new(self.detailed(world, *failure, &apart, timeout.is_some()));
        if kind == FailureKind::Environment { Verdict::Broken(failure) } else { Verdict::Failed(failure) }
    }

    /// Asks what else belongs into a report. Whatever happens meanwhile, what failed first stays: it
    /// only ends the asking.
    fn detailed(&self, world: &mut dyn World, failure: Failure, apart: &[Apart], logs: bool) -> Failure {
        let run = &self.run;
        run.desk.state_mut().evidence.close();
        let failure = RefCell::new(failure);
        let asking = run.desk.drive(world, async {
            run.add_differences(&failure, apart).await;
            // Whoever does steps by hand sees the logs, and what a node that did not start said is told.
            if logs {
                run.add_logs(&failure).await;
            }
        });
        if asking == Err(Alarm::Interrupted) {
            self.interrupted.set(true);
        }
        failure.into_inner()
    }
}

impl Run {
    /// A deadline's length on this machine.
    pub(super) fn stretch(&self, duration: Duration) -> Duration {
        duration.mul_f64(self.options.timeout_factor)
    }

    /// The driver of a node.
    pub(super) fn driver(&self, node: NodeIndex) -> &'static driver::Declaration {
        self.driver_named(&self.desk.state().network.node(node).spec.driver)
    }

    /// The driver of that name.
    pub(super) fn driver_named(&self, name: &str) -> &'static driver::Declaration {
        let drivers = &self.options.drivers;
        drivers.iter().find(|driver| driver.name == name).or(drivers.first()).unwrap_or(&&driver::NATIVE)
    }

    fn timed_out(&self, timeout: Duration) -> Failure {
        let state = self.desk.state();
        let doing = state.doing();
        let at = doing.last().cloned();
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
        failure.differences = doing
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

    fn ran_away(&self, reason: String) -> Failure {
        let state = self.desk.state();
        Failure::new(FailureKind::Timeout, state.broken_off().last(), state.now, reason)
    }

    /// A law was broken while steps ran.
    fn broke(&self, broken: Broken) -> Failure {
        let state = self.desk.state();
        Failure::of_law(broken, state.broken_off().last(), state.now)
    }

    fn misbehaved(&self, node: NodeIndex, reason: &str) -> Failure {
        let state = self.desk.state();
        let name = state.network.name(node);
        let message = format!("node `{name}` broke its protocol: it {reason}");
        let mut failure =
            Failure::new(FailureKind::Misbehaved, state.broken_off().last(), state.now, message);
        failure.findings.push(Finding {
            node: name.to_owned(),
            held: "broke its protocol".to_owned(),
            fits: false,
            since: Some(state.now),
        });
        failure
    }

    fn died(&self, node: NodeIndex, ending: Ending) -> Failure {
        let state = self.desk.state();
        let name = state.network.name(node);
        let message = format!("node `{name}` died unasked: {ending}");
        let mut failure = Failure::new(FailureKind::Died, state.broken_off().last(), state.now, message);
        failure.findings.push(Finding {
            node: name.to_owned(),
            held: format!("died: {ending}"),
            fits: false,
            since: Some(state.now),
        });
        failure
    }
}
