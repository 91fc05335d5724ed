//! The pull: the questions of this node to one neighbour at a time, in reconciliation. A few
//! questions are under way at once. Each is answered by one batch; what the batch leaves out is asked again.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::core::io::ConnId;
use crate::wire::{KeyHash, Prefix, Version};

/// The maximum number of waiting questions; the next round finds the rest.
///
/// Chosen: with 256 keys each, their hashes take 4 MiB, as much as an outbox may hold.
const QUESTIONS_MAX: usize = 1_024;
/// The maximum number of keys in one question.
///
/// Arithmetic: as many versions of 256 bytes fill one batch of 64 KiB.
pub(super) const QUESTION_KEYS_MAX: usize = 256;
/// The number of single keys from which a pull takes no further question. It bounds the pull's memory: a
/// neighbour may for ever list keys that no node holds. The next round finds the rest.
const PULL_KEYS_MAX: usize = QUESTIONS_MAX * QUESTION_KEYS_MAX;

/// A question to a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// Request for the versions of these keys.
    Keys(Vec<KeyHash>),
    /// Request for all versions of a range, from a key on.
    Range {
        /// The range.
        prefix: Prefix,
        /// The key hash after which the versions begin; none for the whole range.
        after: Option<KeyHash>,
    },
}

/// The pull under way.
#[derive(Debug)]
pub(in crate::core) struct Pull {
    /// The connection to the neighbour that is asked.
    pub(in crate::core) conn: ConnId,
    /// The time at which the pull began.
    pub(super) began: Duration,
    /// True if the pull asks nothing more, since other links wait: it ends with the questions under
    /// way.
    pub(super) gives_way: bool,
    /// True if every question came from rounds that pass over young versions.
    pub(super) settled: bool,
    /// Questions that have not been sent.
    pub(super) queue: VecDeque<Question>,
    /// Questions under way, which are answered in order.
    pub(super) asked: VecDeque<Question>,
    /// The single keys queued or asked for so far, so that none is asked for twice.
    pub(super) keys: BTreeSet<KeyHash>,
    /// The number of versions learnt.
    pub(super) learnt: u64,
}

impl Pull {
    /// Creates a pull from a neighbour, without a question.
    pub(super) fn new(conn: ConnId, began: Duration) -> Self {
        Self {
            conn,
            began,
            gives_way: false,
            settled: true,
            queue: VecDeque::new(),
            asked: VecDeque::new(),
            keys: BTreeSet::new(),
            learnt: 0,
        }
    }

    /// Adds the part of a question that is new, within the bounds.
    pub(super) fn add(&mut self, question: Question, settled: bool) {
        self.settled &= settled;
        if self.gives_way || self.queue.len() >= QUESTIONS_MAX || self.keys.len() >= PULL_KEYS_MAX {
            return;
        }
        let ranges: Vec<Prefix> = self
            .queue
            .iter()
            .chain(&self.asked)
            .filter_map(|question| match question {
                Question::Range { prefix, .. } => Some(*prefix),
                Question::Keys(_) => None,
            })
            .collect();
        match question {
            Question::Keys(mut keys) => {
                keys.retain(|key| !ranges.iter().any(|range| range.contains(key)) && self.keys.insert(*key));
                if !keys.is_empty() {
                    self.queue.push_back(Question::Keys(keys));
                }
            }
            Question::Range { prefix, .. } if ranges.contains(&prefix) => {}
            question @ Question::Range { .. } => self.queue.push_back(question),
        }
    }

    /// Returns the rest of a question after one batch of its answer, if there is a rest.
    pub(super) fn rest(
        question: Question,
        versions: &[Arc<Version>],
        more: Option<Prefix>,
    ) -> Option<Question> {
        let last = versions.last()?.key_hash();
        match question {
            // A batch follows the order of the hashes. A key that lies before its end and is
            // missing in it is not held there any more.
            Question::Keys(mut keys) => {
                keys.retain(|key| *key > last);
                (!keys.is_empty()).then_some(Question::Keys(keys))
            }
            Question::Range { prefix, after } => (more == Some(prefix)
                && after.is_none_or(|after| last > after))
            .then_some(Question::Range { prefix, after: Some(last) }),
        }
    }
}
