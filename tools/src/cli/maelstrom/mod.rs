//! `tools maelstrom`: the standard tests of the Maelstrom protocol, for nodes in any language.

mod plan;
mod quantity;
mod shape;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use serde_json::json;

use super::exit::Exit;
use super::host::{network_id, random};
use crate::report::{self, Style};
use crate::workload::test::{self, End, Report, Stage};
use crate::world::process::{self, Lease, Links, Ports, raise_open_files};

/// Tests nodes that speak the Maelstrom protocol with one of its workloads, and judges what they did
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools maelstrom echo --exec ./echo.py\n  tools maelstrom broadcast --exec ./node --network \"grid(5x5)\" --rate 100 --time 20s --latency 100ms --partition\n  tools maelstrom test -w broadcast --bin ./node --node-count 5 --time-limit 20 --rate 10 --nemesis partition"
)]
pub struct Arguments {
    /// broadcast, echo, g-counter, g-set, lin-kv, pn-counter, txn-rw-register or unique-ids; `test` and
    /// -w name it as well
    #[arg(value_name = "WORKLOAD")]
    pub name: Option<String>,

    /// The workload
    #[arg(short, long, value_name = "NAME")]
    pub workload: Option<String>,

    /// The program that every node is, with its arguments
    #[arg(long, value_name = "PROGRAM ARGS", conflicts_with = "bin")]
    pub exec: Option<String>,

    /// The program that every node is; its arguments come last, after --
    #[arg(long, value_name = "PROGRAM")]
    pub bin: Option<String>,

    /// Arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub program_arguments: Vec<String>,

    /// Who is told to be whose neighbour, as text like "grid(5x5)"
    #[arg(long, value_name = "TOPOLOGY", conflicts_with_all = ["topology", "nodes"])]
    pub network: Option<String>,

    /// The same by shape [default: grid for broadcast, else total]
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub topology: Option<shape::Shape>,

    /// How many nodes there are: 5, or their names for logs and the report: a,b,c. In the protocol they are
    /// n0, n1 and so on
    #[arg(long, alias = "node-count", value_name = "N", default_value = "5", value_parser = quantity::nodes)]
    pub nodes: quantity::Nodes,

    /// How many operations are begun in a second
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = quantity::rate)]
    pub rate: f64,

    /// For how long: 20s, or seconds
    #[arg(long, alias = "time-limit", value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub time: Duration,

    /// How many clients ask, one thing at a time each: 10, or 4n for four a node [default: 1n, at least 5]
    #[arg(long, alias = "concurrency", value_name = "N", value_parser = quantity::clients)]
    pub clients: Option<quantity::Clients>,

    /// How long a message between nodes takes: 100ms, or milliseconds
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = quantity::milliseconds)]
    pub latency: Duration,

    /// Whether each takes that, or from nothing to twice that
    #[arg(long, value_enum, value_name = "DIST", default_value_t = Distribution::Constant)]
    pub latency_dist: Distribution,

    /// How many messages in a hundred are lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = quantity::percent)]
    pub loss: f64,

    /// How many messages in a hundred come twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = quantity::percent)]
    pub duplicate: f64,

    /// Part the network now and then
    #[arg(long)]
    pub partition: bool,

    /// What goes wrong: partition
    #[arg(long, value_enum, value_name = "FAULT", value_delimiter = ',')]
    pub nemesis: Vec<Nemesis>,

    /// How long a partition lasts, and the time until the next: 10s, or seconds [default: a fifth of the
    /// time, at most 10s]; without effect where there are none
    #[arg(long, value_name = "DURATION", value_parser = quantity::seconds)]
    pub nemesis_interval: Option<Duration>,

    /// After how long an operation is given up
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = quantity::seconds)]
    pub timeout: Duration,

    /// The share of operations that must succeed: total, or a fraction like 0.9
    #[arg(long, value_name = "SHARE", value_parser = quantity::share)]
    pub availability: Option<f64>,

    /// How long nodes may take at the end to agree
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub settle: Duration,

    /// What transactions are held to: read-uncommitted or read-committed
    #[arg(long, value_name = "MODEL", default_value = "read-uncommitted")]
    pub consistency_models: String,

    /// How many keys are in use at a time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = quantity::count)]
    pub key_count: usize,

    /// How many reads and writes a transaction has at most
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub max_txn_length: u64,

    /// After how many writes a key is replaced by a new one
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_writes_per_key: u64,

    /// All that is drawn comes from it [default: drawn]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// The folder for logs; each workload has its own in there
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

    /// Report as one JSON object
    #[arg(long)]
    pub json: bool,

    /// What is taken for the sake of those who are used to it
    #[command(flatten)]
    pub taken: Taken,
}

