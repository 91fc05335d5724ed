//! A run as a whole: a network that lives in one world, and the steps that are performed on it.

use std::cell::{Cell, Ref, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use super::attendance::Attendant;
use super::context::RunContext;
use super::environment::Environment;
use super::options::Options;
use super::results::{Apart, Failure, FailureKind, JournalWriter, Report, StepFailure, Verdict};
use super::state::{Abort, Life, Network};
use crate::journal::{self, JournalEntry, JournalEvent, Recorder};
use crate::scenario::{Scenario, Step};
use crate::text::Source;
use crate::world::{ExitStatus, Misconduct, NodeIndex, World};

/// The event for which a waiting session goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wakeup {
    /// Somebody outside of the run wants attention.
    Woken,
    /// The given moment has come.
    Elapsed,
    /// The person at the terminal wants the session to end.
    Interrupted,
    /// A node died unasked.
    Died(NodeIndex, ExitStatus),
    /// A node broke its protocol or flooded the harness.
    Misbehaved(NodeIndex, Misconduct),
    /// The environment lacks something that the world needs to go on, in words for people.
    Lacking(String),
}

/// The scenario or network that a session is to run.
struct Plan<'a> {
    name: &'a str,
    source: &'a Source,
    params: &'a BTreeMap<String, String>,
    about: &'a str,
}

/// A network in a world, and all that has been done to it so far.
pub struct Session {
    run: RunContext,
    environment: RefCell<Environment>,
    interrupted: Cell<bool>,
}

impl Session {
    /// Returns a session with no node yet. `recorder` is handed every event of the run, as it comes.
    pub fn new(options: Options, recorder: impl Recorder + 'static) -> Self {
        Self::with(options, Some(Box::new(recorder)))
    }

    /// Returns a session without a recorder: no event is even made.
    #[must_use]
    pub fn without_journal(options: Options) -> Self {
        Self::with(options, None)
    }

    fn with(options: Options, journal: JournalWriter) -> Self {
        let run = RunContext::new(options, journal);
        Self { run, environment: RefCell::default(), interrupted: Cell::default() }
    }

