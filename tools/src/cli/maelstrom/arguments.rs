//! The arguments of `tools maelstrom`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::quantity;
use super::shape::Shape;
use crate::cli::log_limit::LogLimit;

/// Test nodes that speak the Maelstrom protocol with one of its workloads
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools maelstrom echo --exec ./echo.py\n  tools maelstrom broadcast --exec ./node --network \"grid(5x5)\" --rate 100 --time 20s --latency 100ms --partition\n  tools maelstrom test -w broadcast --bin ./node --node-count 5 --time-limit 20 --rate 10 --nemesis partition"
)]
pub struct Arguments {
    /// The workload: broadcast, echo, g-counter, g-set, lin-kv, pn-counter, txn-rw-register or unique-ids;
    /// or `test`, with the workload given by -w
    #[arg(value_name = "WORKLOAD")]
    pub name: Option<String>,

    /// The workload, as an option
    #[arg(short, long, value_name = "NAME")]
    pub workload: Option<String>,

    /// The program to run as every node, with its arguments
    #[arg(long, value_name = "PROGRAM ARGS", conflicts_with = "bin")]
    pub exec: Option<String>,

    /// The program to run as every node; its arguments come last, after --
    #[arg(long, value_name = "PROGRAM")]
    pub bin: Option<String>,

    /// The arguments of the program
    #[arg(last = true, value_name = "ARGS")]
    pub program_arguments: Vec<String>,

    /// The topology by which nodes are neighbours, as text like "grid(5x5)"
    #[arg(long, value_name = "TOPOLOGY", conflicts_with_all = ["topology", "nodes"])]
    pub network: Option<String>,

    /// The topology by its shape [default: grid for broadcast, else total]
    #[arg(long, value_enum, value_name = "SHAPE")]
    pub topology: Option<Shape>,

    /// The number of nodes: 5; or their names in logs and in the report: a,b,c. In the protocol their names
    /// are n0, n1 and so on
    #[arg(long, alias = "node-count", value_name = "N", default_value = "5", value_parser = quantity::nodes)]
    pub nodes: quantity::Nodes,

    /// The number of operations that begin in a second
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = quantity::rate)]
    pub rate: f64,

    /// The duration of the test: 20s, or a number of seconds
    #[arg(long, alias = "time-limit", value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub time: Duration,

    /// The number of clients, each with one request at a time: 10, or 4n for four a node [default: 1n, at
    /// least 5]
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

    /// The time after which an operation is given up
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = quantity::seconds)]
    pub timeout: Duration,

    /// The share of operations that must succeed: total, or a fraction like 0.9
    #[arg(long, value_name = "SHARE", value_parser = quantity::share)]
    pub availability: Option<f64>,

    /// The time that nodes have at the end to agree
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub settle: Duration,

    /// The consistency model of transactions: read-uncommitted or read-committed
    #[arg(long, value_name = "MODEL", default_value = "read-uncommitted")]
    pub consistency_models: String,

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

    /// The flags of Maelstrom that have no effect here
    #[command(flatten)]
    pub ignored: Ignored,
}

/// The flags that are accepted without effect.
#[derive(Debug, Clone, Args)]
pub struct Ignored {
    /// Accepted without effect: the standard error of nodes is in their logs
    #[arg(long)]
    pub log_stderr: bool,

    /// Accepted without effect: no message is logged
    #[arg(long)]
    pub log_net_send: bool,

    /// Accepted without effect: no message is logged
    #[arg(long)]
    pub log_net_recv: bool,
}

/// The distribution of latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Distribution {
    /// The same latency for every message
    Constant,
    /// Uniform from zero to twice the latency
    Uniform,
}

/// A fault to inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Nemesis {
    /// A partition: some nodes do not hear others
    Partition,
}
