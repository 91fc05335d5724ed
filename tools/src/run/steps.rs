//! The execution of steps: each is handed to the file of its kind.

mod ask;
mod bypass;
mod choose;
mod expect;
mod healthy;
mod leader;
mod links;
mod machine;
mod measure;
mod network;
mod node_options;
mod predicate;
mod quiet;
mod repeat;
mod rewiring;
mod signal;
mod start;
mod traffic;
mod window;
mod wiring;
mod workload;

use futures_util::future::LocalBoxFuture;

use super::context::RunContext;
use super::environment::{Binding, Environment};
use super::results::StepFailure;
use crate::scenario::{At, Effort, Step, StepKind, Who};

use choose::Purpose;
use repeat::{Over, Repeat};

impl RunContext {
    /// Performs the steps of a scenario one after another. Names bound on the way stay in `environment`.
    pub(in crate::run) async fn perform(
        &self,
        steps: &[Step],
        environment: &mut Environment,
    ) -> Result<(), StepFailure> {
        self.block(steps, environment, None).await
    }

    /// Performs the steps of a block one after another.
    fn block<'a>(
        &'a self,
        steps: &'a [Step],
        environment: &'a mut Environment,
        over: Option<&'a Over>,
    ) -> LocalBoxFuture<'a, Result<(), StepFailure>> {
        Box::pin(async move {
            for step in steps {
                self.step(step, environment, over).await?;
            }
            Ok(())
        })
    }

    async fn step(
        &self,
        step: &Step,
        environment: &mut Environment,
        over: Option<&Over>,
    ) -> Result<(), StepFailure> {
        let guard = self.executor.step_guard(step);
        guard.perform(self.perform_kind(step, environment, over)).await
    }

    /// Performs the content of a step.
    async fn perform_kind(
        &self,
        step: &Step,
        environment: &mut Environment,
        over: Option<&Over>,
    ) -> Result<(), StepFailure> {
        let at = &step.at;
        let asks_again = matches!(step.kind, StepKind::Ask { effort: Effort::Until(_), .. });
        if step.kind.names_leader() && !asks_again {
            environment.leader = self.leader(at).await?;
        }
        match &step.kind {
            StepKind::Ask { effort, who, ask } => {
                self.ask_step(at, *effort, who, ask, environment).await.map(drop)
            }
            StepKind::LetAnswer { name, who, ask } => self.let_answer(at, name, who, ask, environment).await,
            StepKind::LetNodes { name, who } => {
                let nodes = self.choose(at, environment, who, Purpose::Ask)?;
                environment.bind(name, Binding::Nodes(nodes));
                Ok(())
            }
            StepKind::Expect { claim, bound } => {
                let outcome = self.expect(at, claim, *bound, environment).await;
                // While a fault does nothing, no expectation means anything.
                self.not_bypassed(Some(at)).await?;
                outcome
            }
            StepKind::Network(graph) => self.network(at, graph).await,
            StepKind::Node { who, options } => self.node_options(at, who, options, environment),
            StepKind::Signal { verb, who, may_fail } => {
                self.signal_step(at, (*verb, *may_fail), who, environment).await
            }
            StepKind::Cut(links) => self.cut(at, links, environment, true).await,
            StepKind::Join(links) => self.cut(at, links, environment, false).await,
            StepKind::Break(links) => self.break_links(at, links, environment).await,
            StepKind::Partition(sets) => self.partition(at, sets, environment).await,
            StepKind::Heal => self.heal(at).await,
            StepKind::Link { links, shape } => self.shape(at, links, shape, environment).await,
            StepKind::Clock { who, offset_ms } => self.clock(at, who, *offset_ms, environment).await,
            StepKind::Disk { who, full } => self.disk(at, who, *full, environment).await,
            StepKind::Wait(duration) => {
                self.executor.sleep_until(self.executor.now() + *duration).await;
                Ok(())
            }
            StepKind::Together(block) => {
                self.together(block, |step, over| self.start(step, environment, over)).await
            }
            StepKind::Do(block) => self.block(block, &mut environment.clone(), over).await,
            StepKind::Measure { name, block } => {
                let mut inner = environment.clone();
                self.measure(at, name, self.block(block, &mut inner, over)).await
            }
            StepKind::Workload { load, block } => {
                let mut inner = environment.clone();
                self.workload(at, load, self.block(block, &mut inner, over)).await
            }
            StepKind::Repeat { count, rate, counter, block } => {
                let repeat = Repeat { count: *count, rate: *rate, counter: counter.as_deref() };
                self.repeat(&repeat, environment, over, |inner| self.turn(block, inner, over)).await
            }
            StepKind::Each { name, who, block } => self.each(at, name, who, block, environment, over).await,
        }
    }

    /// Starts a step beside others, with an environment of its own.
    fn start(
        &self,
        step: &Step,
        environment: &Environment,
        over: &Over,
    ) -> LocalBoxFuture<'static, Result<(), StepFailure>> {
        let (run, mut environment, over, step) =
            (self.clone(), environment.clone(), over.clone(), step.clone());
        Box::pin(async move { run.step(&step, &mut environment, Some(&over)).await })
    }

    /// Performs one turn of a loop, with an environment of its own.
    fn turn<'a>(
        &'a self,
        block: &'a [Step],
        mut environment: Environment,
        over: Option<&'a Over>,
    ) -> LocalBoxFuture<'a, Result<(), StepFailure>> {
        Box::pin(async move { self.block(block, &mut environment, over).await })
    }

    /// Performs a block for each of some nodes, one after another.
    async fn each(
        &self,
        at: &At,
        name: &str,
        who: &Who,
        block: &[Step],
        environment: &Environment,
        over: Option<&Over>,
    ) -> Result<(), StepFailure> {
        let nodes = self.choose(at, environment, who, Purpose::Ask)?;
        for (index, node) in (0u64..).zip(nodes) {
            let mut inner = environment.turn(index);
            inner.bind(name, Binding::Nodes(vec![node]));
            self.block(block, &mut inner, over).await?;
        }
        Ok(())
    }
}
