//! The holder of time: lets each event happen when the person wants it to.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::oneshot::Sender;

use super::added::{Addition, Additions};
use super::command::{Goal, Happened};
use super::control::{Control, Course, Reply, Request, State, UNDER_WAY};
use super::course::{BY_HAND, RunCourse};
use super::lines::{Lines, TimeState};
use crate::cli::by_hand::Grounds;
use crate::run::Session;
use crate::world::SIM;
use crate::world::sim::{Hold, Upcoming};

/// The words about a page that holds all the lines that it may.
const FULL: &str = "the page has no room for more: go back, or see `tools test … --html`";

/// The number of events of a replay after which browsers hear how far it is. Chosen: some hundred times a second.
const TOLD_EVERY: u64 = 1_024;

/// The words about a step that failed.
const STEP_FAILED: &str = "a step failed here: the verdict, at the end, says why";

/// The holder of time of one run.
pub(super) struct Keeper {
    pub(super) control: Arc<Control>,
    pub(super) lines: Arc<Lines>,
    pub(super) course: Rc<RunCourse>,
    pub(super) additions: Rc<RefCell<Additions>>,
    pub(super) session: Rc<Session>,
}

impl Keeper {
    /// Waits until the next event may happen.
    pub(super) fn hold(&mut self, upcoming: Upcoming) -> Hold {
        let control = Arc::clone(&self.control);
        let mut happened = self.course.take_happened();
        let mut state = control.state();
        loop {
            if state.quits || state.jump.is_some() {
                self.course.is_left.set(true);
                return Hold::End;
            }
            if state.replay.is_some_and(|target| upcoming.event >= target) {
                state.replay = None;
                // What the replay brought is no news.
                happened = Happened::default();
            }
            if state.replay.is_some() {
                let is_told = upcoming.event.is_multiple_of(TOLD_EVERY);
                // The messages are known, unless the run goes on to where it has not been.
                let is_repeat = upcoming.event < self.lines.last_event();
                if is_told || !is_repeat {
                    self.find_place(upcoming.event);
                }
                self.course.is_repeat.set(is_repeat);
                if is_told {
                    self.tell(upcoming, &state);
                }
                return self.go_on(upcoming);
            }
            self.find_place(upcoming.event);
            self.tell(upcoming, &state);
            if let Some(request) = state.request.take() {
                drop(state);
                if self.add(request, upcoming) {
                    return Hold::Wake;
                }
                state = control.state();
                continue;
            }
            if state.course != Course::Still && self.lines.is_full_at(self.course.lines.get()) {
                state.course = Course::Still;
                state.reply(Reply::refused(FULL));
                self.lines.change(|place| {
                    FULL.clone_into(&mut place.note);
                });
                continue;
            }
            match state.course {
                Course::Until(goal) if goal.is_reached(upcoming.event, &happened) => {
                    state.course = Course::Still;
                    if goal == Goal::Failure {
                        self.lines.change(|place| STEP_FAILED.clone_into(&mut place.note));
                    }
                    continue;
                }
                Course::Free | Course::Until(_) => return self.go_on(upcoming),
                Course::Still => state = control.wait(state),
                Course::Speed { speed, since } => {
                    let (began, from) = since.unwrap_or_else(|| (Instant::now(), upcoming.now));
                    state.course = Course::Speed { speed, since: Some((began, from)) };
                    let Some(rest) = rest(speed, began, upcoming.at.saturating_sub(from)) else {
                        return self.go_on(upcoming);
                    };
                    state = control.wait_for(state, rest);
                }
            }
            // A goal is about what happens from now on.
            happened = Happened::default();
        }
    }

    /// Sets the number of lines by the place of the run, if they were not counted on the way to it.
    fn find_place(&self, event: u64) {
        if self.course.is_repeat.replace(false) {
            let before_steps = self.additions.borrow().lines_before_due(event);
            self.course.lines.set(before_steps.unwrap_or_else(|| self.lines.count_before(event)));
        }
    }

