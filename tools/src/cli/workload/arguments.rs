//! The arguments of `tools workload`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::log_limit::LogLimit;
use crate::cli::number;
use crate::cli::quantity;
use crate::cli::setting::{ProgramArguments, world_named};
use crate::world;

/// Ask nodes of any driver with one of the standard workloads, while faults come and go, and judge their answers
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools workload lin-kv --driver etcd --network clique:3 --world netns --partition --kill --time 20s\n  tools workload lin-kv --driver kv.toml --seed 7 --html page.html"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub struct Arguments {
    /// The workload: lin-kv (`get`, `set` and `cas`), g-set, g-counter or pn-counter (`add` and `read`), broadcast,
    /// txn-rw-register, unique-ids or echo
    #[arg(value_name = "WORKLOAD")]
    pub name: String,

    /// The nodes and the links between them, as text like "clique:3"
    #[arg(long, value_name = "TOPOLOGY", default_value = "clique:3")]
    pub network: String,

    /// The world in which nodes live: process or netns
    #[arg(long, value_name = "NAME", default_value = "process", value_parser = world_named)]
    pub world: &'static world::Declaration,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub program: ProgramArguments,

    /// The number of operations that begin in a second; 0 for none
    #[arg(long, value_name = "N", default_value = "50", value_parser = quantity::load_rate)]
    pub rate: f64,

    /// The duration of the test: 20s, or a number of seconds
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub time: Duration,

    /// The number of clients, each with one request at a time: 10, or 4n for four a node
    #[arg(long, value_name = "N", default_value = "2n", value_parser = quantity::clients)]
    pub clients: quantity::Clients,

    /// Partition the network from time to time
    #[arg(long)]
    pub partition: bool,

    /// Kill a node from time to time, and start it again
    #[arg(long)]
    pub kill: bool,

    /// Freeze a node from time to time, and thaw it
    #[arg(long)]
    pub pause: bool,

    /// Shift the clock of a node from time to time, by 1 ms to 16 s forward or back, and put it right
    #[arg(long)]
    pub clock: bool,

    /// The duration of a fault, and the pause until the next [default: a fifth of the time, at most 10s]
    #[arg(long, value_name = "DURATION", value_parser = quantity::seconds)]
    pub interval: Option<Duration>,

    /// The latency of messages between nodes
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = quantity::milliseconds)]
    pub latency: Duration,

    /// The time after which an operation is given up
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = quantity::seconds)]
    pub timeout: Duration,

    /// The share of operations that must succeed: total, or a fraction like 0.9
    #[arg(long, value_name = "SHARE", value_parser = quantity::share)]
    pub availability: Option<f64>,

    /// The time between the last operation and the final reads, in which nodes may come to agree
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = quantity::seconds)]
    pub settle: Duration,

    /// The number of keys in use at a time
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = quantity::count)]
    pub key_count: usize,

    /// The number of writes after which a new key replaces a key
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_writes_per_key: u64,

    /// The number of tests, one after another; the first that is not valid is the last
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = quantity::count)]
    pub test_count: usize,

    /// The seed of every random draw [default: random]
    #[arg(long, value_name = "N", value_parser = number::whole)]
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

    /// Write a page to look at, with the history, to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
}
