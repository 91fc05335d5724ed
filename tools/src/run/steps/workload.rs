//! The step `workload`: clients ask nodes while the steps of its block are performed, and their answers are judged.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join_all, select, try_join};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::Value as Json;

use crate::journal::JournalEvent;
use crate::random::Rng;
use crate::run::context::RunContext;
use crate::run::results::{Failure, FailureKind, StepFailure};
use crate::run::state::Life;
use crate::scenario::{At, Load, second_load};
use crate::workload::runner::{Figures, Protocol, last_operation, problem_event};
use crate::workload::{CheckResult, Completion, History, Kind, Operation as Asked, Options, Workload};
use crate::world::{NodeIndex, OpId, Operation, Outcome};

/// The number of clients of each node, as of `tools workload`.
const CLIENTS: usize = 2;
/// The distance between the first keys of two loads, and between the numbers of their first operations. Chosen: no load
/// comes so far.
const DISTANCE: u64 = 1_000_000;

/// The clients of one load.
struct Clients {
    run: RunContext,
    load: Load,
    /// The number of the first operation, and the first key.
    first: u64,
    workload: Box<dyn Workload>,
    history: History,
    nodes: Vec<NodeIndex>,
    words: Rng,
    arrivals: Rng,
}

/// An operation of a client that has ended.
struct Ended {
    client: usize,
    node: NodeIndex,
    words: Vec<String>,
    last: bool,
    invoked: Duration,
    completed: Duration,
    outcome: Result<(OpId, Outcome), &'static str>,
}

impl RunContext {
    /// Performs `workload`: the steps of the block while clients ask. After both, all that was written is read, and the
    /// answers are judged.
    pub(in crate::run) async fn workload(
        &self,
        at: &At,
        load: &Load,
        block: impl Future<Output = Result<(), StepFailure>>,
    ) -> Result<(), StepFailure> {
        let kind = load.kind;
        if kind.reads_the_whole() && self.loads.borrow().kinds.contains(&kind) {
            return Err(self.fail(at, second_load(kind)));
        }
        let mut clients = Clients::new(self, *load);
        try_join(
            async {
                clients.ask().await;
                Ok(())
            },
            block,
        )
        .await?;
        clients.read_finally().await;
        let verdict = clients.workload.check(&clients.history);
        for problem in &verdict.problems {
            self.executor.journal(|| problem_event(problem, clients.first));
        }
        let (figures, name) = (Figures::of(&clients.history).by_name(), load.kind.name());
        let step = self.executor.current_step();
        self.executor.journal(|| JournalEvent::Measured {
            name: name.to_owned(),
            figures: figures.clone(),
            note: None,
            step,
        });
        self.executor.state_mut().measures.finish(name, figures, None);
        self.judged(at, load.kind, &verdict, &clients.history)
    }

    /// Fails unless a history is valid.
    fn judged(
        &self,
        at: &At,
        kind: Kind,
        verdict: &CheckResult,
        history: &History,
    ) -> Result<(), StepFailure> {
        let name = kind.name();
        let message = match (verdict.problems.first(), &verdict.undecided) {
            (Some(problem), _) => {
                format!("`{name}`: {}: {}", problem.kind.replace('_', " "), problem.message)
            }
            (None, Some(reason)) => format!("`{name}` is not decided: {reason}"),
            (None, None) => {
                self.executor.state_mut().history.held += 1;
                return Ok(());
            }
        };
        let mut failure = Failure::new(FailureKind::Expectation, Some(at), self.executor.now(), message);
        failure.differences = verdict.lines(history);
        Err(failure.into())
    }
}

impl Clients {
    fn new(run: &RunContext, load: Load) -> Self {
        let number = run.loads.borrow().kinds.len() as u64;
        let first = number * DISTANCE;
        run.loads.borrow_mut().kinds.push(load.kind);
        let state = run.executor.state();
        let nodes: Vec<NodeIndex> = state.network.indices().collect();
        let names = nodes.iter().map(|node| state.network.name(*node).to_owned()).collect();
        let exchanges = nodes.iter().all(|node| {
            let driver = run.driver_named(&state.network.node(*node).spec.driver);
            driver.command("cas").is_some()
        });
        // Registers of an earlier load hold what it wrote.
        let options = Options { exchanges, first_key: first, ..Options::default() };
        let ran_before = state.network.ran_before();
        let options = if ran_before { options.beside_older_data(state.wall_ms) } else { options };
        let mut seeds = Rng::new(run.options.seed.wrapping_add(number));
        let mut stream = || Rng::new(seeds.below(u64::MAX));
        drop(state);
        Self {
            run: run.clone(),
            load,
            first,
            workload: load.kind.workload(&options),
            history: History::new(names),
            nodes,
            words: stream(),
            arrivals: stream(),
        }
    }

