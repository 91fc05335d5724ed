//! The workload of transactions that read and write registers.

mod anomalies;
mod graph;
#[cfg(test)]
mod tests;
mod transaction;

use serde_json::json;

use super::keys::Keys;
use super::{CheckResult, History, Options, Workload};
use crate::random::Rng;

/// The workload `txn-rw-register`: transactions of reads and writes, each value written once to a key.
#[derive(Debug)]
pub(super) struct TxnRwRegister {
    keys: Keys,
    options: Options,
}

impl TxnRwRegister {
    pub(super) fn new(options: &Options) -> Self {
        Self { keys: Keys::new(options), options: *options }
    }
}

impl Workload for TxnRwRegister {
    fn next(&mut self, rng: &mut Rng) -> Vec<String> {
        let length = rng.within(1, self.options.txn_length.max(1));
        let steps: Vec<serde_json::Value> = (0..length)
            .map(|_| {
                let place = rng.index(self.keys.len());
                if rng.percent(50) {
                    json!(["r", self.keys.key(place), null])
                } else {
                    let (key, value) = self.keys.write(place);
                    json!(["w", key, value])
                }
            })
            .collect();
        vec!["txn".to_owned(), serde_json::Value::Array(steps).to_string()]
    }

    fn check(&self, history: &History) -> CheckResult {
        anomalies::check(history, self.options.model)
    }
}
