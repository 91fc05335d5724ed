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
#[derive(Debug, PartialEq, Eq)]
pub(super) enum QuestionKind {
    Auth,
    /// An `auth` that was taken as accepted before its answer.
    LateAuth,
    /// A question after `auth`: its answer shows that `auth` was carried out.
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
            QuestionKind::LateAuth
            | QuestionKind::KeysAndTime
            | QuestionKind::Keys
            | QuestionKind::Get { .. } => ANSWER_TIMEOUT,
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
        let number = self.number_of(|question| question.due <= now && question.kind != QuestionKind::Auth)?;
        self.waiting.remove(&number)
    }

    /// Removes the question for `keys` of a request, which has its answer by now.
    pub(super) fn remove_keys(&mut self, id: RequestId) {
        if let Some(number) =
            self.number_of(|question| question.id == id && question.kind == QuestionKind::Keys)
        {
            self.waiting.remove(&number);
        }
    }

    /// Takes the `auth` that waits as accepted, and returns the number of the core's request. A late answer is
    /// still expected. `overdue` asks for an `auth` whose answer is overdue.
    pub(super) fn accept_auth(&mut self, now: Duration, overdue: bool) -> Option<RequestId> {
        let waits = |question: &PendingQuestion| {
            question.kind == QuestionKind::Auth && (!overdue || question.due <= now)
        };
        let number = self.number_of(waits)?;
        let question = self.waiting.get_mut(&number)?;
        (question.kind, question.due) = (QuestionKind::LateAuth, now + ANSWER_TIMEOUT);
        Some(question.id)
    }

    /// Returns the time at which the first answer is overdue.
    pub(super) fn due(&self) -> Option<Duration> {
        self.waiting.values().map(|question| question.due).min()
    }

    fn number_of(&self, matches: impl Fn(&PendingQuestion) -> bool) -> Option<u64> {
        self.waiting.iter().find(|(_, question)| matches(question)).map(|(&number, _)| number)
    }
}
