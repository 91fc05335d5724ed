//! The runs in virtual time: the run itself, the same run again with its messages, and the search along it.

use std::fs::File;
use std::io;
use std::path::Path;

use super::Runner;
use crate::cli::interrupt::Interruptible;
use crate::cli::journal_file::{self, JournalFile, Limits};
use crate::cli::log_entries;
use crate::cli::test::queue::Job;
use crate::cli::test::trace::Trace;
use crate::cli::test::when_lost::LostRun;
use crate::run::{Options, Report, Session, Verdict};
use crate::text::io_cause;
use crate::world::World as _;
use crate::world::folder::write_file;
use crate::world::sim::{self, Sim, Tracer};

/// The most events of a failed run that is run again with its messages. Chosen: such a run takes about a second, and
/// its journal some 50 MB.
const RERUN_EVENTS_MAX: u64 = 500_000;

impl Runner {
    /// Runs a scenario with all that was asked for, and returns its report. An error is of the environment.
    pub(super) fn in_virtual_time(
        &self,
        job: &Job,
        options: Options,
        folder: Option<&Path>,
    ) -> io::Result<Report> {
        let created = folder.map(|folder| self.0.brief.create_journal(folder, Limits::NONE)).transpose()?;
        let (journal, brief) = created.unzip();
        let file = self.0.trace.as_ref().map(File::try_clone).transpose()?;
        let trace = file.map(|file| Trace::new(file, &job.case.scenario.name, job.seed));
        let writer = trace.as_ref().map(Trace::writer);
        let (mut report, world) = self.simulate(job, options.clone(), journal, folder, writer);
        let events = world.events();
        drop(world);
        if let Some(brief) = brief {
            self.0.brief.add(brief, &report);
        }
        let has_failed = report.verdict.failure().is_some();
        if let Some(folder) = folder.filter(|_| has_failed && !options.messages && events <= RERUN_EVENTS_MAX)
        {
            self.add_messages(job, options, &mut report, folder);
        }
        if let Some(runs_max) = self.0.when_lost {
            let lost = LostRun {
                scenario: &job.case.scenario,
                report: &report,
                options: &self.options(job.seed),
                reseeds: &self.0.reseeds,
                events,
            };
            report.likelihood = lost.likelihood(runs_max, &self.0.interrupt);
            if report.verdict == Verdict::Passed {
                report.notes.push("the run passed, so there is no moment at which it was lost".to_owned());
            }
        }
        match trace.map(Trace::finish) {
            Some(Err(error)) => {
                Err(io::Error::other(format!("cannot write the trace: {}", io_cause(&error))))
            }
            Some(Ok(())) | None => Ok(report),
        }
    }

    /// Runs a scenario in a simulated world. The journal has the nodes' logs, and so has the folder, if one is given.
    fn simulate(
        &self,
        job: &Job,
        options: Options,
        journal: Option<JournalFile>,
        folder: Option<&Path>,
        trace: Option<Tracer>,
    ) -> (Report, Sim) {
        let (messages, writes) = (options.messages, journal.is_some());
        let session = match journal {
            Some(journal) => {
                Session::new(options, (journal, self.0.running.recorder(&job.case.scenario.name)))
            }
            None => Session::without_journal(options),
        };
        let mut world = self.world(job.seed, messages, trace);
        let wall_ms = world.wall_ms();
        let report = session.scenario(&mut world, &job.case.scenario);
        let world = world.into_world();
        if writes {
            let logs: Vec<(&str, Vec<String>)> = world.logs().collect();
            log_entries::append(&session, logs.iter().map(|(name, lines)| (*name, &**lines)), wall_ms);
            if let Some(folder) = folder {
                write_logs(&logs, folder);
            }
        }
        (report, world)
    }

    /// Returns a simulated world.
    pub(super) fn world(&self, seed: u64, messages: bool, trace: Option<Tracer>) -> Interruptible<Sim> {
        let reseeds = self.0.reseeds.clone();
        let options = sim::Options { trace, reseeds, messages, ..sim::Options::judged(seed) };
        Interruptible::new(Sim::new(options), self.0.interrupt.clone())
    }

    /// Runs a failed scenario again, so that its journal has the messages between nodes. The journal of the first
    /// run stays if the second cannot be written, is interrupted, or ends otherwise, which no run should.
    fn add_messages(&self, job: &Job, options: Options, report: &mut Report, folder: &Path) {
        let Ok(journal) = journal_file::create_again(folder) else { return };
        let options = Options { messages: true, ..options };
        let (again, _) = self.simulate(job, options, Some(journal), None, None);
        let is_same = again == *report;
        if !is_same && again.verdict != Verdict::Interrupted {
            report.notes.push(
                "the run ended otherwise when its messages were watched: please report this".to_owned(),
            );
        }
        journal_file::end_again(folder, is_same);
    }
}

/// Writes the nodes' logs; in real time nodes write their own. A log that cannot be written is dropped, like
/// a line of the journal: the verdict does not depend on it.
fn write_logs(logs: &[(&str, Vec<String>)], folder: &Path) {
    for (name, lines) in logs {
        let mut text = lines.join("\n");
        text.push('\n');
        let _: io::Result<()> = write_file(folder, &format!("{name}.log"), text.as_bytes());
    }
}
