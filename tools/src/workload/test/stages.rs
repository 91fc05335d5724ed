//! The test from the first start to the last read.

use std::time::Duration;

use super::desk::{Continue, Desk, Stop};
use super::load::{Asking, Load};
use super::{End, Figures, Plan, Report, Stage};
use crate::workload::undone::undone;
use crate::workload::{History, Verdict};
use crate::world::{Answer, Direction, LinkChange, NodeIndex, Operation, Outcome, Signal, Value, World};

/// How long a node may take to be ready.
const LAUNCH: Duration = Duration::from_secs(30);
/// How long one may take to end when it is told to.
const STOP: Duration = Duration::from_secs(2);
/// After how long nodes are read again that did not agree; each time twice as long, up to a second.
const AGAIN: Duration = Duration::from_millis(50);
/// How many lines are shown of a node that died.
const LINES: usize = 10;

pub(super) struct Test<'a> {
    desk: Desk<'a>,
    plan: &'a Plan,
    history: History,
    faults: Vec<(Duration, String)>,
    figures: Figures,
}

impl<'a> Test<'a> {
    pub(super) fn new(world: &'a mut dyn World, plan: &'a Plan) -> Self {
        let names = plan.nodes.iter().map(|spec| spec.name.clone()).collect();
        Self {
            desk: Desk::new(world),
            plan,
            history: History::new(names),
            faults: Vec::new(),
            figures: Figures::default(),
        }
    }

    pub(super) fn run(&mut self, tell: &mut dyn FnMut(Stage)) -> Continue<End> {
        tell(Stage::Starting);
        self.announce()?;
        self.launch()?;
        tell(Stage::Asking(self.desk.now()));
        let mut workload = self.plan.kind.workload(&self.plan.options);
        Load::new(&mut self.desk, self.plan, &mut *workload, &mut self.history, &mut self.faults).run()?;
        tell(Stage::Quiet);
        let asked = self.history.operations().len();
        let verdict = match workload.last() {
            Some(words) => self.agree(&words, &|history| workload.check(history))?,
            None => workload.check(&self.history),
        };
        let reads = self.history.operations().len() - asked;
        self.count(asked, reads)?;
        self.end()?;
        Ok(End::Judged(verdict))
    }

    /// Tells the world whose messages it carries, who is linked to whom, and what every message
    /// suffers: before anything is said.
    fn announce(&mut self) -> Continue<()> {
        let links = self.plan.links.iter();
        let links = links.map(|(from, to)| Direction { from: NodeIndex(*from), to: NodeIndex(*to) });
        let members = Operation::Members { nodes: self.nodes().collect(), links: links.collect() };
        self.desk.must(members)?;
        if !self.plan.shapes.is_empty() {
            let pairs = self.nodes().flat_map(|from| self.nodes().map(move |to| Direction { from, to }));
            let others = pairs.filter(|direction| direction.from != direction.to);
            let shape = |direction| LinkChange::Shape(direction, self.plan.shapes.clone());
            let changes = others.map(shape).collect();
            self.desk.must(Operation::Links(changes))?;
        }
        Ok(())
    }

    fn nodes(&self) -> impl Iterator<Item = NodeIndex> + use<> {
        (0..self.plan.nodes.len()).map(NodeIndex)
    }

    fn launch(&mut self) -> Continue<()> {
        let deadline = self.desk.now() + LAUNCH;
        let launches = self.nodes().zip(&self.plan.nodes);
        let launches = launches.map(|(node, spec)| Operation::Launch { node, spec: spec.clone(), deadline });
        // Why one could not be started is told with the launch.
        self.desk.expect_ends(true);
        let came = self.desk.all(launches.collect())?;
        let ended = self.desk.expect_ends(false);
        for ((outcome, _), spec) in came.into_iter().zip(&self.plan.nodes) {
            match outcome {
                Outcome::Failed { reason } | Outcome::Unknown { reason } => {
                    return Err(Stop::Broken(format!("{} could not be started: {reason}", spec.name)));
                }
                _ => {}
            }
        }
        match ended.first() {
            Some((node, ending)) => {
                let name = self.history.node(*node);
                Err(Stop::Broken(format!("{name} ended before all were ready: {ending}")))
            }
            None => Ok(()),
        }
    }

