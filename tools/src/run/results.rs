//! The results of a run: its journal, its report, and the failure that ended it.

mod attempts;
mod failure;
mod finding;
mod journal;
mod likelihood;
mod report;
mod step_failure;

pub use attempts::Attempted;
pub use failure::{Failure, FailureKind};
pub use finding::{Finding, LogExcerpt};
pub(in crate::run) use journal::JournalWriter;
pub use likelihood::{Likelihood, LikelihoodPoint};
pub use report::{AttemptRule, Attempts, Figures, Report, Verdict};
pub(in crate::run) use step_failure::{Apart, StepFailure};
