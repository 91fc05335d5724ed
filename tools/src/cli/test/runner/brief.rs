//! The events of runs that passed, as the page of many runs has them: few, chosen while the run goes on.
//!
//! To read each record back, after all runs, would take longer than the runs in virtual time. The record of a run
//! that failed is read back all the same: few fail, and their page has all that fits.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Mutex;

use crate::cli::journal_file::{self, JournalFile, Limits};
use crate::page::{Bounds, Collected, Collector};
use crate::run::{Report, Verdict};
use crate::text::io_cause;

/// The events of all runs so far, by the folder of the run.
#[derive(Default)]
pub(super) struct BriefEvents {
    /// True if a page is wanted that has runs in brief.
    wanted: bool,
    runs: Mutex<BTreeMap<PathBuf, Collected>>,
}

impl BriefEvents {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, runs: Mutex::default() }
    }

    /// Creates the journal of a run, and the choice of its events.
    pub(super) fn create_journal(
        &self,
        folder: &Path,
        limits: Limits,
    ) -> io::Result<(JournalFile, BriefRun)> {
        let mut journal =
            journal_file::create(folder, limits).map_err(|error| cannot_write(folder, &error))?;
        let collector = self.wanted.then(|| Rc::new(RefCell::new(Collector::new(Bounds::BRIEF))));
        if let Some(collector) = &collector {
            journal.hand_lines_to(Rc::clone(collector));
        }
        Ok((journal, BriefRun { collector, folder: folder.to_owned() }))
    }

    /// Adds the events of a run that has ended, if it passed.
    pub(super) fn add(&self, run: BriefRun, report: &Report) {
        let Some(collector) = run.collector.filter(|_| report.verdict == Verdict::Passed) else { return };
        let collected = collector.replace(Collector::new(Bounds::BRIEF)).finish();
        if let Ok(mut runs) = self.runs.lock() {
            runs.insert(run.folder, collected);
        }
    }

    /// Returns the events of all runs.
    pub(super) fn take(&self) -> BTreeMap<PathBuf, Collected> {
        self.runs.lock().map(|mut runs| std::mem::take(&mut *runs)).unwrap_or_default()
    }
}

/// The choice of one run's events.
pub(super) struct BriefRun {
    collector: Option<Rc<RefCell<Collector>>>,
    folder: PathBuf,
}

fn cannot_write(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot write to {}: {}", folder.display(), io_cause(error)))
}
