//! The scan of a neighbour without ranges: all its keys, page after page, and the value of each.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::wire::RequestId;

/// The requests to one neighbour, and their progress.
#[derive(Debug)]
pub(in crate::core) struct KeyScan {
    /// The request for a page of keys, if one is under way.
    pub(super) page: Option<RequestId>,
    /// Keys of the last page whose values have not been asked for.
    pub(super) keys: VecDeque<String>,
    /// The key after which the next page begins, if there is one.
    pub(super) after: Option<String>,
    /// The requests for values that are under way.
    pub(super) values: BTreeSet<RequestId>,
    /// The number of versions learnt.
    pub(super) learnt: u64,
    /// The time of the last answer.
    pub(super) last_answer: Duration,
}
