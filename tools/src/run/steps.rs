//! The steps, one after another or side by side.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture, join_all, select, try_join, try_join_all};
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::choose::{Purpose, choose};
use super::environment::{Binding, Environment};
use super::failure::{Failure, FailureKind, Finding};
use super::judge::Observed;
use super::record::RunEvent;
use super::session::{Run, Stop};
use crate::scenario::{Ask, At, Rate, RateUnit, Step, StepKind, Who};
use crate::world::{NodeIndex, Operation};

/// How long a node may take to answer.
pub(super) const ASK: Duration = Duration::from_secs(5);

/// The most turns of one `repeat … at` that are under way at once; the next waits for one to end.
const TURNS: usize = 10_000;

/// Tells a `repeat` without a count that the finite steps beside it have ended.
#[derive(Clone, Default)]
pub(super) struct Over(Rc<Cell<bool>>);

/// What one node was asked, and what came of it.
pub(super) struct Asked {
    pub node: NodeIndex,
    pub observed: Observed,
}

impl Run {
    /// Steps one after another. Names bound on the way stay in `environment`.
    pub(super) fn block<'a>(
        &'a self,
        steps: &'a [Step],
        environment: &'a mut Environment,
        over: Option<&'a Over>,
    ) -> LocalBoxFuture<'a, Result<(), Stop>> {
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
    ) -> Result<(), Stop> {
        let _doing = self.desk.doing(&step.at);
        self.desk.record(|| {
            let place = step.at.source.place(step.at.span);
            let file = step.at.source.name().to_owned();
            RunEvent::Step { file, line: place.line, text: place.text.trim().to_owned() }
        });
        let at = &step.at;
        match &step.kind {
            StepKind::Ask { attempt, who, ask } => {
                self.ask_step(at, *attempt, who, ask, environment).await.map(drop)
            }
            StepKind::LetAnswer { name, who, ask } => {
                let asked = self.ask_step(at, false, who, ask, environment).await?;
                let answers = asked.iter().filter_map(|asked| match &asked.observed {
                    Observed::Answered(answer) => Some(answer.value.to_string()),
                    Observed::Refused { .. } | Observed::Silent(_) => None,
                });
                environment.bind(name, Binding::Text(answers.collect::<Vec<_>>().join(" ")));
                Ok(())
            }
            StepKind::LetNodes { name, who } => {
                let nodes = self.choose(at, environment, who, Purpose::Ask)?;
                environment.bind(name, Binding::Nodes(nodes));
                Ok(())
            }
            StepKind::Expect { claim, bound } => self.expect(at, claim, *bound, environment).await,
            StepKind::Network(graph) => self.network(at, graph).await,
            StepKind::Node { who, options } => self.node_options(at, who, options, environment),
            StepKind::Signal { verb, who } => {
                let nodes = self.choose(at, environment, who, Purpose::Verb(*verb))?;
                self.signal(at, *verb, &nodes).await
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
                self.desk.until(self.desk.now() + *duration).await;
                Ok(())
            }
            StepKind::Together(block) => self.together(block, environment).await,
            StepKind::Do(block) => self.block(block, &mut environment.clone(), over).await,
            StepKind::Measure { name, block } => self.measure(at, name, block, environment, over).await,
            StepKind::Repeat { count, rate, counter, block } => {
                let repeat = Repeat { count: *count, rate: *rate, counter: counter.as_deref(), block };
                self.repeat(&repeat, environment, over).await
            }
            StepKind::Each { name, who, block } => {
                let nodes = self.choose(at, environment, who, Purpose::Ask)?;
                for (index, node) in (0u64..).zip(nodes) {
                    let mut inner = environment.turn(index);
                    inner.bind(name, Binding::Nodes(vec![node]));
                    self.block(block, &mut inner, over).await?;
                }
                Ok(())
            }
        }
    }

    /// All steps of a block at the same time; those without an end go on until the others ended.
    async fn together(&self, block: &[Step], environment: &Environment) -> Result<(), Stop> {
        let over = Over::default();
        let start = |step: &'_ Step| {
            let (run, mut environment, over, step) =
                (self.clone(), environment.clone(), over.clone(), step.clone());
            Box::pin(async move { run.step(&step, &mut environment, Some(&over)).await })
                as LocalBoxFuture<'static, Result<(), Stop>>
        };
        let endless = |step: &&Step| step.never_ends();
        let finite = try_join_all(block.iter().filter(|step| !endless(step)).map(start));
        let others = try_join_all(block.iter().filter(endless).map(start));
        let finite = async {
            finite.await?;
            over.0.set(true);
            self.desk.stir();
            Ok(())
        };
        try_join(finite, others).await.map(drop)
    }

    async fn repeat(
        &self,
        repeat: &Repeat<'_>,
        environment: &Environment,
        over: Option<&Over>,
    ) -> Result<(), Stop> {
        let over = over.filter(|_| repeat.count.is_none());
        let ended = || over.is_some_and(|over| over.0.get());
        let count = repeat.count.unwrap_or(u64::MAX);
        let Some(rate) = repeat.rate else {
            for index in 0..count {
                if ended() {
                    break;
                }
                let submitted = self.desk.submitted();
                self.block(repeat.block, &mut repeat.turn(environment, index), over).await?;
                // A turn that asked nothing of the world must not keep it from going on.
                if self.desk.submitted() == submitted {
                    self.desk.breathe().await;
                }
            }
            return Ok(());
        };
        let began = self.desk.now();
        let mut turns = FuturesUnordered::new();
        for index in 0..count {
            let mut due = self.desk.until(began + rate.after(index));
            loop {
                let seen = self.desk.changes();
                let is_due = self.desk.now() >= began + rate.after(index);
                if ended() || (is_due && turns.len() < TURNS) {
                    break;
                }
                // With no room for a turn, only one that ends makes room.
                let time = async { if is_due { std::future::pending().await } else { (&mut due).await } };
                // Only a repeat without a count has to know when others ended.
                let others = async {
                    if over.is_some() { self.desk.changed(seen).await } else { std::future::pending().await }
                };
                let (time, others) = (pin!(time), pin!(others));
                let waiting = select(time, others);
                if turns.is_empty() {
                    waiting.await;
                } else if let Either::Left((Some(result), _)) = select(turns.next(), waiting).await {
                    result?;
                }
            }
            if ended() {
                break;
            }
            let mut inner = repeat.turn(environment, index);
            turns.push(async move { self.block(repeat.block, &mut inner, over).await });
        }
        while let Some(result) = turns.next().await {
            result?;
        }
        Ok(())
    }

    /// Chooses, or fails at this step.
    pub(super) fn choose(
        &self,
        at: &At,
        environment: &Environment,
        who: &Who,
        purpose: Purpose,
    ) -> Result<Vec<NodeIndex>, Stop> {
        choose(&self.desk, environment, self.options.seed, who, purpose).map_err(|message| {
            self.stop(At { source: who.at.source.clone(), span: who.at.span }, message, at)
        })
    }

    fn stop(&self, place: At, message: String, step: &At) -> Stop {
        let at = if place.span.start == place.span.end { step.clone() } else { place };
        Failure::new(FailureKind::Step, Some(&at), self.desk.now(), message).into()
    }

    /// A failure of a step, with nothing more to say than this.
    pub(super) fn fail(&self, at: &At, message: impl Into<String>) -> Stop {
        Failure::new(FailureKind::Step, Some(at), self.desk.now(), message).into()
    }

    /// Asks all at once, and fails at the first error unless it is only an attempt.
    async fn ask_step(
        &self,
        at: &At,
        attempt: bool,
        who: &Who,
        ask: &Ask,
        environment: &Environment,
    ) -> Result<Vec<Asked>, Stop> {
        let nodes = self.choose(at, environment, who, Purpose::Ask)?;
        let words = environment.words(&ask.words, &self.desk).map_err(|message| self.fail(at, message))?;
        let asked = self.ask_all(&nodes, &words).await;
        let wrong = |asked: &&Asked| !matches!(asked.observed, Observed::Answered(_));
        if attempt || !asked.iter().any(|asked| wrong(&asked)) {
            return Ok(asked);
        }
        let state = self.desk.state();
        let name = |node: NodeIndex| state.network.name(node);
        let command = words.join(" ");
        let message = match asked.iter().find(wrong) {
            Some(Asked { node, observed: Observed::Refused { message, code } }) => {
                format!("`{}: {command}` was refused: {message} ({code})", name(*node))
            }
            Some(Asked { node, observed }) => format!("`{}: {command}` got {observed}", name(*node)),
            None => command,
        };
        let mut failure = Failure::new(FailureKind::Step, Some(at), state.now, message);
        failure.findings = asked
            .iter()
            .map(|asked| Finding {
                node: name(asked.node).to_owned(),
                held: asked.observed.to_string(),
                fits: !wrong(&asked),
                since: None,
            })
            .collect();
        failure.help = Some("`try` before the step lets errors pass".to_owned());
        Err(failure.into())
    }

    /// Asks several nodes at once; the answers in the order of the nodes.
    pub(super) async fn ask_all(&self, nodes: &[NodeIndex], words: &[String]) -> Vec<Asked> {
        self.ask_all_within(nodes, words, self.stretch(ASK)).await
    }

    /// The same, with less patience.
    pub(super) async fn ask_all_within(
        &self,
        nodes: &[NodeIndex],
        words: &[String],
        patience: Duration,
    ) -> Vec<Asked> {
        join_all(nodes.iter().map(|node| self.ask_within(*node, words, patience))).await
    }

    /// Asks one node, and keeps account of what it acknowledged.
    pub(super) async fn ask(&self, node: NodeIndex, words: &[String]) -> Asked {
        self.ask_within(node, words, self.stretch(ASK)).await
    }

    pub(super) async fn ask_within(&self, node: NodeIndex, words: &[String], patience: Duration) -> Asked {
        let began = self.desk.now();
        let command = words.first().map(String::as_str).unwrap_or_default();
        if command == "state" {
            let life = self.desk.state().network.node(node).life.to_string();
            return Asked { node, observed: Observed::text(life) };
        }
        if command == "log" {
            let outcome = self.desk.submit(Operation::Log { node, lines: usize::MAX }).await;
            return Asked { node, observed: outcome.into() };
        }
        let deadline = began + patience;
        let asking = {
            let state = &mut *self.desk.state_mut();
            state.evidence.asked(node, state.network.node(node), words)
        };
        let operation = Operation::Ask { node, words: words.to_vec(), deadline };
        let observed: Observed = self.desk.submit(operation).await.into();
        let changes = self.driver(node).command(command).is_some_and(|command| command.changes);
        let state = &mut *self.desk.state_mut();
        let now = state.now;
        if changes {
            if let (Observed::Answered(answer), Some(key)) = (&observed, words.get(1))
                && let Some(written) = &answer.written
            {
                state.acknowledged(node, key, &written.rank, command == "delete");
            }
            state.measures.asked(&observed, now.saturating_sub(began));
        }
        if let Some(asking) = asking {
            let broken = state.evidence.answered(&asking, state.network.node(node), &observed, now);
            state.judged(broken);
        }
        Asked { node, observed }
    }
}

/// A `repeat` step.
struct Repeat<'a> {
    count: Option<u64>,
    rate: Option<Rate>,
    counter: Option<&'a str>,
    block: &'a [Step],
}

impl Repeat<'_> {
    fn turn(&self, environment: &Environment, index: u64) -> Environment {
        let mut inner = environment.turn(index);
        if let Some(counter) = self.counter {
            inner.bind(counter, Binding::Number(index as f64));
        }
        inner
    }
}

impl Rate {
    /// When, since it began, turn `index` is due.
    fn after(self, index: u64) -> Duration {
        let unit = match self.unit {
            RateUnit::Second => 1_000_000_000u128,
            RateUnit::Minute => 60_000_000_000,
        };
        let nanos = unit * u128::from(index) / u128::from(self.count.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
