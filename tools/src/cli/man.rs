//! `tools man`: the manual pages of the program, one a command.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use super::exit::Exit;
use super::failure::Failure;
use crate::text::io_cause;

/// Write the manual pages of this program, one for each command, into a folder
#[derive(Debug, Clone, Args)]
#[command(after_help = "To read one: `man -l DIR/tools-test.1`; to have all at hand, write them to \
                        ~/.local/share/man/man1.")]
pub struct Arguments {
    /// The folder; it is made if there is none
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// Writes the pages of `command`, the whole command line, and prints their number.
pub fn run(arguments: &Arguments, command: Command, out: &mut dyn Write) -> Result<Exit, Failure> {
    let folder = &arguments.folder;
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    let pages = pages(command)?;
    for (name, page) in &pages {
        let path = folder.join(name);
        fs::write(&path, page).map_err(|error| cannot_write(&path, &error))?;
    }
    writeln!(out, "{} pages in {}; the first is {}", pages.len(), folder.display(), FIRST)?;
    Ok(Exit::Held)
}

/// The page of the program as a whole.
const FIRST: &str = "tools.1";

/// Returns the pages by the names of their files.
fn pages(command: Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    let all: Vec<Command> = [command.clone()].into_iter().chain(inner.cloned()).collect();
    let page = |command: Command| {
        let version = command.get_version().unwrap_or_default().to_owned();
        let page = Man::new(command).source(format!("tools {version}")).manual("tools");
        let mut text = Vec::new();
        page.render(&mut text)?;
        Ok((page.get_filename(), text))
    };
    all.into_iter().map(page).collect()
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::environment(format!("cannot write {}: {}", path.display(), io_cause(error)));
    failure.help("name a folder in which you may write, as in `tools man ./man`")
}
