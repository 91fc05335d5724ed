//! `tools logs`: what the nodes wrote, merged by time, and followed while the run lives.
//!
//! A line belongs where the time at its beginning says; one without a time belongs to the line
//! before it in its file. What comes before the first time of a file comes first of all. While
//! following, what has been written since the last look is merged; nothing is held back for lines
//! that may still come.

mod catalogue;
mod file;
mod follow;
mod merge;
mod print;
mod stamp;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::PathBuf;

use clap::Args;
use regex::Regex;

use self::catalogue::Catalogue;
use self::follow::Watch;
use self::merge::merge;
use self::print::Printer;
use super::exit::Exit;
use crate::report::Style;

/// Shows what the nodes wrote, merged by time
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The nodes to show; all of them if none is named
    #[arg(value_name = "NODES", value_delimiter = ',')]
    pub nodes: Vec<String>,

    /// Go on as lines are written, until the run ends
    #[arg(short, long)]
    pub follow: bool,

    /// Only the last N lines of what is there
    #[arg(short = 'n', long, value_name = "N")]
    pub lines: Option<usize>,

    /// Only lines that this regular expression finds something in
    #[arg(long, value_name = "RE")]
    pub grep: Option<String>,

    /// The problems as well: what the nodes wrote to standard error
    #[arg(long)]
    pub err: bool,

    /// Where the logs lie
    #[arg(long, value_name = "DIR", default_value = "logs")]
    pub logs: PathBuf,
}

/// What ends it early.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    /// The arguments do not fit what is there; nothing was shown.
    #[error("{0}")]
    Usage(String),
    /// A file or the kernel failed; what was shown before is right.
    #[error("{0}")]
    Environment(String),
    /// Nothing more can be written.
    #[error(transparent)]
    Out(#[from] io::Error),
}

/// Which lines are shown.
struct Filter(Option<Regex>);

impl Filter {
    fn new(pattern: Option<&str>) -> Result<Self, Wrong> {
        let regex = pattern.map(Regex::new).transpose();
        Ok(Self(regex.map_err(|error| {
            Wrong::Usage(format!("--grep takes a regular expression, which this is not:\n{error}"))
        })?))
    }

    fn takes(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

/// Shows the logs. Gives the ending code: 0, 2 for a wrong expression, an unknown node or no logs,
/// 3 for logs that cannot be read. Whoever reads `out` may stop reading; that is no error.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let stdout = io::stdout();
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let style = Style::new(stdout.is_terminal() && !is_set("NO_COLOR") && !dumb);
    ended(show(arguments, style, Some(stdout.as_fd()), out, err), err)
}

fn ended(shown: Result<(), Wrong>, err: &mut dyn Write) -> io::Result<u8> {
    let wrong = match shown {
        Ok(()) => return Ok(Exit::Held.code()),
        Err(Wrong::Out(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(Exit::Held.code());
        }
        Err(Wrong::Out(error)) => return Err(error),
        Err(wrong) => wrong,
    };
    writeln!(err, "error: {wrong}")?;
    let exit = if matches!(wrong, Wrong::Usage(_)) { Exit::Usage } else { Exit::Environment };
    Ok(exit.code())
}

/// Shows the logs on `out`, whose other end, if it is known, is watched while nothing is written.
fn show(
    arguments: &Arguments,
    style: Style,
    reader: Option<BorrowedFd>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), Wrong> {
    let filter = Filter::new(arguments.grep.as_deref())?;
    // What changes from here on is told, so that nothing falls between this look and following.
    let watch = if arguments.follow { Watch::of_run(&arguments.logs)? } else { None };
    let catalogue = Catalogue::read(&arguments.logs, &arguments.nodes, arguments.err)?;
    if catalogue.logs.is_empty() && watch.is_none() {
        let logs = arguments.logs.display();
        return Err(Wrong::Usage(format!(
            "there are no logs in `{logs}`; `tools run` writes some, and --logs names another folder"
        )));
    }
    let mut view = View { catalogue, filter, printer: Printer::new(out, style) };
    // While the run lives, a line without its end is one that is still being written.
    view.begin(arguments.lines, watch.is_none())?;
    match watch {
        Some(watch) => watch.follow(&mut view, reader),
        None if arguments.follow => {
            let logs = arguments.logs.display();
            Ok(writeln!(err, "the run in `{logs}` has ended: there is nothing to follow")?)
        }
        None => Ok(()),
    }
}

/// The logs, which of their lines are shown, and where.
struct View<'a> {
    catalogue: Catalogue,
    filter: Filter,
    printer: Printer<'a>,
}

impl View<'_> {
    /// Prints what is there, or the last lines of it.
    fn begin(&mut self, lines: Option<usize>, ended: bool) -> Result<(), Wrong> {
        let all: Vec<usize> = (0..self.catalogue.logs.len()).collect();
        let Some(lines) = lines else { return self.go_on(&all, ended) };
        let Self { catalogue, filter, printer } = self;
        for log in &mut catalogue.logs {
            log.file.skip_to_last(lines, |text| filter.takes(text))?;
        }
        let mut last: VecDeque<(usize, String)> = VecDeque::new();
        merge(&mut catalogue.logs, &all, ended, |index, _, line| {
            let text = line.text();
            if lines > 0 && filter.takes(&text) {
                if last.len() == lines {
                    last.pop_front();
                }
                last.push_back((index, text.into_owned()));
            }
            Ok(())
        })?;
        printer.make_room(&catalogue.logs);
        for (index, text) in last {
            printer.print(&catalogue.logs[index], &text)?;
        }
        Ok(printer.flush()?)
    }

    /// Prints what these logs hold beyond what was read before.
    fn go_on(&mut self, logs: &[usize], ended: bool) -> Result<(), Wrong> {
        let Self { catalogue, filter, printer } = self;
        printer.make_room(&catalogue.logs);
        merge(&mut catalogue.logs, logs, ended, |_, log, line| {
            let text = line.text();
            if filter.takes(&text) {
                printer.print(log, &text)?;
            }
            Ok(())
        })?;
        Ok(printer.flush()?)
    }
}
