//! A series of tests of a workload: `tools maelstrom` and `tools workload`.

mod record;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde_json::json;

use record::Record;

use super::exit::Exit;
use super::failure::Failure;
use super::folder::Folder;
use super::html_file::Records;
use super::run_index::{self, RunEntry};
use super::{host, html_file, random, report_file, screen};
use crate::report;
use crate::text::io_cause;
use crate::workload::runner::{self, End, Report, Stage};
use crate::world;
use crate::world::folder::create_file;
use crate::world::live::MessageLogging;
use crate::world::process::{self, Lease, Links, Ports, raise_open_files};

/// A series of tests, one after another, each with the next seed.
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(super) struct Series<'a> {
    /// The name of the command, with which the folders of its tests begin.
    pub(super) command: &'static str,
    /// The plan of the test with a seed.
    pub(super) plan: &'a dyn Fn(u64) -> Result<runner::Plan, Failure>,
    /// The seed of the first test.
    pub(super) first: u64,
    /// The most tests.
    pub(super) count: usize,
    /// The world in which nodes live.
    pub(super) world: &'static world::Declaration,
    /// The links between nodes that have a network of their own.
    pub(super) links: Links,
    /// The folder of logs.
    pub(super) logs: &'a Path,
    /// The most that a node may write to its log, in bytes.
    pub(super) log_limit: u64,
    /// True if programs are started so that their clocks can be shifted.
    pub(super) clocks: bool,
    /// True if messages are logged as they are sent.
    pub(super) sent: bool,
    /// True if messages are logged as they arrive.
    pub(super) arrived: bool,
    /// True if reports are JSON.
    pub(super) json: bool,
    /// The file for a report of `JUnit`.
    pub(super) junit: Option<&'a Path>,
    /// The file for a page.
    pub(super) html: Option<&'a Path>,
}

/// Runs the tests one after another, and prints the report of each. The first that does not hold is the last.
pub(super) fn run(series: &Series<'_>, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    // Arguments that make no plan are refused before anything is written.
    (series.plan)(series.first)?;
    [series.junit, series.html].into_iter().flatten().try_for_each(report_file::prepare)?;
    let mut ended = Ended::default();
    let mut exit = Exit::Held;
    for number in 0..series.count as u64 {
        exit = run_one(series, series.first.wrapping_add(number), &mut ended, out, err)?;
        if exit != Exit::Held {
            break;
        }
    }
    let Ended { cases, reports, records } = ended;
    let junit = series.junit.map(|path| report_file::write(path, cases.junit()));
    let records = Records { files: &records, ..Records::default() };
    let page = series.html.map(|path| html_file::write(path, &reports, &[], records));
    let has_page = page.as_ref().is_some_and(Result::is_ok);
    for failure in [junit, page].into_iter().flatten().filter_map(Result::err) {
        failure.print(err)?;
        exit = exit.gravest(failure.exit());
    }
    if let Some(path) = series.html.filter(|_| has_page && !series.json) {
        writeln!(out, "page {}", path.display())?;
    }
    Ok(exit)
}

/// The tests that have ended.
#[derive(Default)]
struct Ended {
    cases: report::WorkloadCases,
    reports: Vec<crate::run::Report>,
    /// The record of each report. It is no path for a test whose folder the next one took.
    records: Vec<PathBuf>,
}

/// Runs a test with this seed, and prints its report. Its folder replaces that of the test before.
fn run_one(
    series: &Series<'_>,
    seed: u64,
    ended: &mut Ended,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let plan = (series.plan)(seed)?;
    let folder = series.logs.join(format!("{}-{}", series.command, plan.kind.name()));
    let _taken = Folder::acquire_empty(&folder)?;
    let again = again(series.count > 1, seed);
    let mut record = Record::create(&folder)?;
    let report = run_plan(&plan, &folder, series, &again, &mut record)?;
    let path = folder.join(HISTORY);
    if let Err(error) = write_history(&report, &folder) {
        writeln!(err, "warning: cannot write {}: {}", path.display(), io_cause(&error))?;
    }
    let run = report::WorkloadRun { report: &report, logs: &folder, history: &path, again: &again };
    let as_run = run.as_run(series.world.name, record.wall_ms());
    record.end(&as_run, &plan, &folder);
    if let Some(entry) = RunEntry::of(&as_run)
        && let Err(error) = run_index::append(series.logs, &entry)
    {
        let logs = series.logs.display();
        writeln!(err, "warning: the run is not in {logs}/runs.jsonl: {}", io_cause(&error))?;
    }
    ended.cases.add(&run);
    ended.reports.push(as_run);
    ended.records.fill(PathBuf::new());
    ended.records.push(record.path());
    if series.json {
        writeln!(out, "{}", run.json())?;
    } else {
        write!(out, "{}", run.terminal(screen::out_style()))?;
    }
    Ok(exit(&report.end))
}

