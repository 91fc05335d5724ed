//! The harness: from one line of topology to a running network of nodes; from one scenario file
//! to a verdict.
//!
//! ```text
//! text ──► topology / scenario ──► plan ──► runner ──► world ──► driver ──► node
//!                                             │
//!                                             └──► events ──► outcome ──► reports
//! ```
//!
//! What may know what is kept by `tools/src/boundaries.rs`, a test that reads the imports.

#[cfg(test)]
mod boundaries;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
mod chance;
pub mod cli;
pub mod driver;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod fuzz;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod report;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod run;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod scenario;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod service;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod text;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod topology;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod workload;
pub mod world;
