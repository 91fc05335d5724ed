//! Progress on a terminal, while more than a moment passes.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::{Record, RunEvent};

/// What is no more than a moment: nothing is shown before it has passed.
const MOMENT: Duration = Duration::from_millis(400);

/// A bar that counts nodes that are ready and links that are wired. Cheap to clone.
#[derive(Clone)]
pub(super) struct Progress(Rc<RefCell<State>>);

struct State {
    bar: ProgressBar,
    shown: bool,
}

impl Progress {
    /// A bar for so many nodes and links; shows nothing unless standard error is a terminal.
    pub(super) fn new(nodes: usize, links: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some((nodes + links) as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        Self(Rc::new(RefCell::new(State { bar, shown: !std::io::stderr().is_terminal() })))
    }

    /// Takes in what happened.
    pub(super) fn note(&self, record: &Record) {
        let mut state = self.0.borrow_mut();
        if !state.shown && Duration::from_micros(record.at_us) > MOMENT {
            state.shown = true;
            state.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        match &record.event {
            RunEvent::Launch { .. } => state.bar.set_message("starting nodes"),
            RunEvent::Wire { .. } => state.bar.set_message("wiring links"),
            RunEvent::Done { .. } => state.bar.inc(1),
            _ => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.0.borrow().bar.finish_and_clear();
    }
}

/// A bar that counts runs. Shows nothing unless standard error is a terminal.
pub(super) struct RunsProgress {
    bar: ProgressBar,
    began: Instant,
    shown: bool,
    failed: u64,
}

impl RunsProgress {
    /// A bar for so many runs.
    pub(super) fn new(runs: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::hidden());
        if let Ok(style) =
            ProgressStyle::with_template("{bar:30} {pos}/{len} runs {msg}({elapsed}, {eta} left)")
        {
            bar.set_style(style);
        }
        Self { bar, began: Instant::now(), shown: !std::io::stderr().is_terminal(), failed: 0 }
    }

    /// Takes in that a run has ended.
    pub(super) fn note(&mut self, failed: bool) {
        if failed {
            self.failed += 1;
            self.bar.set_message(format!("{} failed ", self.failed));
        }
        if !self.shown && self.began.elapsed() > MOMENT {
            self.shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }

    /// Takes the bar away while something else is printed.
    pub(super) fn aside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.bar.suspend(print)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
