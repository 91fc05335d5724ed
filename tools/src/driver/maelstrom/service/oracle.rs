//! `lin-tso`: an oracle of timestamps, each greater than all before it.

use std::time::Duration;

use serde_json::{Value, json};

use super::Service;
use super::request::{error, kind};

/// The oracle, with its next timestamp.
#[derive(Debug, Default)]
pub(super) struct Oracle(u64);

impl Service for Oracle {
    fn answer(&mut self, _: &str, body: &Value, _: Duration) -> Value {
        match kind(body) {
            Ok("ts") => {
                self.0 += 1;
                json!({ "type": "ts_ok", "ts": self.0 - 1 })
            }
            Ok(other) => error(10, &format!("no request `{other}` is known here")),
            Err(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_grow_whoever_asks() {
        let mut oracle = Oracle::default();
        let mut ask = |client: &str| oracle.answer(client, &json!({ "type": "ts" }), Duration::ZERO);
        assert_eq!(ask("n0"), json!({ "type": "ts_ok", "ts": 0 }));
        assert_eq!(ask("n1")["ts"], 1);
        assert_eq!(ask("n0")["ts"], 2);
    }
}
