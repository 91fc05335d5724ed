//! `tools ps`, `stop`, `start`, `kill`, `restart`, `pause`, `resume`: the network of this folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::control::{self, NetworkState, Reply, Request};
use super::exit::Exit;
use super::table;

/// Lists the nodes of the network of this folder
#[derive(Debug, Clone, Args)]
pub struct PsArguments {
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of its logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Which nodes to end; all without a name.
#[derive(Debug, Clone, Args)]
pub struct StopArguments {
    /// Only these nodes; without a name, the whole network
    pub nodes: Vec<String>,
    /// Print what came of it as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of its logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Which nodes.
#[derive(Debug, Clone, Args)]
pub struct NodesArguments {
    /// The nodes: names, or `all`
    #[arg(required = true)]
    pub nodes: Vec<String>,
    /// Print what came of it as one line of JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of its logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Lists the nodes.
pub fn ps(arguments: &PsArguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let Some(state) = state(&arguments.logs)? else {
        return none(&arguments.logs, err);
    };
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&state)?)?;
    } else {
        write!(out, "{}", table::network(&state, true))?;
    }
    Ok(Exit::Held.code())
}

/// Ends the whole network, or some nodes.
pub fn stop(arguments: &StopArguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    if !arguments.nodes.is_empty() {
        let StopArguments { nodes, json, logs } = arguments.clone();
        return signal("stop", &NodesArguments { nodes, json, logs }, out, err);
    }
    let Some(reply) = control::ask(&arguments.logs, &Request::Stop)? else {
        return none(&arguments.logs, err);
    };
    control::wait_for_end(&arguments.logs)?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&reply)?)?;
    }
    Ok(Exit::Held.code())
}

/// Does one of the verbs to some nodes.
pub fn signal(
    verb: &str,
    arguments: &NodesArguments,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let names = arguments.nodes.iter().flat_map(|word| word.split(',')).map(str::trim);
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    perform(&arguments.logs, &format!("{verb} {}", names.join(", ")), arguments.json, out, err)
}

/// Has the network of a folder do steps, and prints what came of them.
pub(super) fn perform(
    logs: &Path,
    text: &str,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    match control::ask(logs, &Request::Steps { text: text.to_owned() })? {
        Some(reply @ Reply::Steps { code, .. }) if json => {
            writeln!(out, "{}", serde_json::to_string(&reply)?)?;
            Ok(code)
        }
        Some(Reply::Steps { output, error, code }) => {
            for line in output {
                writeln!(out, "{line}")?;
            }
            if let Some(error) = error {
                writeln!(err, "{error}")?;
            }
            Ok(code)
        }
        Some(_) => Err(io::Error::other("the network answered something else")),
        None => none(logs, err),
    }
}

/// The network of a folder, if one runs there.
pub(super) fn state(logs: &Path) -> io::Result<Option<NetworkState>> {
    match control::ask(logs, &Request::Ps)? {
        Some(Reply::Network(state)) => Ok(Some(*state)),
        Some(_) => Err(io::Error::other("the network answered something else")),
        None => Ok(None),
    }
}

/// Says that nothing runs there.
pub(super) fn none(logs: &Path, err: &mut dyn Write) -> io::Result<u8> {
    let folder = logs.display();
    writeln!(
        err,
        "error: no network is running in `{folder}`\n  = help: start one with `tools run --detach`"
    )?;
    Ok(Exit::Usage.code())
}
