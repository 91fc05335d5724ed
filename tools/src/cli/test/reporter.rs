//! The reporter of `tools test`: prints reports as they come, and sums them up.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Instant;

use super::running::Running;
use crate::cli::exit::Exit;
use crate::cli::formats::Printed;
use crate::cli::progress::RunsProgress;
use crate::cli::seeds::Seeds;
use crate::report::{self, Style, Sweep, TapPoints};
use crate::run::{Report, Verdict};

/// The most failing seeds explained at length, each with a different reason. Every failing seed has its line.
/// Chosen: three explanations fit on a screen.
const EXPLAINED: usize = 3;

/// The results of the runs so far.
pub(super) struct Reporter<'a> {
    out: &'a mut dyn Write,
    printed: Printed,
    /// The test points that have been printed, with `--tap`.
    tap: TapPoints,
    style: Style,
    began: Instant,
    seeds: Seeds,
    /// The bar of many runs.
    progress: Option<RunsProgress>,
    /// The lines of the runs under way.
    running: Running,
    reports: Vec<Report>,
    sweeps: Vec<Sweep>,
    /// The reasons that have been explained at length.
    explained: BTreeSet<String>,
    runs: u64,
    exit: Exit,
}

impl<'a> Reporter<'a> {
    /// Creates a reporter for this many runs, with these seeds for each scenario.
    pub(super) fn new(
        out: &'a mut dyn Write,
        printed: Printed,
        style: Style,
        seeds: Seeds,
        runs: u64,
        running: Running,
    ) -> Self {
        Self {
            out,
            printed,
            tap: TapPoints::default(),
            style,
            began: Instant::now(),
            seeds,
            progress: (seeds.count() > 1).then(|| RunsProgress::new(runs)),
            running,
            reports: Vec::new(),
            sweeps: Vec::new(),
            explained: BTreeSet::new(),
            runs: 0,
            exit: Exit::Held,
        }
    }

    /// Prints the seeds from which every draw comes.
    pub(super) fn print_seeds(&mut self) -> io::Result<()> {
        match self.printed {
            Printed::Json => return Ok(()),
            Printed::Tap => return write!(self.out, "{}", self.tap.version()),
            Printed::Lines => {}
        }
        let word = if self.seeds.count() == 1 { "seed" } else { "seeds" };
        writeln!(self.out, "{word} {}", self.seeds)
    }

    /// Returns the exit code of the results so far.
    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    /// Returns the reports of single runs and the sweeps of many seeds, for the reports that programs read.
    pub(super) fn into_reports(self) -> (Vec<Report>, Vec<Sweep>) {
        (self.reports, self.sweeps)
    }

    /// Adds a report, and prints it unless it is one of many seeds that passed.
    pub(super) fn add(&mut self, report: Report) -> io::Result<()> {
        self.exit = self.exit.gravest(Exit::from(&report));
        let skipped = matches!(report.verdict, Verdict::Skipped(_));
        if !skipped {
            self.runs += 1;
        }
        if self.seeds.count() == 1 || skipped {
            self.print(|style, out| print_run(&report, style, out))?;
            self.print_points(|tap| tap.run(&report))?;
            self.reports.push(report);
            return Ok(());
        }
        if let Some(progress) = &mut self.progress {
            progress.count(report.verdict.failure().is_some());
        }
        if let Some(failure) = report.verdict.failure() {
            let reason = format!("{} {:?} {}", report.scenario, failure.at, failure.message);
            let explained = self.explained.len() < EXPLAINED && self.explained.insert(reason);
            self.print(|style, out| {
                writeln!(out, "{}", report::failing_seed(&report, style))?;
                let text = if explained { report::failure(&report, style) } else { String::new() };
                write!(out, "{text}")
            })?;
        }
        self.add_to_sweep(report)
    }

    /// Adds a report to those of the same scenario.
    fn add_to_sweep(&mut self, report: Report) -> io::Result<()> {
        let same = |sweep: &Sweep| {
            sweep.gravest.scenario == report.scenario
                && sweep.gravest.file == report.file
                && !sweep.is_whole()
        };
        // In order, the runs of one scenario follow those of another; out of order, a few scenarios are open
        // at once.
        let index = if let Some(index) = self.sweeps.iter().rposition(same) {
            self.sweeps[index].add(report);
            index
        } else {
            self.sweeps.push(Sweep::new((self.seeds.first(), self.seeds.last()), report));
            self.sweeps.len() - 1
        };
        if self.sweeps[index].is_whole() {
            let line = report::sweep(&self.sweeps[index], self.style);
            self.print(|_, out| writeln!(out, "{line}"))?;
            let sweep = self.sweeps[index].clone();
            self.print_points(|tap| tap.sweep(&sweep))?;
        }
        Ok(())
    }

    /// Has the failing and passing runs of each scenario compared, and prints what the failing ones share.
    pub(super) fn compare(&mut self, compare: impl Fn(&mut Sweep)) -> io::Result<()> {
        for sweep in &mut self.sweeps {
            compare(sweep);
        }
        let style = self.style;
        let text: String = self.sweeps.iter().map(|sweep| report::compared(sweep, style)).collect();
        self.print(|_, out| write!(out, "{text}"))
    }

    /// Prints the summary, or the whole report as JSON.
    pub(super) fn print_summary(&mut self, selected: u64) -> io::Result<()> {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
        self.running.finish();
        match self.printed {
            Printed::Json => return write!(self.out, "{}", report::json(&self.reports, &self.sweeps)?),
            Printed::Tap => {
                for sweep in self.sweeps.iter().filter(|sweep| !sweep.is_whole()) {
                    write!(self.out, "{}", self.tap.sweep(sweep))?;
                }
                return write!(self.out, "{}", self.tap.plan());
            }
            Printed::Lines => {}
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

    /// Prints test points, if standard output is TAP.
    fn print_points(&mut self, points: impl FnOnce(&mut TapPoints) -> String) -> io::Result<()> {
        if self.printed != Printed::Tap {
            return Ok(());
        }
        let text = points(&mut self.tap);
        let out = &mut *self.out;
        let print = || {
            write!(out, "{text}")?;
            out.flush()
        };
        match &self.progress {
            Some(progress) => progress.suspended(print),
            None => self.running.suspended(print),
        }
    }

    fn print(&mut self, print: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        if self.printed != Printed::Lines {
            return Ok(());
        }
        let (out, style) = (&mut *self.out, self.style);
        let print = || {
            print(style, out)?;
            out.flush()
        };
        match &self.progress {
            Some(progress) => progress.suspended(print),
            None => self.running.suspended(print),
        }
    }
}

/// Prints everything that a person needs to know about one run.
pub(in crate::cli) fn print_run(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report::line(report, style))?;
    write!(out, "{}{}", report::measures(report, style), report::notes(report))?;
    if report.verdict.failure().is_some() {
        write!(out, "{}{}", report::failure(report, style), report::likelihood(report, style))
    } else {
        write!(out, "{}", report::excused(report, style))
    }
}
