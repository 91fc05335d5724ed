//! `tools maelstrom`: the standard tests of the Maelstrom protocol, for nodes in any language.

mod arguments;
mod plan;
mod quantity;
mod shape;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use indicatif::ProgressBar;
use serde_json::json;

pub use arguments::Arguments;

use super::exit::Exit;
use super::failure::Failure;
use super::folder::Folder;
use super::{junit_file, random, screen};
use crate::report;
use crate::text::io_cause;
use crate::workload::runner::{self, End, Report, Stage};
use crate::world::folder::create_file;
use crate::world::process::{self, Lease, Links, Ports, raise_open_files};

/// Runs the test, and prints its report.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let seed = arguments.seed.map_or_else(random::number, Ok)?;
    let plan = plan::plan(arguments, seed)?;
    if let Some(path) = &arguments.junit {
        junit_file::prepare(path)?;
    }
    let folder = arguments.logs.join(format!("maelstrom-{}", plan.kind.name()));
    let _taken = Folder::acquire_empty(&folder)?;
    let report = run_plan(&plan, &folder, arguments.log_limit.bytes)?;
    let path = folder.join(HISTORY);
    if let Err(error) = write_history(&report, &folder) {
        writeln!(err, "warning: cannot write {}: {}", path.display(), io_cause(&error))?;
    }
    let run = report::WorkloadRun { report: &report, history: &path, again: &again(arguments, seed) };
    let mut exit = exit(&report.end);
    if let Some(path) = &arguments.junit
        && let Err(failure) = junit_file::write(path, run.junit())
    {
        failure.print(err)?;
        exit = exit.gravest(failure.exit());
    }
    if arguments.json {
        writeln!(out, "{}", run.json())?;
    } else {
        write!(out, "{}", run.terminal(screen::out_style()))?;
    }
    Ok(exit)
}

/// The file in the folder of a test that holds its history.
const HISTORY: &str = "history.jsonl";

/// Runs the nodes and the clients of a plan.
fn run_plan(plan: &runner::Plan, folder: &Path, log_limit: u64) -> Result<Report, Failure> {
    raise_open_files(plan.nodes.len()).map_err(Failure::environment)?;
    let options = process::Options {
        logs: folder.to_owned(),
        data: folder.join("data"),
        network: random::network_id()?,
        program: std::env::current_exe()?,
        seed: plan.seed,
        log_limit,
    };
    let (mut world, _processes) = process::world(options, Ports::Leased(Lease::default()), Links::Direct)?;
    let spinner = if screen::has_bars() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let report = runner::run(&mut world, plan, &mut |stage| {
        spinner.set_message(match stage {
            Stage::Starting => "starting nodes".to_owned(),
            Stage::Asking(_) => format!("asking for {}", report::seconds(plan.time)),
            Stage::Quiet => "waiting for nodes to agree".to_owned(),
        });
    });
    spinner.finish_and_clear();
    Ok(report)
}

/// Writes the history as lines of JSON: first the faults of the network, then the operations in the order in
/// which they were completed.
fn write_history(report: &Report, folder: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(create_file(folder, HISTORY)?);
    for (at, fault) in &report.faults {
        writeln!(file, "{}", json!({ "at_s": at.as_secs_f64(), "fault": fault }))?;
    }
    for index in 0..report.history.operations().len() {
        writeln!(file, "{}", report.history.json(index))?;
    }
    file.flush()
}

fn exit(end: &End) -> Exit {
    match end {
        End::Judged(verdict) if verdict.is_valid() => Exit::Held,
        End::Judged(_) | End::Died { .. } | End::Misbehaved { .. } => Exit::Failed,
        End::Broken { .. } => Exit::Environment,
        End::Interrupted => Exit::Interrupted,
    }
}

/// Returns the command line as it was typed, with the seed added.
fn again(arguments: &Arguments, seed: u64) -> String {
    let mut words: Vec<String> = std::env::args().skip(1).map(|word| report::quoted(&word)).collect();
    if arguments.seed.is_none() {
        let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.splice(at..at, ["--seed".to_owned(), seed.to_string()]);
    }
    format!("tools {}", words.join(" "))
}
