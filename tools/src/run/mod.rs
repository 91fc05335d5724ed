//! The runner: steps in, operations out; events in, a verdict out.
//!
//! It never sleeps, spawns or reads a clock: it submits operations to a [`World`] and is handed
//! back what happened, so that one runner serves real and virtual time. Steps are written as
//! ordinary async functions over a single-threaded executor of its own (`desk`), whose only
//! source of progress is [`World::next`]; the same events in the same order give the same run.
//!
//! What it records on the way ([`Record`]) and what comes out in the end ([`Report`]) is plain
//! data: reports are functions of it.
//!
//! [`World`]: crate::world::World
//! [`World::next`]: crate::world::World::next

mod audit;
mod choose;
mod content;
mod converge;
mod desk;
mod details;
mod draw;
mod environment;
mod expect;
mod failure;
mod finish;
mod history;
mod judge;
mod laws;
mod life;
mod links;
mod measure;
mod network;
mod owed;
mod record;
mod report;
mod session;
mod steps;
#[cfg(test)]
mod tests;

pub use failure::{Failure, FailureKind, Finding, LogExcerpt};
pub use laws::Law;
pub use network::{Life, Network, Node};
pub use record::{Record, RunEvent};
pub use report::{Figures, Report, Verdict};
pub use session::{Idle, Options, Session};
