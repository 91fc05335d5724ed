//! `tools cli`: asks one node, and prints the answer alone.

mod usage;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::control::{self, NetworkState, NodeState, Request};
use super::exit::Exit;
use super::failure::Failure;
use super::{network, screen};
use crate::driver::{self, AskError, Said, Watched};
use crate::text::{nearest, readable};
use crate::world::netns;

/// Ask a node: get, set, delete, stamp, keys, count, peers, addPeer, digest, stats, watch
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools cli --node a set nom Reimert\n  tools cli --port 3002 get nom\n  tools cli --port 3000 addPeer 3001"
)]
pub struct Arguments {
    /// The node with this name, in the network of this folder
    #[arg(long, value_name = "NAME", conflicts_with_all = ["port", "url"])]
    pub node: Option<String>,
    /// The node at this port of this machine [default: 3000]
    #[arg(long, short, value_name = "PORT", conflicts_with = "url", value_parser = super::number::any_port)]
    pub port: Option<u16>,
    /// The node at this address: HOST:PORT or ws://HOST:PORT/
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Print the whole reply as JSON
    #[arg(long)]
    pub json: bool,
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
    /// The command and its arguments
    #[arg(required = true, value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

impl Arguments {
    /// Returns true for `watch`, which lasts until the node ends or the reader has gone.
    pub(super) fn watches(&self) -> bool {
        self.words == ["watch"]
    }
}

/// The default port: that of a network's first node.
const PORT: u16 = 3000;

/// Asks the node, and prints the reply.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    // Without a network that answers, a node can still be asked by its address.
    let network = control::state(&arguments.logs).unwrap_or_default();
    let network = network.as_ref();
    let named = arguments.node.as_deref().and_then(|name| node_named(network, name));
    // The commands of another driver are checked by the network itself.
    if named.is_none_or(NodeState::is_asked_directly) {
        usage::check(&arguments.words).map_err(Failure::usage)?;
    }
    let target = match &arguments.node {
        Some(name) => {
            let node = existing(network, name, arguments)?;
            if !node.is_asked_directly() {
                return ask_by_network(arguments, node, out, err);
            }
            reach(node)?
        }
        None => at_address(network, arguments),
    };
    if arguments.watches() {
        return watch(&target.address, arguments.json, out);
    }
    let answer = driver::ask(&target.address, &with_addresses(arguments.words.clone(), network));
    if let (Some(node), Ok(_) | Err(AskError::Refused { .. })) = (target.node, &answer) {
        let words = with_names(arguments.words.clone(), network);
        let note = Request::Note { node: node.name.clone(), words, refused: answer.is_err() };
        // The ask has its answer; a missing entry in the recording does not change that.
        let _: io::Result<()> = control::send(&arguments.logs, &note);
    }
    match answer {
        Ok(answer) => print(&answer, arguments, out)?,
        Err(AskError::Refused { message, json }) => {
            if arguments.json {
                writeln!(out, "{json}")?;
            }
            return Err(Failure::new(Exit::Failed, message));
        }
        Err(AskError::Usage(wrong)) => return Err(Failure::usage(wrong)),
        Err(AskError::Lost(reason)) => {
            return Err(Failure::environment(reason)
                .help("is a node running there? `tools ps` lists those of this folder"));
        }
    }
    Ok(Exit::Held)
}

/// The node that is asked directly.
struct Target<'n> {
    address: String,
    /// The node, if the network of this folder has it.
    node: Option<&'n NodeState>,
}

/// Returns the node of the network with a name.
fn node_named<'n>(network: Option<&'n NetworkState>, name: &str) -> Option<&'n NodeState> {
    network?.nodes.iter().find(|node| node.name == name)
}

/// Returns the node that `--node` names. Fails without a network, or if the network has no such node.
fn existing<'n>(
    network: Option<&'n NetworkState>,
    name: &str,
    arguments: &Arguments,
) -> Result<&'n NodeState, Failure> {
    let network = network.ok_or_else(|| network::not_running(&arguments.logs))?;
    node_named(Some(network), name).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no node `{name}` in the network of this folder"));
        match nearest(name, network.nodes.iter().map(|node| node.name.as_str())) {
            Some(nearest) => failure.help(format!("did you mean `{nearest}`?")),
            None => failure,
        }
    })
}

