//! The questions to a neighbour that wait for their answers.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::wire::RequestId;

/// The time-out of `auth` and of the probe after it. The core gives a dial 3 s (`Timing::dial`), which has to
/// suffice for the connection and for this.
const AUTH_TIMEOUT: Duration = Duration::from_secs(1);
/// The time-out of all other questions. Chosen: half of the time for which a neighbour may be silent
/// (`Timing::silence`), so that an overdue answer is noticed before the link ends.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The questions to one neighbour.
#[derive(Debug, Default)]
pub(super) struct Questions {
    waiting: BTreeMap<u64, PendingQuestion>,
    last: u64,
    /// The number of listings that have come.
    pub(super) listings: u64,
}

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct PendingQuestion {
    /// The number of the core's request.
    pub(super) id: RequestId,
    pub(super) kind: QuestionKind,
    /// The time at which the answer is overdue.
    due: Duration,
}

/// The purpose of a question.
#[derive(Debug)]
pub(super) enum QuestionKind {
    Auth,
    /// A question after `auth`: its answer shows that `auth` was heard.
    Probe,
    KeysAndTime,
    Keys,
    Get {
        key: String,
    },
}

impl Questions {
    /// Returns a number that no acknowledgement has had yet.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Adds a question of the core's request and returns its number.
    pub(super) fn add(&mut self, id: RequestId, kind: QuestionKind, now: Duration) -> u64 {
        let timeout = match kind {
            QuestionKind::Auth | QuestionKind::Probe => AUTH_TIMEOUT,
            QuestionKind::KeysAndTime | QuestionKind::Keys | QuestionKind::Get { .. } => ANSWER_TIMEOUT,
        };
        let number = self.next_number();
        self.waiting.insert(number, PendingQuestion { id, kind, due: now + timeout });
        number
    }

    /// Removes the question of a number, which has an answer.
    pub(super) fn remove(&mut self, number: u64) -> Option<PendingQuestion> {
        self.waiting.remove(&number)
    }

    /// Removes the first question whose answer is overdue.
    pub(super) fn remove_overdue(&mut self, now: Duration) -> Option<PendingQuestion> {
        let (&number, _) = self.waiting.iter().find(|(_, question)| question.due <= now)?;
        self.waiting.remove(&number)
    }

    /// Removes the `auth` that waits, and returns the number of the core's request.
    pub(super) fn remove_auth(&mut self) -> Option<RequestId> {
        let is_auth = |question: &PendingQuestion| matches!(question.kind, QuestionKind::Auth);
        let (&number, _) = self.waiting.iter().find(|(_, question)| is_auth(question))?;
        self.waiting.remove(&number).map(|question| question.id)
    }

    /// Returns the time at which the first answer is overdue.
    pub(super) fn due(&self) -> Option<Duration> {
        self.waiting.values().map(|question| question.due).min()
    }
}
