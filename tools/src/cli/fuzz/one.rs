//! One seed: its scenario, what came of it, and what is left of it.

use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use super::output::Output;
use super::{Arguments, real};
use crate::cli::exit::Exit;
use crate::cli::replay;
use crate::fuzz::about::{self, Found};
use crate::fuzz::run::Broken;
use crate::fuzz::shrink::Budget;
use crate::report::{self, Style};

pub(super) fn run(
    arguments: &Arguments,
    seed: u64,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Exit> {
    let file = match arguments.output.as_deref() {
        None => None,
        Some(path) => match Output::new(path, arguments.force) {
            Ok(file) => Some(file),
            Err(error) => return cannot_write(path, &error, err),
        },
    };
    let shrink = if arguments.shrink { " --shrink" } else { "" };
    let again = format!("tools fuzz --seed {seed}{}{shrink}", arguments.again());
    let (text, said, exit) = match replay::with_command(again, || found(arguments, seed)) {
        Ok(found) => found,
        Err(reason) => {
            writeln!(err, "error: seed {seed}: {reason}")?;
            return Ok(Exit::Environment);
        }
    };
    if arguments.shrink && exit == Exit::Held {
        writeln!(out, "{said}; there is nothing to make small, and nothing is written")?;
        return Ok(exit);
    }
    let Some(file) = file else {
        write!(out, "{text}")?;
        writeln!(err, "{said}")?;
        return Ok(exit);
    };
    writeln!(out, "{said}")?;
    if let Err(error) = file.write(&text) {
        // It may have taken long to find.
        write!(out, "{text}")?;
        return cannot_write(file.path(), &error, err);
    }
    writeln!(out, "written to {}", file.path().display())?;
    Ok(exit)
}

/// The scenario, and what is said of it. The error says why it cannot be run.
fn found(arguments: &Arguments, seed: u64) -> Result<(String, String, Exit), String> {
    let setup = arguments.setup();
    let drawn = arguments.draw(seed);
    let file = arguments.output.as_ref().map(|path| report::quoted(&path.display().to_string()));
    let name = file.as_deref().unwrap_or("FILE");
    Ok(match arguments.run(&drawn)?.broken {
        None => {
            let text = drawn.text(&about::drawn(seed));
            (text, format!("seed {seed} holds: {} steps", drawn.size()), Exit::Held)
        }
        Some(broken) if arguments.shrink => {
            let (setup, shrunk) = setup.shrink(&drawn, &broken.signature, Budget::default());
            let broken = setup.run(&shrunk.plan).ok().and_then(|outcome| outcome.broken).unwrap_or(broken);
            let found =
                Found { drawn: &drawn, file: name, again: &arguments.again(), plainly: setup.plainly };
            let text = shrunk.plan.text(&about::shrunk(&broken, &found));
            let said = format!(
                "{}\nseed {seed} is left with {} of {} steps, after {} runs",
                report(&broken),
                shrunk.plan.size(),
                drawn.size(),
                shrunk.runs
            );
            (text, said, Exit::Failed)
        }
        Some(broken) => {
            let text = drawn.text(&about::broken(&broken, seed, &arguments.again()));
            let again = arguments.again();
            if !arguments.world.virtual_time {
                let folder = real::folder(arguments, seed);
                let said = format!("{}\nits logs are in {}", report(&broken), folder.display());
                return Ok((text, said, Exit::Failed));
            }
            let said = format!(
                "{}\nto make it small: tools fuzz --seed {seed}{again} --shrink -o found.scn",
                report(&broken)
            );
            (text, said, Exit::Failed)
        }
    })
}

/// Tells why the file is not written.
fn cannot_write(path: &Path, error: &io::Error, err: &mut dyn Write) -> io::Result<Exit> {
    let path = path.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        writeln!(err, "error: {path} exists and is kept: choose another name, or replace it with --force")?;
        return Ok(Exit::Usage);
    }
    writeln!(err, "error: cannot write {path}: {error}")?;
    Ok(Exit::Environment)
}

/// All that is known of a failure, as `tools test` tells it.
fn report(broken: &Broken) -> String {
    let style = Style::new(io::stderr().is_terminal());
    report::explain(&broken.failure, style).trim_end().to_owned()
}
