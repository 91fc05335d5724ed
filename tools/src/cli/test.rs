//! `tools test`: runs scenarios and judges them.

mod arguments;
mod kept;
mod plan;
mod pool;
mod queue;
mod relay;
mod reporter;
mod runner;
mod selection;
mod trace;
mod unrun;
mod when_lost;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::thread::JoinHandle;

pub use arguments::Arguments;

use super::exit::Exit;
use super::failure::Failure;
use super::host::prepare;
use super::registry::Registry;
use super::seeds::Seeds;
use super::{html_file, random, replay, screen};
use crate::report::{self, Style, Sweep};
use crate::run::Report;
use crate::text::io_cause;
use crate::world::process::raise_open_files;

use kept::KeptNetworks;
use plan::Plan;
use pool::Order;
use queue::Queue;
use relay::WaitingCommand;
use reporter::Reporter;
use runner::Runner;

/// Runs the scenarios, and prints the results.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    if arguments.keep.is_some() && !arguments.hosted {
        return relay::run_in_second_process();
    }
    let plan = Plan::new(arguments, err)?;
    if arguments.dry_run {
        for scenario in &plan.scenarios {
            writeln!(out, "{}", scenario.name)?;
        }
        return Ok(Exit::Held);
    }
    let world = arguments.setting.world;
    // The registry has to be opened before this process may become another user, in a namespace of its own.
    let kept = KeptNetworks::new(arguments.keep.and_then(|_| Registry::open().ok()));
    let workers = arguments.workers();
    if !world.virtual_time {
        raise_open_files(plan.nodes_at_once(workers)).map_err(Failure::environment)?;
        prepare(world).map_err(Failure::environment)?;
    }
    let waiting = arguments.hosted.then(WaitingCommand::attend).transpose()?;
    let trace = open_files(arguments)?;
    let seeds = match plan.seeds {
        Some(seeds) => seeds,
        // A drawn seed is short enough to be typed again.
        None => Seeds::from(random::number()? % 1_000_000_000),
    };
    replay::report_panics();
    let runner = Runner::new(arguments, plan.node_options.clone(), seeds.count() > 1, trace, kept);
    let exit = run_plan(arguments, plan, seeds, &runner, out, err)?;
    serve_kept(runner.kept().take_all(), waiting, exit, out, err)
}

/// Runs all scenarios of the plan with each seed, prints the results and writes the reports.
fn run_plan(
    arguments: &Arguments,
    plan: Plan,
    seeds: Seeds,
    runner: &Runner,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let Plan { scenarios, skipped, passed_over, .. } = plan;
    let queue = Queue::new(scenarios, seeds);
    let selected = queue.total();
    let style = if arguments.json { Style::PLAIN } else { screen::out_style() };
    let mut reporter = Reporter::new(out, arguments.json, style, seeds, selected);
    reporter.print_seeds()?;
    for (selected, reason) in &skipped {
        if let Some(scenario) = selected.scenario() {
            reporter.add(runner.skipped(&scenario, seeds.first(), reason))?;
        }
    }
    let in_order = arguments.setting.world.virtual_time;
    let order = if in_order { Order::AsPlanned } else { Order::AsTheyEnd };
    let ended = pool::run(queue, arguments.workers(), runner, order, |report| {
        // In order, no report follows a failure, even if other runs were under way.
        if in_order && arguments.fail_fast && reporter.exit() != Exit::Held {
            return Ok(());
        }
        reporter.add(report)
    });
    reporter.print_summary(selected)?;
    let mut exit = reporter.exit();
    // A selection of which nothing ran is a warning beside other runs, and an error if nothing ran at all.
    for reason in &passed_over {
        if selected == 0 {
            Failure::usage(reason).print(err)?;
            exit = exit.gravest(Exit::Usage);
        } else {
            writeln!(err, "warning: {reason}")?;
        }
    }
    let (reports, sweeps) = reporter.reports();
    let written = write_reports(arguments, reports, sweeps);
    let page = arguments.html.as_ref().filter(|_| written.is_ok() && !arguments.json);
    let failures = [ended.err().map(Failure::from), written.err()];
    for failure in failures.into_iter().flatten() {
        failure.print(err)?;
        exit = exit.gravest(failure.exit());
    }
    if let Some(page) = page {
        writeln!(out, "page {}", page.display())?;
    }
    Ok(exit)
}

/// Prints the commands that reach the networks left up, lets the waiting command end, and stays until all
/// these networks have ended.
fn serve_kept(
    kept: Vec<(String, JoinHandle<()>)>,
    waiting: Option<WaitingCommand>,
    exit: Exit,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    out.flush()?;
    for (commands, _) in &kept {
        writeln!(err, "{commands}")?;
    }
    err.flush()?;
    if let Some(waiting) = waiting.filter(|_| !kept.is_empty()) {
        waiting.release(exit)?;
    }
    for (_, thread) in kept {
        if thread.join().is_err() {
            return Err(Failure::environment("the thread of a network panicked: please report this"));
        }
    }
    Ok(exit)
}

/// Checks that every report can be written, before runs that may take long. Returns the file of the trace.
fn open_files(arguments: &Arguments) -> Result<Option<File>, Failure> {
    for path in [&arguments.junit, &arguments.report_json].into_iter().flatten() {
        File::options().append(true).create(true).open(path).map_err(|error| cannot_write(path, error))?;
    }
    if let Some(path) = &arguments.html {
        html_file::prepare(path)?;
    }
    let Some(path) = &arguments.trace else { return Ok(None) };
    File::create(path).map(Some).map_err(|error| cannot_write(path, error))
}

/// Writes the reports that programs read.
fn write_reports(arguments: &Arguments, reports: &[Report], sweeps: &[Sweep]) -> Result<(), Failure> {
    let write =
        |path: &Path, text: String| std::fs::write(path, text).map_err(|error| cannot_write(path, error));
    if let Some(path) = &arguments.junit {
        write(path, report::junit(reports, sweeps).map_err(Failure::environment)?)?;
    }
    if let Some(path) = &arguments.report_json {
        write(path, report::json(reports, sweeps)?)?;
    }
    if let Some(path) = &arguments.html {
        html_file::write(path, reports, sweeps, &[])?;
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "it maps an error")]
fn cannot_write(path: &Path, error: io::Error) -> Failure {
    Failure::environment(format!(
        "cannot write {}: {}; choose another file",
        path.display(),
        io_cause(&error)
    ))
}
