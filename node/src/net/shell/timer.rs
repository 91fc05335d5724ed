//! The timer: the core is woken when it asked for that, or when the clock was set.

use std::rc::Rc;
use std::time::Duration;

use super::state::Shell;
use crate::core::Input;

impl Shell {
    /// Wakes the core whenever it asked for that. Never returns.
    pub(in crate::net) async fn run_timer(self: &Rc<Self>) {
        loop {
            let due = self.wake.get();
            self.armed.set(due.unwrap_or(Duration::MAX));
            let Some(due) = due else {
                self.rearm.notified().await;
                continue;
            };
            tokio::select! {
                () = tokio::time::sleep_until(self.clock.instant(due)) => {
                    // The core may have put the wake off meanwhile; then nothing is due yet.
                    if self.wake.get().is_some_and(|wake| wake <= self.clock.now().monotonic) {
                        self.wake.set(None);
                        self.wake_core();
                    }
                }
                () = self.rearm.notified() => {}
            }
        }
    }

    /// Wakes the core with the present time: versions that it held at its start may be ahead of the clock.
    pub(in crate::net) fn wake_core(self: &Rc<Self>) {
        self.handle_input(Input::Tick);
    }

    /// Sets the lead of the wall clock over the machine's, in milliseconds. Then wakes the core: due times
    /// may have come.
    pub(in crate::net) fn set_clock_ahead(self: &Rc<Self>, ahead_ms: i64) {
        self.clock.set_ahead(ahead_ms);
        self.wake_core();
    }
}
