//! `tools maelstrom`: the standard tests of the Maelstrom protocol, for nodes in any language.

mod arguments;
mod plan;
mod shape;

use std::io::Write;

pub use arguments::Arguments;

use super::exit::Exit;
use super::failure::Failure;
use super::random;
use super::workload_series::{self, Series};
use crate::world;
use crate::world::process::Links;

/// Runs the tests one after another, and prints the report of each. The first that does not hold is the last.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let series = Series {
        command: "maelstrom",
        plan: &|seed| Ok(plan::plan(arguments, seed)?),
        first: arguments.seed.map_or_else(random::seed, Ok)?,
        count: arguments.test_count,
        world: &world::PROCESS,
        links: Links::Direct,
        logs: &arguments.logs,
        log_limit: arguments.log_limit.bytes,
        clocks: false,
        sent: arguments.messages.log_net_send,
        arrived: arguments.messages.log_net_recv,
        json: arguments.json,
        junit: arguments.junit.as_deref(),
        html: arguments.html.as_deref(),
    };
    workload_series::run(&series, out, err)
}
