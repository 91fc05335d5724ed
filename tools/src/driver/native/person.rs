//! Asking a node as a person does, from a terminal.

use std::time::Duration;

use node::net::client::{Client, Lost};
use node::wire::{Command, Frame, Notice, Reply, Value as NodeValue, encode};

use super::language::{changed, command};
use crate::text;
use crate::world::Change;

/// How long a node may take to answer a person.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a node answered a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The answer alone.
    pub lines: Vec<String>,
    /// The whole reply.
    pub json: String,
}

/// Why a person got no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The words are no command.
    #[error("{0}")]
    Usage(String),
    /// The node said no.
    #[error("{message}")]
    Refused {
        /// For people.
        message: String,
        /// The whole reply.
        json: String,
    },
    /// There is no node, or it said nothing.
    #[error("{0}")]
    Lost(String),
}

/// Asks a node at an address, as a person does, and waits for the answer.
pub fn ask(address: &str, words: &[String]) -> Result<Said, AskError> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let asked = command(&words).map_err(AskError::Usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Lost(error.to_string()))?;
    let asking = async {
        let lost = |lost: Lost| AskError::Lost(lost.to_string());
        let mut client = Client::connect(address).await.map_err(lost)?;
        let mut result = client.request(asked).await.map_err(lost)?;
        // The pages of `keys` are put together.
        while let Ok(Reply::Keys { keys, more: true }) = &mut result {
            let after = keys.last().cloned();
            let mut all = std::mem::take(keys);
            result = client.request(Command::Keys { after }).await.map_err(lost)?;
            if let Ok(Reply::Keys { keys, .. }) = &mut result {
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

/// Tells of every change of a node at an address, as a person reads it, until it ends or `told`
/// says that it is enough.
pub fn watch(address: &str, mut told: impl FnMut(&Change) -> bool) -> Result<(), AskError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| AskError::Lost(error.to_string()))?;
    runtime.block_on(async {
        let lost = |lost: Lost| AskError::Lost(lost.to_string());
        let mut client = Client::connect(address).await.map_err(lost)?;
        let first = client.request(Command::Watch { versions: false }).await.map_err(lost)?;
        let mut more = match first {
            Ok(Reply::Watching(change)) => told(&changed(&change)),
            _ => return Err(AskError::Lost("the node does not tell of its changes".to_owned())),
        };
        while more {
            if let Notice::Changed(change) = client.notice().await.map_err(lost)? {
                more = told(&changed(&change));
            }
        }
        Ok(())
    })
}

/// A reply as a person reads it.
fn lines(reply: &Reply, figure: Option<&str>) -> Vec<String> {
    match reply {
        Reply::Written { stamp, .. } => vec![stamp.to_string()],
        Reply::Value(version) => vec![version.value().map(NodeValue::text).unwrap_or_default()],
        Reply::Keys { keys, .. } => keys.clone(),
        Reply::Count(count) => vec![count.to_string()],
        Reply::Peers(peers) => {
            peers.iter().map(|peer| format!("{} {}", peer.address, peer.name).trim_end().to_owned()).collect()
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