    /// Reads all nodes again and again until what they say is valid, or cannot become so, or has had its
    /// time.
    fn agree(&mut self, words: &[String], check: &dyn Fn(&History) -> Verdict) -> Continue<Verdict> {
        let until = self.desk.now() + self.plan.quiet;
        let mut pause = AGAIN;
        loop {
            self.history.forget_last();
            let invoked = self.desk.now();
            let asked: Vec<Asking> = self
                .nodes()
                .map(|node| Asking {
                    client: self.plan.clients + node.0,
                    node,
                    words: words.to_owned(),
                    invoked,
                    last: true,
                })
                .collect();
            let operations = asked.iter().map(|asking| asking.operation(self.plan.patience)).collect();
            for (asking, (outcome, at)) in asked.into_iter().zip(self.desk.all(operations)?) {
                asking.note(at, outcome, &mut self.history);
            }
            let verdict = check(&self.history);
            if !verdict.may_heal() || self.desk.now() >= until {
                return Ok(verdict);
            }
            let at = until.min(self.desk.now() + pause);
            self.desk.must(Operation::Timer { at })?;
            pause = (2 * pause).min(Duration::from_secs(1));
        }
    }

    /// What nodes have sent, by themselves.
    fn count(&mut self, asked: usize, reads: usize) -> Continue<()> {
        let deadline = self.desk.now() + self.plan.patience;
        let ask = |node| Operation::Ask { node, words: vec!["stats".to_owned()], deadline };
        let answers = self.desk.all(self.nodes().map(ask).collect())?;
        for (outcome, _) in answers {
            if let Outcome::Answered(Answer { value: Value::List(figures), .. }) = outcome {
                self.figures.add(&figures);
            }
        }
        // Of every question, `init` and `topology` included, the harness has sent one message.
        self.figures.asked(asked, reads + 2 * self.plan.nodes.len());
        Ok(())
    }

    fn end(&mut self) -> Continue<()> {
        self.desk.take_down();
        let deadline = self.desk.now() + STOP;
        let stop = |node| Operation::Signal { node, signal: Signal::Stop, deadline };
        self.desk.all(self.nodes().map(stop).collect()).map(drop)
    }

    /// Why it stopped, for people; ends what is left.
    pub(super) fn explain(&mut self, stop: Stop) -> End {
        self.desk.take_down();
        let end = match stop {
            Stop::Died { node, ending, at } => {
                let log = match self.desk.must(Operation::Log { node, lines: LINES }) {
                    Ok(Outcome::Lines(lines)) => lines,
                    _ => Vec::new(),
                };
                End::Died { node: self.history.node(node).to_owned(), how: ending.to_string(), at, log }
            }
            Stop::Misbehaved { node, reason, at } => {
                End::Misbehaved { node: self.history.node(node).to_owned(), reason, at }
            }
            Stop::Broken(reason) => End::Broken { reason },
            Stop::Interrupted => End::Interrupted,
        };
        let deadline = self.desk.now() + STOP;
        let kill = |node| Operation::Signal { node, signal: Signal::Kill, deadline };
        // A second interrupt leaves the rest to the guard.
        let _: Continue<_> = self.desk.all(self.nodes().map(kill).collect());
        end
    }

    pub(super) fn report(mut self, mut end: End) -> Report {
        self.figures.time(&self.history);
        if let End::Judged(verdict) = &mut end {
            undone(&self.history, verdict);
            self.figures.hold_to(self.plan.availability, &self.history, verdict);
        }
        Report {
            kind: self.plan.kind,
            nodes: self.plan.nodes.len(),
            seed: self.plan.seed,
            duration: self.desk.now(),
            history: self.history,
            faults: self.faults,
            end,
            figures: self.figures,
        }
    }
}
