//! Takes in reports as they come, shows them, and sums them up.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Instant;

use super::exit;
use crate::cli::exit::Exit;
use crate::cli::progress::RunsProgress;
use crate::cli::seeds::Seeds;
use crate::report::{self, Style, Sweep};
use crate::run::{Report, Verdict};

/// How many failing seeds are explained at length, each for another reason; all have their line.
const EXPLAINED: usize = 3;

/// What came of the runs so far.
pub(super) struct Tally<'a> {
    out: &'a mut dyn Write,
    /// Whether nothing is shown as it comes.
    quiet: bool,
    style: Style,
    began: Instant,
    seeds: Seeds,
    progress: Option<RunsProgress>,
    reports: Vec<Report>,
    sweeps: Vec<Sweep>,
    /// What has been explained at length.
    explained: BTreeSet<String>,
    runs: u64,
    exit: Exit,
}

impl<'a> Tally<'a> {
    /// Nothing yet, of so many runs with these seeds each.
    pub(super) fn new(out: &'a mut dyn Write, quiet: bool, style: Style, seeds: Seeds, runs: u64) -> Self {
        Self {
            out,
            quiet,
            style,
            began: Instant::now(),
            seeds,
            progress: (seeds.count() > 1).then(|| RunsProgress::new(runs)),
            reports: Vec::new(),
            sweeps: Vec::new(),
            explained: BTreeSet::new(),
            runs: 0,
            exit: Exit::Held,
        }
    }

    /// Says what every draw comes from.
    pub(super) fn open(&mut self) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let word = if self.seeds.count() == 1 { "seed" } else { "seeds" };
        writeln!(self.out, "{word} {}", self.seeds)
    }

    /// How it ends, as far as is known.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// What came of each, for the reports that programs read.
    pub(super) fn reports(&self) -> (&[Report], &[Sweep]) {
        (&self.reports, &self.sweeps)
    }

    /// Takes in a report.
    pub(super) fn take(&mut self, report: Report) -> io::Result<()> {
        self.exit = self.exit.gravest(exit(&report.verdict));
        let skipped = matches!(report.verdict, Verdict::Skipped(_));
        if !skipped {
            self.runs += 1;
        }
        if self.seeds.count() == 1 || skipped {
            self.show(|style, out| whole(&report, style, out))?;
            self.reports.push(report);
            return Ok(());
        }
        if let Some(progress) = &mut self.progress {
            progress.note(report.verdict.failure().is_some());
        }
        if let Some(failure) = report.verdict.failure() {
            let reason = format!("{} {:?} {}", report.scenario, failure.at, failure.message);
            let explained = self.explained.len() < EXPLAINED && self.explained.insert(reason);
            self.show(|style, out| {
                writeln!(out, "{}", report::failing_seed(&report, style))?;
                let text = if explained { report::failure(&report, style) } else { String::new() };
                write!(out, "{text}")
            })?;
        }
        self.add(report)
    }

    /// Puts a report to those of the same scenario.
    fn add(&mut self, report: Report) -> io::Result<()> {
        let same = |sweep: &Sweep| {
            sweep.gravest.scenario == report.scenario
                && sweep.gravest.file == report.file
                && !sweep.is_whole()
        };
        // In order they come one scenario after another; out of it a few are open at once.
        let place = if let Some(place) = self.sweeps.iter().rposition(same) {
            self.sweeps[place].add(report);
            place
        } else {
            self.sweeps.push(Sweep::new((self.seeds.first(), self.seeds.last()), report));
            self.sweeps.len() - 1
        };
        if self.sweeps[place].is_whole() {
            let line = report::sweep(&self.sweeps[place], self.style);
            self.show(|_, out| writeln!(out, "{line}"))?;
        }
        Ok(())
    }

    /// Shows the sum of it, or all of it as JSON.
    pub(super) fn close(&mut self, selected: u64) -> io::Result<()> {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
        if self.quiet {
            write!(self.out, "{}", report::json(&self.reports, &self.sweeps)?)?;
            return Ok(());
        }
        let wall = self.began.elapsed();
        if self.seeds.count() == 1 {
            writeln!(self.out, "{}", report::summary(&self.reports, wall, self.style).trim_end())?;
        } else {
            for sweep in self.sweeps.iter().filter(|sweep| !sweep.is_whole()) {
                writeln!(self.out, "{}", report::sweep(sweep, self.style))?;
            }
            let skipped = self.reports.len();
            let summary = report::sweeps_summary(&self.sweeps, skipped, wall, self.style);
            writeln!(self.out, "{summary}")?;
        }
        if selected > self.runs {
            writeln!(self.out, "{} not run", selected - self.runs)?;
        }
        Ok(())
    }

    fn show(&mut self, print: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.quiet {
            return Ok(());
        }
        let (out, style) = (&mut *self.out, self.style);
        let print = || {
            print(style, out)?;
            out.flush()
        };
        match &self.progress {
            Some(progress) => progress.aside(print),
            None => print(),
        }
    }
}

/// All that a person is told of one run.
fn whole(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report::line(report, style))?;
    write!(out, "{}", report::measures(report, style))?;
    if report.verdict.failure().is_some() {
        write!(out, "{}", report::failure(report, style))
    } else {
        write!(out, "{}", report::excused(report, style))
    }
}
