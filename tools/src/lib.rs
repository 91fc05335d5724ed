//! The harness. It turns one line of topology into a running network of nodes, and one scenario file into a
//! verdict.
//!
//! ```text
//! text ──► topology / scenario ──► plan ──► runner ──► world ──► driver ──► node
//!                                             │
//!                                             └──► events ──► outcome ──► reports
//! ```
//!
//! The test `tools/src/boundaries.rs` reads the imports of all modules, and refuses those that its rules forbid.

#[cfg(test)]
mod boundaries;
pub mod cli;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod contrast;
pub mod driver;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod fuzz;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod journal;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod language;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod likelihood;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod page;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod random;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod report;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod run;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod scenario;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod text;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod topology;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod workload;
pub mod world;
