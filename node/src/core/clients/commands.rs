//! The commands of clients, and the writes that they cause.

use std::sync::Arc;

use crate::core::figure::millis;
use crate::core::io::{ConnId, Output, PersistId};
use crate::core::log::{LogEvent, utc};
use crate::core::mutant::Mutant;
use crate::core::state::Core;
use crate::core::storage::{Merged, Write};
use crate::wire::{
    Command, ErrorCode, KeyHash, Kind, Policy, Refusal, Reply, RequestId, Stamp, Value, Version,
};

/// The bytes of key text in one page of `keys`.
///
/// Arithmetic: an eighth of the default longest frame, since a control character takes six bytes on
/// the wire, and each key three more.
const PAGE_BYTES: usize = 128 << 10;

/// The answer to a command, or `None` if it follows later.
type Answer = Option<Result<Reply, Refusal>>;

/// The winner among the held and the pending versions of a key.
enum Winner {
    Held(Arc<Version>),
    Pending(PersistId, Arc<Version>),
}

impl Winner {
    fn version(&self) -> &Arc<Version> {
        match self {
            Self::Held(version) | Self::Pending(_, version) => version,
        }
    }
}

impl Core {
    /// Handles a request of a client or of a neighbour.
    pub(in crate::core) fn on_request(&mut self, conn: ConnId, id: RequestId, command: Command) {
        let answer = match command {
            Command::Get { key } => Some(self.get(&key)),
            Command::Stamp { key } => Some(self.stamp(&key)),
            Command::Set { key, value, date } => self.set((conn, id), &key, value, date),
            Command::Delete { key } => self.delete((conn, id), &key),
            Command::Keys { after } => Some(Ok(self.keys(after.as_deref()))),
            Command::Count => Some(Ok(Reply::Count(self.store.live_count()))),
            Command::Peers => Some(Ok(Reply::Peers(self.peers()))),
            Command::AddPeer { address } => self.add_peer((conn, id), &address),
            Command::Auth(hello) => Some(self.on_auth(conn, hello)),
            Command::Nodes => {
                self.count_nodes((conn, id));
                None
            }
            Command::Ping => Some(self.give_sign()),
            Command::Digest => Some(Ok(Reply::Digest(self.digest()))),
            Command::Stats => {
                let figures = self.stats().into_iter().map(|(name, figure)| (name.into(), figure));
                Some(Ok(Reply::Stats(figures.collect())))
            }
            Command::Watch { versions } => self.watch(conn, id, versions),
        };
        if let Some(result) = answer {
            self.send_reply(conn, id, result);
        }
    }

    fn get(&self, key: &str) -> Result<Reply, Refusal> {
        self.store.live(key).map(|version| Reply::Value(version.clone())).ok_or_else(|| absent(key))
    }

    fn stamp(&self, key: &str) -> Result<Reply, Refusal> {
        let held = self.store.get(&KeyHash::of(key)).ok_or_else(|| absent(key))?;
        Ok(written(held, self.config.policy))
    }

    fn keys(&self, after: Option<&str>) -> Reply {
        let (mut keys, mut size) = (Vec::new(), 0);
        for key in self.store.keys(after) {
            size += key.len();
            if size > PAGE_BYTES && !keys.is_empty() {
                return Reply::Keys { keys, more: true };
            }
            keys.push(key.to_owned());
        }
        Reply::Keys { keys, more: false }
    }

    fn set(&mut self, asker: (ConnId, RequestId), key: &str, value: Value, date: Option<u64>) -> Answer {
        if let Err(refusal) = self.may_write(key, date) {
            return Some(Err(refusal));
        }
        let kind = Kind::Set(value);
        if self.config.policy == Policy::Oldest
            && let Some(winner) = self.winner(key)
        {
            return self.set_existing(asker, key, kind, &winner);
        }
        let stamp = match date {
            Some(wall_ms) => Stamp { wall_ms, counter: 0 },
            None => self.clock.tick(self.now.wall_ms),
        };
        self.write(asker, Version::new(key, kind, stamp, self.config.node));
        None
    }

    /// Answers a `set` of a key that has a version, under `oldest`: the first value of a key stays.
    /// The same value again is a success, another one is refused.
    fn set_existing(&mut self, asker: (ConnId, RequestId), key: &str, kind: Kind, winner: &Winner) -> Answer {
        let offered = Version::new(key, kind, Stamp::default(), self.config.node);
        if offered.value_sha256() != winner.version().value_sha256() {
            return Some(Err(Refusal::new(ErrorCode::Exists, format!("key `{key}` exists"))));
        }
        match winner {
            Winner::Held(version) => Some(Ok(written(version, self.config.policy))),
            Winner::Pending(id, _) => {
                self.pending.join(*id, asker);
                None
            }
        }
    }

    /// Merges a version that has a stamp of its own. One that loses to the version held is a
    /// success at once; one that loses to a pending version is answered with it.
    pub(in crate::core) fn on_offered(&mut self, asker: (ConnId, RequestId), version: Version) {
        let (policy, date) = (self.config.policy, version.stamp().wall_ms);
        let result = match (self.may_write(version.key(), Some(date)), self.winner(version.key())) {
            (Err(refusal), _) => Err(refusal),
            (Ok(()), Some(winner)) if winner.version().rank(policy) >= version.rank(policy) => match winner {
                Winner::Held(held) => Ok(written(&held, policy)),
                Winner::Pending(id, _) => return self.pending.join(id, asker),
            },
            (Ok(()), _) => return self.write(asker, version),
        };
        self.send_reply(asker.0, asker.1, result);
    }

