//! `tools fuzz`: networks, writes and faults drawn from seeds; the laws must hold.

mod one;
mod output;
mod real;
mod sweep;

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::exit::Exit;
use super::host::prepare;
use super::replay;
use super::seeds::Seeds;
use super::setting::world_named;
use crate::fuzz::Plan;
use crate::fuzz::run::{Outcome, Setup};
use crate::world::Declaration;

/// Draws networks, writes and faults from seeds, and runs them: the laws must hold
#[derive(Debug, Clone, Args)]
#[command(
    group(ArgGroup::new("what").args(["seeds", "seed"]).required(true)),
    after_help = "Examples:\n  tools fuzz --seeds 1..2000               all that hold, and how to have again those that do not\n  tools fuzz --seed 88                     what seed 88 draws, as a scenario, and what comes of it\n  tools fuzz --seed 88 --shrink -o found.scn   the smallest scenario that still fails in that way\n  tools fuzz --seeds 1..20 --world process     on real processes, with the laws that need no more than they tell"
)]
pub struct Arguments {
    /// Run what each of these seeds draws, both ends included
    #[arg(long, value_name = "A..B")]
    pub seeds: Option<Seeds>,

    /// Run what this seed draws, and show it as a scenario
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,

    /// Where nodes live. In real time a seed brings back what was drawn, and not how it went: there is
    /// nothing to shrink by
    #[arg(long, value_name = "NAME", default_value = "sim", value_parser = world_named)]
    pub world: &'static Declaration,

    /// The folder for logs of runs in real time: each that fails keeps its own in there
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

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

    /// How many run side by side [default: one a core; in real time one]
    #[arg(short, long, value_name = "N", conflicts_with = "seed")]
    pub jobs: Option<NonZeroUsize>,

    /// Let every node make this mistake
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME")]
    pub mutant: Option<crate::world::Mutant>,
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

    /// What a seed draws for this world.
    fn draw(&self, seed: u64) -> Plan {
        Plan::draw(seed).fitting(self.world)
    }

    /// Runs what was drawn. The error says why it cannot be run.
    fn run(&self, plan: &Plan) -> Result<Outcome, String> {
        if self.world.virtual_time { self.setup().run(plan) } else { real::run(self, plan) }
    }

    /// What a command that repeats this one has to say as well.
    fn again(&self) -> String {
        let mut again = String::new();
        if !self.world.virtual_time {
            again += &format!(" --world {}", self.world.name);
        }
        #[cfg(feature = "mutants")]
        if let Some(mutant) = self.mutant {
            again += &format!(" --mutant {mutant}");
        }
        again
    }

    /// What goes against this. For people.
    fn wrong(&self) -> Option<String> {
        if self.shrink && !self.world.virtual_time {
            return Some(format!(
                "the world `{}` has no run twice: there is nothing to shrink by\n  = help: leave `--world` away, \
                 or `--shrink`",
                self.world.name
            ));
        }
        None
    }
}

/// Draws and runs.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    replay::tell_panics();
    if let Some(wrong) = arguments.wrong() {
        writeln!(err, "error: {wrong}")?;
        return Ok(Exit::Usage.code());
    }
    if let Err(reason) = prepare(arguments.world) {
        writeln!(err, "error: {reason}")?;
        return Ok(Exit::Environment.code());
    }
    let exit = match (arguments.seeds, arguments.seed) {
        (Some(seeds), _) => sweep::run(arguments, seeds, out, err)?,
        (None, Some(seed)) => one::run(arguments, seed, out, err)?,
        // One of them is required.
        (None, None) => Exit::Usage,
    };
    Ok(exit.code())
}
