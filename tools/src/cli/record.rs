//! `tools record`: prints the recording of the network of this folder, as a scenario.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;

use super::control::{self, Reply, Request};
use super::exit::Exit;
use super::failure::Failure;
use super::recording::Recording;

/// Print the steps done by hand to the network of this folder, as a scenario that repeats them
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example:\n  tools record > mine.scn && tools test mine.scn")]
pub struct Arguments {
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Prints the scenario.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let text = match control::ask(&arguments.logs, &Request::Record)? {
        None => text_of_ended_network(&arguments.logs)?,
        Some(Reply::Recording { text: Some(text) }) => text,
        Some(Reply::Recording { text: None }) => {
            return Err(Failure::usage("this network was left up by a scenario").help(
                "its steps are in the file of the scenario; `tools run --detach` starts a network to drive by hand",
            ));
        }
        Some(_) => return Err(control::unexpected().into()),
    };
    write!(out, "{text}")?;
    Ok(Exit::Held)
}

/// Returns the recording of a network that has ended, as a scenario.
fn text_of_ended_network(logs: &Path) -> Result<String, Failure> {
    let recording = Recording::read(logs)?;
    recording.and_then(|recording| recording.scenario_text()).ok_or_else(|| {
        let folder = logs.display();
        Failure::usage(format!("no network is running in `{folder}`, and none that ran there is recorded"))
            .help("start one with `tools run --detach`")
    })
}
