//! The results of a run: its journal, its report, and the failure that ended it.

mod failure;
mod finding;
mod journal;
mod likelihood;
mod report;
mod step_failure;

pub use failure::{Failure, FailureKind};
pub use finding::{Finding, LogExcerpt};
pub(in crate::run) use journal::JournalWriter;
pub use likelihood::{Likelihood, LikelihoodPoint};
pub use report::{Figures, Report, Verdict};
pub(in crate::run) use step_failure::{Apart, StepFailure};
