//! The registry of services: each under the name by which nodes call it.

use super::Service;
use super::linearizable::Linearizable;
use super::lww::LastWriterWins;
use super::oracle::Oracle;
use super::sequential::Sequential;

/// The names by which nodes call the services.
pub const NAMES: &[&str] = &["lin-kv", "lin-tso", "lww-kv", "seq-kv"];

/// Creates the service of this name, which draws from `seed`; returns `None` if there is none.
#[must_use]
pub fn by_name(name: &str, seed: u64) -> Option<Box<dyn Service>> {
    Some(match name {
        "lin-kv" => Box::new(Linearizable::default()),
        "seq-kv" => Box::new(Sequential::new(seed)),
        "lww-kv" => Box::new(LastWriterWins::new(seed)),
        "lin-tso" => Box::new(Oracle::default()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_lead_to_services() {
        for name in NAMES {
            assert!(by_name(name, 1).is_some());
        }
        assert!(by_name("lin-mutex", 1).is_none());
    }

    #[test]
    fn refusals_have_the_codes_of_maelstrom() {
        for name in NAMES {
            let mut service = by_name(name, 1).unwrap();
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
