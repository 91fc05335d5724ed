//! The conversation of a person at a terminal with a node.

use std::time::Duration;

use node::net::client::{Client, Lost};
use node::wire::{Command, Frame, Notice, Reply, Resident, Value as NodeValue, encode};

use super::language::{changed, command};
use crate::text;
use crate::world::Change;

/// The time that a node has to answer a person: that of an ask in a scenario.
const PATIENCE: Duration = Duration::from_secs(5);

/// The answer of a node to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The lines of the answer alone.
    pub lines: Vec<String>,
    /// The whole reply, as JSON.
    pub json: String,
}

/// The reason why a person got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The words are no command.
    #[error("{0}")]
    Usage(String),
    /// The node refused.
    #[error("{message}")]
    Refused {
        /// The reason, for a person.
        message: String,
        /// The whole reply, as JSON.
        json: String,
    },
    /// There is no node at the address, or it did not answer.
    #[error("{0}")]
    Lost(String),
}

/// Asks a node at an address, as a person does, and waits for the answer.
pub fn ask(address: &str, words: &[String]) -> Result<Said, AskError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = command(&words).map_err(|error| AskError::Usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Lost(error.to_string()))?;
    let asking = async {
        let lost = |lost: Lost| AskError::Lost(lost.to_string());
        let mut client = Client::connect(address).await.map_err(lost)?;
        let mut result = client.request(asked).await.map_err(lost)?;
        // The node returns `keys` in pages, which are joined here.
        while let Ok(Reply::Keys { keys, more: true }) = &mut result {
            let after = keys.last().cloned();
            let mut all = std::mem::take(keys);
            result = client.request(Command::Keys { after }).await.map_err(lost)?;
            if let Ok(Reply::Keys { keys, more }) = &mut result {
                if *more && keys.last() <= all.last() {
                    return Err(AskError::Lost("the node's pages of keys have no end".to_owned()));
                }
                all.append(keys);
                *keys = all;
            }
        }
        let json = encode(&Frame::Reply { id: 1, result: result.clone() });
        match result {
            Ok(reply) => Ok(Said { lines: lines(&reply, words.get(1).copied()), json }),
            Err(refusal) => Err(AskError::Refused { message: refusal.message, json }),
        }
    };
    let patient = async { tokio::time::timeout(PATIENCE, asking).await };
    runtime.block_on(patient).unwrap_or_else(|_| {
        Err(AskError::Lost(format!("{address} did not answer within {}", text::duration(PATIENCE))))
    })
}

/// A report of a watched node.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Watched {
    /// The digest or the number of neighbours changed.
    Changed(Change),
    /// The node stored a version.
    Stored {
        /// The key of the version.
        key: String,
        /// The value held since then, or `None` if the key was deleted.
        value: Option<String>,
        /// The stamp of the version.
        stamp: String,
    },
}

/// Reports every version that a node at an address holds, and then every change, until the node ends or
/// `told` returns false.
pub fn watch(address: &str, mut told: impl FnMut(&Watched) -> bool) -> Result<(), AskError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Lost(error.to_string()))?;
    runtime.block_on(async {
        let lost = |lost: Lost| AskError::Lost(lost.to_string());
        let mut client = Client::connect(address).await.map_err(lost)?;
        // Notices name keys only. Their values are asked for on a second connection, so that no notice comes
        // in between.
        let mut asking = Client::connect(address).await.map_err(lost)?;
        let first = client.request(Command::Watch { versions: true }).await.map_err(lost)?;
        let mut more = match first {
            Ok(Reply::Watching(change)) => told(&Watched::Changed(changed(&change))),
            _ => return Err(AskError::Lost("the node does not tell of its changes".to_owned())),
        };
        while more {
            more = match client.notice().await.map_err(lost)? {
                Notice::Changed(change) => told(&Watched::Changed(changed(&change))),
                Notice::Stored { key, stamp, .. } => {
                    let asked = asking.request(Command::Get { key: key.clone() }).await.map_err(lost)?;
                    let value = match asked {
                        Ok(Reply::Value(version)) => version.value().map(NodeValue::text),
                        _ => None,
                    };
                    told(&Watched::Stored { key, value, stamp: stamp.to_string() })
                }
            };
        }
        Ok(())
    })
}

/// Returns the lines of a reply for a person.
fn lines(reply: &Reply, figure: Option<&str>) -> Vec<String> {
    match reply {
        Reply::Written { stamp, .. } => vec![stamp.to_string()],
        Reply::Value(version) => vec![version.value().map(NodeValue::text).unwrap_or_default()],
        Reply::Keys { keys, .. } => keys.clone(),
        Reply::Count(count) => vec![count.to_string()],
        Reply::Peers(peers) => {
            peers.iter().map(|peer| format!("{} {}", peer.address, peer.name).trim_end().to_owned()).collect()
        }
        Reply::Nodes { nodes, complete } => {
            let line = |node: &Resident| format!("{} {}", node.address, node.name).trim_end().to_owned();
            let rest = (!complete).then(|| "some nodes did not answer in time".to_owned());
            nodes.iter().map(line).chain(rest).collect()
        }
        Reply::Added(_) | Reply::Hello(_) | Reply::Watching(_) => Vec::new(),
        Reply::Digest(digest) => vec![digest.to_string()],
        Reply::Stats(stats) => match figure {
            Some(name) => {
                stats.iter().filter(|(known, _)| **known == name).map(|(_, n)| n.to_string()).collect()
            }
            None => stats.iter().map(|(name, n)| format!("{name} {n}")).collect(),
        },
    }
}
