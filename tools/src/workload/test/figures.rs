//! What a test counts and times, whatever the workload.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::workload::{History, Outcome, Percentiles, Verdict};

/// How many operations of a kind came out how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// That happened.
    pub ok: u64,
    /// That did not.
    pub failed: u64,
    /// Of which nobody knows.
    pub unknown: u64,
}

/// The figures of a test.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// By kind of operation; those of the end aside.
    pub counts: BTreeMap<String, Counts>,
    /// How long operations took that happened.
    pub latency: Option<Percentiles>,
    /// Messages between nodes.
    pub server_messages: u64,
    /// Messages to and from services.
    pub service_messages: u64,
    /// Messages of all kinds, questions and answers of clients included.
    pub messages: u64,
    /// Bytes that nodes sent.
    pub bytes: u64,
    /// Operations that messages are counted per.
    operations: u64,
}

impl Figures {
    /// Takes in what one node says that it has sent.
    pub(super) fn add(&mut self, figures: &[String]) {
        for (name, figure) in figures.iter().filter_map(|figure| figure.split_once('=')) {
            let figure: u64 = figure.parse().unwrap_or(0);
            match name {
                "messages_sent" => {
                    self.server_messages += figure;
                    self.messages += figure;
                }
                // Every call has an answer.
                "service_messages" => {
                    self.service_messages += 2 * figure;
                    self.messages += 2 * figure;
                }
                "client_messages" => self.messages += figure,
                "bytes_sent" => self.bytes += figure,
                _ => {}
            }
        }
    }

    /// Takes in how many operations there were, and how many questions beside.
    pub(super) fn asked(&mut self, operations: usize, beside: usize) {
        self.operations = operations as u64;
        self.messages += (operations + beside) as u64;
    }

    /// Takes in how operations came out, and how long they took.
    pub(super) fn time(&mut self, history: &History) {
        let mut times: Vec<Duration> = Vec::new();
        // What is read at the end is asked by clients of its own.
        for operation in history.operations().iter().take(self.operations_of(history)) {
            let counts = self.counts.entry(operation.kind().to_owned()).or_default();
            match operation.outcome {
                Outcome::Ok(_) => {
                    counts.ok += 1;
                    times.push(operation.completed.saturating_sub(operation.invoked));
                }
                Outcome::Failed { .. } => counts.failed += 1,
                Outcome::Unknown { .. } => counts.unknown += 1,
            }
        }
        self.latency = Percentiles::of(times);
    }

    fn operations_of(&self, history: &History) -> usize {
        match self.operations {
            // It ended before that was known.
            0 => history.operations().len(),
            count => usize::try_from(count).unwrap_or(usize::MAX),
        }
    }

    /// How operations came out, of all kinds together.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.counts.values().fold(Counts::default(), |sum, one| Counts {
            ok: sum.ok + one.ok,
            failed: sum.failed + one.failed,
            unknown: sum.unknown + one.unknown,
        })
    }

    /// The share of operations that happened.
    #[must_use]
    pub fn availability(&self) -> f64 {
        let Counts { ok, failed, unknown } = self.total();
        ok as f64 / (ok + failed + unknown).max(1) as f64
    }

    /// Finds that too few operations happened.
    pub(super) fn hold_to(&self, least: Option<f64>, history: &History, verdict: &mut Verdict) {
        let (availability, Counts { ok, failed, unknown }) = (self.availability(), self.total());
        let Some(least) = least.filter(|least| availability < *least) else { return };
        let message = format!(
            "{} of {} operations did not succeed: an availability of {availability:.4}, where {least} is expected",
            failed + unknown,
            ok + failed + unknown
        );
        let asked = history.operations().iter().take(self.operations_of(history)).enumerate();
        let operations = asked.filter(|(_, one)| !one.is_ok()).map(|(index, _)| index).collect();
        verdict.problem("availability", message, operations);
    }

    /// Messages between nodes for each operation.
    #[must_use]
    pub fn server_messages_per_operation(&self) -> f64 {
        self.server_messages as f64 / self.operations.max(1) as f64
    }

    /// Messages of all kinds for each operation.
    #[must_use]
    pub fn messages_per_operation(&self) -> f64 {
        self.messages as f64 / self.operations.max(1) as f64
    }
}
