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

use std::time::Duration;

use serde_json::Value;

pub use registry::{NAMES, by_name};

/// A service that answers requests of nodes.
pub trait Service: std::fmt::Debug {
    /// Returns the body of the answer, without `in_reply_to`.
    fn answer(&mut self, client: &str, body: &Value, now: Duration) -> Value;
}
