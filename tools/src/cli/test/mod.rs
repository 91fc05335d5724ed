//! `tools test`: runs scenarios and judges them.

mod job;
mod plan;
mod pool;
mod runner;
mod tally;

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::host::{prepare, random};
use super::replay;
use super::seeds::Seeds;
use super::setting::{ParamArguments, ProgramArguments, SettingArguments};
use crate::report::{self, Style, Sweep};
use crate::run::{Report, Verdict};
use crate::world::process::raise_open_files;

use job::Queue;
use plan::Plan;
use pool::Order;
use runner::Runner;
use tally::Tally;

/// Runs scenarios and judges them
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools test                          all scenarios under scenarios/\n  tools test latency                  those whose name contains `latency`\n  tools test my.scn --param net=ring:9 --seed 7\n  tools test --world sim --seeds 1..1000   each with a thousand seeds, in virtual time\n  tools test my.scn --world sim --seed 417 --trace trace.jsonl"
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

    /// How many run side by side [default: 1, in `sim` one a core]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,

    /// What every draw comes from; without it, one is drawn and printed
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Run each scenario with each of these seeds, both ends included
    #[arg(long, value_name = "A..B", conflicts_with = "seed")]
    pub seeds: Option<Seeds>,

    /// Write every event of one scenario with one seed in `sim` to this file, as lines of JSON; the
    /// combinations of its parameters one after another
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

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

    /// Let every node make this mistake
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<crate::world::Mutant>,
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
    let world = arguments.setting.world;
    let workers = workers(arguments);
    let mut lacking = |reason: String| -> io::Result<u8> {
        writeln!(err, "error: {reason}")?;
        Ok(Exit::Environment.code())
    };
    if !world.virtual_time
        && let Err(reason) = raise_open_files(plan.nodes_at_once(workers)).and_then(|()| prepare(world))
    {
        return lacking(reason);
    }
    // Not only after all runs.
    for path in [&arguments.junit, &arguments.report_json].into_iter().flatten() {
        if let Err(error) = File::options().append(true).create(true).open(path) {
            return lacking(format!("cannot write {}: {error}", path.display()));
        }
    }
    let trace = match arguments.trace.as_ref().map(|path| (path, File::create(path))) {
        Some((path, Err(error))) => return lacking(format!("cannot write {}: {error}", path.display())),
        Some((_, Ok(file))) => Some(file),
        None => None,
    };
    let seeds = match plan.seeds {
        Some(seeds) => seeds,
        // Short enough to be typed again.
        None => Seeds::from(random()? % 1_000_000_000),
    };
    replay::tell_panics();
    let runner = Runner::new(arguments, plan.node_options, seeds.count() > 1, trace);
    let queue = Queue::new(plan.scenarios, seeds);
    let selected = queue.total();
    let style = Style::new(!arguments.json && io::stdout().is_terminal());
    let mut tally = Tally::new(out, arguments.json, style, seeds, selected);
    tally.open()?;
    for scenario in &plan.skipped {
        tally.take(runner.skipped(scenario, seeds.first()))?;
    }
    let order = if world.virtual_time { Order::AsPlanned } else { Order::AsTheyEnd };
    let ended = pool::run(queue, workers, &runner, order, |report| {
        // In order, nothing comes after a failure, whatever else was under way.
        if order == Order::AsPlanned && arguments.fail_fast && tally.exit() != Exit::Held {
            return Ok(());
        }
        tally.take(report)
    });
    tally.close(selected)?;
    let mut exit = tally.exit();
    let (reports, sweeps) = tally.reports();
    let written = write_files(arguments, reports, sweeps);
    for reason in [ended.err().map(|error| error.to_string()), written.err()].into_iter().flatten() {
        writeln!(err, "error: {reason}")?;
        exit = exit.gravest(Exit::Environment);
    }
    Ok(exit.code())
}

/// How many run side by side.
fn workers(arguments: &Arguments) -> usize {
    let usual = || {
        // In virtual time runs do not disturb each other. In real time they do: a machine that is too
        // busy misses deadlines.
        if arguments.setting.world.virtual_time { std::thread::available_parallelism().ok() } else { None }
    };
    let jobs = arguments.jobs.or_else(usual).map_or(1, NonZeroUsize::get);
    if arguments.keep.is_some() || arguments.trace.is_some() { 1 } else { jobs }
}

/// Writes the reports that programs read. The error is for a person.
fn write_files(arguments: &Arguments, reports: &[Report], sweeps: &[Sweep]) -> Result<(), String> {
    let write = |path: &PathBuf, text: String| {
        std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    if let Some(path) = &arguments.junit {
        write(path, report::junit(reports, sweeps).map_err(|error| error.to_string())?)?;
    }
    if let Some(path) = &arguments.report_json {
        write(path, report::json(reports, sweeps).map_err(|error| error.to_string())?)?;
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
