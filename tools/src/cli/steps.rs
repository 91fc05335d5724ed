//! `tools do`: runs steps of the scenario language on the network of this folder.

mod block;
mod prompt;

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::Args;
use rustyline::error::ReadlineError;

use super::control::{self, NetworkState};
use super::exit::Exit;
use super::failure::Failure;
use super::network;
use block::is_open;
use prompt::Completion;

/// Run steps of the scenario language on the network of this folder, from the arguments, standard input or a prompt
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools do 'kill c' 'expect a: get nom == Reimert within 2s'\n  tools do 'all: get nom'"
)]
pub struct Arguments {
    /// The steps, each as on a line of a scenario; without any, they are read from standard input, at a
    /// terminal from a prompt with help
    pub steps: Vec<String>,
    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Runs the given steps, or reads them from standard input.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    if !arguments.steps.is_empty() {
        return network::run_steps(&arguments.logs, &arguments.steps.join("\n"), arguments.json, out, err);
    }
    let state = network::state(&arguments.logs)?;
    if io::stdin().is_terminal() {
        return prompt(arguments, &state, out, err);
    }
    let (mut exit, mut text) = (Exit::Held, String::new());
    for line in io::stdin().lock().lines() {
        text += &line?;
        if is_open(&text) {
            text.push('\n');
            continue;
        }
        let step = std::mem::take(&mut text);
        exit = exit.gravest(network::run_steps(&arguments.logs, &step, arguments.json, out, err)?);
    }
    if !text.is_empty() {
        exit = exit.gravest(network::run_steps(&arguments.logs, &text, arguments.json, out, err)?);
    }
    Ok(exit)
}

/// Reads steps at a prompt with a history, until the end of input.
fn prompt(
    arguments: &Arguments,
    state: &NetworkState,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let mut editor = prompt::editor(state).map_err(io::Error::other)?;
    let history = arguments.logs.join(".history");
    // The first time there is no history; one that cannot be read is started anew.
    let _: Result<(), ReadlineError> = editor.load_history(&history);
    loop {
        match editor.readline("> ") {
            Ok(line) if matches!(line.trim(), "exit" | "quit") => break,
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                let mut words = line.split_whitespace();
                if matches!(words.next(), Some("help" | "?")) {
                    let help = editor.helper().map(|helper| helper.help(words.next().unwrap_or_default()));
                    write!(out, "{}", help.unwrap_or_default())?;
                } else {
                    network::run_steps(&arguments.logs, &line, arguments.json, out, err)?;
                    // A step may have added nodes to the network.
                    if let Ok(Some(state)) = control::state(&arguments.logs) {
                        editor.set_helper(Some(Completion::of(&state)));
                    }
                }
                out.flush()?;
            }
            // An interrupt discards the line, or the block.
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(io::Error::other(error).into()),
        }
    }
    // A history that cannot be saved is no reason to fail.
    let _: Result<(), ReadlineError> = editor.save_history(&history);
    Ok(Exit::Held)
}
