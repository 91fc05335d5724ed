//! `tools run --detach`: the network lives in a process of its own.

use std::io::{BufRead as _, BufReader, Write};
use std::process::{Command, Stdio};

use super::announcement::announcement;
use super::arguments::Arguments;
use crate::cli::control::NetworkState;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::folder;
use crate::cli::ui;
use crate::text::Source;
use crate::text::io_cause;

/// The file in the folder of logs that takes the standard error of a detached network.
const PROBLEMS: &str = ".tools.err";

/// Starts this command again as a process of its own, and waits until its network is ready. A typed topology
/// is passed as it was typed. The text of a file goes to standard input, since a file may hold more than an
/// argument.
pub(super) fn detach(
    arguments: &Arguments,
    source: &Source,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let topology = arguments.topology();
    let is_typed = topology != "-" && !topology.starts_with('@');
    let problems = arguments.logs.join(PROBLEMS);
    let written = folder::create_private(&arguments.logs)
        .and_then(|()| folder::create_file(&arguments.logs, PROBLEMS))
        .map_err(|error| {
            Failure::environment(format!(
                "cannot write to {}: {}",
                arguments.logs.display(),
                io_cause(&error)
            ))
            .help("choose another folder with --logs")
        })?;
    let mut command = command(arguments, if is_typed { topology } else { "-" })?;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(written).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(if is_typed { b"" } else { source.text().as_bytes() })?;
    }
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let Ok(state) = serde_json::from_str::<NetworkState>(&line) else {
        let status = child.wait()?;
        write!(err, "{}", std::fs::read_to_string(&problems)?)?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(code.map_or(Exit::Environment, Exit::of_code));
    };
    if arguments.json {
        write!(out, "{line}")?;
    } else {
        write!(out, "{}", announcement(&state, arguments))?;
    }
    if arguments.ui.is_some() {
        let page = ui::announce(&ui::request(&arguments.logs, None)?, &arguments.logs);
        if arguments.json { write!(err, "{page}")? } else { write!(out, "{page}")? }
    }
    Ok(Exit::Held)
}

/// Returns the command that runs this network in the foreground of its own session.
fn command(arguments: &Arguments, topology: &str) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", "--hosted", "--json", "--port", &arguments.port.to_string()]);
    command.arg("--logs").arg(&arguments.logs);
    command.args(["--world", arguments.setting.world.name]);
    command.args(["--log-limit", &arguments.log_limit.bytes.to_string()]);
    for (name, value) in arguments.program.flags() {
        if let Some(value) = value {
            command.arg(format!("--{name}={value}"));
        }
    }
    for (node, at) in &arguments.program.at {
        command.arg(format!("--at={node}={at}"));
    }
    let switches =
        [("--faults", arguments.proxied), ("--clocks", arguments.clocks), ("--lenient", arguments.lenient)];
    for (flag, given) in switches {
        if given {
            command.arg(flag);
        }
    }
    if let Some(port) = arguments.ui {
        command.arg(if port == 0 { "--ui".to_owned() } else { format!("--ui={port}") });
    }
    if let Some(data) = &arguments.data {
        command.arg("--data").arg(data);
    }
    if let Some(lasting) = arguments.lasting {
        command.args(["--for", &format!("{}ms", lasting.as_millis())]);
    }
    command.arg(topology).arg("--").args(&arguments.node_arguments);
    Ok(command)
}
