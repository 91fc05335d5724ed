//! The runs under way, as lines at the bottom of a terminal: for each its time, its nodes, and the step that it
//! performs.
//!
//! The lines are drawn when a step begins or ends, and otherwise twice a second for the time in them. Without a
//! terminal on standard error there are none, and no run is watched.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use unicode_width::UnicodeWidthChar;

use crate::cli::screen;
use crate::journal::{JournalEntry, JournalEvent, Recorder};
use crate::text::readable;

/// The time before which a run has no line. Chosen: a shorter run ends before a person has read it.
const SHOWN_AFTER: Duration = Duration::from_millis(400);
/// The time after which the lines are drawn again although nothing happened.
const REDRAWN_AFTER: Duration = Duration::from_millis(500);
/// The most times a second that the lines are drawn.
const DRAWN_HZ: u8 = 10;
/// The most lines. Chosen: the reports above them stay in sight.
const LINES_MAX: usize = 4;
/// The most steps under way that are remembered of one run.
const STEPS_MAX: usize = 64;

/// A run under way.
struct Row {
    name: String,
    began: Instant,
    nodes: usize,
    /// The steps under way by number, each with its line and its text. The latest is shown.
    steps: BTreeMap<u64, (usize, String)>,
}

/// All runs under way.
#[derive(Default)]
struct Rows {
    by_number: BTreeMap<u64, Row>,
    last: u64,
    /// True if something changed since the lines were drawn.
    changed: bool,
    /// True once no further run begins.
    finished: bool,
}

