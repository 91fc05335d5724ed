//! `tools workload`: the standard test of a workload, for nodes of any driver that has its commands.

mod arguments;
mod plan;

use std::io::Write;

pub use arguments::Arguments;

use super::exit::Exit;
use super::failure::Failure;
use super::workload_series::{self, Series};
use super::{host, random};
use crate::world::process::Links;

/// Runs the tests one after another, and prints the report of each. The first that does not hold is the last.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    host::prepare(arguments.world).map_err(Failure::environment)?;
    // What stands in links slows messages; in a world of one host it parts them as well.
    let stands_between = !arguments.latency.is_zero() || (arguments.partition && arguments.world.one_host);
    let series = Series {
        command: "workload",
        plan: &|seed| Ok(plan::plan(arguments, seed)?),
        first: arguments.seed.map_or_else(random::seed, Ok)?,
        count: arguments.test_count,
        world: arguments.world,
        links: if stands_between { Links::Proxied } else { Links::Direct },
        logs: &arguments.logs,
        log_limit: arguments.log_limit.bytes,
        clocks: arguments.clock,
        sent: false,
        arrived: false,
        json: arguments.json,
        junit: arguments.junit.as_deref(),
        html: arguments.html.as_deref(),
    };
    workload_series::run(&series, out, err)
}
