//! One seed of `tools fuzz`: its scenario, its result, and the shrunk scenario.

use std::io::{self, Write};
use std::path::Path;

use super::arguments::Arguments;
use super::execution;
use super::output::Output;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{replay, screen};
use crate::fuzz::about::{self, Found};
use crate::fuzz::run::PlanFailure;
use crate::fuzz::shrink::Budget;
use crate::report;
use crate::text::io_cause;

/// Runs one seed, and prints or writes its scenario.
pub(super) fn run(
    arguments: &Arguments,
    seed: u64,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let file = match arguments.output.as_deref() {
        None => None,
        Some(path) => Some(Output::new(path, arguments.force).map_err(|error| cannot_write(path, &error))?),
    };
    let shrink = if arguments.shrink { " --shrink" } else { "" };
    let again = format!("tools fuzz --seed {seed}{}{shrink}", arguments.again());
    let Judged { text, message, exit } = replay::with_command(again, || judge(arguments, seed))
        .map_err(|reason| Failure::environment(format!("seed {seed}: {reason}")))?;
    if arguments.shrink && exit == Exit::Held {
        writeln!(out, "{message}; there is nothing to make small, and nothing is written")?;
        return Ok(exit);
    }
    let Some(file) = file else {
        write!(out, "{text}")?;
        writeln!(err, "{message}")?;
        return Ok(exit);
    };
    writeln!(out, "{message}")?;
    if let Err(error) = file.write(&text) {
        // The scenario may have taken long to find, so that it is printed instead.
        write!(out, "{text}")?;
        return Err(cannot_write(file.path(), &error));
    }
    writeln!(out, "written to {}", file.path().display())?;
    Ok(exit)
}

/// The result of a seed.
struct Judged {
    /// The scenario.
    text: String,
    /// The message about the result.
    message: String,
    exit: Exit,
}

/// Runs a seed, and shrinks its plan if asked to. The error is the reason why the scenario cannot be run.
fn judge(arguments: &Arguments, seed: u64) -> Result<Judged, String> {
    let setup = arguments.setup();
    let drawn = arguments.draw(seed);
    let file = arguments.output.as_ref().map(|path| report::quoted(&path.display().to_string()));
    let name = file.as_deref().unwrap_or("FILE");
    Ok(match execution::run(arguments, &drawn)?.broken {
        None => {
            let text = drawn.text(&about::drawn(seed));
            let message = format!("seed {seed} holds: {} steps", drawn.size());
            Judged { text, message, exit: Exit::Held }
        }
        Some(broken) if arguments.shrink => {
            let (setup, shrunk) = setup.shrink(&drawn, &broken.signature, Budget::default());
            let broken = setup.run(&shrunk.plan).ok().and_then(|outcome| outcome.broken).unwrap_or(broken);
            let found =
                Found { drawn: &drawn, file: name, again: &arguments.again(), plainly: setup.plainly };
            let text = shrunk.plan.text(&about::shrunk(&broken, &found));
            let message = format!(
                "{}\nseed {seed} is left with {} of {} steps, after {} runs",
                report(&broken),
                shrunk.plan.size(),
                drawn.size(),
                shrunk.runs
            );
            Judged { text, message, exit: Exit::Failed }
        }
        Some(broken) => {
            let text = drawn.text(&about::broken(&broken, seed, &arguments.again()));
            let again = arguments.again();
            if !arguments.world.virtual_time {
                let folder = execution::folder(arguments, seed);
                let message = format!("{}\nits logs are in {}", report(&broken), folder.display());
                return Ok(Judged { text, message, exit: Exit::Failed });
            }
            let message = format!(
                "{}\nto make it small: tools fuzz --seed {seed}{again} --shrink -o found.scn",
                report(&broken)
            );
            Judged { text, message, exit: Exit::Failed }
        }
    })
}

/// Returns the failure to write the file.
fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let path = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Failure::usage(format!(
            "{path} exists and is kept: choose another name, or replace it with --force"
        ));
    }
    Failure::environment(format!(
        "cannot write {path}: {}; choose another file with --output",
        io_cause(error)
    ))
}

/// Returns the explanation of a failure, as `tools test` prints it.
fn report(broken: &PlanFailure) -> String {
    report::explain(&broken.failure, screen::err_style()).trim_end().to_owned()
}
