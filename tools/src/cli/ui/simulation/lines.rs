//! The lines of a run in virtual time, as the page has them, with the place that the run has reached.
//!
//! A seed brings a run back, so the lines of a run that went back are those that are here already. They go only
//! when a step is added behind which the run is another. Each browser reads at its own speed, from a place of its
//! own.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;

use crate::world::sim::Upcoming;

/// The most lines. Chosen: the page of a run of some 200,000 messages, which a browser still folds in seconds.
const LINES_MAX: usize = 500_000;
/// The most bytes of all lines. Chosen: as a browser holds them in a tenth of its memory.
const BYTES_MAX: usize = 128 << 20;
/// The most lines that a browser gets at once. Chosen: a part is made in a millisecond.
const PART_LINES_MAX: usize = 2_000;

/// The lines of a run, and the place that it has reached.
#[derive(Debug, Default)]
pub(super) struct Lines {
    inner: Mutex<Inner>,
    news: Notify,
    /// Is notified when time begins or ceases to stand still.
    turns: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    lines: Vec<Box<str>>,
    /// The number of events that had happened with each line.
    events: Vec<u64>,
    bytes: usize,
    /// The number of times that lines were dropped.
    drops: u64,
    place: Place,
    /// The number of changes of the place.
    changes: u64,
    has_ended: bool,
}

/// The place that a run has reached, and what is known about it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(super) struct Place {
    /// The number of events that have happened.
    pub(super) event: u64,
    /// The time of the last of them, in microseconds.
    pub(super) at_us: u64,
    /// The time of the next one, in microseconds.
    pub(super) next_us: Option<u64>,
    /// The number of lines up to here.
    pub(super) lines: usize,
    /// The state of time.
    pub(super) state: TimeState,
    /// The event up to which the run is replayed.
    pub(super) target: Option<u64>,
    /// The verdict, once the run has ended, in a sentence.
    pub(super) verdict: Option<String>,
    /// The steps that were added, in order.
    pub(super) steps: Vec<AddedStep>,
    /// The text about the file of the run as a scenario.
    pub(super) saved: String,
    /// The text about the last thing that was done.
    pub(super) note: String,
}

/// A step that was added by hand, for the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct AddedStep {
    /// The number of events before it.
    pub(super) event: u64,
    /// The time of the last of them, in microseconds.
    pub(super) at_us: u64,
    /// The text.
    pub(super) text: String,
    /// True if it lies ahead of the place of the run.
    pub(super) ahead: bool,
}

/// The state of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimeState {
    /// Time stands still.
    Paused,
    /// Time goes on at a speed.
    Playing,
    /// Time goes on as fast as it can, up to a goal. So it does until the run has its first place.
    #[default]
    Running,
    /// The run is brought back to an earlier place.
    Replaying,
    /// The run has its verdict.
    Ended,
}

/// The place of a browser in the lines.
#[derive(Debug, Default)]
pub(super) struct Cursor {
    lines: usize,
    drops: u64,
    changes: u64,
    is_new: bool,
}

/// The news for a browser.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Part {
    /// True if the browser has to forget the lines that it has.
    pub(super) anew: bool,
    /// Further lines, one a line; perhaps none.
    pub(super) lines: String,
    /// The place of the run, if it is another than the last one told and the browser has all lines up to it.
    pub(super) place: Option<Place>,
}

/// The answer to a browser that asks for news.
#[derive(Debug, PartialEq)]
enum News {
    /// There is some.
    Part(Part),
    /// There is none yet.
    None,
    /// There will be none any more.
    Ended,
}

impl Cursor {
    /// Returns the place of a browser that has no line yet.
    pub(super) fn new() -> Self {
        Self { is_new: true, ..Self::default() }
    }
}

impl Lines {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the line of this index, unless it is here already. `event` is the number of events that have happened.
    pub(super) fn add(&self, index: usize, event: u64, line: impl FnOnce() -> String) {
        let mut inner = self.inner();
        if index == inner.lines.len() {
            let line = line().into_boxed_str();
            inner.bytes += line.len();
            inner.lines.push(line);
            inner.events.push(event);
        }
    }

    /// Waits until time begins or ceases to stand still.
    pub(super) async fn turn(&self) {
        self.turns.notified().await;
    }

    /// Returns the number of lines.
    pub(super) fn count(&self) -> usize {
        self.inner().lines.len()
    }

    /// Returns true if there is no room for lines beyond the first `count`.
    pub(super) fn is_full_at(&self, count: usize) -> bool {
        let inner = self.inner();
        count >= inner.lines.len() && (count >= LINES_MAX || inner.bytes >= BYTES_MAX)
    }

    /// Drops the lines from this index on.
    pub(super) fn truncate(&self, length: usize) {
        let mut inner = self.inner();
        if length < inner.lines.len() {
            inner.drops += 1;
            inner.lines.truncate(length);
            inner.events.truncate(length);
            inner.bytes = inner.lines.iter().map(|line| line.len()).sum();
        }
    }

    /// Returns the number of events that have happened with the first `count` lines.
    pub(super) fn event_at(&self, count: usize) -> u64 {
        let inner = self.inner();
        let last = count.min(inner.events.len()).checked_sub(1);
        last.map_or(0, |last| inner.events[last])
    }

    /// Returns the number of lines that had come before an event. Lines of steps that were added there count.
    pub(super) fn count_before(&self, event: u64) -> usize {
        self.inner().events.partition_point(|other| *other <= event)
    }