/// Flags without effect.
#[derive(Debug, Clone, Args)]
pub struct Taken {
    /// Taken, and without effect: what nodes say on standard error is in their logs
    #[arg(long)]
    pub log_stderr: bool,

    /// Taken, and without effect: no message is logged
    #[arg(long)]
    pub log_net_send: bool,

    /// Taken, and without effect: no message is logged
    #[arg(long)]
    pub log_net_recv: bool,
}

/// How latencies are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Distribution {
    /// All alike
    Constant,
    /// From nothing to twice that, each as likely as the other
    Uniform,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Nemesis {
    /// Some nodes do not hear others
    Partition,
}

/// Tests, and reports. Gives the ending code. An error is one of `out` or `err`.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let seed = arguments.seed.map_or_else(random, Ok)?;
    let plan = match plan::plan(arguments, seed) {
        Ok(plan) => plan,
        Err(wrong) => {
            writeln!(err, "error: {wrong}")?;
            return Ok(Exit::Usage.code());
        }
    };
    let folder = arguments.logs.join(format!("maelstrom-{}", plan.kind.name()));
    let report = match do_test(&plan, &folder) {
        Ok(report) => report,
        Err(reason) => {
            writeln!(err, "error: {reason}")?;
            return Ok(Exit::Environment.code());
        }
    };
    let path = folder.join("history.jsonl");
    if let Err(error) = write_history(&report, &path) {
        writeln!(err, "warning: cannot write {}: {error}", path.display())?;
    }
    let told = report::WorkloadRun { report: &report, history: &path, again: &again(arguments, seed) };
    if arguments.json {
        writeln!(out, "{}", told.json())?;
    } else {
        write!(out, "{}", told.terminal(Style::new(io::stdout().is_terminal())))?;
    }
    Ok(exit(&report.end).code())
}

fn do_test(plan: &test::Plan, folder: &Path) -> Result<Report, String> {
    let cannot = |error: io::Error| format!("cannot write to {}: {error}", folder.display());
    raise_open_files(plan.nodes.len())?;
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot(error)),
        _ => std::fs::create_dir_all(folder).map_err(cannot)?,
    }
    let options = process::Options {
        logs: folder.to_owned(),
        data: folder.join("data"),
        network: network_id().map_err(|error| error.to_string())?,
        program: std::env::current_exe().map_err(|error| error.to_string())?,
        seed: plan.seed,
    };
    let (mut world, _processes) = process::world(options, Ports::Leased(Lease::default()), Links::Direct)
        .map_err(|error| error.to_string())?;
    let spinner = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    spinner.enable_steady_tick(Duration::from_millis(200));
    let report = test::run(&mut world, plan, &mut |stage| {
        spinner.set_message(match stage {
            Stage::Starting => "starting nodes".to_owned(),
            Stage::Asking(_) => format!("asking for {}", report::seconds(plan.time)),
            Stage::Quiet => "waiting for nodes to agree".to_owned(),
        });
    });
    spinner.finish_and_clear();
    Ok(report)
}

/// The history as lines of JSON: what was done to the network first, then the operations in the order
/// in which they were completed.
fn write_history(report: &Report, path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
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

/// What was typed, with the seed.
fn again(arguments: &Arguments, seed: u64) -> String {
    let mut words: Vec<String> = std::env::args().skip(1).map(|word| report::quoted(&word)).collect();
    if arguments.seed.is_none() {
        let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.splice(at..at, ["--seed".to_owned(), seed.to_string()]);
    }
    format!("tools {}", words.join(" "))
}
