//! The arguments of `tools fuzz`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::cli::failure::Failure;
use crate::cli::log_limit::LogLimit;
use crate::cli::seeds::Seeds;
use crate::cli::setting::world_named;
use crate::fuzz::Plan;
use crate::fuzz::run::Setup;
use crate::world::Declaration;

/// Run networks, writes and faults drawn from seeds, and check that the laws hold
#[derive(Debug, Clone, Args)]
#[command(
    group(ArgGroup::new("what").args(["seeds", "seed"]).required(true)),
    after_help = "Examples:\n  tools fuzz --seeds 1..2000               the number of seeds that hold, and a command for each that does not\n  tools fuzz --seed 88                     the scenario drawn from seed 88, and its result\n  tools fuzz --seed 88 --shrink -o found.scn   the smallest scenario that still fails in that way\n  tools fuzz --seeds 1..20 --world process     on real processes, with the laws that their evidence allows"
)]
pub struct Arguments {
    /// Run the plan of each of these seeds, both ends included
    #[arg(long, value_name = "A..B")]
    pub seeds: Option<Seeds>,

    /// Run the plan of this seed, and show it as a scenario
    #[arg(long, value_name = "N", value_parser = crate::cli::number::whole)]
    pub seed: Option<u64>,

    /// The world in which nodes live. In real time a seed repeats the plan, and not the run, so that nothing
    /// can be shrunk
    #[arg(long, value_name = "NAME", default_value = "sim", value_parser = world_named)]
    pub world: &'static Declaration,

    /// The folder for logs of runs in real time: each that fails leaves a subfolder
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub log_limit: LogLimit,

    /// Remove every part of the plan without which it still fails in the same way
    #[arg(long, requires = "seed", conflicts_with = "seeds")]
    pub shrink: bool,

    /// Write the scenario to this file instead of showing it
    #[arg(short, long, value_name = "FILE", requires = "seed", conflicts_with = "seeds")]
    pub output: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    pub force: bool,

    /// Write a report for build servers, in the format of `JUnit`, to this file
    #[arg(long, value_name = "FILE", requires = "seeds", conflicts_with = "seed")]
    pub junit: Option<PathBuf>,

    /// Start no run after one that failed
    #[arg(long, conflicts_with = "seed")]
    pub fail_fast: bool,

    /// The number of runs side by side [default: one a core; in real time one]
    #[arg(short, long, value_name = "N", conflicts_with = "seed", value_parser = crate::cli::number::side_by_side)]
    pub jobs: Option<NonZeroUsize>,

    /// Plant this mistake in every node
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<crate::world::Mutant>,
}

impl Arguments {
    /// Returns the setup of runs in virtual time.
    #[cfg_attr(
        not(feature = "mutants"),
        expect(clippy::unused_self, reason = "only with mutants is there something to choose")
    )]
    pub(super) fn setup(&self) -> Setup {
        Setup {
            plainly: false,
            #[cfg(feature = "mutants")]
            mutant: self.mutant,
        }
    }

    /// Draws the plan of a seed, fitted to this world.
    pub(super) fn draw(&self, seed: u64) -> Plan {
        Plan::draw(seed).fitting(self.world)
    }

    /// Returns the further flags of the command that repeats this one.
    pub(super) fn again(&self) -> String {
        let mut again = String::new();
        if !self.world.virtual_time {
            again += &format!(" --world {}", self.world.name);
        }
        if let Some(limit) = self.log_limit.flag_value() {
            again += &format!(" --log-limit {limit}");
        }
        #[cfg(feature = "mutants")]
        if let Some(mutant) = self.mutant {
            again += &format!(" --mutant {mutant}");
        }
        again
    }

    /// Checks that no flags exclude each other.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if self.shrink && !self.world.virtual_time {
            let world = self.world.name;
            return Err(Failure::usage(format!(
                "no run in the world `{world}` can be repeated: there is nothing to shrink by"
            ))
            .help("leave out `--world` or `--shrink`"));
        }
        Ok(())
    }
}
