//! The comparison of a neighbour's keys with the store: the keys to ask for, and the versions to push again.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::effect::{CoreView, Effect};
use super::state::Conversation;
use crate::net::byc::dated::ListingEntry;
use crate::wire::{Reply, RequestId, Version};

/// The most that is pushed to a neighbour after one of its listings, by weight. Chosen: as much as may wait
/// for one neighbour in the core (`Limits::outbox`).
const PUSHED_AGAIN_MAX: usize = 4 << 20;
/// The age from which a version that a neighbour lacks is pushed again, in milliseconds. Younger versions are
/// still on their way by push. Chosen: many round trips on any network.
const SETTLED_MS: u64 = 1_000;

impl Conversation {
    /// Handles the list of versions that the neighbour holds. The core gets only the keys of which the
    /// neighbour has a better version, or the only one, as if it had no others.
    pub(super) fn on_listing(
        &mut self,
        id: RequestId,
        json: &str,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        let Ok(listing) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
            return self.ask_for_keys(id, view, out);
        };
        let listing: BTreeMap<String, ListingEntry> =
            listing.into_iter().map(|(key, raw)| (key, ListingEntry::read(raw))).collect();
        let wanted = |(key, entry): &(&String, &ListingEntry)| {
            view.core.version(key).is_none_or(|held| is_better(entry, held))
        };
        let keys = listing.iter().filter(wanted).map(|(key, _)| key.clone()).collect();
        out.push(Effect::reply(id, Reply::Keys { keys, more: false }));
        self.questions.listings += 1;
        // When a link comes up, the neighbour itself asks for the versions that it lacks.
        if self.questions.listings > 1 {
            self.push_lacking(&listing, view, out);
        }
    }

    /// Pushes the versions that the neighbour lacks, though they were pushed before: nodes of this
    /// protocol ask only once.
    fn push_lacking(
        &mut self,
        listing: &BTreeMap<String, ListingEntry>,
        view: CoreView<'_>,
        out: &mut Vec<Effect>,
    ) {
        let mut weight = 0;
        for held in view.values() {
            let wall_ms = held.stamp().wall_ms;
            let lacking = match listing.get(held.key()) {
                None => true,
                Some(entry) => entry.date.is_some_and(|date| date > wall_ms),
            };
            if lacking && wall_ms.saturating_add(SETTLED_MS) <= view.now.wall_ms {
                weight += held.weight();
                if weight > PUSHED_AGAIN_MAX {
                    return;
                }
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