    /// Returns the network in its present state.
    pub fn network(&self) -> Ref<'_, Network> {
        Ref::map(self.run.executor.state(), |state| &state.network)
    }

    /// Returns the world's time at the last event, since the run began.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.run.executor.now()
    }

    /// Returns true if the person at the terminal interrupted the run. It may have come too late to be
    /// the verdict: a failure was there already, and its report was being made.
    #[must_use]
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// Records the network to be run, and the world. `name` says what runs it.
    pub fn plan(&self, name: &str, source: &Source, world: &dyn World) {
        self.journal_plan(&Plan { name, source, params: &BTreeMap::new(), about: "" }, world);
    }

    fn journal_plan(&self, plan: &Plan<'_>, world: &dyn World) {
        let options = &self.run.options;
        self.run.executor.journal(|| JournalEvent::Plan {
            format: journal::FORMAT,
            scenario: plan.name.to_owned(),
            file: plan.source.name().to_owned(),
            text: plan.source.text().to_owned(),
            params: plan.params.clone(),
            world: world.declaration().name.to_owned(),
            seed: options.seed,
            about: plan.about.to_owned(),
            wall_ms: world.wall_ms(),
            virtual_time: world.declaration().virtual_time,
            timeout_factor: options.timeout_factor,
            node_options: options.node_options.clone(),
            flags: options.flags.clone(),
            again: options.again.clone(),
        });
    }

    /// Appends an event to the journal that the runner does not know itself, such as a line of a log.
    pub fn append(&self, at_us: Option<u64>, event: JournalEvent) {
        self.run.executor.state_mut().append(&JournalEntry { at_us, event });
    }

    /// Runs a scenario from its first step to its verdict. The nodes are left as they are.
    pub fn scenario(&self, world: &mut dyn World, scenario: &Scenario) -> Report {
        self.run_scenario(world, scenario, None)
    }

    /// Runs a scenario as [`Session::scenario`] does, beside the steps that a person adds meanwhile.
    pub fn attended_scenario(
        &self,
        world: &mut dyn World,
        scenario: &Scenario,
        attendant: &dyn Attendant,
    ) -> Report {
        self.run_scenario(world, scenario, Some(attendant))
    }

    fn run_scenario(
        &self,
        world: &mut dyn World,
        scenario: &Scenario,
        attendant: Option<&dyn Attendant>,
    ) -> Report {
        let run = &self.run;
        let Scenario { name, source, params, about, .. } = scenario;
        self.journal_plan(&Plan { name, source, params, about }, world);
        let began = run.executor.now();
        run.executor.state_mut().evidence.start_judging();
        run.settle.set(scenario.headers.settle);
        let workloads = run.options.drivers.iter().flat_map(|driver| driver.implied_workloads).copied();
        run.implied_workloads.replace(workloads.filter(|workload| scenario.asks(workload)).collect());
        let verdict = self.verdict(
            world,
            async {
                let steps = async {
                    let mut environment = Environment::default();
                    run.audited(run.perform(&scenario.steps, &mut environment)).await?;
                    run.not_bypassed(None).await?;
                    run.finish(run.stretch(scenario.headers.settle)).await
                };
                let Some(attendant) = attendant else { return steps.await };
                match select(pin!(steps), pin!(run.attend(attendant))).await {
                    Either::Left((result, _)) => result,
                    Either::Right((never, _)) => match never {},
                }
            },
            Some(scenario.headers.timeout),
        );
        let report = self.report(world, scenario, verdict, began);
        run.journal_laws(&report.verdict);
        run.executor.journal(|| JournalEvent::Verdict {
            verdict: report.verdict.word().to_owned(),
            message: report.verdict.failure().map(|failure| failure.message.clone()),
            report: run.options.report_entry.map(|entry| Box::new(entry(&report))),
        });
        report
    }

    fn report(&self, world: &dyn World, scenario: &Scenario, verdict: Verdict, began: Duration) -> Report {
        let run = &self.run;
        let rates = world.log_rates();
        let state = run.executor.state();
        let noise = rates.iter().map(|(node, rate)| noise(state.network.name(*node), *rate)).collect();
        let lost = Vec::from_iter(losses(world.packets_lost()));
        Report {
            scenario: scenario.name.clone(),
            file: scenario.source.name().to_owned(),
            about: scenario.about.clone(),
            params: scenario.params.clone(),
            world: world.declaration().name.to_owned(),
            seed: run.options.seed,
            timeout_factor: run.options.timeout_factor,
            node_options: run.options.node_options.clone(),
            flags: run.options.flags.clone(),
            verdict,
            duration: state.now.saturating_sub(began),
            nodes: state.network.indices().count(),
            held: state.history.held,
            measures: state.measures.finished(),
            notes: [state.measures.notes(), state.history.notes.clone(), noise, lost].concat(),
            excused: state.history.excused.clone(),
            likelihood: None,
            logs: run.options.logs.clone(),
            began_ms: None,
            again: None,
            attempts: None,
            features: None,
        }
    }

    /// Flushes the journal: all events so far can be read from its files.
    pub fn flush_journal(&self) {
        self.run.executor.state_mut().flush_journal();
    }

    /// Performs steps on the network in its present state. Values that `let` keeps stay known to later steps.
    pub fn perform(&self, world: &mut dyn World, steps: &[Step]) -> Verdict {
        let mut environment = self.environment.take();
        let verdict = self.verdict(world, async { self.run.perform(steps, &mut environment).await }, None);
        self.environment.replace(environment);
        verdict
    }

    /// Handles events, with no step under way, until something needs attention. If a moment is given,
    /// the wait ends then at the latest.
    pub fn idle(&self, world: &mut dyn World, until: Option<Duration>) -> Wakeup {
        let executor = &self.run.executor;
        let waiting = async {
            let Some(until) = until else {
                executor.woken().await;
                return Wakeup::Woken;
            };
            match select(pin!(executor.woken()), pin!(executor.sleep_until(until))).await {
                Either::Left(_) => Wakeup::Woken,
                Either::Right(_) => Wakeup::Elapsed,
            }
        };
        match executor.drive(world, waiting) {
            Ok(idle) => idle,
            Err(Abort::Interrupted) => Wakeup::Interrupted,
            Err(Abort::Died(node, ending)) => Wakeup::Died(node, ending),
            Err(Abort::Misbehaved(node, how)) => Wakeup::Misbehaved(node, how),
            Err(Abort::Lacking(reason)) => Wakeup::Lacking(reason),
            // No session waits idly in virtual time; if one did, the wait would be over now. Laws are
            // judged only of scenarios.
            Err(Abort::Runaway(_) | Abort::Broken(_)) => Wakeup::Elapsed,
        }
    }

    /// Stops all running nodes in an orderly way. Returns true if interrupted: then nodes still run,
    /// and taking down the world ends them without order.
    pub fn stop_all(&self, world: &mut dyn World) -> bool {
        let run = &self.run;
        let running: Vec<NodeIndex> = {
            let state = run.executor.state();
            let lives = |life| matches!(life, Life::Running | Life::Paused | Life::Starting);
            let ours = state.network.nodes().filter(|(_, node)| lives(node.life) && node.spec.at.is_none());
            ours.map(|(index, _)| index).collect()
        };
        matches!(run.executor.drive(world, run.stop_nodes(&running)), Err(Abort::Interrupted))
    }

    fn verdict(
        &self,
        world: &mut dyn World,
        steps: impl Future<Output = Result<(), StepFailure>>,
        timeout: Option<Duration>,
    ) -> Verdict {
        let run = &self.run;
        run.faults.borrow_mut().of_world(world.declaration().proxied, timeout.is_some());
        let timeout = timeout.map(|timeout| run.stretch(timeout));
        let until = timeout.map(|timeout| run.executor.now() + timeout);
        let outcome = run.executor.drive(world, async {
            let Some(until) = until else { return steps.await };
            let (steps, time) = (pin!(steps), pin!(run.executor.sleep_until(until)));
            match select(steps, time).await {
                Either::Left((result, _)) => result,
                Either::Right(((), _)) => Err(run.timed_out(timeout.unwrap_or_default()).into()),
            }
        });
        let StepFailure { failure, apart } = match outcome {
            Ok(Ok(())) => return Verdict::Passed,
            Ok(Err(stop)) => stop,
            Err(Abort::Runaway(reason)) => return Verdict::Failed(Box::new(run.ran_away(reason))),
            Err(abort) => {
                let Some(failure) = run.failure_of(abort) else {
                    self.interrupted.set(true);
                    return Verdict::Interrupted;
                };
                failure.into()
            }
        };
        let kind = failure.kind;
        let failure = Box::new(self.detailed(world, *failure, &apart, timeout.is_some()));
        if kind == FailureKind::Environment { Verdict::Broken(failure) } else { Verdict::Failed(failure) }
    }

    /// Asks for the details that a report still lacks. The first failure stays, whatever happens
    /// meanwhile: a later event only ends the asking.
    fn detailed(&self, world: &mut dyn World, failure: Failure, apart: &[Apart], logs: bool) -> Failure {
        let run = &self.run;
        run.executor.state_mut().evidence.stop_judging();
        let failure = RefCell::new(failure);
        let asking = run.executor.drive(world, async {
            run.add_differences(&failure, apart).await;
            // A person who performs steps by hand sees the logs, and a start that failed already
            // reports the node's output.
            if logs {
                run.add_logs(&failure).await;
            }
        });
        if asking == Err(Abort::Interrupted) {
            self.interrupted.set(true);
        }
        failure.into_inner()
    }
}

/// Returns the note on a node that wrote very much to its log.
fn noise(node: &str, lines_per_second: u64) -> String {
    let thousands = lines_per_second.saturating_add(500) / 1_000;
    format!("`{node}` wrote about {thousands} thousand lines a second to its log")
}

/// Returns the note on packets that the machine lost, if it did.
fn losses(packets: u64) -> Option<String> {
    let packets = match packets {
        0 => return None,
        1 => "a packet".to_owned(),
        many => format!("{many} packets"),
    };
    Some(format!("this machine was too slow for {packets} of shaped links, which were lost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_packets_are_noted() {
        assert_eq!(losses(0), None);
        assert_eq!(
            losses(7).as_deref(),
            Some("this machine was too slow for 7 packets of shaped links, which were lost")
        );
    }

    #[test]
    fn a_rate_is_noted_in_thousands() {
        assert_eq!(noise("b", 39_871), "`b` wrote about 40 thousand lines a second to its log");
    }
}
