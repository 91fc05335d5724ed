//! The runner: steps in, operations out; events in, a verdict out.
//!
//! It never sleeps, spawns or reads a clock: it submits operations to a [`World`] and is handed events
//! back, so that one runner serves real and virtual time. Steps are written as ordinary async functions
//! over a single-threaded executor of its own (`executor`). The only source of progress is [`World::next`];
//! the same events in the same order give the same run.
//!
//! The journal of a run ([`JournalEntry`](crate::journal::JournalEntry)) and its result ([`Report`]) are plain
//! data: reports are functions of them.
//!
//! # Ends
//!
//! Each thing that ends has one name for its end, here and in the modules around:
//!
//! | module | type | the end of what |
//! |---|---|---|
//! | `world` | `Outcome` | an operation of the runner in the world |
//! | `world` | `ExitStatus` | a node's process |
//! | `driver` | `DriverEvent::Ended` | a request of a driver to its node, with its `Outcome` |
//! | `driver::maelstrom` | `EndOfLines` | the output of a node that speaks in lines |
//! | `run::answers` | `Observed` | an ask, as the runner saw it |
//! | `run::results` | `StepFailure` | a step that failed, and with it the run |
//! | `run::state` | `Abort` | a run that an event ends from outside of its steps |
//! | `run::session` | `Wakeup` | the wait of a session without steps |
//! | `run::laws` | `Breach` | the observance of a law |
//! | `run::results` | `Failure` | a run that did not pass: kind, place and details of it |
//! | `run::results` | `Verdict` | a run: passed, failed, broken, interrupted or skipped |
//! | `workload` | `Completion` | an operation of a client, in the history of a workload |
//! | `workload` | `CheckResult` | the check of a history |
//! | `workload` | `Linearizability` | the check of one register's history |
//! | `workload::runner` | `WorkloadAbort` | the run of a workload that an event ends early |
//! | `workload::runner` | `End` | the run of a workload, for its report |
//! | `fuzz` | `PlanResult`, `PlanFailure` | the run of a drawn plan |
//! | `cli` | `StepResult` | a step that was done by hand, in the recording |
//! | `cli` | `ServeEnd` | the service of a network that stays up |
//! | `cli` | `Exit` | a command: its exit code |
//!
//! [`World`]: crate::world::World
//! [`World::next`]: crate::world::World::next

mod answers;
mod attendance;
mod context;
mod convergence;
mod end;
mod environment;
mod executor;
mod laws;
mod options;
mod results;
mod session;
mod state;
mod steps;
#[cfg(test)]
mod tests;

pub use attendance::Attendant;
pub use laws::Law;
pub use options::Options;
pub use results::{
    AttemptRule, Attempted, Attempts, Failure, FailureKind, Figures, Finding, Likelihood, LikelihoodPoint,
    LogExcerpt, Report, Verdict,
};
pub use session::{Session, Wakeup};
pub use state::{Life, Network, Node};
