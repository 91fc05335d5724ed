//! `tools fuzz`: networks, writes and faults drawn from seeds; the laws must hold.

mod arguments;
mod execution;
mod output;
mod reporter;
mod single;
mod sweep;

use std::io::Write;

pub use arguments::Arguments;

use super::exit::Exit;
use super::failure::Failure;
use super::host::prepare;
use super::replay;

/// Draws plans, runs them and prints the results.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    replay::report_panics();
    arguments.check()?;
    prepare(arguments.world).map_err(Failure::environment)?;
    match (arguments.seeds, arguments.seed) {
        (Some(seeds), _) => sweep::run(arguments, seeds, out, err),
        (None, Some(seed)) => single::run(arguments, seed, out, err),
        // The argument group requires one of them.
        (None, None) => Ok(Exit::Usage),
    }
}