    /// Tells the browsers where the run is.
    fn tell(&self, upcoming: Upcoming, state: &MutexGuard<'_, State>) {
        let lines = self.course.lines.get();
        let time = if state.replay.is_some() { TimeState::Replaying } else { state.course.state() };
        self.lines.advance(upcoming, lines, time, state.replay);
    }

    /// Lets the event happen, after the steps that were added before it.
    fn go_on(&self, upcoming: Upcoming) -> Hold {
        let due = self.additions.borrow_mut().take_due(upcoming.event);
        if let Some(steps) = due {
            self.course.hand_over(steps);
            self.show_steps();
            return Hold::Wake;
        }
        self.course.event.set(upcoming.event + 1);
        if self.course.is_repeat.get() { Hold::Repeat } else { Hold::Continue }
    }

    /// Adds steps before the next event. Returns false if they are refused.
    fn add(&self, request: Request, upcoming: Upcoming) -> bool {
        let Request { text, reply } = request;
        let refuse = |reply: Sender<Reply>, error: String| {
            // A browser may have gone away.
            let _: Result<(), Reply> = reply.send(Reply::refused(error));
            false
        };
        if self.course.is_busy() {
            return refuse(reply, UNDER_WAY.to_owned());
        }
        let naming = self.course.naming.borrow();
        let none = std::collections::BTreeMap::new();
        let grounds = Grounds {
            session: &self.session,
            world: &SIM,
            node_options: &none,
            naming: &naming,
            clock_reach: |_| Ok(()),
        };
        let scenario = match grounds.check(BY_HAND, &text) {
            Ok(scenario) => scenario,
            Err(wrong) => return refuse(reply, wrong.to_string()),
        };
        let addition = Addition {
            event: upcoming.event,
            at: upcoming.now,
            lines: self.course.lines.get(),
            own_steps: self.course.own_steps().ended,
            text: text.trim().to_owned(),
            steps: scenario.steps.clone(),
            done: None,
        };
        let dropped = self.additions.borrow_mut().add(addition);
        self.lines.truncate(self.course.lines.get());
        self.course.known.set(self.course.lines.get());
        self.course.hand_over(scenario.steps);
        self.show_steps();
        self.lines.change(|place| place.note = drop_note(&dropped));
        let mut state = self.control.state();
        state.reply = Some(reply);
        if state.course == Course::Still {
            state.course = Course::Until(Goal::Added);
        }
        true
    }

    fn show_steps(&self) {
        let shown = self.additions.borrow().shown();
        self.lines.change(|place| place.steps = shown);
    }
}

/// Returns the time until an event is due: none if it is.
fn rest(speed: f64, began: Instant, after: Duration) -> Option<Duration> {
    // An event beyond the reach of the clock here never comes at this speed.
    let after = Duration::try_from_secs_f64(after.as_secs_f64() / speed).unwrap_or(Duration::MAX);
    after.checked_sub(began.elapsed()).filter(|rest| !rest.is_zero())
}

/// Returns the words about steps that lay ahead and are dropped.
fn drop_note(dropped: &[String]) -> String {
    let texts = || dropped.join("; ");
    match dropped.len() {
        0 => String::new(),
        1 => format!("a step that lay ahead is dropped: {}", texts()),
        count => format!("{count} steps that lay ahead are dropped: {}", texts()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_due_by_the_speed() {
        let began = Instant::now();
        assert_eq!(rest(1.0, began, Duration::ZERO), None);
        assert!(
            rest(1e-9, began, Duration::from_secs(1)).is_some_and(|rest| rest > Duration::from_secs(1_000))
        );
        assert!(rest(f64::MIN_POSITIVE, began, Duration::from_secs(1)).is_some());
    }

    #[test]
    fn dropped_steps_are_told() {
        assert_eq!(drop_note(&[]), "");
        assert_eq!(drop_note(&["kill a".to_owned()]), "a step that lay ahead is dropped: kill a");
        let two = drop_note(&["kill a".to_owned(), "heal".to_owned()]);
        assert_eq!(two, "2 steps that lay ahead are dropped: kill a; heal");
    }
}
