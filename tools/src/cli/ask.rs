//! `tools cli`: asks one node, and prints the answer alone.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::control::{self, NetworkState, NodeState, Request};
use super::exit::Exit;
use super::nodes;
use crate::driver::{self, AskError};
use crate::text::nearest;
use crate::world::netns;

/// Asks a node: get, set, delete, stamp, keys, count, peers, addPeer, digest, stats, watch
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools cli --node a set nom Reimert\n  tools cli --port 3002 get nom\n  tools cli --port 3000 addPeer 3001"
)]
pub struct Arguments {
    /// The node of that name, in the network of this folder
    #[arg(long, value_name = "NAME", conflicts_with_all = ["port", "url"])]
    pub node: Option<String>,
    /// The node at that port of this machine [default: 3000]
    #[arg(long, short, value_name = "PORT", conflicts_with = "url")]
    pub port: Option<u16>,
    /// The node at that address: HOST:PORT or ws://HOST:PORT/
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

/// The port of the first node of a network, unless another was asked for.
const PORT: u16 = 3000;

/// Asks the node.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let mut words = arguments.words.clone();
    if let Err(wrong) = check(&words) {
        writeln!(err, "error: {wrong}")?;
        return Ok(Exit::Usage.code());
    }
    let network = nodes::state(&arguments.logs).unwrap_or_default();
    let find = |name: &str| {
        let nodes = network.iter().flat_map(|network| &network.nodes);
        nodes.clone().find(|node| node.name == name)
    };
    let named;
    let address = match (&arguments.node, arguments.port, &arguments.url) {
        (Some(name), ..) => {
            let Some(network) = &network else { return nodes::none(&arguments.logs, err) };
            let Some(node) = find(name) else {
                let known = network.nodes.iter().map(|node| node.name.as_str());
                writeln!(err, "error: there is no node `{name}` in the network of this folder")?;
                if let Some(nearest) = nearest(name, known) {
                    writeln!(err, "  = help: did you mean `{nearest}`?")?;
                }
                return Ok(Exit::Usage.code());
            };
            if node.driver != driver::NATIVE.name {
                let (driver, words) = (&node.driver, words.join(" "));
                writeln!(
                    err,
                    "error: `{name}` is a `{driver}` node, and `tools cli` speaks to our own\n  = help: tools do \
                     '{name}: {words}'"
                )?;
                return Ok(Exit::Usage.code());
            }
            let Some(process) = node.pid else {
                writeln!(
                    err,
                    "error: `{name}` is not running\n  = help: `tools start {name}` starts it again"
                )?;
                return Ok(Exit::Environment.code());
            };
            // A network of its own is entered where its node is.
            if !node.is_on_loopback()
                && let Err(reason) = netns::join(process)
            {
                writeln!(err, "error: {reason}")?;
                return Ok(Exit::Environment.code());
            }
            named = Some(node);
            node.address()
        }
        (None, port, url) => {
            let address = url.clone().unwrap_or_else(|| format!("127.0.0.1:{}", port.unwrap_or(PORT)));
            named = known(network.as_ref(), &address);
            address
        }
    };
    if words == ["watch"] {
        return watch(&address, arguments.json, out, err);
    }
    let by_name = words.clone();
    // A neighbour may be named where its name is known.
    if let [command, neighbour] = words.as_mut_slice()
        && matches!(command.as_str(), "addPeer" | "add-peer")
        && let Some(node) = find(neighbour)
    {
        *neighbour = node.address();
    }
    let asked = driver::ask(&address, &words);
    if let (Some(node), Ok(_) | Err(AskError::Refused { .. })) = (named, &asked) {
        let (node, refused) = (node.name.clone(), asked.is_err());
        let told = Request::Note { node, words: with_names(by_name, network.as_ref()), refused };
        // What was asked was answered: that nobody takes note of it changes nothing.
        let _: io::Result<()> = control::tell(&arguments.logs, &told);
    }
    match asked {
        Ok(answer) if arguments.json => writeln!(out, "{}", answer.json)?,
        Ok(answer) => {
            for line in answer.lines {
                writeln!(out, "{line}")?;
            }
        }
        Err(AskError::Refused { message, json }) => {
            if arguments.json {
                writeln!(out, "{json}")?;
            }
            writeln!(err, "error: {message}")?;
            return Ok(Exit::Failed.code());
        }
        Err(AskError::Usage(wrong)) => {
            writeln!(err, "error: {wrong}")?;
            return Ok(Exit::Usage.code());
        }
        Err(AskError::Lost(reason)) => {
            writeln!(
                err,
                "error: {reason}\n  = help: is a node running there? `tools ps` lists those of this folder"
            )?;
            return Ok(Exit::Environment.code());
        }
    }
    Ok(Exit::Held.code())
}

