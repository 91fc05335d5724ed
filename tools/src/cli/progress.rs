//! The progress bars on a terminal, for work that takes longer than a moment.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen;
use crate::journal::{JournalEntry, JournalEvent};

/// The time before which no bar is shown. Chosen: shorter work ends before a person looks for a bar.
const SHOWN_AFTER: Duration = Duration::from_millis(400);

/// A bar that counts ready nodes and wired links. A clone is cheap and shares the bar.
#[derive(Clone)]
pub(super) struct Progress(Rc<RefCell<State>>);

struct State {
    bar: ProgressBar,
    shown: bool,
}

impl Progress {
    /// Creates a bar for this many nodes and links. It is hidden unless standard error is a terminal.
    pub(super) fn new(nodes: usize, links: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some((nodes + links) as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        Self(Rc::new(RefCell::new(State { bar, shown: !screen::has_bars() })))
    }

    /// Updates the bar by an event of the run.
    pub(super) fn update(&self, record: &JournalEntry) {
        let mut state = self.0.borrow_mut();
        if !state.shown && record.at_us.is_some_and(|at| Duration::from_micros(at) > SHOWN_AFTER) {
            state.shown = true;
            state.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        match &record.event {
            JournalEvent::Launch { .. } => state.bar.set_message("starting nodes"),
            JournalEvent::Wire { .. } => state.bar.set_message("wiring links"),
            JournalEvent::Done { .. } => state.bar.inc(1),
            _ => {}
        }
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.0.borrow().bar.finish_and_clear();
    }
}

/// A bar that counts runs. It is hidden unless standard error is a terminal.
pub(super) struct RunsProgress {
    bar: ProgressBar,
    began: Instant,
    shown: bool,
    failed: u64,
}

impl RunsProgress {
    /// Creates a bar for this many runs.
    pub(super) fn new(runs: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {pos}/{len} runs {msg}({elapsed}, {eta} left)")
        {
            bar.set_style(style);
        }
        Self { bar, began: Instant::now(), shown: !screen::has_bars(), failed: 0 }
    }

    /// Counts a run that has ended.
    pub(super) fn count(&mut self, failed: bool) {
        if failed {
            self.failed += 1;
            self.bar.set_message(format!("{} failed ", self.failed));
        }
        if !self.shown && self.began.elapsed() > SHOWN_AFTER {
            self.shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }

    /// Hides the bar while something else is printed.
    pub(super) fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Removes the bar.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
