//! `tools ps`, `stop`, `start`, `kill`, `restart`, `pause`, `resume`: the network of this folder.

mod everywhere;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::control::{self, Request};
use super::exit::Exit;
use super::failure::Failure;
use super::{network, table};

/// List the nodes of the network of this folder, or all networks of this user
#[derive(Debug, Clone, Args)]
pub struct PsArguments {
    /// List all networks of this user on this machine, one a line
    #[arg(long, conflicts_with = "logs")]
    pub all: bool,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// The arguments of `tools stop`.
#[derive(Debug, Clone, Args)]
pub struct StopArguments {
    /// The nodes to stop; without a name, the whole network
    pub nodes: Vec<String>,
    /// Stop all networks of this user on this machine
    #[arg(long, conflicts_with_all = ["nodes", "logs"])]
    pub all: bool,
    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// The arguments of the commands that apply one step to some nodes.
#[derive(Debug, Clone, Args)]
pub struct NodesArguments {
    /// The nodes: names, or `all`
    #[arg(required = true)]
    pub nodes: Vec<String>,
    /// Print the result as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Lists the nodes of a network, or all networks.
pub fn ps(arguments: &PsArguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    if arguments.all {
        return everywhere::ps(arguments.json, out);
    }
    let state = network::state(&arguments.logs)?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&state)?)?;
    } else {
        write!(out, "{}", table::network(&state, true))?;
    }
    Ok(Exit::Held)
}

/// Ends the whole network, or some of its nodes.
pub fn stop(arguments: &StopArguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    if arguments.all {
        return everywhere::stop(arguments.json, out, err);
    }
    if !arguments.nodes.is_empty() {
        let StopArguments { nodes, json, logs, .. } = arguments.clone();
        return signal("stop", &NodesArguments { nodes, json, logs }, out, err);
    }
    let Some(reply) = control::ask(&arguments.logs, &Request::Stop)? else {
        return Err(network::not_running(&arguments.logs));
    };
    control::wait_for_end(&arguments.logs)?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&reply)?)?;
    }
    Ok(Exit::Held)
}

/// Applies a step such as `kill` to some nodes.
pub fn signal(
    step: &str,
    arguments: &NodesArguments,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let names = arguments.nodes.iter().flat_map(|word| word.split(',')).map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    network::run_steps(&arguments.logs, &format!("{step} {}", names.join(", ")), arguments.json, out, err)
}
