//! The reads of all that was written, once the load is over and the faults are gone: each node is asked for each key.

use std::time::Duration;

use super::executor::{Continue, Executor};
use super::load::Asking;
use super::plan::Plan;
use crate::workload::{Completion, History};
use crate::world::{Operation, Outcome};

/// The time after which reads without an answer are asked again; it doubles each time, up to a second. Chosen: a new
/// leader takes a few of them.
const AGAIN: Duration = Duration::from_millis(100);

/// The reads at the end of a test.
pub(super) struct ReadBack<'a, 'd> {
    executor: &'a mut Executor<'d>,
    plan: &'a Plan,
}

impl<'a, 'd> ReadBack<'a, 'd> {
    pub(super) fn new(executor: &'a mut Executor<'d>, plan: &'a Plan) -> Self {
        Self { executor, plan }
    }

    /// Asks every node for all of them, and adds the reads to the history. A read without an answer is asked again, as
    /// long as nodes are given time; the last attempt counts.
    pub(super) fn ask(&mut self, reads: &[Vec<String>], history: &mut History) -> Continue<()> {
        let nodes = self.plan.nodes.len();
        // A client asks its own node alone.
        let mut open: Vec<(usize, &Vec<String>)> = Vec::new();
        for (place, words) in reads.iter().enumerate() {
            let clients =
                |node| (node..self.plan.clients).step_by(nodes).cycle().nth(place % self.plan.clients.max(1));
            // A node that no client asked is read by one of its own.
            open.extend((0..nodes).map(|node| (clients(node).unwrap_or(node), words)));
        }
        let until = self.executor.now() + self.plan.quiet;
        let mut pause = AGAIN;
        loop {
            let is_last = self.executor.now() >= until;
            let mut missed = Vec::new();
            for batch in open.chunks(self.plan.clients.max(1)) {
                missed.extend(self.ask_batch(batch, is_last, history)?);
            }
            if missed.is_empty() || is_last {
                return Ok(());
            }
            open = missed;
            let at = until.min(self.executor.now() + pause);
            self.executor.run_required(Operation::Timer { at })?;
            pause = (2 * pause).min(Duration::from_secs(1));
        }
    }

    /// Asks a few of them side by side. Returns those without an answer, which are left out of the history unless they
    /// are not asked again.
    fn ask_batch<'w>(
        &mut self,
        batch: &[(usize, &'w Vec<String>)],
        is_last: bool,
        history: &mut History,
    ) -> Continue<Vec<(usize, &'w Vec<String>)>> {
        let invoked = self.executor.now();
        let asking = |(client, words): &(usize, &Vec<String>)| Asking {
            client: *client,
            node: self.plan.node_of(*client),
            words: (*words).clone(),
            invoked,
            last: true,
        };
        let askings: Vec<Asking> = batch.iter().map(asking).collect();
        let operations = askings.iter().map(|asking| asking.operation(self.plan)).collect();
        let came: Vec<(Outcome, Duration)> = self.executor.run_all(operations)?;
        let mut missed = Vec::new();
        for ((asking, read), (outcome, completed)) in askings.into_iter().zip(batch).zip(came) {
            let completion = self.plan.protocol.completion(outcome, history);
            if !is_last && !is_answered(&completion) {
                missed.push(*read);
                continue;
            }
            asking.complete(completed, completion, history);
            let id = self.executor.unsubmitted();
            self.executor.record().on_operation(id, history);
        }
        Ok(missed)
    }
}

/// Returns true if a node said what it holds: a value, or that there is none.
fn is_answered(completion: &Completion) -> bool {
    match completion {
        Completion::Ok(_) => true,
        Completion::Failed { code, .. } => code == "absent",
        Completion::Unknown { .. } => false,
    }
}
