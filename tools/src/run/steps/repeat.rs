//! The steps `repeat` and `together`: turns of a block, and steps side by side.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture, select, try_join, try_join_all};
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use crate::run::context::RunContext;
use crate::run::environment::{Binding, Environment};
use crate::run::results::StepFailure;
use crate::scenario::{Rate, RateUnit, Step};

/// The most turns of one `repeat … at` that are under way at once; the next waits for one to end. Chosen:
/// twice what one client asks in the five seconds that a node may take, at a thousand a second.
const TURNS: usize = 10_000;

/// A flag for a `repeat` without a count: set when the finite steps beside it have ended.
#[derive(Clone, Default)]
pub(in crate::run) struct Over(Rc<Cell<bool>>);

/// A `repeat` step.
pub(in crate::run) struct Repeat<'a> {
    pub count: Option<u64>,
    pub rate: Option<Rate>,
    pub counter: Option<&'a str>,
}

impl RunContext {
    /// Performs all steps of a block at the same time; those without an end go on until the others ended.
    pub(in crate::run) async fn together(
        &self,
        block: &[Step],
        start: impl Fn(&Step, &Over) -> LocalBoxFuture<'static, Result<(), StepFailure>>,
    ) -> Result<(), StepFailure> {
        let over = Over::default();
        let endless = |step: &&Step| step.never_ends();
        let start = |step| start(step, &over);
        let finite = try_join_all(block.iter().filter(|step| !endless(step)).map(start));
        let others = try_join_all(block.iter().filter(endless).map(start));
        let finite = async {
            finite.await?;
            over.0.set(true);
            self.executor.wake_waiters();
            Ok(())
        };
        try_join(finite, others).await.map(drop)
    }

    /// Performs a block again and again, each turn with an environment of its own.
    pub(in crate::run) async fn repeat<'a>(
        &self,
        repeat: &Repeat<'_>,
        environment: &Environment,
        over: Option<&Over>,
        turn: impl Fn(Environment) -> LocalBoxFuture<'a, Result<(), StepFailure>>,
    ) -> Result<(), StepFailure> {
        let over = over.filter(|_| repeat.count.is_none());
        let ended = || over.is_some_and(|over| over.0.get());
        let count = repeat.count.unwrap_or(u64::MAX);
        let Some(rate) = repeat.rate else {
            for index in 0..count {
                if ended() {
                    break;
                }
                let begun = self.executor.operations();
                turn(repeat.turn(environment, index)).await?;
                // A turn that submits nothing must still let the world go on.
                if self.executor.operations() == begun {
                    self.executor.yield_to_world().await;
                }
            }
            return Ok(());
        };
        let began = self.executor.now();
        let mut turns = FuturesUnordered::new();
        for index in 0..count {
            let mut due = self.executor.sleep_until(began + rate.after(index));
            loop {
                let seen = self.executor.changes();
                let is_due = self.executor.now() >= began + rate.after(index);
                if ended() || (is_due && turns.len() < TURNS) {
                    break;
                }
                // With no room for a turn, only one that ends makes room.
                let time = async { if is_due { std::future::pending().await } else { (&mut due).await } };
                // Only a repeat without a count must know when others end.
                let others = async {
                    if over.is_some() {
                        self.executor.changed(seen).await;
                    } else {
                        std::future::pending::<()>().await;
                    }
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
            turns.push(turn(repeat.turn(environment, index)));
        }
        while let Some(result) = turns.next().await {
            result?;
        }
        Ok(())
    }
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
    /// Returns the time between two turns.
    pub(in crate::run) fn interval(self) -> Duration {
        self.after(1)
    }

    /// Returns the time at which turn `index` is due, since the first turn.
    fn after(self, index: u64) -> Duration {
        let unit = match self.unit {
            RateUnit::Second => 1_000_000_000u128,
            RateUnit::Minute => 60_000_000_000,
        };
        let nanos = unit * u128::from(index) / u128::from(self.count.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}
