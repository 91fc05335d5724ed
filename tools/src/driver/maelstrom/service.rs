//! The services that a node of the Maelstrom protocol may call: key-value stores of different consistency,
//! and an oracle of timestamps.
//!
//! A service is a function of its requests, their times and a seed. It does not know how messages reach
//! it, nor if they arrive.

mod linearizable;
mod lww;
mod oracle;
mod registry;
mod request;
mod sequential;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::message;
use crate::driver::Call;

pub use registry::{NAMES, by_name};

/// A service that answers requests of nodes.
pub trait Service: std::fmt::Debug {
    /// Returns the body of the answer, without `in_reply_to`.
    fn answer(&mut self, client: &str, body: &Value, now: Duration) -> Value;
}

/// The services that were called so far, by name.
#[derive(Debug)]
pub struct Services {
    seed: u64,
    by_name: BTreeMap<String, Box<dyn Service>>,
}

impl Services {
    /// Returns services that draw from `seed`; none has been called.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, by_name: BTreeMap::new() }
    }

    /// Returns true if there is a service of that name.
    #[must_use]
    pub fn has(name: &str) -> bool {
        NAMES.contains(&name)
    }

    /// Handles a request. Returns the line of the reply, newline included, or `None` if there is no such
    /// service.
    pub fn answer(&mut self, call: Call, now: Duration) -> Option<Vec<u8>> {
        let Call { service, client, body, .. } = call;
        if !self.by_name.contains_key(&service) {
            self.by_name.insert(service.clone(), by_name(&service, self.seed)?);
        }
        let number = body.get("msg_id").cloned();
        let mut answer = self.by_name.get_mut(&service)?.answer(&client, &Value::Object(body), now);
        if let (Value::Object(answer), Some(number)) = (&mut answer, number) {
            answer.insert("in_reply_to".to_owned(), number);
        }
        Some(message::line(&service, &client, &answer))
    }
}
