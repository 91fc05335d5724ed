//! `seq-kv`: a store whose states all clients see in the same order, each at its own pace.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::Service;
use super::request::{KEYS_MAX, Request, full};
use crate::random::Rng;

/// The most changes that a client may be behind. Chosen: enough that stale reads are frequent; the states of a
/// key stay few.
const BEHIND_MAX: u64 = 32;
/// The most clients that are remembered; others always see the newest state. Chosen: above the number of nodes
/// of any run, which are the only clients.
const CLIENTS_MAX: usize = 10_000;

/// A store with a history of states. A read is answered from a drawn state between the last one that its
/// client has seen and the newest. Requests that may change the store see the newest.
#[derive(Debug)]
pub(super) struct Sequential {
    rng: Rng,
    /// The number of changes.
    newest: u64,
    /// The values of each key with the changes that set them: all that a client may still see.
    keys: BTreeMap<String, VecDeque<(u64, Value)>>,
    /// The last change that each client has seen.
    seen: BTreeMap<String, u64>,
}

impl Sequential {
    pub(super) fn new(seed: u64) -> Self {
        Self { rng: Rng::new(seed), newest: 0, keys: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// Returns the state from which a client's request is answered.
    fn state(&mut self, client: &str, request: &Request) -> u64 {
        let oldest = self.newest.saturating_sub(BEHIND_MAX);
        let seen = match self.seen.get(client) {
            Some(seen) => oldest.max(*seen),
            None if self.seen.len() < CLIENTS_MAX => oldest,
            None => return self.newest,
        };
        let state = match request {
            Request::Read { .. } => self.rng.within(seen, self.newest),
            Request::Write { .. } | Request::Cas { .. } => self.newest,
        };
        self.seen.insert(client.to_owned(), state);
        state
    }

    fn change(&mut self, client: &str, key: &str, value: Value) {
        self.newest += 1;
        let oldest = self.newest.saturating_sub(BEHIND_MAX);
        let states = self.keys.entry(key.to_owned()).or_default();
        states.push_back((self.newest, value));
        // Of the states older than any client may see, the last is still what the oldest client sees.
        while states.get(1).is_some_and(|(since, _)| *since <= oldest) {
            states.pop_front();
        }
        if let Some(seen) = self.seen.get_mut(client) {
            *seen = self.newest;
        }
    }
}

impl Service for Sequential {
    fn answer(&mut self, client: &str, body: &Value, _: Duration) -> Value {
        let request = match Request::of(body) {
            Ok(request) => request,
            Err(error) => return error,
        };
        let state = self.state(client, &request);
        let states = self.keys.get(request.key());
        let held = states.and_then(|states| states.iter().rev().find(|(since, _)| *since <= state));
        let effect = request.on(held.map(|(_, value)| value));
        if let Some(value) = effect.value {
            if states.is_none() && self.keys.len() >= KEYS_MAX {
                return full();
            }
            self.change(client, request.key(), value);
        }
        effect.body
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn write(store: &mut Sequential, client: &str, value: u64) {
        let body = json!({ "type": "write", "key": "k", "value": value });
        assert_eq!(store.answer(client, &body, Duration::ZERO), json!({ "type": "write_ok" }));
    }

    fn read(store: &mut Sequential, client: &str) -> Option<u64> {
        store.answer(client, &json!({ "type": "read", "key": "k" }), Duration::ZERO)["value"].as_u64()
    }

    #[test]
    fn reads_are_stale_and_never_go_back() {
        let mut store = Sequential::new(1);
        let (mut stale, mut last) = (0, BTreeMap::new());
        for value in 1..=500 {
            write(&mut store, "writer", value);
            assert_eq!(read(&mut store, "writer"), Some(value), "a client sees what it wrote");
            for client in ["one", "other"] {
                let seen = read(&mut store, client).unwrap_or(0);
                assert!(seen >= last.insert(client, seen).unwrap_or(0) && seen + BEHIND_MAX >= value);
                stale += u32::from(seen < value);
            }
        }
        assert!(stale > 200, "{stale}");
        assert!(store.keys["\"k\""].len() <= 33);
        // A client that goes on reading sees the newest state in the end.
        assert!((0..100).any(|_| read(&mut store, "one") == Some(500)));
        assert_eq!(read(&mut store, "one"), Some(500));
    }

    #[test]
    fn an_exchange_acts_on_the_newest() {
        let mut store = Sequential::new(2);
        for value in 1..=100 {
            write(&mut store, "writer", value);
            let cas = |from: u64| json!({ "type": "cas", "key": "k", "from": from, "to": value });
            assert_eq!(store.answer("late", &cas(value - 1), Duration::ZERO)["code"], 22);
            assert_eq!(read(&mut store, "late"), Some(value), "the refusal has told it");
            assert_eq!(store.answer("late", &cas(value), Duration::ZERO)["type"], "cas_ok");
        }
    }

    #[test]
    fn other_keys_are_seen_in_the_same_order() {
        let mut store = Sequential::new(3);
        for value in 1..=200 {
            for key in ["first", "second"] {
                let body = json!({ "type": "write", "key": key, "value": value });
                store.answer("writer", &body, Duration::ZERO);
            }
            let mut seen = |key: &str| {
                let body = json!({ "type": "read", "key": key });
                store.answer("reader", &body, Duration::ZERO)["value"].as_u64().unwrap_or(0)
            };
            let (second, first) = (seen("second"), seen("first"));
            assert!(first >= second, "{first} {second}");
        }
    }
}
