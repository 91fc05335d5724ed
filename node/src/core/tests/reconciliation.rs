//! Tests of reconciliation, with and without ranges.

mod peers_without_ranges;
mod ranges;
