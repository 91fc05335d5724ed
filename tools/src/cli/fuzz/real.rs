//! What was drawn, in a world of real time: judged by the laws that need no more than nodes tell.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::Arguments;
use crate::cli::host::{Host, Setup, record_to};
use crate::fuzz::run::{Outcome, parse};
use crate::fuzz::{Plan, about};
use crate::run::Options;
use crate::world::process::{Lease, Ports};

/// Where the run of a seed writes. It is there no more if the seed holds.
pub(super) fn folder(arguments: &Arguments, seed: u64) -> PathBuf {
    arguments.logs.join(format!("fuzz.seed-{seed}"))
}

/// Runs a plan. The error says why it cannot be run.
pub(super) fn run(arguments: &Arguments, plan: &Plan) -> Result<Outcome, String> {
    let folder = folder(arguments, plan.seed);
    let wrong = |error: io::Error| format!("cannot write to {}: {error}", folder.display());
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(error)),
        _ => {}
    }
    fs::create_dir_all(&folder).map_err(wrong)?;
    let text = plan.text(&about::drawn(plan.seed));
    // What ran, to be run again by `tools test` if it fails.
    fs::write(folder.join("drawn.scn"), &text).map_err(wrong)?;
    let scenario = parse(&text)?;
    let record = record_to(&folder).map_err(wrong)?;
    let setup = Setup {
        logs: folder.clone(),
        data: folder.join("data"),
        ports: Ports::Leased(Lease::default()),
        options: Options {
            seed: plan.seed,
            #[cfg(feature = "mutants")]
            mutant: arguments.mutant,
            ..Options::default()
        },
        world: arguments.world,
        proxies: scenario.needs_any(arguments.world.proxied),
    };
    let mut host = Host::new(setup, record).map_err(|error| error.to_string())?;
    let report = host.session.scenario(&mut host.world, &scenario);
    host.end();
    let outcome = Outcome::of(report, &scenario);
    if matches!(&outcome, Ok(outcome) if outcome.broken.is_none()) {
        let _: io::Result<()> = fs::remove_dir_all(&folder);
    }
    outcome
}
