//! `tools logs`: shows the nodes' logs, merged by time, and follows them while the run lives.
//!
//! A line is ordered by the time at its beginning. A line without a time belongs to the line before it in its
//! file; lines before the first time of a file come first of all. While following, the lines written since
//! the last look are merged; no line is held back for others that may still come.

mod catalogue;
mod error;
mod file;
mod filter;
mod follow;
mod merge;
mod print;
mod stamp;
#[cfg(test)]
mod tests;
mod view;

pub(super) use stamp::stamp;

use std::io::{self, Write};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

use clap::Args;

use self::catalogue::Catalogue;
use self::error::LogsError;
use self::filter::Filter;
use self::follow::Watch;
use self::print::Printer;
use self::view::View;
use super::control;
use super::exit::Exit;
use super::failure::Failure;
use super::screen;
use crate::report::Style;

/// Show the logs of nodes, merged by time
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The nodes to show [default: the nodes of the last run]
    #[arg(value_name = "NODES", value_delimiter = ',')]
    pub nodes: Vec<String>,

    /// Show the nodes of earlier runs in this folder as well
    #[arg(long, conflicts_with = "nodes")]
    pub all: bool,

    /// Show new lines as they are written, until the run ends
    #[arg(short, long)]
    pub follow: bool,

    /// Begin with the last N lines
    #[arg(short = 'n', long, value_name = "N", value_parser = super::number::lines)]
    pub lines: Option<usize>,

    /// Show only lines that match this regular expression
    #[arg(long, value_name = "RE")]
    pub grep: Option<String>,

    /// Show the standard error of nodes as well
    #[arg(long)]
    pub err: bool,

    /// The folder of logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Shows the logs. A reader of `out` that closes its end causes no error.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let stdout = io::stdout();
    let shown = show(arguments, screen::out_style(), Some(stdout.as_fd()), out, err);
    if let Err(LogsError::UnknownNode { node, .. }) = &shown
        && ran_before(&arguments.logs, node)
    {
        let message = format!("node `{node}` has no log in `{}`: it ran before", arguments.logs.display());
        return Err(Failure::usage(message).help("its own program says where it writes"));
    }
    ended(shown)
}

/// Returns true if a node of the network that is up in a folder ran before it. Of a network that has ended, and of one
/// that does not answer, nothing is known.
fn ran_before(logs: &Path, node: &str) -> bool {
    let state = control::state(logs).ok().flatten();
    state.is_some_and(|state| state.nodes.iter().any(|other| other.attached && other.name == node))
}

/// Returns the exit code of the command; a reader that has gone ends it as usual.
fn ended(shown: Result<(), LogsError>) -> Result<Exit, Failure> {
    match shown {
        Err(LogsError::Out(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Held),
        shown => Ok(shown.map(|()| Exit::Held)?),
    }
}

/// Shows the logs on `out`. If `reader`, the reader's end of `out`, is given, it is watched while nothing is
/// written.
fn show(
    arguments: &Arguments,
    style: Style,
    reader: Option<BorrowedFd>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<(), LogsError> {
    let filter = Filter::new(arguments.grep.as_deref())?;
    // The watch begins before the first look, so that no change is lost between this look and following.
    let watch = if arguments.follow { Watch::of_run(&arguments.logs)? } else { None };
    let catalogue = Catalogue::read(&arguments.logs, &arguments.nodes, arguments.err, arguments.all)?;
    if catalogue.logs.is_empty() && watch.is_none() {
        return Err(LogsError::NoLogs(arguments.logs.clone()));
    }
    let mut view = View::new(catalogue, filter, Printer::new(out, style));
    // While the run lives, a line without a newline is still being written.
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
