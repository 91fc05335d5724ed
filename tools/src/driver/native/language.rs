//! The translation of typed commands to frames, and of replies to outcomes. It uses no socket, so that the
//! simulator speaks to nodes in the same words.

use node::wire::{Change as NodeChange, Command, Limits, Policy, Refusal, Reply, Value as NodeValue};

use crate::driver::AddressError;
use crate::text::value;
use crate::world::{Answer, Change, Outcome, Value, Written};

/// The reason why typed words are no command of the native protocol. Nothing was asked.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no word.
    #[error("there is nothing to ask")]
    Empty,
    /// The first word is no command, or has too few or too many arguments.
    #[error("`{0}` cannot be asked like that")]
    Unknown(String),
    /// The date of `set` is no number.
    #[error("`{0}` is no date in milliseconds")]
    Date(String),
    /// The value of `set` is no value that a node takes.
    #[error(transparent)]
    Value(#[from] node::wire::ValueError),
    /// The other end of a link has no address.
    #[error(transparent)]
    Address(#[from] AddressError),
}

/// Parses a typed command of the native protocol, except `addPeer`.
pub fn command(words: &[&str]) -> Result<Command, CommandError> {
    let limits = Limits::default();
    let value = |word: &str| NodeValue::new(&value::json(word), &limits);
    Ok(match *words {
        ["get", key] => Command::Get { key: key.to_owned() },
        ["stamp", key] => Command::Stamp { key: key.to_owned() },
        ["set", key, text] => Command::Set { key: key.to_owned(), value: value(text)?, date: None },
        ["set", key, text, date] => {
            let date = date.parse().map_err(|_| CommandError::Date(date.to_owned()))?;
            Command::Set { key: key.to_owned(), value: value(text)?, date: Some(date) }
        }
        ["delete", key] => Command::Delete { key: key.to_owned() },
        ["keys"] => Command::Keys { after: None },
        ["count"] => Command::Count,
        ["peers"] => Command::Peers,
        ["nodes"] => Command::Nodes,
        ["ping"] => Command::Ping,
        ["digest"] => Command::Digest,
        ["stats"] | ["stats", _] => Command::Stats,
        ["addPeer" | "add-peer", address] => Command::AddPeer { address: address.to_owned() },
        [] => return Err(CommandError::Empty),
        [command, ..] => return Err(CommandError::Unknown((*command).to_owned())),
    })
}

/// Converts a change from a node's notice.
pub(crate) fn changed(change: &NodeChange) -> Change {
    Change { digest: change.digest.to_string(), peers: change.peers }
}

/// Returns the outcome of asking a node `words`. For `keys`, `result` is the last page and `pages` holds the
/// keys before it. `name` returns the name of the node with an address. The rank of the version that `get`
/// returns is known only if the policy is.
pub(crate) fn outcome(
    words: &[String],
    policy: Option<Policy>,
    result: Result<Reply, Refusal>,
    pages: Vec<String>,
    name: &dyn Fn(&str) -> Option<String>,
) -> Outcome {
    let reply = match result {
        Ok(reply) => reply,
        Err(refusal) => {
            return Outcome::Refused { code: refusal.code.name().to_owned(), message: refusal.message };
        }
    };
    let number = |number: u64| Outcome::Answered(Answer { value: Value::number(number), written: None });
    let text = |text: String| Outcome::Answered(Answer { value: Value::Text(text), written: None });
    match reply {
        Reply::Written { stamp, rank, .. } => {
            let written = Written { stamp: stamp.to_string(), rank: rank.to_string() };
            let value = Value::Text(written.stamp.clone());
            Outcome::Answered(Answer { value, written: Some(written) })
        }
        Reply::Value(version) => {
            let written = policy.map(|policy| Written {
                stamp: version.stamp().to_string(),
                rank: version.rank(policy).to_string(),
            });
            let empty = || Value::Text(String::new());
            let value = version.value().map_or_else(empty, |value| Value::of_json(value.json()));
            Outcome::Answered(Answer { value, written })
        }
        Reply::Keys { keys, .. } => {
            let keys = pages.into_iter().chain(keys).collect();
            Outcome::Answered(Answer { value: Value::List(keys), written: None })
        }
        Reply::Count(count) => number(count),
        Reply::Peers(peers) => {
            let named = |address: String| name(&address).unwrap_or(address);
            let peers = peers.into_iter().map(|peer| named(peer.address)).collect();
            Outcome::Answered(Answer { value: Value::List(peers), written: None })
        }
        Reply::Nodes { nodes, .. } => {
            let named = |address: String| name(&address).unwrap_or(address);
            let nodes = nodes.into_iter().map(|node| named(node.address)).collect();
            Outcome::Answered(Answer { value: Value::List(nodes), written: None })
        }
        Reply::Digest(digest) => text(digest.to_string()),
        Reply::Stats(stats) => {
            let Some(figure) = words.get(1) else {
                let figures = stats.iter().map(|(name, figure)| format!("{name}={figure}")).collect();
                return Outcome::Answered(Answer { value: Value::List(figures), written: None });
            };
            stats.get(figure.as_str()).map_or_else(
                || Outcome::Refused {
                    code: "refused".to_owned(),
                    message: format!("the node has no figure `{figure}`"),
                },
                |figure| number(*figure),
            )
        }
        Reply::Added(_) | Reply::Hello(_) | Reply::Watching(_) => Outcome::Done,
    }
}
