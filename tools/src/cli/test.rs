//! `tools test`: runs scenarios and judges them.

mod arguments;
mod kept;
mod plan;
mod pool;
mod queue;
mod relay;
mod reporter;
mod runner;
mod running;
mod selection;
mod trace;
mod unrun;
mod watch;
mod when_lost;

use std::fs::File;
use std::io::Write;
use std::thread::JoinHandle;

pub use arguments::Arguments;
pub(super) use reporter::print_run;
pub(super) use unrun::unrun;

use super::exit::Exit;
use super::failure::Failure;
use super::formats::{Github, Printed};
use super::host::prepare;
use super::html_file::Records;
use super::registry::Registry;
use super::report_file;
use super::report_file::cannot_write;
use super::run_index::{self, RunEntry};
use super::seeds::Seeds;
use super::{random, replay, screen};
use crate::report::Style;
use crate::run::Verdict;
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
    if let Some(confinement) = arguments.confined {
        confinement.enter()?;
    }
    if arguments.keep.is_some() && !arguments.hosted {
        return relay::run_in_second_process();
    }
    let mut github = arguments.formats.github.then(Github::new).transpose()?;
    if let Some(github) = &mut github {
        github.stop_commands(out)?;
    }
    let ended = run_here(arguments, &mut github, out, err);
    if let Some(github) = &mut github {
        github.resume_commands(out)?;
    }
    ended
}

/// Runs the scenarios in this process.
fn run_here(
    arguments: &Arguments,
    github: &mut Option<Github>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
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
    arguments.formats.check()?;
    let trace = open_trace(arguments)?;
    let seeds = match plan.seeds {
        Some(seeds) => seeds,
        None => Seeds::from(random::seed()?),
    };
    replay::report_panics();
    let runs = (plan.scenarios.len() as u64).saturating_mul(seeds.count());
    let runner = Runner::new(arguments, plan.node_options.clone(), seeds.count() > 1, runs, trace, kept);
    let exit = run_plan(arguments, plan, seeds, &runner, github, out, err)?;
    serve_kept(runner.kept().take_all(), waiting, exit, out, err)
}

/// Runs all scenarios of the plan with each seed, prints the results and writes the reports.
fn run_plan(
    arguments: &Arguments,
    plan: Plan,
    seeds: Seeds,
    runner: &Runner,
    github: &mut Option<Github>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let Plan { scenarios, skipped, passed_over, .. } = plan;
    let queue = Queue::new(scenarios, seeds);
    let selected = queue.total();
    let printed = arguments.formats.printed();
    let style = if printed == Printed::Lines { screen::out_style() } else { Style::PLAIN };
    let mut reporter = Reporter::new(&mut *out, printed, style, seeds, selected, runner.running().clone());
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
        if let Some(entry) = RunEntry::of(&report)
            && let Err(error) = run_index::append(&arguments.logs, &entry)
            // Of a run whose folder could not be written, the verdict says so.
            && !matches!(report.verdict, Verdict::Broken(_))
        {
            let logs = arguments.logs.display();
            writeln!(err, "warning: the run is not in {logs}/runs.jsonl: {}", io_cause(&error))?;
        }
        reporter.add(report)
    });
    reporter.compare(|sweep| runner.compare(sweep))?;
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
    let (reports, sweeps) = reporter.into_reports();
    let records = Records { brief: runner.take_brief_events(), ..Records::default() };
    let written = arguments.formats.write(&reports, &sweeps, records);
    let has_page = written.is_ok();
    let annotated = github.as_mut().map_or(Ok(()), |github| github.report(&reports, &sweeps, out));
    let failures = [ended.err().map(Failure::from), written.err(), annotated.err()];
    for failure in failures.into_iter().flatten() {
        failure.print(err)?;
        exit = exit.gravest(failure.exit());
    }
    if has_page {
        arguments.formats.name_page(out)?;
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

/// Opens the file of the trace, before runs that may take long.
fn open_trace(arguments: &Arguments) -> Result<Option<File>, Failure> {
    let Some(path) = &arguments.trace else { return Ok(None) };
    report_file::refuse_sources(path)?;
    File::create(path).map(Some).map_err(|error| cannot_write(path, &error))
}
