//! The comparison of a neighbour's keys with the store: the keys to ask for, and the versions to push.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::behaviour::Dialect;
use super::effect::{CoreView, Effect};
use super::state::Conversation;
use crate::net::byc::dated::ListingEntry;
use crate::wire::{ErrorCode, Reply, RequestId, Version};

/// The most that is pushed to a neighbour after one of its listings, by weight. Chosen: as much as may wait
/// for one neighbour in the core (`Limits::outbox`).
const PUSHED_AGAIN_MAX: usize = 4 << 20;
/// The age from which a version that a neighbour lacks is pushed again, in milliseconds. Younger versions are
/// still on their way by push. Chosen: many round trips on any network.
const SETTLED_MS: u64 = 1_000;

impl Conversation {
    /// Handles the answer to `keysAndTime`. The core gets only the keys of which the neighbour has a better
    /// version, or the only one, as if it had no others.
    pub(super) fn on_listing(
        &mut self,
        id: RequestId,
        json: &str,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Ok(listing) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
            return self.on_no_listing(id, "`keysAndTime` was not answered with an object", out);
        };
        let listing: BTreeMap<String, ListingEntry> =
            listing.into_iter().map(|(key, raw)| (key, ListingEntry::read(raw))).collect();
        // The question for `keys` beside this one has no purpose any more.
        self.questions.remove_keys(id);
        self.behaviour.dialect = Dialect::Dated;
        let wanted = |(key, entry): &(&String, &ListingEntry)| {
            view.core.version(key).is_none_or(|held| is_better(entry, held))
        };
        let keys = listing.iter().filter(wanted).map(|(key, _)| key.clone()).collect();
        out.push(Effect::reply(id, Reply::Keys { keys, more: false }));
        let lacks = |held: &Version| match listing.get(held.key()) {
            None => true,
            Some(entry) => entry.date.is_some_and(|date| date > held.stamp().wall_ms),
        };
        self.push_lacking(lacks, view, out);
    }

    /// Handles an error in place of the answer to `keysAndTime`. A neighbour that has shown no dialect was asked
    /// for `keys` as well, and that answer follows.
    pub(super) fn on_no_listing(&mut self, id: RequestId, error: &str, out: &mut Vec<Effect>) {
        if self.behaviour.dialect == Dialect::Dated {
            out.push(Effect::refuse(id, ErrorCode::Unavailable, error));
        }
    }

    /// Handles the answer to `keys`, of a neighbour that did not answer `keysAndTime` before it. Its values never
    /// change, so that after the first listing the core gets only the keys that it does not hold.
    pub(super) fn on_keys(&mut self, id: RequestId, json: &str, view: CoreView<'_>, out: &mut Vec<Effect>) {
        let Ok(keys) = serde_json::from_str::<BTreeSet<String>>(json) else {
            let message = "`keys` was not answered with a list of texts";
            return out.push(Effect::refuse(id, ErrorCode::Malformed, message));
        };
        self.behaviour.dialect = Dialect::Plain;
        let wanted = |key: &&String| self.behaviour.listings == 0 || view.core.version(key).is_none();
        let wanted = keys.iter().filter(wanted).cloned().collect();
        out.push(Effect::reply(id, Reply::Keys { keys: wanted, more: false }));
        self.push_lacking(|held| !keys.contains(held.key()), view, out);
    }

    /// Pushes the versions that the neighbour lacks. After the first listing these are all, unless the neighbour
    /// fetches them: then they are those that were held back. After a later listing they are the settled ones,
    /// since nodes of this protocol ask only once.
    fn push_lacking(&mut self, lacks: impl Fn(&Version) -> bool, view: CoreView<'_>, out: &mut Vec<Effect>) {
        let first = self.behaviour.listings == 0;
        self.behaviour.listings += 1;
        let held_back = self.behaviour.take_held_back();
        let fetches = self.behaviour.fetches;
        if first && fetches {
            // Versions may have come between the neighbour's question and the link.
            self.behaviour.schedule_round(view.now.monotonic);
        }
        let is_due = |held: &Version| match (first, fetches) {
            (true, false) => true,
            (true, true) => held_back.contains(held.key()),
            (false, _) => held.stamp().wall_ms.saturating_add(SETTLED_MS) <= view.now.wall_ms,
        };
        let mut weight = 0;
        for held in view.values().filter(|held| is_due(held) && lacks(held)) {
            weight += held.weight();
            if weight > PUSHED_AGAIN_MAX {
                return self.behaviour.schedule_round(view.now.monotonic);
            }
            self.push_version(held, 0, out);
        }
    }

    /// Pushes the versions that were held back to a neighbour that has answered nothing.
    pub(super) fn push_held_back(&mut self, view: CoreView<'_>, out: &mut Vec<Effect>) {
        for key in self.behaviour.take_held_back() {
            if let Some(held) = view.core.version(&key).filter(|held| held.value().is_some()) {
                self.push_version(held, 0, out);
            }
        }
    }
}

/// Returns true if a listed version is better than the one held, as far as its date and hash show.
fn is_better(entry: &ListingEntry, held: &Version) -> bool {
    let Some(date) = entry.date else { return false };
    let wall_ms = held.stamp().wall_ms;
    let smaller = |hash: &String| *hash < held.value_sha256().to_string();
    date < wall_ms || date == wall_ms && entry.hash.as_ref().is_some_and(smaller)
}
