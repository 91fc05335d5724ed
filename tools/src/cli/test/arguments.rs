//! The arguments of `tools test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::formats::FormatArguments;
use crate::cli::grade::Confinement;
use crate::cli::log_limit::LogLimit;
use crate::cli::reach::IncludeArguments;
use crate::cli::seeds::Seeds;
use crate::cli::setting::{ParamArguments, ProgramArguments, SettingArguments};
use crate::run::AttemptRule;
use crate::world::sim::Reseed;

/// Run scenarios and judge them
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools test                          all scenarios in scenarios/\n  tools test latency                  the scenarios with `latency` in their names\n  tools test my.scn --param net=ring:9 --seed 7\n  tools test --world sim --seeds 1..1000   each with a thousand seeds, in virtual time\n  tools test my.scn --world sim --seed 417 --trace trace.jsonl"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed or not")]
pub struct Arguments {
    /// The scenarios: files, folders, or words in their names [default: scenarios/]
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

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub includes: IncludeArguments,

    /// The number of runs side by side [default: 1, in `sim` one a core]
    #[arg(short, long, value_name = "N", value_parser = crate::cli::number::side_by_side)]
    pub jobs: Option<NonZeroUsize>,

    /// The seed of every random draw [default: random, and printed]
    #[arg(long, value_name = "N", value_parser = crate::cli::number::whole)]
    pub seed: Option<u64>,

    /// Run each scenario with each of these seeds, both ends included
    #[arg(long, value_name = "A..B", conflicts_with = "seed")]
    pub seeds: Option<Seeds>,

    /// Write every event of one scenario with one seed in `sim` to this file, as lines of JSON; the
    /// combinations of its parameters follow one another
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,

    /// In `sim`, draw all that follows the first EVENT events of the run from another seed; several times if
    /// wanted
    #[arg(long, value_name = "EVENT:SEED")]
    pub reseed_at: Vec<Reseed>,

    /// In `sim`, search for the moment at which a failure became certain: the run is replayed up to points along
    /// it, and what follows is drawn anew, RUNS times at most
    #[arg(long, value_name = "RUNS", num_args = 0..=1, require_equals = true, default_missing_value = "600", value_parser = crate::cli::number::whole)]
    pub when_lost: Option<u64>,

    /// Write the messages between nodes to run.jsonl, too, where the harness carries them: in `sim`, and those of
    /// nodes that speak in lines. A failed run in `sim` has them without this flag
    #[arg(long)]
    pub messages: bool,

    /// Run only scenarios with this tag; given several times, those that have one of them
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,

    /// Multiply every deadline, for slow machines
    #[arg(long, value_name = "F", default_value_t = 1.0, value_parser = factor)]
    pub timeout_factor: f64,

    /// Start no scenario after one that failed
    #[arg(long)]
    pub fail_fast: bool,

    /// Print the names of the selected scenarios, and run nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Leave the network of the first scenario running; with `=failed`, that of the first that fails
    #[arg(long, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "any", conflicts_with_all = ["repeat", "retries"])]
    pub keep: Option<Keep>,

    /// Run each scenario this many times with the same seed, in a world of real time; one that passes and fails
    /// is flaky, and counts as failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub repeat: Option<u32>,

    /// Run a scenario that failed again, up to this many times, in a world of real time; one that passes then is
    /// flaky, and counts as passed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=100), conflicts_with = "repeat")]
    pub retries: Option<u32>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub formats: FormatArguments,

    /// The folder for logs: each scenario has a subfolder
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

    /// Run in a session of its own; `--keep` gives this flag
    #[arg(long, hide = true)]
    pub hosted: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub log_limit: LogLimit,

    /// Run with the limits of a submission; `tools grade` gives this flag
    #[arg(long, hide = true, value_parser = Confinement::parse)]
    pub confined: Option<Confinement>,

    /// Plant this mistake in every node
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<crate::world::Mutant>,
}

impl Arguments {
    /// Returns the flags that affect a run and are not in its report, each with its value.
    pub(super) fn flags(&self) -> Vec<(String, String)> {
        let folders = self.includes.folders.iter();
        let mut flags: Vec<(String, String)> =
            folders.map(|folder| ("include-dir".to_owned(), folder.display().to_string())).collect();
        flags.extend(self.reseed_at.iter().map(|reseed| ("reseed-at".to_owned(), reseed.to_string())));
        flags.extend(self.log_limit.flag_value().map(|limit| ("log-limit".to_owned(), limit)));
        flags
    }

    /// Returns the rule of further attempts and the most attempts at one scenario with one seed, if there may be
    /// more than one.
    pub(super) fn attempts(&self) -> Option<(AttemptRule, u32)> {
        match (self.repeat, self.retries) {
            (Some(repeat), _) if repeat > 1 => Some((AttemptRule::Repeat, repeat)),
            (_, Some(retries)) if retries > 0 => Some((AttemptRule::Retry, retries + 1)),
            _ => None,
        }
    }

    /// Returns the number of runs that are under way at the same time.
    pub(super) fn workers(&self) -> usize {
        let usual = || {
            // In virtual time runs do not disturb each other. In real time they do: an overloaded machine
            // misses deadlines.
            if self.setting.world.virtual_time { std::thread::available_parallelism().ok() } else { None }
        };
        let jobs = self.jobs.or_else(usual).map_or(1, NonZeroUsize::get);
        if self.keep.is_some() || self.trace.is_some() || self.when_lost.is_some() { 1 } else { jobs }
    }
}

/// The choice of the network that is left up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Keep {
    /// The network of the first scenario
    Any,
    /// The network of the first scenario that fails
    Failed,
}

/// Parses the factor of deadlines. The error is for a person.
fn factor(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(factor) if (0.01..=1_000.0).contains(&factor) => Ok(factor),
        _ => Err("a factor is a number from 0.01 to 1000".to_owned()),
    }
}