    /// Asks until the time of the load is over, and all asks have ended.
    async fn ask(&mut self) {
        let executor = self.run.executor.clone();
        let (mut arrival, until) = (executor.now(), executor.now() + self.load.time);
        let mut idle: Vec<usize> = (0..CLIENTS * self.nodes.len()).collect();
        let mut under_way = FuturesUnordered::new();
        loop {
            arrival += self.pause();
            let mut due = executor.sleep_until(arrival.min(until));
            while executor.now() < arrival.min(until) {
                match select(under_way.next(), pin!(&mut due)).await {
                    Either::Left((Some(ended), _)) => idle.push(self.record(ended)),
                    // Nothing is under way.
                    Either::Left((None, due)) => due.await,
                    Either::Right(_) => {}
                }
            }
            if arrival >= until {
                break;
            }
            // Operations that are due while no client is free are left out.
            if idle.is_empty() {
                if let Some(ended) = under_way.next().await {
                    idle.push(self.record(ended));
                }
                arrival = arrival.max(executor.now());
                continue;
            }
            let client = idle.swap_remove(self.arrivals.index(idle.len()));
            let words = self.workload.next(&mut self.words);
            under_way.push(put(self.run.clone(), client, self.node_of(client), words, false));
        }
        while let Some(ended) = under_way.next().await {
            self.record(ended);
        }
    }

    /// Returns the time until the next operation, drawn from nothing to twice its average.
    fn pause(&mut self) -> Duration {
        let average = self.load.rate.interval();
        let most = u64::try_from(average.as_nanos()).unwrap_or(u64::MAX / 2).saturating_mul(2);
        Duration::from_nanos(self.arrivals.within(0, most))
    }

    fn node_of(&self, client: usize) -> NodeIndex {
        self.nodes[client % self.nodes.len()]
    }

    /// Reads all that was written at every node that runs. Where a read has the whole, nodes get time to agree before.
    async fn read_finally(&mut self) {
        let reads = match self.workload.last() {
            Some(whole) => {
                let settle = self.run.stretch(self.run.settle.get());
                self.run.executor.sleep_until(self.run.executor.now() + settle).await;
                vec![whole]
            }
            None => self.workload.read_back(),
        };
        // A node that is silent once is not asked again: each question would cost its whole patience.
        let mut silent = BTreeSet::new();
        for words in reads {
            let running = self.run.executor.state().network.running().to_vec();
            let is_asked = |node: NodeIndex| running.contains(&node) && !silent.contains(&node);
            let clients = (0..self.nodes.len()).filter(|client| is_asked(self.node_of(*client)));
            let asked = clients
                .map(|client| put(self.run.clone(), client, self.node_of(client), words.clone(), true));
            let asked: Vec<_> = asked.collect();
            for ended in join_all(asked).await {
                if matches!(ended.outcome, Ok((_, Outcome::Unknown { .. }))) {
                    silent.insert(ended.node);
                }
                self.record(ended);
            }
        }
    }

    /// Adds an operation to the history and to the journal. Returns its client.
    fn record(&mut self, ended: Ended) -> usize {
        let Ended { client, node, words, last, invoked, completed, outcome } = ended;
        let driver = self.run.driver(node);
        self.run.loads.borrow_mut().keys.extend(written_keys(&words));
        let protocol = Protocol::of(driver.wiring, self.run.values(node));
        let (op, outcome) = match outcome {
            Ok((op, outcome)) => (Some(op), protocol.completion(outcome, &mut self.history)),
            // Nobody was there to be asked, so nothing can have happened.
            Err(message) => {
                (None, Completion::Failed { code: "unavailable".to_owned(), message: message.to_owned() })
            }
        };
        self.history.push(Asked { client, node, words, last, invoked, completed, outcome });
        if let Some(event) = op.and_then(|op| last_operation(op, &self.history, self.first)) {
            self.run.executor.journal(|| event);
        }
        client
    }
}

/// Returns the keys that an operation of a workload writes.
fn written_keys(words: &[String]) -> Vec<String> {
    match words {
        [name, key, ..] if matches!(&**name, "write" | "cas") => vec![key.clone()],
        [name, steps] if name == "txn" => {
            let steps: Vec<(String, Json, Json)> = serde_json::from_str(steps).unwrap_or_default();
            let text = |key: Json| key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            steps.into_iter().filter(|(kind, ..)| kind == "w").map(|(_, key, _)| text(key)).collect()
        }
        _ => Vec::new(),
    }
}

/// Asks a node for an operation of a workload.
async fn put(run: RunContext, client: usize, node: NodeIndex, words: Vec<String>, last: bool) -> Ended {
    let executor = &run.executor;
    let invoked = executor.now();
    let is_there = matches!(executor.state().network.node(node).life, Life::Running | Life::Paused);
    let outcome = if is_there {
        let protocol = Protocol::of(run.driver(node).wiring, run.values(node));
        let deadline = invoked + run.patience(node);
        let ask =
            executor.submit(Operation::Ask { node, words: protocol.words(&words), deadline, until: None });
        let op = ask.id();
        Ok((op, ask.await))
    } else {
        Err("it is not running")
    };
    Ended { client, node, words, last, invoked, completed: executor.now(), outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_that_an_operation_writes_are_known() {
        let keys =
            |line: &[&str]| written_keys(&line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(keys(&["write", "7", "1"]), ["7"]);
        assert_eq!(keys(&["cas", "7", "1", "2"]), ["7"]);
        assert_eq!(keys(&["txn", r#"[["r", 1, null], ["w", 2, 6], ["w", "x", 1]]"#]), ["2", "x"]);
        assert!(keys(&["read", "7"]).is_empty() && keys(&["add", "7"]).is_empty());
    }
}
