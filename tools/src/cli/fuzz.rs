//! `tools fuzz`: networks, writes and faults drawn from seeds; the laws must hold.

mod one;
mod output;
mod sweep;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::exit::Exit;
use super::replay;
use super::seeds::Seeds;
use crate::fuzz::run::Setup;

/// Draws networks, writes and faults from seeds, and runs them in virtual time: the laws must hold
#[derive(Debug, Clone, Args)]
#[command(
    group(ArgGroup::new("what").args(["seeds", "seed"]).required(true)),
    after_help = "Examples:\n  tools fuzz --seeds 1..2000               all that hold, and how to have again those that do not\n  tools fuzz --seed 88                     what seed 88 draws, as a scenario, and what comes of it\n  tools fuzz --seed 88 --shrink -o found.scn   the smallest scenario that still fails in that way"
)]
pub struct Arguments {
    /// Run what each of these seeds draws, both ends included
    #[arg(long, value_name = "A..B")]
    pub seeds: Option<Seeds>,

    /// Run what this seed draws, and show it as a scenario
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Take away from it whatever is not needed for it to fail in the same way
    #[arg(long, requires = "seed", conflicts_with = "seeds")]
    pub shrink: bool,

    /// Write the scenario to this file instead of showing it
    #[arg(short, long, value_name = "FILE", requires = "seed", conflicts_with = "seeds")]
    pub output: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long, requires = "output")]
    pub force: bool,

    /// Start no further run after one that failed
    #[arg(long, conflicts_with = "seed")]
    pub fail_fast: bool,

    /// How many run side by side [default: one a core]
    #[arg(short, long, value_name = "N", conflicts_with = "seed")]
    pub jobs: Option<NonZeroUsize>,

    /// Let every node make this mistake
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<crate::world::sim::Mutant>,
}

impl Arguments {
    #[cfg_attr(
        not(feature = "mutants"),
        expect(clippy::unused_self, reason = "only with mutants is there something to choose")
    )]
    fn setup(&self) -> Setup {
        Setup {
            plainly: false,
            #[cfg(feature = "mutants")]
            mutant: self.mutant,
        }
    }

    /// What a command that repeats this one has to say as well.
    #[cfg_attr(
        not(feature = "mutants"),
        expect(clippy::unused_self, reason = "only with mutants is there something to choose")
    )]
    fn again(&self) -> String {
        #[cfg(feature = "mutants")]
        if let Some(mutant) = self.mutant {
            return format!(" --mutant {mutant}");
        }
        String::new()
    }
}

/// Draws and runs.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    replay::tell_panics();
    let exit = match (arguments.seeds, arguments.seed) {
        (Some(seeds), _) => sweep::run(arguments, seeds, out, err)?,
        (None, Some(seed)) => one::run(arguments, seed, out, err)?,
        // One of them is required.
        (None, None) => Exit::Usage,
    };
    Ok(exit.code())
}
