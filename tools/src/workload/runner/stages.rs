//! The stages of a test, from the first start to the last read.

use std::time::Duration;

use super::executor::{Continue, Executor, WorkloadAbort};
use super::figures::Figures;
use super::final_reads::FinalReads;
use super::load::Load;
use super::plan::{LINK, Plan, Protocol, STOP};
use super::read_back::ReadBack;
use super::report::{Agreement, End, Report, Stage};
use crate::driver::ANSWER_WITHIN;
use crate::journal::{JournalEvent, Recorder};
use crate::scenario::Shape;
use crate::workload::undone::undone;
use crate::workload::{CheckResult, History};
use crate::world::{
    Answer, Direction, LinkChange, Members, NodeIndex, NodeSpec, Operation, Outcome, Signal, Value, World,
};

/// The time after which a link that was refused is asked for again. Chosen: short beside a start.
const RELINK: Duration = Duration::from_millis(100);
/// The number of lines that are shown of a node that died. Chosen: the end of a stack trace, and half a screen.
const LINES: usize = 10;

pub(super) struct TestRun<'a> {
    executor: Executor<'a>,
    plan: &'a Plan,
    history: History,
    faults: Vec<(Duration, String)>,
    figures: Figures,
    agreement: Option<Agreement>,
}

impl<'a> TestRun<'a> {
    pub(super) fn new(world: &'a mut dyn World, plan: &'a Plan, recorder: &'a mut dyn Recorder) -> Self {
        let names = plan.nodes.iter().map(|spec| spec.name.clone()).collect();
        Self {
            executor: Executor::new(world, recorder),
            plan,
            history: History::new(names),
            faults: Vec::new(),
            figures: Figures::default(),
            agreement: None,
        }
    }

    pub(super) fn run(&mut self, on_stage: &mut dyn FnMut(Stage)) -> Continue<End> {
        on_stage(Stage::Starting);
        for (node, spec) in self.nodes().zip(&self.plan.nodes) {
            self.executor.record().write(JournalEvent::Node { node, name: spec.name.clone() });
        }
        self.announce()?;
        self.launch()?;
        self.link()?;
        on_stage(Stage::Asking(self.executor.now()));
        let mut workload = self.plan.kind.workload(&self.plan.options);
        let load =
            Load::new(&mut self.executor, self.plan, &mut *workload, &mut self.history, &mut self.faults);
        let due = load.run()?;
        let asked = self.history.operations().len();
        self.figures.compare_rates(asked, due, self.plan);
        on_stage(Stage::Quiet);
        let verdict = if let Some(words) = workload.last() {
            self.read_finally(&words, &|history| workload.check(history), on_stage)?
        } else {
            // Maelstrom reads nothing again.
            if self.plan.protocol != Protocol::Routed {
                ReadBack::new(&mut self.executor, self.plan).ask(&workload.read_back(), &mut self.history)?;
            }
            self.count(asked, self.history.operations().len() - asked)?;
            workload.check(&self.history)
        };
        self.end()?;
        Ok(End::Judged(verdict))
    }

    /// Lets nodes rest, reads them once, and judges that. Then finds out the time at which they agree.
    fn read_finally(
        &mut self,
        words: &[String],
        check: &dyn Fn(&History) -> CheckResult,
        on_stage: &mut dyn FnMut(Stage),
    ) -> Continue<CheckResult> {
        let (since, asked) = (self.executor.now(), self.history.operations().len());
        self.executor.run_required(Operation::Timer { at: since + self.plan.quiet })?;
        FinalReads::new(&mut self.executor, self.plan, words).ask(&mut self.history)?;
        let read = self.executor.now();
        let verdict = check(&self.history);
        self.count(asked, self.history.operations().len() - asked)?;
        self.agreement = Some(if verdict.may_heal() {
            on_stage(Stage::Agreeing);
            FinalReads::new(&mut self.executor, self.plan, words).until_agreed(since, &self.history, check)?
        } else {
            Agreement::InTime(read.saturating_sub(since))
        });
        Ok(verdict)
    }

