//! The backlog of the runner: the reports about nodes that it has not taken. Drivers bound it, by reading no
//! further while it is long.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// The backlog at which drivers stop reading unrequested messages. Each driver may still add the reports of
/// one read. The runner never waits while there is something to read, since the bound is high enough. A
/// time-out behind the backlog is handled at once, since the bound is low enough. Chosen: some milliseconds of
/// the runner's work.
const BACKLOG_MAX: usize = 4_096;
/// The backlog at which they read on. Chosen: far enough below that many drivers, which all wake at once, do not do
/// so for each event that is taken.
const BACKLOG_RESUME: usize = BACKLOG_MAX / 2;

/// The number of events that wait for the runner.
#[derive(Debug, Default)]
pub struct Backlog {
    waiting: AtomicUsize,
    taken: Notify,
}

impl Backlog {
    /// Counts an event that was queued.
    pub fn count_queued(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an event that the runner took.
    pub fn count_taken(&self) {
        // The event was counted before, so the subtraction cannot underflow.
        if self.waiting.fetch_sub(1, Ordering::Relaxed) == BACKLOG_RESUME + 1 {
            self.taken.notify_waiters();
        }
    }

    /// Waits until the backlog has room: once it has been full, until half of it is taken.
    pub async fn wait_for_room(&self) {
        loop {
            let taken = self.taken.notified();
            if self.waiting.load(Ordering::Relaxed) < BACKLOG_MAX {
                return;
            }
            taken.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn there_is_no_room_while_much_waits() {
        let backlog = Backlog::default();
        for _ in 0..BACKLOG_MAX {
            assert!(backlog.wait_for_room().now_or_never().is_some());
            backlog.count_queued();
        }
        let mut room = Box::pin(backlog.wait_for_room());
        for _ in BACKLOG_RESUME..BACKLOG_MAX {
            assert!(room.as_mut().now_or_never().is_none());
            backlog.count_taken();
        }
        assert!(room.now_or_never().is_some());
    }
}
