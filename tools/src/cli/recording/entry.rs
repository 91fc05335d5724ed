//! The entries of a recording, and their bounds.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The most steps that are kept. Chosen: more than a person types, and few enough to replay.
pub(super) const STEPS: usize = 10_000;
/// The most bytes of all kept steps together. Chosen: 400 bytes for each of them.
pub(super) const BYTES: usize = 4 << 20;

/// An entry of a recording, in order of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub(super) enum Entry {
    /// The start of the network.
    Network {
        /// The options of every node, named as in the step `node`.
        options: BTreeMap<String, String>,
        /// The topology, on one line.
        network: String,
        /// The time at which the network was ready.
        ready: Duration,
    },
    /// The steps of one request, with the times of their begin and end.
    Done {
        /// The begin of the first step.
        began: Duration,
        /// The end of the last step.
        ended: Duration,
        /// The text of each step.
        steps: Vec<String>,
    },
    /// The number of steps dropped so far.
    Dropped {
        /// The number.
        steps: u64,
    },
}