    fn delete(&mut self, asker: (ConnId, RequestId), key: &str) -> Answer {
        if self.config.policy == Policy::Oldest {
            let message = "under policy `oldest` a key stays: it cannot be deleted";
            return Some(Err(Refusal::new(ErrorCode::Refused, message)));
        }
        if let Err(refusal) = self.may_write(key, None) {
            return Some(Err(refusal));
        }
        if self.winner(key).is_none_or(|winner| winner.version().value().is_none()) {
            return Some(Err(absent(key)));
        }
        let stamp = self.clock.tick(self.now.wall_ms);
        self.write(asker, Version::new(key, Kind::Tombstone, stamp, self.config.node));
        None
    }

    /// Returns the refusal if a client may not write this key now.
    fn may_write(&self, key: &str, date: Option<u64>) -> Result<(), Refusal> {
        let refused = |message: String| Err(Refusal::new(ErrorCode::Refused, message));
        let longest = self.config.limits.key;
        if key.len() > longest {
            return refused(format!("the key has {} bytes; at most {longest} are taken", key.len()));
        }
        if let Some(ahead_ms) = self.clock_ahead_ms() {
            return refused(format!("clock ahead by {} s", (ahead_ms + 500) / 1000));
        }
        // A date takes the place of the clock's stamp.
        if let Some(ahead_ms) = self.clock_was_ahead_ms().filter(|_| date.is_none()) {
            return refused(format!(
                "the clock was ahead by {} s: writes are refused until {}, when neighbours take them; \
                 `tools node restamp` gives the present time to what was written then",
                (ahead_ms + 500) / 1000,
                utc(self.stamps_due_ms())
            ));
        }
        let ahead_ms = date.unwrap_or(0).saturating_sub(self.now.wall_ms);
        let most_ms = millis(self.config.timing.ahead);
        if ahead_ms > most_ms {
            return refused(format!(
                "the date is {} s ahead of this node's clock; at most {} s are taken",
                ahead_ms.div_ceil(1000),
                most_ms / 1000
            ));
        }
        if self.pending.weight() > self.config.limits.outbox {
            let message = "too many writes are on their way to the disk: try again later";
            return Err(Refusal::new(ErrorCode::Unavailable, message));
        }
        Ok(())
    }

    /// Returns the greatest version of a key, held or pending.
    fn winner(&self, key: &str) -> Option<Winner> {
        let (hash, policy) = (KeyHash::of(key), self.config.policy);
        match (self.store.get(&hash), self.pending.greatest(hash, policy)) {
            (Some(held), Some((_, pending))) if held.rank(policy) >= pending.rank(policy) => {
                Some(Winner::Held(held.clone()))
            }
            (_, Some((id, pending))) => Some(Winner::Pending(id, pending.clone())),
            (Some(held), None) => Some(Winner::Held(held.clone())),
            (None, None) => None,
        }
    }

    fn write(&mut self, asker: (ConnId, RequestId), version: Version) {
        let version = Arc::new(version);
        // A given date may lie ahead of the clock; the next stamp must still be greater.
        self.clock.merge(version.stamp());
        let id = self.pending.next_id();
        // A planted mistake: the answer does not wait for the disk.
        let waiting = if self.mutated(Mutant::EarlyAcknowledgement) {
            self.send_reply(asker.0, asker.1, Ok(written(&version, self.config.policy)));
            Vec::new()
        } else {
            vec![asker]
        };
        self.pending.add(id, version.clone(), waiting);
        // A planted mistake: see `skips_disk`.
        let versions = if self.skips_disk(&version) { Vec::new() } else { vec![version] };
        self.out.push(Output::Persist { id, versions });
    }

    /// Completes the writes up to `up_to`, which are kept: they become visible, spread, and are
    /// answered.
    pub(in crate::core) fn on_persisted(&mut self, up_to: PersistId) {
        for Write { version, waiting } in self.pending.remove_up_to(up_to) {
            if self.merge(&version, false) == Merged::Won {
                self.trees.count_write(version.author());
                self.relay(&version, None);
                self.log_write(&version);
            }
            for (conn, id) in waiting {
                self.send_reply(conn, id, Ok(written(&version, self.config.policy)));
            }
        }
    }

    /// Gives up the writes up to `up_to`, which could not be kept, and refuses the requests that
    /// wait for them.
    pub(in crate::core) fn on_persist_failed(&mut self, up_to: PersistId, reason: String) {
        let refusal =
            Refusal::new(ErrorCode::Unavailable, format!("the write may not have been kept: {reason}"));
        let given_up = self.pending.remove_up_to(up_to);
        if given_up.is_empty() {
            // These are versions from neighbours. No request waits for them, and the driver still
            // owes them to the disk.
            return;
        }
        for (conn, id) in given_up.into_iter().flat_map(|write| write.waiting) {
            self.send_reply(conn, id, Err(refusal.clone()));
        }
        self.log(LogEvent::NotKept { reason });
    }
}

/// Returns the reply that tells of a version.
fn written(version: &Version, policy: Policy) -> Reply {
    Reply::Written { stamp: version.stamp(), author: version.author(), rank: version.rank(policy) }
}

/// Returns the refusal for a key without a version or a value.
fn absent(key: &str) -> Refusal {
    Refusal::new(ErrorCode::Absent, format!("key `{key}` is absent"))
}
