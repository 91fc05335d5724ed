//! `tools record`: what was done by hand to the network of this folder, as a scenario.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::control::{self, Reply, Request};
use super::exit::Exit;
use super::nodes;

/// Prints what was done by hand to the network of this folder, as a scenario that does it again
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  tools record > mine.scn && tools test mine.scn")]
pub struct Arguments {
    /// The folder of its logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Prints it.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    match control::ask(&arguments.logs, &Request::Record)? {
        None => nodes::none(&arguments.logs, err),
        Some(Reply::Recording { text: Some(text) }) => {
            write!(out, "{text}")?;
            Ok(Exit::Held.code())
        }
        Some(Reply::Recording { text: None }) => {
            writeln!(
                err,
                "error: this network was left up by a scenario\n  = help: what was done to it stands in its \
                 file; `tools run --detach` starts one to be driven by hand"
            )?;
            Ok(Exit::Usage.code())
        }
        Some(_) => Err(io::Error::other("the network answered something else")),
    }
}
