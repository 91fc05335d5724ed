//! The counts and times of a test, for every workload.

use std::collections::BTreeMap;
use std::time::Duration;

use super::plan::Plan;
use crate::workload::undone::says_what_is_there;
use crate::workload::{CheckResult, Completion, History, Operation, Percentiles};

/// The number of operations of one kind, by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of operations that happened.
    pub ok: u64,
    /// The number of operations that did not happen.
    pub failed: u64,
    /// The number of operations whose outcome is unknown.
    pub unknown: u64,
}

/// The figures of a test.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// The counts by kind of operation, without those of the final reads.
    pub counts: BTreeMap<String, Counts>,
    /// The share of operations that happened, final reads included; 1 if nothing was asked.
    pub availability: f64,
    /// The latency of the operations that happened.
    pub latency: Option<Percentiles>,
    /// True if nobody counted messages: nodes are stores with a network of their own.
    pub are_messages_unknown: bool,
    /// The number of messages between nodes.
    pub server_messages: u64,
    /// The number of messages to and from services.
    pub service_messages: u64,
    /// The number of messages of all kinds, questions and answers of clients included.
    pub messages: u64,
    /// The number of bytes that nodes sent.
    pub bytes: u64,
    /// The number of answers that no client waited for.
    pub ignored: u64,
    /// The messages that nodes had not read at the time of the final reads, by the name of the node; those that
    /// had read all are left out.
    pub unread: BTreeMap<String, u64>,
    /// The rate of operations that began, final reads aside, if it stayed below the planned rate because no
    /// client was free: the first number of a second is that rate, the second the planned one.
    pub rate_missed: Option<(f64, f64)>,
    /// The number of operations that clients asked, final reads aside; none if the test ended before.
    operations: Option<usize>,
}

/// The least share of the operations due that have to begin, so that the rate counts as reached. Chosen: a
/// client that happens to be busy is no news.
const RATE_REACHED: f64 = 0.9;

impl Figures {
    /// Adds the figures that one node reports about its messages.
    pub(super) fn add(&mut self, node: &str, figures: &[String]) {
        for (name, figure) in figures.iter().filter_map(|figure| figure.split_once('=')) {
            let figure: u64 = figure.parse().unwrap_or(0);
            match name {
                "messages_sent" => {
                    self.server_messages += figure;
                    self.messages += figure;
                }
                // Every call to a service has an answer, which is a message as well.
                "service_messages" => {
                    self.service_messages += 2 * figure;
                    self.messages += 2 * figure;
                }
                "client_messages" => self.messages += figure,
                "bytes_sent" => self.bytes += figure,
                "answers_ignored" => self.ignored += figure,
                "messages_unread" if figure > 0 => drop(self.unread.insert(node.to_owned(), figure)),
                _ => {}
            }
        }
    }

    /// Sets the number of operations, and adds them and the other questions to the messages.
    pub(super) fn asked(&mut self, operations: usize, beside: usize) {
        self.operations = Some(operations);
        self.messages += (operations + beside) as u64;
    }

    /// Compares the number of operations that began with the number that were due.
    pub(super) fn compare_rates(&mut self, began: usize, due: usize, plan: &Plan) {
        let (began, due) = (began as f64, due as f64);
        let missed = began < RATE_REACHED * due && !plan.time.is_zero();
        self.rate_missed = missed.then(|| (began / plan.time.as_secs_f64(), plan.rate));
    }

    /// Counts the operations by outcome, and computes their latency. An operation of unknown outcome has no end.
    pub(super) fn time(&mut self, history: &History) {
        let (mut times, mut never) = (Vec::<Duration>::new(), 0);
        // The final reads are asked by clients of their own, and come after the operations.
        for operation in history.operations().iter().take(self.operations_of(history)) {
            let counts = self.counts.entry(operation.kind().to_owned()).or_default();
            match operation.outcome {
                Completion::Ok(_) => {
                    counts.ok += 1;
                    times.push(operation.completed.saturating_sub(operation.invoked));
                }
                Completion::Failed { .. } => counts.failed += 1,
                Completion::Unknown { .. } => {
                    counts.unknown += 1;
                    never += 1;
                }
            }
        }
        self.latency = Percentiles::of(times, never);
        let all = history.operations();
        let happened = all.iter().filter(|operation| self.is_available(operation)).count();
        self.availability = if all.is_empty() { 1.0 } else { happened as f64 / all.len() as f64 };
    }

    /// Returns true if an operation counts as available: it happened. Of a store, a refusal that says what it holds
    /// is an answer as well; Maelstrom counts those as failures.
    fn is_available(&self, operation: &Operation) -> bool {
        operation.is_ok() || (self.are_messages_unknown && says_what_is_there(operation))
    }

    fn operations_of(&self, history: &History) -> usize {
        self.operations.unwrap_or(history.operations().len())
    }

    /// Returns the figures of a history of stores, of which no other question was counted.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let mut figures = Self { are_messages_unknown: true, ..Self::default() };
        figures.time(history);
        figures
    }

    /// Returns the figures by the names that measures of scenarios have.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, f64> {
        let total = self.total();
        let counts = [
            ("ok", total.ok),
            ("refused", total.failed),
            ("unknown", total.unknown),
            ("messages", self.messages),
            ("bytes", self.bytes),
        ];
        let mut all: BTreeMap<String, f64> =
            counts.into_iter().map(|(name, count)| (name.to_owned(), count as f64)).collect();
        if self.are_messages_unknown {
            all.retain(|name, _| name != "messages" && name != "bytes");
        }
        all.insert("availability".to_owned(), self.availability);
        if let Some(Percentiles { p50, p99, max, .. }) = &self.latency {
            let times = [("ack_p50", p50), ("ack_p99", p99), ("ack_max", max)];
            let known = times
                .into_iter()
                .filter_map(|(name, time)| Some((name.to_owned(), time.as_ref()?.as_secs_f64())));
            all.extend(known);
        }
        all
    }

    /// Returns the counts of all kinds together.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.counts.values().fold(Counts::default(), |sum, one| Counts {
            ok: sum.ok + one.ok,
            failed: sum.failed + one.failed,
            unknown: sum.unknown + one.unknown,
        })
    }

    /// Reports a problem if the share of operations that happened is less than `least`.
    pub(super) fn hold_to(&self, least: Option<f64>, history: &History, verdict: &mut CheckResult) {
        let availability = self.availability;
        let Some(least) = least.filter(|least| availability < *least) else { return };
        let all = history.operations();
        let operations: Vec<usize> =
            (0..all.len()).filter(|index| !self.is_available(&all[*index])).collect();
        let message = format!(
            "{} of {} operations did not succeed: an availability of {availability:.4}, where {least} is expected",
            operations.len(),
            all.len()
        );
        verdict.problem("availability", message, operations);
    }

    /// Returns the number of operations by which messages are divided.
    fn divisor(&self) -> f64 {
        self.operations.unwrap_or(0).max(1) as f64
    }

    /// Returns the number of messages between nodes for each operation.
    #[must_use]
    pub fn server_messages_per_operation(&self) -> f64 {
        self.server_messages as f64 / self.divisor()
    }

    /// Returns the number of messages of all kinds for each operation.
    #[must_use]
    pub fn messages_per_operation(&self) -> f64 {
        self.messages as f64 / self.divisor()
    }
}
