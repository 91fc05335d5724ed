//! The journal of a run, as the runner writes it.

use crate::journal::Recorder;

/// The receiver of the entries of a journal; none if no journal is wanted.
pub(in crate::run) type JournalWriter = Option<Box<dyn Recorder>>;
