//! The final reads of a test: every client reads its node once, after the quiet time, and these reads decide.
//! Further reads only find out the time at which nodes agree.

use std::collections::BTreeMap;
use std::time::Duration;

use super::executor::{Continue, Executor};
use super::load::Asking;
use super::plan::Plan;
use super::report::Agreement;
use crate::workload::{CheckResult, History};
use crate::world::{OpId, Operation};

/// The time after which nodes that did not agree are read again; it doubles each time, up to a second. Chosen:
/// several round trips on one machine.
const AGAIN: Duration = Duration::from_millis(50);

/// The final reads of a test.
pub(super) struct FinalReads<'a, 'd> {
    executor: &'a mut Executor<'d>,
    plan: &'a Plan,
    words: &'a [String],
}

impl<'a, 'd> FinalReads<'a, 'd> {
    pub(super) fn new(executor: &'a mut Executor<'d>, plan: &'a Plan, words: &'a [String]) -> Self {
        Self { executor, plan, words }
    }

    /// Has every client read its node, and adds the reads to the history and to the record.
    pub(super) fn ask(&mut self, history: &mut History) -> Continue<()> {
        self.read(history, |executor, id, history| executor.record().on_operation(id, history))
    }

    /// Has every client read its node, and adds each read to the history as it ends.
    fn read(
        &mut self,
        history: &mut History,
        on_read: impl Fn(&mut Executor<'d>, OpId, &History),
    ) -> Continue<()> {
        let invoked = self.executor.now();
        let ask = |client| Asking {
            client,
            node: self.plan.node_of(client),
            words: self.words.to_vec(),
            invoked,
            last: true,
        };
        let asked: Vec<Asking> = (0..self.plan.clients).map(ask).collect();
        let mut under_way: BTreeMap<OpId, Asking> = BTreeMap::new();
        for asking in asked {
            let id = self.executor.submit(asking.operation(self.plan));
            under_way.insert(id, asking);
        }
        while !under_way.is_empty() {
            let (id, outcome) = self.executor.next_outcome()?;
            if let Some(asking) = under_way.remove(&id) {
                asking.record(self.executor.now(), outcome, self.plan.protocol, history);
                on_read(self.executor, id, history);
            }
        }
        Ok(())
    }

    /// Reads on until the answers agree, at most for another quiet time. Neither the history nor the verdict
    /// changes. `since` is the time at which clients had stopped.
    pub(super) fn until_agreed(
        &mut self,
        since: Duration,
        history: &History,
        check: &dyn Fn(&History) -> CheckResult,
    ) -> Continue<Agreement> {
        let until = self.executor.now() + self.plan.quiet;
        let mut history = history.clone();
        let mut pause = AGAIN;
        while self.executor.now() < until {
            let at = until.min(self.executor.now() + pause);
            self.executor.run_required(Operation::Timer { at })?;
            pause = (2 * pause).min(Duration::from_secs(1));
            history.forget_last();
            self.read(&mut history, |_, _, _| {})?;
            if !check(&history).may_heal() {
                return Ok(Agreement::Late(self.executor.now().saturating_sub(since)));
            }
        }
        Ok(Agreement::Never(self.executor.now().saturating_sub(since)))
    }
}