/// Makes a node of the network reachable. A node with a network of its own is dialled from inside that
/// network.
fn reach(node: &NodeState) -> Result<Target<'_>, Failure> {
    let Some(process) = node.pid else {
        let name = &node.name;
        return Err(Failure::environment(format!("`{name}` is not running"))
            .help(format!("`tools start {name}` starts it again")));
    };
    if !node.is_on_loopback() {
        netns::join(process).map_err(Failure::environment)?;
    }
    Ok(Target { address: node.address(), node: Some(node) })
}

/// Returns the node at `--url` or `--port`.
fn at_address<'n>(network: Option<&'n NetworkState>, arguments: &Arguments) -> Target<'n> {
    let at_port = || format!("127.0.0.1:{}", arguments.port.unwrap_or(PORT));
    let address = arguments.url.clone().unwrap_or_else(at_port);
    let node = node_at(network, &address);
    Target { address, node }
}

/// Prints the answer of a node. A value may have several lines. An item of a list is one line; characters
/// that would break it are escaped on a terminal.
fn print(answer: &Said, arguments: &Arguments, out: &mut dyn Write) -> io::Result<()> {
    if arguments.json {
        return writeln!(out, "{}", answer.json);
    }
    let is_list = arguments.words.first().is_some_and(|command| command != "get");
    for line in &answer.lines {
        if is_list && screen::is_seen() {
            writeln!(out, "{}", readable(line))?;
        } else {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Asks a node of another driver through the network, and prints the reply.
fn ask_by_network(
    arguments: &Arguments,
    node: &NodeState,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let name = &node.name;
    if arguments.watches() {
        let message = format!("`{name}` is a `{}` node, which does not report its changes", node.driver);
        return Err(Failure::usage(message)
            .help(format!("ask it for what it holds: tools cli --node {name} COMMAND")));
    }
    let ask = Request::Ask { node: name.clone(), words: arguments.words.clone() };
    network::request(&arguments.logs, &ask, arguments.json, out, err)
}

/// Returns the node of the network at an address, or at a port on loopback.
fn node_at<'n>(network: Option<&'n NetworkState>, address: &str) -> Option<&'n NodeState> {
    let on_loopback = |port: &str| format!("127.0.0.1:{port}");
    let address = match address.strip_prefix("localhost:") {
        Some(port) => on_loopback(port),
        None if address.contains(':') => address.to_owned(),
        None => on_loopback(address),
    };
    network?.nodes.iter().find(|node| node.address() == address)
}

/// Returns the words with a neighbour by address, even if it was given by name.
fn with_addresses(mut words: Vec<String>, network: Option<&NetworkState>) -> Vec<String> {
    if let Some(neighbour) = added_peer(&mut words)
        && let Some(node) = node_named(network, neighbour)
    {
        *neighbour = node.address();
    }
    words
}

/// Returns the words with a neighbour by name, even if it was given by port.
fn with_names(mut words: Vec<String>, network: Option<&NetworkState>) -> Vec<String> {
    if let Some(neighbour) = added_peer(&mut words)
        && let Some(node) = node_at(network, neighbour)
    {
        neighbour.clone_from(&node.name);
    }
    words
}

/// Returns the neighbour that the command `addPeer` names.
fn added_peer(words: &mut [String]) -> Option<&mut String> {
    match words {
        [command, neighbour] if matches!(command.as_str(), "addPeer" | "add-peer") => Some(neighbour),
        _ => None,
    }
}

/// Prints a line for each change of a node, until the node ends or the reader has gone.
fn watch(address: &str, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut written = Ok(());
    let watched = driver::watch(address, |event| {
        written = print_event(event, json, out);
        written.is_ok()
    });
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Held),
        written => written?,
    }
    watched.map(|()| Exit::Held).map_err(Failure::environment)
}

/// Prints a change of a watched node as one line.
fn print_event(event: &Watched, json: bool, out: &mut dyn Write) -> io::Result<()> {
    match (json, serde_json::to_string(event), event) {
        (true, Ok(line), _) => writeln!(out, "{line}")?,
        (_, _, Watched::Changed(change)) => {
            writeln!(out, "digest {} peers {}", change.digest, change.peers)?;
        }
        (_, _, Watched::Stored { key, value: Some(value), .. }) => {
            writeln!(out, "stored {} {}", readable(key), readable(value))?;
        }
        (_, _, Watched::Stored { key, value: None, .. }) => writeln!(out, "deleted {}", readable(key))?,
    }
    out.flush()
}
