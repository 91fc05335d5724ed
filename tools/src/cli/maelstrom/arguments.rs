//! The arguments of `tools maelstrom`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::shape::Shape;
use crate::cli::log_limit::LogLimit;
use crate::cli::quantity;

/// Test nodes that speak the Maelstrom protocol with one of its workloads
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools maelstrom echo --exec ./echo.py\n  tools maelstrom broadcast --exec ./node --network \"grid(5x5)\" --rate 100 --time 20s --latency 100ms --partition\n  tools maelstrom test -w broadcast --bin ./node --node-count 5 --time-limit 20 --rate 10 --nemesis partition"
)]
pub struct Arguments {
    /// The workload: broadcast, echo, g-counter, g-set, lin-kv, pn-counter, txn-rw-register or unique-ids. Or
    /// `test`, as Maelstrom spells it: -w then names the workload, and the defaults are those of Maelstrom
    #[arg(value_name = "WORKLOAD")]
    pub name: Option<String>,

    /// With `test`: arguments of the program, which may also come last, after --
    #[arg(value_name = "ARG")]
    pub words: Vec<String>,

    /// The workload, as an option [default with `test`: lin-kv]
    #[arg(short, long, value_name = "NAME")]
    pub workload: Option<String>,

    /// The program to run as every node, with its arguments
    #[arg(long, value_name = "PROGRAM ARGS", conflicts_with = "bin")]
    pub exec: Option<String>,

    /// The program to run as every node; its arguments come last, after --
    #[arg(long, value_name = "PROGRAM")]
    pub bin: Option<String>,

    /// The lines that a node may get in one write; many are faster, and too many for a program that waits with
    /// `select` and then reads one line through a buffer
    #[arg(long, default_value = "one", value_parser = ["one", "many"])]
    pub lines: String,

    /// The arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub program_arguments: Vec<String>,

    /// The topology by which nodes are neighbours, as text like "grid(5x5)"
    #[arg(long, value_name = "TOPOLOGY", conflicts_with_all = ["topology", "nodes", "node", "node_count"])]
    pub network: Option<String>,

    /// The topology by its shape [default: grid for broadcast, else total]
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub topology: Option<Shape>,

    /// The number of nodes: 5, with the ids n0, n1 and so on; or the ids themselves: a,b,c [default: 5; with
    /// `test`: n1,n2,n3,n4,n5]
    #[arg(long, value_name = "N", value_parser = quantity::nodes)]
    pub nodes: Option<quantity::Nodes>,

    /// The id of one more node; may be repeated
    #[arg(short, long, value_name = "ID", value_parser = quantity::node)]
    pub node: Vec<String>,

    /// The number of nodes, which get the ids n0, n1 and so on: it overrides --nodes and --node
    #[arg(long, value_name = "N", value_parser = quantity::count)]
    pub node_count: Option<usize>,

    /// The number of operations that begin in a second; 0 for none [default: 10; with `test`: 5]
    #[arg(long, value_name = "N", value_parser = quantity::rate)]
    pub rate: Option<f64>,

    /// The duration of the test: 20s, or a number of seconds [default: 10s; with `test`: 60s]
    #[arg(long, alias = "time-limit", value_name = "DURATION", value_parser = quantity::seconds)]
    pub time: Option<Duration>,

    /// The number of tests, one after another; the first that is not valid is the last
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = quantity::count)]
    pub test_count: usize,

    /// The number of clients, each with one request at a time: 10, or 4n for four a node [default: 1n, at
    /// least 5; with `test`: 1n, and 2n for lin-kv]
    #[arg(long, alias = "concurrency", value_name = "N", value_parser = quantity::clients)]
    pub clients: Option<quantity::Clients>,

    /// The latency of messages between nodes: 100ms, or a number of milliseconds
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = quantity::milliseconds)]
    pub latency: Duration,

    /// The distribution of latencies
    #[arg(long, value_enum, value_name = "DIST", default_value_t = Distribution::Constant)]
    pub latency_dist: Distribution,

    /// The percentage of messages that are lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = quantity::percent)]
    pub loss: f64,

    /// The percentage of messages that arrive twice
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = quantity::percent)]
    pub duplicate: f64,

    /// Partition the network from time to time
    #[arg(long)]
    pub partition: bool,

    /// The faults to inject: partition
    #[arg(long, value_enum, value_name = "FAULT", value_delimiter = ',')]
    pub nemesis: Vec<Nemesis>,

    /// The duration of a partition, and the pause until the next: 10s, or a number of seconds [default: a
    /// fifth of the time, at most 10s]; no effect without partitions
    #[arg(long, value_name = "DURATION", value_parser = quantity::seconds)]
    pub nemesis_interval: Option<Duration>,

    /// The time after which an operation is given up [default: 5s; with `test`, for lin-kv: ten latencies, at
    /// least 1s]
    #[arg(long, value_name = "DURATION", value_parser = quantity::seconds)]
    pub timeout: Option<Duration>,

    /// The share of operations that must succeed: total, or a fraction like 0.9
    #[arg(long, value_name = "SHARE", value_parser = quantity::share)]
    pub availability: Option<f64>,

    /// The time between the last operation and the final reads, in which nodes may come to agree
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub settle: Duration,

    /// The consistency model of transactions: read-uncommitted or read-committed [default: strict-serializable,
    /// judged up to read-committed]
    #[arg(long, value_name = "MODEL")]
    pub consistency_models: Option<String>,

    /// The number of keys in use at a time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = quantity::count)]
    pub key_count: usize,

    /// The most reads and writes of a transaction
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub max_txn_length: u64,

    /// The number of writes after which a new key replaces a key
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_writes_per_key: u64,

    /// The seed of every random draw [default: random]
    #[arg(long, value_name = "N", value_parser = crate::cli::number::whole)]
    pub seed: Option<u64>,

    /// The folder for logs: each workload has a subfolder
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub log_limit: LogLimit,

    /// Print the report as one JSON object
    #[arg(long)]
    pub json: bool,

    /// Write a report for build servers, in the format of `JUnit`, to this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a page to look at, with the history and every message, to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// The messages that are logged
    #[command(flatten)]
    pub messages: LoggedMessages,

    /// The flags of Maelstrom that have no effect here
    #[command(flatten)]
    pub ignored: Ignored,
}

/// The messages that are logged, in messages.jsonl beside the logs of nodes.
#[derive(Debug, Clone, Args)]
pub struct LoggedMessages {
    /// Write every message to messages.jsonl, beside the logs, as it is sent: at most as many bytes as --log-limit
    /// says
    #[arg(long)]
    pub log_net_send: bool,

    /// Write every message to messages.jsonl as it arrives
    #[arg(long)]
    pub log_net_recv: bool,
}

/// The flags that are accepted without effect.
#[derive(Debug, Clone, Args)]
pub struct Ignored {
    /// Accepted without effect: the standard error of nodes is in their logs
    #[arg(long)]
    pub log_stderr: bool,
}

/// The distribution of latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Distribution {
    /// The same latency for every message
    Constant,
    /// Uniform from zero to twice the latency
    Uniform,
    /// Exponential, with the latency as its mean
    Exponential,
}

/// A fault to inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Nemesis {
    /// A partition: some nodes do not hear others
    Partition,
}