    /// Returns the event behind which nothing is known.
    pub(super) fn last_event(&self) -> u64 {
        self.inner().events.last().copied().unwrap_or(0)
    }

    /// Returns the last place before an event at which a line came.
    pub(super) fn event_before(&self, event: u64) -> u64 {
        let inner = self.inner();
        let earlier = inner.events.partition_point(|other| *other < event);
        earlier.checked_sub(1).map_or(0, |last| inner.events[last])
    }

    /// Tells that the run is before an event.
    pub(super) fn advance(&self, upcoming: Upcoming, lines: usize, state: TimeState, target: Option<u64>) {
        self.change(|place| {
            (place.event, place.at_us, place.lines) = (upcoming.event, micros(upcoming.now), lines);
            (place.next_us, place.state, place.target) = (Some(micros(upcoming.at)), state, target);
        });
    }

    /// Changes the place, and tells the browsers.
    pub(super) fn change(&self, change: impl FnOnce(&mut Place)) {
        let mut inner = self.inner();
        let before = inner.place.state;
        change(&mut inner.place);
        let has_turned = inner.place.state != before;
        inner.changes += 1;
        drop(inner);
        self.news.notify_waiters();
        if has_turned {
            self.turns.notify_waiters();
        }
    }

    /// Returns the place.
    pub(super) fn place(&self) -> Place {
        self.inner().place.clone()
    }

    /// Ends the lines.
    pub(super) fn end(&self) {
        self.inner().has_ended = true;
        self.news.notify_waiters();
    }

    /// Waits for news, and moves the cursor behind it. Returns `None` once the lines have ended.
    pub(super) async fn part(&self, cursor: &mut Cursor) -> Option<Part> {
        loop {
            let news = self.news.notified();
            let mut news = std::pin::pin!(news);
            news.as_mut().enable();
            match self.part_now(cursor) {
                News::Part(part) => return Some(part),
                News::Ended => return None,
                News::None => news.await,
            }
        }
    }

    /// Returns the news of this moment, and moves the cursor behind it.
    fn part_now(&self, cursor: &mut Cursor) -> News {
        let inner = self.inner();
        if inner.has_ended {
            return News::Ended;
        }
        let mut part = Part::default();
        if cursor.drops != inner.drops || cursor.is_new {
            *cursor = Cursor { drops: inner.drops, ..Cursor::default() };
            part.anew = true;
        }
        let end = inner.lines.len().min(cursor.lines + PART_LINES_MAX);
        part.lines = inner.lines[cursor.lines..end].join("\n");
        cursor.lines = end;
        if cursor.changes != inner.changes && cursor.lines >= inner.place.lines {
            cursor.changes = inner.changes;
            part.place = Some(inner.place.clone());
        }
        if part == Part::default() { News::None } else { News::Part(part) }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(events: &[u64]) -> Lines {
        let lines = Lines::default();
        for (index, event) in events.iter().enumerate() {
            lines.add(index, *event, || index.to_string());
        }
        lines
    }

    #[test]
    fn a_line_that_is_here_already_is_not_made_again() {
        let lines = lines(&[0, 1]);
        lines.add(1, 1, || unreachable!("the line is here"));
        lines.add(2, 5, || "2".to_owned());
        let News::Part(part) = lines.part_now(&mut Cursor::new()) else { panic!("there are lines") };
        assert_eq!(part.lines, "0\n1\n2");
    }

    #[test]
    fn places_are_found_by_lines_and_by_events() {
        let lines = lines(&[0, 0, 3, 3, 8]);
        assert_eq!([0, 1, 2, 3, 5, 9].map(|count| lines.event_at(count)), [0, 0, 0, 3, 8, 8]);
        assert_eq!([0, 1, 3, 4, 8, 9].map(|event| lines.event_before(event)), [0, 0, 0, 3, 3, 8]);
    }

    #[tokio::test]
    async fn a_browser_gets_all_lines_before_the_place_behind_them() {
        let all: Vec<u64> = (0..PART_LINES_MAX as u64 + 2).collect();
        let lines = lines(&all);
        let at = Duration::from_micros(7);
        lines.advance(Upcoming { event: 9, now: at, at }, all.len(), TimeState::Paused, None);
        let mut cursor = Cursor::new();
        let first = lines.part(&mut cursor).await.unwrap();
        assert!(first.anew && first.place.is_none() && first.lines.lines().count() == PART_LINES_MAX);
        let second = lines.part(&mut cursor).await.unwrap();
        assert!(!second.anew && second.lines.lines().count() == 2);
        assert_eq!(
            second.place.map(|place| (place.event, place.at_us, place.lines)),
            Some((9, 7, all.len()))
        );
        assert_eq!(lines.part_now(&mut cursor), News::None);
    }

    #[tokio::test]
    async fn dropped_lines_are_forgotten_by_browsers_that_have_them() {
        let lines = lines(&[0, 1, 2]);
        let mut cursor = Cursor::new();
        lines.part(&mut cursor).await.unwrap();
        lines.truncate(3);
        assert_eq!(lines.part_now(&mut cursor), News::None);
        lines.truncate(1);
        let part = lines.part(&mut cursor).await.unwrap();
        assert!(part.anew && part.lines == "0");
        lines.end();
        assert_eq!(lines.part(&mut cursor).await, None);
    }
}
