//! How far runs side by side may be ahead of the first whose end is still awaited: what they found
//! is told in order, and until then it is kept.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// How many runs, for each worker, may be ahead of the first that has not ended: enough for one that
/// takes long not to keep the others waiting, and few enough to be kept.
const AHEAD: u64 = 64;

/// Lets runs begin, by their place among all.
#[derive(Debug)]
pub(super) struct Window {
    ahead: u64,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The first that has not been taken in.
    wanted: u64,
    closed: bool,
}

impl Window {
    /// Of so many workers.
    pub(super) fn new(workers: usize) -> Self {
        let ahead = AHEAD.saturating_mul(workers.max(1) as u64);
        Self { ahead, state: Mutex::default(), moved: Condvar::new() }
    }

    /// Waits until the run at this place may begin; whether it may.
    pub(super) fn admits(&self, place: u64) -> bool {
        let too_early = |state: &mut State| !state.closed && place.saturating_sub(state.wanted) >= self.ahead;
        let state = self.moved.wait_while(self.lock(), too_early);
        !state.unwrap_or_else(PoisonError::into_inner).closed
    }

    /// All before this one have been taken in.
    pub(super) fn advance(&self, wanted: u64) {
        self.lock().wanted = wanted;
        self.moved.notify_all();
    }

    /// Lets no further run begin.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.moved.notify_all();
    }

    /// Closes if the thread that holds this panics: its run will not be taken in, and the others would
    /// wait for that without end.
    pub(super) fn worker(&self) -> Worker<'_> {
        Worker(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that runs what is admitted.
pub(super) struct Worker<'a>(&'a Window);

impl Drop for Worker<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.close();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_too_early_waits_until_others_are_taken_in_or_all_is_over() {
        let window = Window::new(2);
        assert!(window.admits(0) && window.admits(2 * AHEAD - 1));
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let window = &window;
            scope.spawn(move || {
                for place in [2 * AHEAD, 2 * AHEAD + 5] {
                    sender.send(window.admits(place)).unwrap();
                }
            });
            let soon = || receiver.recv_timeout(Duration::from_millis(20));
            assert!(soon().is_err());
            window.advance(1);
            assert_eq!(receiver.recv(), Ok(true));
            window.advance(5);
            assert!(soon().is_err());
            window.close();
            assert_eq!(receiver.recv(), Ok(false));
        });
        assert!(!window.admits(5));
    }

    #[test]
    fn a_worker_that_panics_leaves_nobody_waiting() {
        let window = Window::new(1);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| window.admits(AHEAD));
            let panicked = scope.spawn(|| {
                let _worker = window.worker();
                panic!("of a test");
            });
            assert!(panicked.join().is_err());
            assert!(!waiting.join().unwrap());
        });
    }
}
