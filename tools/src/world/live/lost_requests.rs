//! The requests that a lost connection left without an answer, held back until the cause is known.
//!
//! A process that dies closes its connections first, and either may be noticed first. So such requests end
//! after the report of the death, if there is one. They end at once when the node is reached again, and after
//! [`NOTICE`] in any case.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::events::EventSender;
use crate::world::{OpId, Outcome};

/// The time in which a death is reported that ended a connection. Chosen: the system reports it within
/// milliseconds, and within a second on a busy machine.
const NOTICE: Duration = Duration::from_secs(2);

/// The requests to one node that wait for the cause of a lost connection.
pub(super) struct LostRequests {
    sender: EventSender,
    held: RefCell<Vec<(OpId, String)>>,
    /// The time at which the connection was lost, until the node is reached again.
    since: Cell<Option<Instant>>,
    begun: Notify,
}

impl LostRequests {
    pub(super) fn new(sender: EventSender) -> Self {
        Self { sender, held: RefCell::default(), since: Cell::default(), begun: Notify::new() }
    }

    /// Holds back a request that was lost, for this reason. Long after the loss the request ends at once: the
    /// node lives, and cannot be reached.
    pub(super) fn hold(&self, id: OpId, reason: String) {
        let since = self.since.get().unwrap_or_else(|| {
            let now = Instant::now();
            self.since.set(Some(now));
            self.begun.notify_one();
            now
        });
        self.held.borrow_mut().push((id, reason));
        if since.elapsed() >= NOTICE {
            self.release();
        }
    }

    /// Ends the requests that are held back: the node was reached again.
    pub(super) fn reached(&self) {
        self.since.set(None);
        self.release();
    }

    /// Ends the requests that are held back.
    pub(super) fn release(&self) {
        for (id, reason) in self.held.take() {
            self.sender.ended(id, Outcome::Unknown { reason });
        }
    }

    /// Ends requests whose time is up, for ever.
    pub(super) async fn release_in_time(&self) {
        loop {
            self.begun.notified().await;
            while let Some(due) = self.since.get().map(|since| since + NOTICE) {
                sleep_until(due).await;
                if self.since.get().is_none_or(|since| since + NOTICE <= due) {
                    break;
                }
            }
            self.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::UnboundedReceiver;

    use super::*;
    use crate::world::{Event, Occurrence};

    fn begin() -> (LostRequests, UnboundedReceiver<Occurrence>) {
        let (sender, events) = EventSender::new(Instant::now());
        (LostRequests::new(sender), events)
    }

    fn ended(events: &mut UnboundedReceiver<Occurrence>) -> Vec<u64> {
        let mut ended = Vec::new();
        while let Ok(Occurrence { event: Event::Ended { id, .. }, .. }) = events.try_recv() {
            ended.push(id.0);
        }
        ended
    }

    #[test]
    fn lost_requests_wait_until_the_node_is_reached_or_its_death_is_reported() {
        let (lost, mut events) = begin();
        for id in [1, 2] {
            lost.hold(OpId(id), "it broke".to_owned());
        }
        assert!(ended(&mut events).is_empty());
        lost.reached();
        assert_eq!(ended(&mut events), [1, 2]);
        lost.hold(OpId(3), "it broke".to_owned());
        lost.release();
        assert_eq!(ended(&mut events), [3]);
    }

    #[tokio::test]
    async fn lost_requests_end_when_no_death_is_reported_in_time() {
        let (lost, mut events) = begin();
        lost.hold(OpId(1), "it broke".to_owned());
        lost.since.set(Instant::now().checked_sub(NOTICE));
        tokio::select! {
            () = lost.release_in_time() => {}
            one = events.recv() => assert!(matches!(one.unwrap().event, Event::Ended { id: OpId(1), .. })),
        }
        // Later ones end at once: the node lives, and cannot be reached.
        lost.hold(OpId(2), "it is gone".to_owned());
        assert_eq!(ended(&mut events), [2]);
    }
}
