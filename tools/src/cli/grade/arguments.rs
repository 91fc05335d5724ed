//! The arguments of `tools grade`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::limits::{Limits, memory, processes, time};
use crate::cli::load;
use crate::cli::log_limit::LogLimit;
use crate::cli::setting::SettingArguments;

/// Run the programs of a class against scenarios, each with limits, and write the table of what passed
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "A submission is a folder with a description of its driver, `node.toml`; or a description; or a program,\nwith --driver; or anything that --exec or --driver says how to start:\n  tools grade submissions/* --scenarios exercise/\n  tools grade submissions/* --driver byc --exec \"node {submission}/server.js --port={port}\" --scenarios exercise/ --world netns"
)]
pub struct Arguments {
    /// The submissions: folders or files, such as submissions/*
    #[arg(required = true, value_name = "SUBMISSION")]
    pub submissions: Vec<PathBuf>,

    /// The scenarios that each is run against: files or folders; may be given several times
    #[arg(long, value_name = "PATH", default_value = load::DEFAULT)]
    pub scenarios: Vec<PathBuf>,

    /// Run only scenarios with this tag; given several times, those that have one of them
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,

    /// The driver of all submissions: a name of `tools drivers` or a description; {submission} is the path of each
    #[arg(long, value_name = "NAME|FILE")]
    pub driver: Option<String>,

    /// The program of all submissions; {submission} is the path of each, and {name}, {host}, {port} and {data} are
    /// replaced for each node
    #[arg(long, value_name = "PROGRAM ARGS")]
    pub exec: Option<String>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub setting: SettingArguments,

    /// The seed of every random draw, the same for all submissions [default: random, and written]
    #[arg(long, value_name = "N", value_parser = crate::cli::number::whole)]
    pub seed: Option<u64>,

    /// The points of scenarios: a file of lines such as `sync = 2`; without it, each gives one point
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// The folder for the table, grades.csv and grades.json, and for the logs
    #[arg(long, value_name = "FOLDER", default_value = "grades")]
    pub out: PathBuf,

    /// Continue a grading that was interrupted: what has a result in the folder is not run again
    #[arg(long)]
    pub resume: bool,

    /// The number of runs side by side
    #[arg(short, long, value_name = "N", default_value = "1", value_parser = crate::cli::number::side_by_side)]
    pub jobs: NonZeroUsize,

    /// The most memory that the programs of one run may have together
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = memory)]
    pub memory: u64,

    /// The most processes that one run may have
    #[arg(long, value_name = "N", default_value = "256", value_parser = processes)]
    pub processes: usize,

    /// The longest time for one scenario, all combinations of its parameters together
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    pub time: Duration,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub log_limit: LogLimit,

    /// Run a scenario that failed again, up to this many times; it passes if one run does
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100))]
    pub retries: Option<u32>,

    /// Let the programs see this variable of the environment, beside PATH, HOME and the like; may be given several
    /// times
    #[arg(long, value_name = "NAME")]
    pub env: Vec<String>,
}

impl Arguments {
    /// Returns the limits of each run.
    pub(super) fn limits(&self) -> Limits {
        Limits { memory: self.memory, processes: self.processes, time: self.time }
    }
}