    /// Tells the world the nodes whose messages it carries, the links between them, and the shape of every
    /// link. This comes before any node says something.
    fn announce(&mut self) -> Continue<()> {
        let links = self.plan.links.iter();
        let links = links.map(|(from, to)| Direction { from: NodeIndex(*from), to: NodeIndex(*to) });
        let names = self.plan.nodes.iter().map(|spec| spec.name.clone());
        if self.plan.protocol != Protocol::Routed {
            return self.shape();
        }
        let members = Members {
            nodes: self.nodes().zip(names).collect(),
            ids_are_names: true,
            links: links.collect(),
            // As in the original, services are as slow as nodes, and nothing on the way to them is lost.
            services: self.plan.shapes.iter().copied().filter(Shape::is_latency).collect(),
        };
        self.executor.run_required(Operation::Members(members))?;
        self.shape()
    }

    /// Shapes every link between nodes.
    fn shape(&mut self) -> Continue<()> {
        if !self.plan.shapes.is_empty() {
            let pairs = self.nodes().flat_map(|from| self.nodes().map(move |to| Direction { from, to }));
            let others = pairs.filter(|direction| direction.from != direction.to);
            let shape = |direction| LinkChange::Shape(direction, self.plan.shapes.clone());
            let changes = others.map(shape).collect();
            self.executor.run_required(Operation::Links(changes))?;
        }
        Ok(())
    }

