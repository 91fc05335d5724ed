//! The window of runs side by side: the bound on runs ahead of the first unfinished one. Results are handed
//! over in order, and those that come early are held in memory.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// The most runs, for each worker, ahead of the first unfinished one. Chosen: it is high enough that a long
/// run does not hold the others up, and low enough for their results to fit in memory.
const AHEAD: u64 = 64;

/// The window, which admits runs by their index.
#[derive(Debug)]
pub(super) struct Window {
    ahead: u64,
    state: Mutex<State>,
    advanced: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The index of the first run whose result has not been handed over.
    wanted: u64,
    /// The index behind the last run that was admitted.
    begun: u64,
    closed: bool,
}

impl Window {
    /// Creates the window for this many workers.
    pub(super) fn new(workers: usize) -> Self {
        let ahead = AHEAD.saturating_mul(workers.max(1) as u64);
        Self { ahead, state: Mutex::default(), advanced: Condvar::new() }
    }

    /// Waits until the run at this index may begin. Returns false if the window was closed, unless a later run has
    /// begun: its result is handed over behind that of this run, which its worker took before.
    pub(super) fn admits(&self, index: u64) -> bool {
        let too_early = |state: &mut State| !state.closed && index.saturating_sub(state.wanted) >= self.ahead;
        let state = self.advanced.wait_while(self.lock(), too_early);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let admitted = !state.closed || index < state.begun;
        if admitted {
            state.begun = state.begun.max(index + 1);
        }
        admitted
    }

    /// Moves the window: the results of all runs before `wanted` have been handed over.
    pub(super) fn advance(&self, wanted: u64) {
        self.lock().wanted = wanted;
        self.advanced.notify_all();
    }

    /// Admits no further run.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.advanced.notify_all();
    }

    /// Returns a guard that closes the window if its thread panics. The result of that thread's run never
    /// comes, and the other workers would wait for it for ever.
    pub(super) fn worker(&self) -> Worker<'_> {
        Worker(self)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The guard of a thread that takes runs.
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
    fn a_run_beyond_the_window_waits_until_it_advances_or_closes() {
        let window = Window::new(2);
        assert!(window.admits(0) && window.admits(2 * AHEAD - 1));
        thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            let window = &window;
            scope.spawn(move || {
                for index in [2 * AHEAD, 2 * AHEAD + 5] {
                    sender.send(window.admits(index)).unwrap();
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
        assert!(!window.admits(2 * AHEAD + 1));
    }

    #[test]
    fn a_run_whose_worker_was_overtaken_begins_all_the_same() {
        let window = Window::new(4);
        assert!(window.admits(7));
        window.close();
        // Without the result of run 6, that of run 7 would never be handed over.
        assert!(window.admits(6) && !window.admits(8));
    }

    #[test]
    fn a_worker_that_panics_closes_the_window() {
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
