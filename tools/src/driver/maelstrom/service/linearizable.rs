//! `lin-kv`: a linearizable store, which behaves like a single copy.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::Service;
use super::request::{KEYS_MAX, Request, full};

/// A single copy of the store.
#[derive(Debug, Default)]
pub(super) struct Linearizable(BTreeMap<String, Value>);

impl Service for Linearizable {
    fn answer(&mut self, _: &str, body: &Value, _: Duration) -> Value {
        let request = match Request::of(body) {
            Ok(request) => request,
            Err(error) => return error,
        };
        let effect = request.on(self.0.get(request.key()));
        if let Some(value) = effect.value {
            if self.0.len() >= KEYS_MAX && !self.0.contains_key(request.key()) {
                return full();
            }
            self.0.insert(request.key().to_owned(), value);
        }
        effect.body
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whoever_asks_sees_the_newest() {
        let mut store = Linearizable::default();
        let mut ask = |client: &str, body: Value| store.answer(client, &body, Duration::ZERO);
        for round in 0..100 {
            assert_eq!(
                ask("n0", json!({ "type": "write", "key": "k", "value": round })),
                json!({ "type": "write_ok" })
            );
            for client in ["n1", "n2"] {
                let read = ask(client, json!({ "type": "read", "key": "k" }));
                assert_eq!(read, json!({ "type": "read_ok", "value": round }));
            }
        }
    }

    #[test]
    fn an_exchange_finds_what_it_expects_or_changes_nothing() {
        let mut store = Linearizable::default();
        let mut cas = |from: u32, to: u32, create: bool| {
            let body = json!({
                "type": "cas", "key": [1, "k"], "from": from, "to": { "n": to }, "create_if_not_exists": create,
            });
            let said = store.answer("n0", &body, Duration::ZERO);
            (said["type"].as_str().unwrap().to_owned(), said["code"].as_u64())
        };
        assert_eq!(cas(1, 2, false), ("error".to_owned(), Some(20)));
        assert_eq!(cas(1, 2, true), ("cas_ok".to_owned(), None));
        assert_eq!(cas(1, 3, true), ("error".to_owned(), Some(22)));
        let body = json!({ "type": "cas", "key": [1, "k"], "from": { "n": 2 }, "to": null });
        assert_eq!(store.answer("n1", &body, Duration::ZERO)["type"], "cas_ok");
        let read = store.answer("n1", &json!({ "type": "read", "key": [1, "k"] }), Duration::ZERO);
        assert_eq!(read, json!({ "type": "read_ok", "value": null }));
    }

    #[test]
    fn a_full_store_takes_no_new_key() {
        let mut store = Linearizable::default();
        let mut write = |key: usize| {
            store.answer("n0", &json!({ "type": "write", "key": key, "value": 0 }), Duration::ZERO)["code"]
                .as_u64()
        };
        assert!((0..KEYS_MAX).all(|key| write(key).is_none()));
        assert_eq!((write(KEYS_MAX), write(0)), (Some(11), None));
    }
}