/// Which node of the network is at that address, or on loopback at that port.
fn known<'n>(network: Option<&'n NetworkState>, address: &str) -> Option<&'n NodeState> {
    let on_loopback = |port: &str| format!("127.0.0.1:{port}");
    let address = match address.strip_prefix("localhost:") {
        Some(port) => on_loopback(port),
        None if address.contains(':') => address.to_owned(),
        None => on_loopback(address),
    };
    network?.nodes.iter().find(|node| node.address() == address)
}

/// The words with a neighbour by its name, also where it was given by its port.
fn with_names(mut words: Vec<String>, network: Option<&NetworkState>) -> Vec<String> {
    if let [command, neighbour] = words.as_mut_slice()
        && matches!(command.as_str(), "addPeer" | "add-peer")
        && let Some(node) = known(network, neighbour)
    {
        neighbour.clone_from(&node.name);
    }
    words
}

/// Prints a line for each change of a node, until it ends or nobody reads any more.
fn watch(address: &str, json: bool, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let mut written = Ok(());
    let watched = driver::watch(address, |change| {
        written = match (json, serde_json::to_string(change)) {
            (true, Ok(line)) => writeln!(out, "{line}"),
            _ => writeln!(out, "digest {} peers {}", change.digest, change.peers),
        }
        .and_then(|()| out.flush());
        written.is_ok()
    });
    written?;
    match watched {
        Ok(()) => Ok(Exit::Held.code()),
        Err(reason) => {
            writeln!(err, "error: {reason}")?;
            Ok(Exit::Environment.code())
        }
    }
}

/// Whether the words are a command with its arguments.
fn check(words: &[String]) -> Result<(), String> {
    let name = words.first().map(String::as_str).unwrap_or_default();
    match (name, words.len()) {
        ("watch", 1) => return Ok(()),
        ("watch", _) => return Err("`watch` is written `watch`".to_owned()),
        ("auth", _) => {
            return Err("`auth` is what nodes say to each other: link them with `addPeer`".to_owned());
        }
        _ => {}
    }
    let native = &driver::NATIVE;
    let Some(command) =
        native.commands.iter().find(|command| Some(**command) == native.command(name).copied())
    else {
        let known = native.commands.iter().map(|command| command.name);
        return Err(match nearest(name, known.clone()) {
            Some(nearest) => format!("unknown command `{name}`: did you mean `{nearest}`?"),
            None => format!("unknown command `{name}`: there is {}", known.collect::<Vec<_>>().join(", ")),
        });
    };
    // `stats` alone prints all figures.
    let needed = command.arguments.iter().filter(|argument| !argument.optional && name != "stats").count();
    let given = words.len() - 1;
    if (needed..=command.arguments.len()).contains(&given) {
        return Ok(());
    }
    let mut usage = command.name.to_owned();
    for argument in command.arguments {
        usage.push_str(if argument.optional { " [" } else { " " });
        usage.push_str(argument.name);
        usage.push_str(if argument.optional { "]" } else { "" });
    }
    let hint = if given > command.arguments.len() { "; quote a value that holds blanks" } else { "" };
    Err(format!("`{}` is written `{usage}`{hint}", command.name))
}

#[cfg(test)]
mod tests {
    use super::check;

    fn wrong(words: &str) -> String {
        check(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).err().unwrap_or_default()
    }

    #[test]
    fn says_how_a_command_is_written() {
        assert_eq!(wrong("set nom Reimert"), "");
        assert_eq!(wrong("set nom Reimert 10000"), "");
        assert_eq!(wrong("add-peer 3001"), "");
        assert_eq!(wrong("watch"), "");
        assert_eq!(wrong("auth x"), "`auth` is what nodes say to each other: link them with `addPeer`");
        assert_eq!(wrong("set nom"), "`set` is written `set KEY VALUE [DATE]`");
        assert_eq!(wrong("get a b"), "`get` is written `get KEY`; quote a value that holds blanks");
        assert_eq!(wrong("gett a"), "unknown command `gett`: did you mean `get`?");
    }
}
