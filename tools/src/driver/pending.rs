//! Requests that wait for their answers: by number on one connection, or each by itself.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use super::{Meeting, Request, Told};
use crate::text;
use crate::world::Outcome;

/// How many requests that were given up are remembered: their answers may still come.
const GIVEN_UP: usize = 4_096;

/// The requests under way, numbered from 1, each with what its protocol has to remember of it.
#[derive(Debug)]
pub(super) struct Pending<T> {
    by_number: BTreeMap<u64, (Request, T)>,
    /// When each is given up, the next one first.
    deadlines: BTreeSet<(Instant, u64)>,
    given_up: BTreeSet<u64>,
    /// Of what was given up and is not remembered one by one, the last.
    forgotten: u64,
    last: u64,
}

/// Why an answer fits no request that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    /// Nothing of that number was ever asked.
    Never,
    /// It was answered before.
    Answered,
    /// It comes too late.
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

    /// A number that is used once.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Begins to wait; the number that the answer repeats.
    pub(super) fn begin(&mut self, request: Request, with: T) -> u64 {
        let number = self.number();
        self.deadlines.insert((request.deadline, number));
        self.by_number.insert(number, (request, with));
        number
    }

    /// The request that an answer is for, which waits no more.
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

    /// When the next request is to be given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Gives up what has waited for too long: each with what came of it.
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

    /// Gives up everything.
    pub(super) fn give_up(&mut self, why: &str, mut ended: impl FnMut(&Request, Outcome)) {
        self.deadlines.clear();
        for (_, (request, _)) in std::mem::take(&mut self.by_number) {
            ended(&request, Outcome::Unknown { reason: why.to_owned() });
        }
    }
}

/// What came of a request whose answer no longer counts.
pub(super) fn late(request: &Request) -> Outcome {
    Outcome::Unknown { reason: format!("nothing came within {}", text::duration(request.patience)) }
}

/// A request that is under way by itself, and ends in any case: where nobody said what came of it, the node
/// or the connection to it has ended.
pub(super) struct Ending<'a> {
    meeting: &'a Meeting,
    pub(super) request: Request,
    pub(super) outcome: Option<Outcome>,
}

impl<'a> Ending<'a> {
    pub(super) fn new(meeting: &'a Meeting, request: Request) -> Self {
        Self { meeting, request, outcome: None }
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let gone = || Outcome::Unknown { reason: "it has ended, or the connection to it".to_owned() };
        let outcome = self.outcome.take().unwrap_or_else(gone);
        (self.meeting.tell)(Told::Ended(self.request.id, outcome));
    }
}

/// Waits until then; for ever if there is no such moment.
pub(super) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
