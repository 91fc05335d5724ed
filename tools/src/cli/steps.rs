//! `tools do`: steps of the scenario language, on the network of this folder.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::Args;
use rustyline::error::ReadlineError;
use rustyline::{Config, DefaultEditor};

use super::exit::Exit;
use super::nodes;

/// Does steps of the scenario language on the network of this folder; without one, reads them line by line
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools do 'kill c' 'expect a: get nom == Reimert within 2s'\n  tools do 'all: get nom'"
)]
pub struct Arguments {
    /// Steps, each as it would stand on a line of a scenario
    pub steps: Vec<String>,
    /// Print what came of it as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of its logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// The most lines that the prompt remembers.
const HISTORY: usize = 1_000;

/// Does the steps, or reads them.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    if !arguments.steps.is_empty() {
        return nodes::perform(&arguments.logs, &arguments.steps.join("\n"), arguments.json, out, err);
    }
    if nodes::state(&arguments.logs)?.is_none() {
        return nodes::none(&arguments.logs, err);
    }
    if io::stdin().is_terminal() {
        return prompt(arguments, out, err);
    }
    let mut ended = Exit::Held.code();
    for line in io::stdin().lock().lines() {
        ended = ended.max(nodes::perform(&arguments.logs, &line?, arguments.json, out, err)?);
    }
    Ok(ended)
}

/// Reads steps at a prompt that remembers, until the end of input.
fn prompt(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let config =
        Config::builder().max_history_size(HISTORY).map_err(io::Error::other)?.auto_add_history(true);
    let mut editor = DefaultEditor::with_config(config.build()).map_err(io::Error::other)?;
    let history = arguments.logs.join(".history");
    // The first time there is none; one that cannot be read is begun anew.
    let _: Result<(), ReadlineError> = editor.load_history(&history);
    loop {
        match editor.readline("> ") {
            Ok(line) if matches!(line.trim(), "exit" | "quit") => break,
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => {
                nodes::perform(&arguments.logs, &line, arguments.json, out, err)?;
                out.flush()?;
            }
            Err(ReadlineError::Interrupted) => {}
            Err(ReadlineError::Eof) => break,
            Err(error) => return Err(io::Error::other(error)),
        }
    }
    // A history that cannot be kept is no reason to fail.
    let _: Result<(), ReadlineError> = editor.save_history(&history);
    Ok(Exit::Held.code())
}
