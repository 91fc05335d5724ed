//! `tools report`: reports saved runs, later or elsewhere, in every format.

mod attempts;
mod find;
mod read;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::formats::{FormatArguments, Github, Printed};
use super::html_file::Records;
use super::screen;
use super::since::Since;
use super::test::print_run;
use crate::report::{self, Style};
use crate::run::Report;

/// Report saved runs: what `tools test` printed, or another format
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools report logs/sync/run.jsonl          what `tools test` printed\n  tools report logs --since 1h --junit all.xml\n  tools report logs/sync --html page.html\n  tools report machine-a machine-b --tap\n\nThe exit code is that of the gravest verdict, as for `tools test`; a record that was cut short counts as broken."
)]
pub struct Arguments {
    /// The records: files `run.jsonl`, or folders with such files [default: logs]
    pub runs: Vec<PathBuf>,

    /// Report only runs that began since then: an age such as `2h` or `3d`, a day, or a moment
    /// (`2026-11-30T12:00`, UTC)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub formats: FormatArguments,
}

/// Reports the runs.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let mut github = arguments.formats.github.then(Github::new).transpose()?;
    if let Some(github) = &mut github {
        github.stop_commands(out)?;
    }
    let ended = report(arguments, &mut github, out, err);
    if let Some(github) = &mut github {
        github.resume_commands(out)?;
    }
    ended
}

fn report(
    arguments: &Arguments,
    github: &mut Option<Github>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    arguments.formats.check()?;
    let mut runs = arguments.runs.clone();
    if runs.is_empty() {
        runs.push("logs".into());
    }
    let mut exit = Exit::Held;
    let mut found: Vec<(Report, PathBuf)> = Vec::new();
    for path in find::records(&runs)? {
        match read::report(&path) {
            // One damaged file must not hide the others; it counts nonetheless.
            Err(failure) => {
                failure.print(err)?;
                exit = exit.gravest(failure.exit());
            }
            Ok(report) if arguments.since.is_none_or(|since| since.includes(report.began_ms)) => {
                found.push((report, path));
            }
            Ok(_) => {}
        }
    }
    if found.is_empty() && exit != Exit::Held {
        // A report on nothing would pass for one on all.
        return Ok(exit);
    }
    let mut found = attempts::group(found);
    exit = found.iter().fold(exit, |exit, (report, _)| exit.gravest(Exit::from(report)));
    // Runs of several machines or folders in the order in which they ran.
    found.sort_by_key(|(report, _)| report.began_ms);
    let (reports, records): (Vec<Report>, Vec<PathBuf>) = found.into_iter().unzip();
    print(arguments.formats.printed(), &reports, out)?;
    arguments.formats.write(&reports, &[], Records { files: &records, ..Records::default() })?;
    if let Some(github) = github {
        github.report(&reports, &[], out)?;
    }
    arguments.formats.name_page(out)?;
    Ok(exit)
}

/// Prints the reports to standard output.
fn print(printed: Printed, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
    match printed {
        Printed::Json => write!(out, "{}", report::json(reports, &[])?)?,
        Printed::Tap => write!(out, "{}", report::tap(reports, &[]))?,
        Printed::Lines => {
            let style: Style = screen::out_style();
            reports.iter().try_for_each(|report| print_run(report, style, out))?;
            let took = reports.iter().map(|report| report.duration).sum::<Duration>();
            writeln!(out, "{}", report::summary(reports, took, style).trim_end())?;
        }
    }
    Ok(())
}
