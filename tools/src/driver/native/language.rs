//! Commands as people type them, and answers as the runner takes them: no socket in it, so that a
//! node in virtual time is spoken to in the same words.

use node::wire::{Change as NodeChange, Command, Limits, Policy, Refusal, Reply, Value as NodeValue};

use crate::world::{Answer, Change, Outcome, Value, Written};

/// A command of the native protocol as people type it, `addPeer` aside.
pub fn command(words: &[&str]) -> Result<Command, String> {
    let limits = Limits::default();
    let value = |text: &str| NodeValue::typed(text, &limits).map_err(|error| error.to_string());
    Ok(match *words {
        ["get", key] => Command::Get { key: key.to_owned() },
        ["stamp", key] => Command::Stamp { key: key.to_owned() },
        ["set", key, text] => Command::Set { key: key.to_owned(), value: value(text)?, date: None },
        ["set", key, text, date] => {
            let date = date.parse().map_err(|_| format!("`{date}` is no date in milliseconds"))?;
            Command::Set { key: key.to_owned(), value: value(text)?, date: Some(date) }
        }
        ["delete", key] => Command::Delete { key: key.to_owned() },
        ["keys"] => Command::Keys { after: None },
        ["count"] => Command::Count,
        ["peers"] => Command::Peers,
        ["digest"] => Command::Digest,
        ["stats"] | ["stats", _] => Command::Stats,
        ["addPeer" | "add-peer", address] => Command::AddPeer { address: address.to_owned() },
        [] => return Err("there is nothing to ask".to_owned()),
        [command, ..] => return Err(format!("`{command}` cannot be asked like that")),
    })
}

/// A change as a node tells it.
pub(crate) fn changed(change: &NodeChange) -> Change {
    Change { digest: change.digest.to_string(), peers: change.peers }
}

/// What came of asking a node `words`: its reply to the command, for `keys` that to the last page
/// after the `pages` before it. `name` says whose address that is. The rank of the version that
/// `get` answers with is known where the node's policy is.
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
            let value = Value::Text(version.value().map(NodeValue::text).unwrap_or_default());
            Outcome::Answered(Answer { value, written })
        }
        Reply::Keys { keys, .. } => {
            let keys = pages.into_iter().chain(keys).collect();
            Outcome::Answered(Answer { value: Value::List(keys), written: None })
        }
        Reply::Count(count) => text(count.to_string()),
        Reply::Peers(peers) => {
            let named = |address: String| name(&address).unwrap_or(address);
            let peers = peers.into_iter().map(|peer| named(peer.address)).collect();
            Outcome::Answered(Answer { value: Value::List(peers), written: None })
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
                |figure| text(figure.to_string()),
            )
        }
        Reply::Added(_) | Reply::Hello(_) | Reply::Watching(_) => Outcome::Done,
    }
}
