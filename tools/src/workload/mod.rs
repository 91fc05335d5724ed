//! The workloads of the Maelstrom protocol: what clients ask of nodes, and whether what came of it
//! may be.
//!
//! A workload draws what is asked from a seed and judges a history; it asks nobody, reads no clock
//! and knows no node. Whoever runs it keeps the [`History`]. An operation of unknown outcome may
//! have happened, may happen later, or never: every checker takes each as possible.

mod counter;
mod echo;
mod history;
mod lin_kv;
pub mod linearizable;
mod options;
mod percentiles;
#[cfg(test)]
mod sample;
mod set;
pub mod test;
mod txn;
mod undone;
mod unique_ids;
mod verdict;

pub use history::{Answer, Element, History, Operation, Outcome, moment};
pub use options::{ConsistencyModel, Kind, Options, UnknownName};
pub use percentiles::Percentiles;
pub use verdict::{Problem, Verdict};

pub use crate::chance::Chance;

/// What is asked of nodes, and what may come of it.
pub trait Workload {
    /// What a client asks next.
    fn next(&mut self, chance: &mut Chance) -> Vec<String>;

    /// What every node is asked at the end, when all is quiet.
    fn last(&self) -> Option<Vec<String>> {
        None
    }

    /// Judges what happened.
    fn check(&self, history: &History) -> Verdict;
}
