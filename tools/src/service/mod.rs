//! What a node of the Maelstrom protocol may call: key-value stores of different consistency, and an
//! oracle of timestamps.
//!
//! A service is a function of what it was asked, when, and of a seed. Who carries messages to it and
//! back is not its business, nor whether they arrive.

mod linearizable;
mod lww;
mod oracle;
mod request;
mod sequential;

use std::time::Duration;

use serde_json::Value;

/// Answers what nodes ask.
pub trait Service: std::fmt::Debug {
    /// The body of the answer, without `in_reply_to`.
    fn answer(&mut self, client: &str, body: &Value, now: Duration) -> Value;
}

/// The names by which nodes call them.
pub const NAMES: &[&str] = &["lin-kv", "lin-tso", "lww-kv", "seq-kv"];

/// The service of that name.
#[must_use]
pub fn named(name: &str, seed: u64) -> Option<Box<dyn Service>> {
    Some(match name {
        "lin-kv" => Box::new(linearizable::Linearizable::default()),
        "seq-kv" => Box::new(sequential::Sequential::new(seed)),
        "lww-kv" => Box::new(lww::LastWriterWins::new(seed)),
        "lin-tso" => Box::new(oracle::Oracle::default()),
        _ => return None,
    })
}

/// How many keys a store holds: more would be a flood, not a test.
const KEYS_MAX: usize = 100_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_lead_to_services() {
        for name in NAMES {
            assert!(named(name, 1).is_some());
        }
        assert!(named("lin-mutex", 1).is_none());
    }

    #[test]
    fn strange_requests_are_refused_by_code() {
        for name in NAMES {
            let mut service = named(name, 1).unwrap();
            let mut code = |body: Value| service.answer("n0", &body, Duration::ZERO)["code"].clone();
            assert_eq!(code(json!({ "type": "fetch" })), 10, "{name}");
            assert_eq!(code(json!({})), 12);
            assert_eq!(code(json!("read")), 12);
            if *name != "lin-tso" {
                assert_eq!(code(json!({ "type": "read" })), 12);
                assert_eq!(code(json!({ "type": "write", "key": 1 })), 12);
                assert_eq!(code(json!({ "type": "cas", "key": 1, "from": 2 })), 12);
                assert_eq!(code(json!({ "type": "read", "key": 1 })), 20);
                assert_eq!(code(json!({ "type": "cas", "key": 1, "from": 2, "to": 3 })), 20);
            }
        }
    }
}