    fn nodes(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..self.plan.nodes.len()).map(NodeIndex)
    }

    /// Returns the nodes that the test starts; the others ran before, and run on.
    fn started(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        let attached: Vec<bool> = self.plan.nodes.iter().map(|spec| spec.at.is_some()).collect();
        self.nodes().filter(move |node| !attached[node.0])
    }

    fn launch(&mut self) -> Continue<()> {
        let now = self.executor.now();
        let within = self.plan.start_within();
        let launch = |(node, spec): (NodeIndex, &NodeSpec)| {
            let within = if spec.at.is_some() { within.min(ANSWER_WITHIN) } else { within };
            Operation::Launch { node, spec: Box::new(spec.clone()), deadline: now + within }
        };
        let launches = self.nodes().zip(&self.plan.nodes).map(launch);
        // The outcome of the launch says why a node could not be started.
        self.executor.expect_ends(true);
        let came = self.executor.run_all(launches.collect())?;
        let ended = self.executor.expect_ends(false);
        for ((outcome, _), spec) in came.into_iter().zip(&self.plan.nodes) {
            match outcome {
                Outcome::Failed { reason } | Outcome::Unknown { reason } => {
                    let what = if spec.at.is_some() { "cannot be asked" } else { "could not be started" };
                    return Err(WorkloadAbort::Broken(format!("{} {what}: {reason}", spec.name)));
                }
                _ => {}
            }
        }
        match ended.first() {
            Some((node, ending)) => {
                let name = self.history.node(*node);
                Err(WorkloadAbort::Broken(format!("{name} ended before all were ready: {ending}")))
            }
            None => Ok(()),
        }
    }

    /// Links nodes that are linked by a command.
    fn link(&mut self) -> Continue<()> {
        if !matches!(self.plan.protocol, Protocol::Store { is_linked: true, .. }) {
            return Ok(());
        }
        let deadline = self.executor.now() + LINK;
        let mut missing = self.plan.links.clone();
        loop {
            let wire = |(from, to): &(usize, usize)| Operation::Wire {
                from: NodeIndex(*from),
                to: NodeIndex(*to),
                deadline,
            };
            let came = self.executor.run_all(missing.iter().map(wire).collect())?;
            let mut last = None;
            let refused = missing.into_iter().zip(came).filter_map(|(link, (outcome, _))| {
                let reason = match outcome {
                    Outcome::Refused { code, .. } if code == "neighbor_exists" => return None,
                    Outcome::Refused { message: reason, .. }
                    | Outcome::Failed { reason }
                    | Outcome::Unknown { reason } => reason,
                    _ => return None,
                };
                let [from, to] = [link.0, link.1].map(|node| &self.plan.nodes[node].name);
                last = Some(format!("{from} could not be linked to {to}: {reason}"));
                Some(link)
            });
            missing = refused.collect();
            let Some(reason) = last else { return Ok(()) };
            let at = self.executor.now() + RELINK;
            if at >= deadline {
                return Err(WorkloadAbort::Broken(reason));
            }
            self.executor.run_required(Operation::Timer { at })?;
        }
    }

    /// Counts the messages of each node, as the node reports them.
    fn count(&mut self, asked: usize, reads: usize) -> Continue<()> {
        if self.plan.protocol != Protocol::Routed {
            self.figures.asked(asked, reads);
            self.figures.are_messages_unknown = true;
            return Ok(());
        }
        let deadline = self.executor.now() + self.plan.patience;
        let ask = |node| Operation::Ask { node, words: vec!["stats".to_owned()], deadline, until: None };
        let answers = self.executor.run_all(self.nodes().map(ask).collect())?;
        for (node, (outcome, _)) in self.nodes().zip(answers) {
            if let Outcome::Answered(Answer { value: Value::List(figures), .. }) = outcome {
                self.figures.add(self.history.node(node), &figures);
            }
        }
        // For every question, `init` and `topology` included, the harness has sent one message.
        self.figures.asked(asked, reads + 2 * self.plan.nodes.len());
        Ok(())
    }

    fn end(&mut self) -> Continue<()> {
        self.executor.expect_all_ends();
        let deadline = self.executor.now() + STOP;
        // The verdict is known, and a store may take seconds to leave its cluster in order.
        let signal = if self.plan.protocol == Protocol::Routed { Signal::Stop } else { Signal::Kill };
        let stop = |node| Operation::Signal { node, signal, deadline };
        self.executor.run_all(self.started().map(stop).collect()).map(drop)
    }

    /// Returns the end of a test that stopped, for people, and kills the nodes that are left.
    pub(super) fn explain(&mut self, stop: WorkloadAbort) -> End {
        self.executor.expect_all_ends();
        let end = match stop {
            WorkloadAbort::Died { node, ending, at } => {
                let log = match self.executor.run_required(Operation::Log { node, lines: LINES }) {
                    Ok(Outcome::Lines(lines)) => lines,
                    _ => Vec::new(),
                };
                End::Died { node: self.history.node(node).to_owned(), how: ending.to_string(), at, log }
            }
            WorkloadAbort::Misbehaved { node, how, at } => {
                End::Misbehaved { node: self.history.node(node).to_owned(), how, at }
            }
            WorkloadAbort::Broken(reason) => End::Broken { reason },
            WorkloadAbort::Interrupted => End::Interrupted,
        };
        let deadline = self.executor.now() + STOP;
        let kill = |node| Operation::Signal { node, signal: Signal::Kill, deadline };
        // After a second interrupt the guard ends the rest.
        let _: Continue<_> = self.executor.run_all(self.started().map(kill).collect());
        end
    }

    pub(super) fn report(mut self, mut end: End) -> Report {
        self.figures.time(&self.history);
        if let End::Judged(verdict) = &mut end {
            undone(&self.history, verdict);
            self.figures.hold_to(self.plan.availability, &self.history, verdict);
            self.executor.record().on_judged(self.plan.kind.name(), verdict);
        }
        Report {
            kind: self.plan.kind,
            nodes: self.plan.nodes.len(),
            seed: self.plan.seed,
            duration: self.executor.now(),
            history: self.history,
            faults: self.faults,
            end,
            figures: self.figures,
            agreement: self.agreement,
            conditions: self.plan.conditions(),
            judged_up_to: self.plan.judged_up_to,
        }
    }
}
