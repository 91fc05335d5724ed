//! The execution of a drawn plan. In real time it is judged by the laws whose evidence the nodes give.

use std::io;
use std::path::PathBuf;

use super::arguments::Arguments;
use crate::cli::folder::Folder;
use crate::cli::host::{Host, Setup};
use crate::cli::journal_file::{self, Limits};
use crate::fuzz::run::{PlanResult, parse};
use crate::fuzz::{Plan, about};
use crate::report;
use crate::run::Options;
use crate::text::io_cause;
use crate::world::folder::write_file;
use crate::world::process::{Lease, Ports};

/// Returns the folder of a seed's run. It is removed if the seed holds.
pub(super) fn folder(arguments: &Arguments, seed: u64) -> PathBuf {
    arguments.logs.join(format!("fuzz.seed-{seed}"))
}

/// Runs a plan. The error is the reason why it cannot be run.
pub(super) fn run(arguments: &Arguments, plan: &Plan) -> Result<PlanResult, String> {
    if arguments.world.virtual_time {
        arguments.setup().run(plan).map_err(|error| error.to_string())
    } else {
        in_real_time(arguments, plan)
    }
}

/// Runs a plan in real time, in a folder of its own.
fn in_real_time(arguments: &Arguments, plan: &Plan) -> Result<PlanResult, String> {
    let folder = folder(arguments, plan.seed);
    let wrong = |error: io::Error| format!("cannot write to {}: {}", folder.display(), io_cause(&error));
    let taken = Folder::acquire_empty(&folder).map_err(|refused| refused.to_string())?;
    let text = plan.text(&about::drawn(plan.seed));
    // The scenario is kept, so that `tools test` can run it again if it fails.
    write_file(&folder, "drawn.scn", text.as_bytes()).map_err(wrong)?;
    let scenario = parse(&text).map_err(|error| error.to_string())?;
    let write_event = journal_file::create(&folder, Limits::NONE).map_err(wrong)?;
    let setup = Setup {
        logs: folder.clone(),
        data: folder.join("data"),
        ports: Ports::Leased(Lease::default()),
        options: Options {
            seed: plan.seed,
            #[cfg(feature = "mutants")]
            mutant: arguments.mutant,
            report_entry: Some(report::entry),
            ..Options::default()
        },
        world: arguments.world,
        prepares_links: scenario.needs_any(arguments.world.prepared),
        // What is drawn runs with our own node, which shifts its clock itself.
        prepares_clocks: false,
        log_limit: arguments.log_limit.bytes,
    };
    let mut host = Host::new(setup, write_event).map_err(|error| error.to_string())?;
    let report = host.session.scenario(&mut host.world, &scenario);
    host.end();
    let outcome = PlanResult::of(report, &scenario).map_err(|error| error.to_string());
    if matches!(&outcome, Ok(outcome) if outcome.broken.is_none()) {
        let _: io::Result<()> = taken.remove();
    }
    outcome
}
