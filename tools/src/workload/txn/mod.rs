//! Transactions that read and write registers.

mod anomalies;
mod graph;
#[cfg(test)]
mod tests;
mod transaction;

use serde_json::json;

use super::options::Keys;
use super::{Chance, History, Options, Verdict, Workload};

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
    fn next(&mut self, chance: &mut Chance) -> Vec<String> {
        let length = chance.within(1, self.options.txn_length.max(1));
        let steps: Vec<serde_json::Value> = (0..length)
            .map(|_| {
                let place = chance.index(self.keys.len());
                if chance.percent(50) {
                    json!(["r", self.keys.key(place), null])
                } else {
                    let (key, value) = self.keys.write(place);
                    json!(["w", key, value])
                }
            })
            .collect();
        vec!["txn".to_owned(), serde_json::Value::Array(steps).to_string()]
    }

    fn check(&self, history: &History) -> Verdict {
        anomalies::check(history, self.options.model)
    }
}
