//! The workloads of the Maelstrom protocol: the operations that clients ask of nodes, and the check of their
//! outcomes.
//!
//! A workload draws operations from a seed and judges a history. It asks no node, reads no clock and knows no
//! node; its caller stores the [`History`]. An operation of unknown outcome may have happened, may happen
//! later, or never: every checker accepts all three.

mod check_result;
mod counter;
mod echo;
mod history;
mod keys;
mod kind;
mod lin_kv;
pub mod linearizable;
mod options;
mod percentiles;
pub mod runner;
#[cfg(test)]
mod sample;
mod set;
mod txn;
mod undone;
mod unique_ids;

pub use check_result::{CheckResult, Problem};
pub use history::{Answer, Completion, Element, History, Operation, moment};
pub use kind::Kind;
pub use options::{ConsistencyModel, Options, UnknownName};
pub use percentiles::Percentiles;

use crate::random::Rng;

/// A workload: the operations that clients ask, and the check of their outcomes.
pub trait Workload {
    /// Returns the next operation of a client.
    fn next(&mut self, rng: &mut Rng) -> Vec<String>;

    /// Returns the final read, which every node is asked at the end, if the workload has one.
    fn last(&self) -> Option<Vec<String>> {
        None
    }

    /// Returns the reads of all that was written, which every node is asked at the end: what was lost, and what nodes
    /// do not agree on, shows in them. Empty if the final read says it.
    fn read_back(&self) -> Vec<Vec<String>> {
        Vec::new()
    }

    /// Judges a history.
    fn check(&self, history: &History) -> CheckResult;
}
