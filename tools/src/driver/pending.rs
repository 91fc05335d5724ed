//! The requests that wait for answers: by number on one connection, or each by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::{DriverEvent, NodeSession, Request};
use crate::text;
use crate::world::Outcome;

/// The most given-up requests that are remembered, since their answers may still come. Beyond that, an answer to
/// a forgotten number counts as late. Chosen: more than any scenario leaves unanswered at a node.
const GIVEN_UP: usize = 4_096;

/// The requests under way, numbered from 1, each with the protocol's own data about it.
#[derive(Debug)]
pub(super) struct Pending<T> {
    by_number: BTreeMap<u64, (Request, T)>,
    /// The deadlines of all requests, the next one first.
    deadlines: BTreeSet<(Instant, u64)>,
    given_up: BTreeSet<u64>,
    /// The highest number of a given-up request that is no longer remembered.
    forgotten: u64,
    last: u64,
}

/// The reason why an answer fits no waiting request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    /// No request had this number.
    Never,
    /// The request was answered before.
    Answered,
    /// The request was given up; the answer comes too late.
    GivenUp,
}

impl<T> Pending<T> {
    pub(super) fn new() -> Self {
        Self {
            by_number: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            given_up: BTreeSet::new(),
            forgotten: 0,
            last: 0,
        }
    }

    /// Returns a number that no other request has.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Adds a request, and returns the number that its answer repeats.
    pub(super) fn begin(&mut self, request: Request, with: T) -> u64 {
        let number = self.number();
        self.deadlines.insert((request.deadline, number));
        self.by_number.insert(number, (request, with));
        number
    }

    /// Removes the request with this number, which has an answer, and returns it.
    pub(super) fn end(&mut self, number: u64) -> Result<(Request, T), Unasked> {
        let Some((request, with)) = self.by_number.remove(&number) else {
            return Err(match number {
                0 => Unasked::Never,
                number if number > self.last => Unasked::Never,
                number if self.given_up.remove(&number) || number <= self.forgotten => Unasked::GivenUp,
                _ => Unasked::Answered,
            });
        };
        self.deadlines.remove(&(request.deadline, number));
        Ok((request, with))
    }

    /// Returns the next deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Gives up the requests past their deadlines, and calls `ended` with each and its outcome.
    pub(super) fn expire(&mut self, mut ended: impl FnMut(&Request, Outcome)) {
        let now = Instant::now();
        while let Some((_, number)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now)
        {
            self.given_up.insert(number);
            if self.given_up.len() > GIVEN_UP {
                self.forgotten = self.given_up.pop_first().unwrap_or_default().max(self.forgotten);
            }
            self.deadlines.pop_first();
            if let Some((request, _)) = self.by_number.remove(&number) {
                let outcome = late(&request);
                ended(&request, outcome);
            }
        }
    }

    /// Gives up all requests: their outcome is unknown, with this reason.
    pub(super) fn give_up(&mut self, why: &str, mut ended: impl FnMut(&Request, Outcome)) {
        self.deadlines.clear();
        for (_, (request, _)) in std::mem::take(&mut self.by_number) {
            ended(&request, Outcome::Unknown { reason: why.to_owned() });
        }
    }
}

/// Returns the outcome of a request whose deadline has passed.
pub(super) fn late(request: &Request) -> Outcome {
    Outcome::Unknown { reason: silent_for("nothing came", request.patience) }
}

/// Returns the message that something did not happen within a time. Below a millisecond it says that no time
/// was left.
pub(super) fn silent_for(what: &str, patience: Duration) -> String {
    if patience < Duration::from_millis(1) {
        return "no time was left to ask it".to_owned();
    }
    format!("{what} within {}", text::duration(patience))
}

/// A guard for a request under way by itself. Dropping it ends the request. Without an outcome, the request is lost
/// with the node or with the connection to it.
pub(super) struct RequestGuard<'a> {
    session: &'a NodeSession,
    pub(super) request: Request,
    pub(super) outcome: Option<Outcome>,
    /// The reason why the connection ended, if it is known.
    pub(super) lost: Option<String>,
}

impl<'a> RequestGuard<'a> {
    pub(super) fn new(session: &'a NodeSession, request: Request) -> Self {
        Self { session, request, outcome: None, lost: None }
    }
}

impl Drop for RequestGuard<'_> {
    fn drop(&mut self) {
        let id = self.request.id;
        let (outcome, lost) = (self.outcome.take(), self.lost.take());
        let gone = || lost.unwrap_or_else(|| "it has ended, or the connection to it".to_owned());
        let ended = outcome.map(|outcome| DriverEvent::Ended(id, outcome));
        (self.session.report)(ended.unwrap_or_else(|| DriverEvent::Lost(id, gone())));
    }
}

/// Waits until a moment, or for ever if there is none.
pub(super) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_not_called_a_time() {
        assert_eq!(silent_for("nothing came", Duration::from_millis(250)), "nothing came within 250 ms");
        for none in [Duration::ZERO, Duration::from_micros(999)] {
            assert_eq!(silent_for("nothing came", none), "no time was left to ask it");
        }
    }
}