impl Rows {
    /// Returns the lines for a terminal of this width.
    fn text(&self, columns: usize, now: Instant) -> String {
        let age = |row: &Row| now.saturating_duration_since(row.began);
        let shown: Vec<&Row> = self.by_number.values().filter(|row| age(row) >= SHOWN_AFTER).collect();
        let mut lines: Vec<String> = shown.iter().take(LINES_MAX).map(|row| row.line(age(row))).collect();
        if shown.len() > LINES_MAX {
            lines.push(format!("{:>6} {} more", "", shown.len() - LINES_MAX));
        }
        // A line as wide as the terminal would begin another one.
        let lines = lines.iter().map(|line| cut(line, columns.saturating_sub(1)));
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl Row {
    fn line(&self, age: Duration) -> String {
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        let mut line = format!("{:>4} s {:>4} {nodes}  {}", age.as_secs(), self.nodes, readable(&self.name));
        if let Some((number, text)) = self.steps.values().next_back() {
            let _: fmt::Result = write!(line, ", line {number}: {}", readable(text.trim()));
        }
        // A tab is as wide as the terminal likes.
        line.replace('\t', " ")
    }
}

/// Returns the beginning of a text that fits into so many columns, with a mark at its end if it is cut.
fn cut(text: &str, columns: usize) -> String {
    let width = |character: char| character.width().unwrap_or(0);
    if text.chars().map(width).sum::<usize>() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |character: &char| {
        let fits = width(*character) <= left;
        left = left.saturating_sub(width(*character));
        fits
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    if columns > 0 {
        cut.push('…');
    }
    cut
}

/// The runs under way. A clone is cheap and shares the lines; without a terminal there is nothing in it.
#[derive(Clone)]
pub(super) struct Running(Option<Arc<Shared>>);

struct Shared {
    rows: Arc<Mutex<Rows>>,
    changed: Condvar,
    /// The lines on the terminal; true once they are shown.
    bar: Mutex<(ProgressBar, bool)>,
}

impl Running {
    /// Creates the lines, if they are wanted and standard error is a terminal.
    pub(super) fn new(wanted: bool) -> Self {
        if !wanted || !screen::has_bars() {
            return Self(None);
        }
        let rows = Arc::new(Mutex::new(Rows::default()));
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        let drawn = Arc::clone(&rows);
        let text = move |_: &ProgressState, to: &mut dyn fmt::Write| {
            let text = locked(&drawn).text(screen::columns_of_bars(), Instant::now());
            let _: fmt::Result = to.write_str(&text);
        };
        let Ok(style) = ProgressStyle::with_template("{runs}") else { return Self(None) };
        bar.set_style(style.with_key("runs", text));
        let shared = Arc::new(Shared { rows, changed: Condvar::new(), bar: Mutex::new((bar, false)) });
        let redrawn = Arc::clone(&shared);
        // Without the thread, the time in the lines stands still while a run waits.
        let _: io::Result<_> =
            thread::Builder::new().name("progress".to_owned()).spawn(move || redrawn.redraw());
        Self(Some(shared))
    }

    /// Returns the recorder of a run that begins. The run's line is there as long as the recorder.
    pub(super) fn recorder(&self, name: &str) -> RunRecorder {
        let run = self.0.as_ref().map(|shared| {
            let mut rows = locked(&shared.rows);
            rows.last += 1;
            let number = rows.last;
            let row = Row { name: name.to_owned(), began: Instant::now(), nodes: 0, steps: BTreeMap::new() };
            rows.by_number.insert(number, row);
            shared.changed.notify_all();
            (Arc::clone(shared), number)
        });
        RunRecorder(run)
    }

    /// Hides the lines while something else is printed.
    pub(super) fn suspended<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(shared) => locked(&shared.bar).0.suspend(print),
            None => print(),
        }
    }

    /// Removes the lines, for good.
    pub(super) fn finish(&self) {
        let Some(shared) = &self.0 else { return };
        locked(&shared.rows).finished = true;
        shared.changed.notify_all();
        locked(&shared.bar).0.finish_and_clear();
    }
}

impl Shared {
    /// Draws the lines again and again, until they are removed.
    fn redraw(&self) {
        let mut rows = locked(&self.rows);
        while !rows.finished {
            rows = if rows.by_number.is_empty() && !rows.changed {
                self.changed.wait(rows).unwrap_or_else(PoisonError::into_inner)
            } else {
                let is_same = |rows: &mut Rows| !rows.changed && !rows.finished;
                let waited = self.changed.wait_timeout_while(rows, REDRAWN_AFTER, is_same);
                waited.unwrap_or_else(PoisonError::into_inner).0
            };
            rows.changed = false;
            drop(rows);
            self.draw();
            // Changes that come soon after are drawn together.
            let pace = Duration::from_secs(1) / u32::from(DRAWN_HZ);
            let waited = self.changed.wait_timeout_while(locked(&self.rows), pace, |rows| !rows.finished);
            rows = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has the lines drawn soon. The thread of a run never waits for a terminal.
    fn tell(&self) {
        locked(&self.rows).changed = true;
        self.changed.notify_all();
    }

    /// Draws the lines, if a run has one.
    fn draw(&self) {
        let mut bar = locked(&self.bar);
        {
            let rows = locked(&self.rows);
            let has_lines = rows.by_number.values().any(|row| row.began.elapsed() >= SHOWN_AFTER);
            if rows.finished || !(bar.1 || has_lines) {
                return;
            }
        }
        if !bar.1 {
            bar.1 = true;
            bar.0.set_draw_target(ProgressDrawTarget::stderr_with_hz(DRAWN_HZ));
        }
        bar.0.set_message("");
    }
}

/// The recorder of one run, by which its line follows its steps.
pub(super) struct RunRecorder(Option<(Arc<Shared>, u64)>);

impl Recorder for RunRecorder {
    fn record(&mut self, entry: &JournalEntry) {
        let Some((shared, number)) = &self.0 else { return };
        let update = |change: &dyn Fn(&mut Row)| locked(&shared.rows).by_number.get_mut(number).map(change);
        match &entry.event {
            JournalEvent::Node { .. } => {
                update(&|row| row.nodes += 1);
            }
            JournalEvent::Step { step, line, text, .. } => {
                update(&|row| {
                    if row.steps.len() < STEPS_MAX {
                        row.steps.insert(*step, (*line, text.clone()));
                    }
                });
                shared.tell();
            }
            JournalEvent::StepEnded { step, .. } => {
                update(&|row| {
                    row.steps.remove(step);
                });
            }
            _ => {}
        }
    }
}

impl Drop for RunRecorder {
    fn drop(&mut self) {
        if let Some((shared, number)) = &self.0 {
            locked(&shared.rows).by_number.remove(number);
            shared.tell();
        }
    }
}

/// Locks a mutex. The lines are right even if a thread panicked while it changed them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: u64, began: Instant) -> Rows {
        let row = |number| Row {
            name: format!("s{number}"),
            began,
            nodes: 3,
            steps: BTreeMap::from([
                (1, (4, "repeat 3".to_owned())),
                (2, (5, "  expect k == \u{1b}".to_owned())),
            ]),
        };
        Rows { by_number: (0..count).map(|number| (number, row(number))).collect(), ..Rows::default() }
    }

    #[test]
    fn a_run_has_its_time_its_nodes_and_its_latest_step() {
        let began = Instant::now();
        let text = rows(1, began).text(80, began + Duration::from_secs(7));
        assert_eq!(text, r"   7 s    3 nodes  s0, line 5: expect k == \u{1b}");
        assert_eq!(rows(1, began).text(80, began), "");
    }

    #[test]
    fn lines_are_bounded_and_fit_into_narrow_terminals() {
        let began = Instant::now();
        let now = began + Duration::from_secs(1);
        let wide = rows(9, began).text(80, now);
        assert_eq!(wide.lines().count(), LINES_MAX + 1);
        assert_eq!(wide.lines().last(), Some("       5 more"));
        for columns in 0..80 {
            let text = rows(9, began).text(columns, now);
            let width = |line: &str| line.chars().filter_map(UnicodeWidthChar::width).sum::<usize>();
            assert!(text.lines().all(|line| width(line) < columns.max(1)), "{columns}: {text}");
        }
        assert_eq!(cut("日本語", 4), "日…");
    }
}
