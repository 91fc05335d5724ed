//! Reconciliation (anti-entropy): rounds, comparison by ranges, and the pull of what is missing.

mod answers;
mod comparison;
mod key_scan;
mod peers_without_ranges;
mod pull;
mod questions;
mod rounds;
mod schedule;

pub(super) use key_scan::KeyScan;
pub(super) use rounds::Rounds;
