//! The record of a test, `run.jsonl` in its folder.

use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::journal_file::{self, JournalFile, Limits};
use crate::cli::log_entries;
use crate::journal::{self, JournalEntry, JournalEvent, Recorder as _};
use crate::report;
use crate::run::Report;
use crate::text::io_cause;
use crate::workload::runner::Plan;
use crate::world::{NodeIndex, World};

/// The record of one test, from its plan to the logs of its nodes.
pub(super) struct Record {
    path: PathBuf,
    file: JournalFile,
    /// The time of day at which the test began, in milliseconds since 1970.
    wall_ms: u64,
}

impl Record {
    /// Creates the record in the folder of a test.
    pub(super) fn create(folder: &Path) -> Result<Self, Failure> {
        let file = journal_file::create(folder, Limits::NONE).map_err(|error| {
            let folder = folder.display();
            Failure::environment(format!("cannot write to {folder}: {}", io_cause(&error)))
                .help("choose another folder with --logs")
        })?;
        Ok(Self { path: folder.join("run.jsonl"), file, wall_ms: 0 })
    }

    /// Returns the file with the events.
    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// Returns the time of day at which the test began, in milliseconds since 1970.
    pub(super) fn wall_ms(&self) -> u64 {
        self.wall_ms
    }

    /// Returns the receiver of events.
    pub(super) fn recorder(&mut self) -> &mut JournalFile {
        &mut self.file
    }

    /// Records the plan. `again` is the command that repeats the test.
    pub(super) fn begin(&mut self, plan: &Plan, world: &dyn World, again: &str) {
        self.wall_ms = world.wall_ms();
        let declaration = world.declaration();
        self.append(
            Some(0),
            JournalEvent::Plan {
                format: journal::FORMAT,
                scenario: plan.kind.name().to_owned(),
                file: report::origin_of(again).to_owned(),
                text: format!("{again}\n"),
                params: std::collections::BTreeMap::new(),
                world: declaration.name.to_owned(),
                seed: plan.seed,
                about: String::new(),
                wall_ms: self.wall_ms,
                virtual_time: declaration.virtual_time,
                timeout_factor: 1.0,
                node_options: std::collections::BTreeMap::new(),
                flags: Vec::new(),
                again: Some(again.to_owned()),
            },
        );
    }

    /// Records the verdict, and the logs of the nodes.
    pub(super) fn end(&mut self, report: &Report, plan: &Plan, folder: &Path) {
        let at_us = u64::try_from(report.duration.as_micros()).unwrap_or(u64::MAX);
        self.append(
            Some(at_us),
            JournalEvent::Verdict {
                verdict: report.verdict.word().to_owned(),
                message: report.verdict.failure().map(|failure| failure.message.clone()),
                report: Some(Box::new(report::entry(report))),
            },
        );
        let nodes = plan.nodes.iter().enumerate();
        let nodes = nodes.map(|(index, spec)| (NodeIndex(index), spec.name.clone())).collect();
        let wall_ms = self.wall_ms;
        log_entries::append_files_of(nodes, folder, wall_ms, &mut |at_us, event| self.append(at_us, event));
        self.file.flush();
    }

    fn append(&mut self, at_us: Option<u64>, event: JournalEvent) {
        self.file.record(&JournalEntry { at_us, event });
    }
}
