//! `tools test`: runs scenarios and judges them.

mod job;
mod plan;

use std::io::{self, IsTerminal as _, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::host::random;
use super::setting::{ParamArguments, ProgramArguments, SettingArguments};
use crate::report::{self, Style};
use crate::run::{Report, Verdict};
use crate::world::process::raise_open_files;

use job::{Job, Runner};
use plan::Plan;

/// Runs scenarios and judges them
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools test                          all scenarios under scenarios/\n  tools test latency                  those whose name contains `latency`\n  tools test my.scn --param net=ring:9 --seed 7"
)]
pub struct Arguments {
    /// Files, folders, or words that select scenarios by name [default: scenarios/]
    pub select: Vec<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub setting: SettingArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub program: ProgramArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub params: ParamArguments,

    /// How many run side by side
    #[arg(short, long, value_name = "N", default_value = "1")]
    pub jobs: NonZeroUsize,

    /// What every draw comes from; without it, one is drawn and printed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Only scenarios with this tag
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,

    /// Multiply every deadline, for slow machines
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = factor)]
    pub timeout_factor: f64,

    /// Start no further scenario after one that failed
    #[arg(long)]
    pub fail_fast: bool,

    /// Say what would run, and run nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Leave the first network up to be explored; with `=failed`, that of the first that fails
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "any")]
    pub keep: Option<Keep>,

    /// Write a report for build servers, in the format of `JUnit`, to this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a JSON report to this file
    #[arg(long, value_name = "FILE")]
    pub report_json: Option<PathBuf>,

    /// Print the JSON report instead of lines for people
    #[arg(long)]
    pub json: bool,

    /// The folder for logs: each scenario has its own in there
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Which network is left up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    /// The first.
    Any,
    /// The first that fails.
    Failed,
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.01..=1_000.0).contains(&factor) => Ok(factor),
        _ => Err("a factor is a number from 0.01 to 1000".to_owned()),
    }
}

/// Runs the scenarios.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let plan = match Plan::new(arguments, err)? {
        Ok(plan) => plan,
        Err(exit) => return Ok(exit.code()),
    };
    if arguments.dry_run {
        for scenario in &plan.scenarios {
            writeln!(out, "{}", scenario.name)?;
        }
        return Ok(Exit::Held.code());
    }
    if let Err(reason) = raise_open_files(plan.nodes_at_once(arguments.jobs.get())) {
        writeln!(err, "error: {reason}")?;
        return Ok(Exit::Environment.code());
    }
    let seed = match arguments.seed {
        Some(seed) => seed,
        // Short enough to be typed again.
        None => random()? % 1_000_000_000,
    };
    let style = Style::new(!arguments.json && io::stdout().is_terminal());
    if !arguments.json {
        writeln!(out, "seed {seed}")?;
    }
    let began = Instant::now();
    let selected = plan.count;
    let mut reports = Vec::new();
    let ended = judge(plan, arguments, seed, |report| {
        if !arguments.json {
            show(&report, style, out)?;
        }
        reports.push(report);
        Ok(())
    });
    if let Err(error) = ended {
        writeln!(err, "error: {error}")?;
        return Ok(Exit::Environment.code());
    }
    if arguments.json {
        write!(out, "{}", report::json(&reports)?)?;
    } else {
        writeln!(out, "{}", report::summary(&reports, began.elapsed(), style).trim_end())?;
        if selected > reports.len() {
            writeln!(out, "{} not run", selected - reports.len())?;
        }
    }
    if let Err(reason) = write_files(arguments, &reports) {
        writeln!(err, "error: {reason}")?;
        return Ok(Exit::Environment.code());
    }
    Ok(reports.iter().map(|report| exit(&report.verdict)).fold(Exit::Held, Exit::gravest).code())
}

/// Runs what is planned, several side by side, and hands over each report as it comes.
fn judge(
    plan: Plan,
    arguments: &Arguments,
    seed: u64,
    mut take: impl FnMut(Report) -> io::Result<()>,
) -> io::Result<()> {
    for scenario in &plan.skipped {
        take(job::skipped(scenario, arguments.setting.world.name, seed))?;
    }
    let runner = Runner::new(arguments, plan.node_options, seed);
    let jobs = Job::all(plan.scenarios);
    let workers = if arguments.keep.is_some() { 1 } else { arguments.jobs.get().min(jobs.len()) };
    let queue = Arc::new(Mutex::new(jobs));
    let (sender, receiver) = mpsc::channel();
    let handles: Vec<_> = (0..workers)
        .map(|_| {
            let (queue, runner, sender) = (Arc::clone(&queue), runner.clone(), sender.clone());
            std::thread::spawn(move || {
                let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
                while let Some(job) = next() {
                    // Nobody takes reports any more once one of them could not be taken.
                    let tell = |report: &Report| sender.send(Ok(report.clone())).is_ok();
                    let stop = match runner.run(job, tell) {
                        Ok(stop) => stop,
                        Err(error) => sender.send(Err(error)).is_ok(),
                    };
                    if stop {
                        if let Ok(mut queue) = queue.lock() {
                            queue.clear();
                        }
                        break;
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let taken = receiver.into_iter().try_for_each(|report| take(report?));
    if taken.is_err()
        && let Ok(mut queue) = queue.lock()
    {
        queue.clear();
    }
    for handle in handles {
        if handle.join().is_err() {
            return Err(io::Error::other("a scenario's thread panicked: please report this"));
        }
    }
    taken
}

/// Shows what came out of one scenario.
fn show(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", report::line(report, style))?;
    write!(out, "{}", report::measures(report, style))?;
    if report.verdict.failure().is_some() {
        write!(out, "{}", report::failure(report, style))?;
    } else {
        write!(out, "{}", report::excused(report, style))?;
    }
    out.flush()
}

/// Writes the reports that programs read. The error is for a person.
fn write_files(arguments: &Arguments, reports: &[Report]) -> Result<(), String> {
    let write = |path: &PathBuf, text: String| {
        std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    if let Some(path) = &arguments.junit {
        write(path, report::junit(reports).map_err(|error| error.to_string())?)?;
    }
    if let Some(path) = &arguments.report_json {
        write(path, report::json(reports).map_err(|error| error.to_string())?)?;
    }
    Ok(())
}

fn exit(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::Passed | Verdict::Skipped(_) => Exit::Held,
        Verdict::Failed(_) => Exit::Failed,
        Verdict::Broken(_) => Exit::Environment,
        Verdict::Interrupted => Exit::Interrupted,
    }
}