/// The file in the folder of a test that holds its history.
const HISTORY: &str = "history.jsonl";

/// Runs the nodes and the clients of a plan.
fn run_plan(
    plan: &runner::Plan,
    folder: &Path,
    series: &Series<'_>,
    again: &str,
    record: &mut Record,
) -> Result<Report, Failure> {
    raise_open_files(plan.nodes.len()).map_err(Failure::environment)?;
    let options = process::Options {
        logs: folder.to_owned(),
        data: folder.join("data"),
        network: random::network_id()?,
        program: std::env::current_exe()?,
        seed: plan.seed,
        log_limit: series.log_limit,
        messages: MessageLogging {
            sent: series.sent,
            arrived: series.arrived,
            bytes_max: series.log_limit,
            // A page shows the messages as arrows.
            reported: series.html.is_some(),
        },
        clocks: series.clocks,
    };
    let attaches = plan.nodes.iter().any(|node| node.at.is_some());
    let ports = Ports::Leased(if attaches { Lease::apart(random::number()?) } else { Lease::default() });
    let (mut world, _processes) = host::world(series.world, options, ports, series.links)?;
    let spinner = if screen::has_bars() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    record.begin(plan, &world, again);
    let report = runner::run(&mut world, plan, record.recorder(), &mut |stage| {
        spinner.set_message(match stage {
            Stage::Starting => "starting nodes".to_owned(),
            Stage::Asking(_) => format!("asking for {}", report::seconds(plan.time)),
            Stage::Quiet => format!("letting nodes rest for {}", report::seconds(plan.quiet)),
            Stage::Agreeing => "waiting for nodes to agree".to_owned(),
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

/// Returns the command line that repeats the test with this seed, and no other test.
fn again(several: bool, seed: u64) -> String {
    again_of(std::env::args().skip(1), several, seed)
}

/// Returns a command line as it was typed, with the seed. Of one that ran several tests, the number of tests is
/// left out.
fn again_of(typed: impl Iterator<Item = String>, several: bool, seed: u64) -> String {
    let (mut words, mut own, mut seeded) = (Vec::new(), true, false);
    let mut typed = typed.peekable();
    while let Some(word) = typed.next() {
        if own && word == "--" && !seeded {
            words.extend(["--seed".to_owned(), seed.to_string()]);
            seeded = true;
        }
        own &= word != "--";
        let of =
            |flag: &str| word == flag || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('='));
        if own && (of("--seed") || (several && of("--test-count"))) {
            if !word.contains('=') {
                typed.next();
            }
            if !of("--test-count") {
                words.extend(["--seed".to_owned(), seed.to_string()]);
                seeded = true;
            }
            continue;
        }
        words.push(report::quoted(&word));
    }
    if !seeded {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    format!("tools {}", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(typed: &str, several: bool, expected: &str) {
        let words = shlex::split(typed).expect("words").into_iter();
        assert_eq!(again_of(words, several, 7), expected);
    }

    #[test]
    fn the_command_that_repeats_a_test_has_its_seed_and_is_for_that_test_alone() {
        check("maelstrom echo --exec ./n", false, "tools maelstrom echo --exec ./n --seed 7");
        check(
            "maelstrom test --bin n -- --seed 1",
            false,
            "tools maelstrom test --bin n --seed 7 -- --seed 1",
        );
        check("maelstrom echo --seed 5 --bin n", false, "tools maelstrom echo --seed 7 --bin n");
        check(
            "maelstrom echo --test-count 1 --bin n",
            false,
            "tools maelstrom echo --test-count 1 --bin n --seed 7",
        );
        check(
            "maelstrom echo --test-count 9 --seed=5 --bin n",
            true,
            "tools maelstrom echo --seed 7 --bin n",
        );
        check(
            "maelstrom echo --bin n --test-count=9 -- a",
            true,
            "tools maelstrom echo --bin n --seed 7 -- a",
        );
    }
}
