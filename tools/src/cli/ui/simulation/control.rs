//! The control of time, shared by the thread of the run and the server of the page.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::command::{Command, Goal};
use super::lines::{Lines, TimeState};

/// The refusal of commands and steps once the run has its verdict.
pub(super) const ENDED: &str = "the run has ended: go back to a moment before its end";

/// The refusal of steps while others are under way.
pub(super) const UNDER_WAY: &str =
    "the steps before these are not done yet: let time go on, or go back before them";

/// The control of time.
#[derive(Debug, Default)]
pub(super) struct Control {
    state: Mutex<State>,
    changed: Condvar,
}

/// The wishes of the person at the page.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The course of time.
    pub(super) course: Course,
    /// The event up to which the run is replayed.
    pub(super) replay: Option<u64>,
    /// The event to which the run goes back.
    pub(super) jump: Option<u64>,
    /// The steps that are to be added.
    pub(super) request: Option<Request>,
    /// The sender of the reply to steps under way.
    pub(super) reply: Option<oneshot::Sender<Reply>>,
    /// True if the run has its verdict.
    pub(super) has_ended: bool,
    /// True if the page is to end.
    pub(super) quits: bool,
}

/// The course of time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Course {
    /// Time stands still.
    #[default]
    Still,
    /// Time goes on at a speed, from a moment on.
    Speed {
        /// The seconds of the run in a second.
        speed: f64,
        /// The moment at which it began, here and in the run; absent until then.
        since: Option<(Instant, Duration)>,
    },
    /// Time goes on as fast as possible.
    Free,
    /// Time goes on as fast as possible, up to a goal.
    Until(Goal),
}

/// Steps that a person adds.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) text: String,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// The reply to added steps.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The lines to show.
    pub(super) output: Vec<String>,
    /// The reason of a failure, for people.
    pub(super) error: Option<String>,
}

impl Reply {
    /// Returns the reply to steps that were not done.
    pub(super) fn refused(error: impl Into<String>) -> Self {
        Self { output: Vec::new(), error: Some(error.into()) }
    }
}

impl Course {
    /// Returns the state of time, for the page.
    pub(super) fn state(self) -> TimeState {
        match self {
            Self::Still => TimeState::Paused,
            Self::Speed { .. } | Self::Free => TimeState::Playing,
            Self::Until(_) => TimeState::Running,
        }
    }
}

impl State {
    /// Returns the event at which the run will stand: that to which it goes back, or its present one.
    fn destination(&self, present: u64) -> u64 {
        self.jump.or(self.replay).unwrap_or(present)
    }

    /// Replies to the steps under way, if somebody waits for that.
    pub(super) fn reply(&mut self, reply: Reply) {
        if let Some(sender) = self.reply.take() {
            // A browser may have gone away.
            let _: Result<(), Reply> = sender.send(reply);
        }
    }
}

impl Control {
    /// Locks the state.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the person wants something else.
    pub(super) fn wait<'s>(&self, state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the person wants something else, and for this long at most.
    pub(super) fn wait_for<'s>(&self, state: MutexGuard<'s, State>, time: Duration) -> MutexGuard<'s, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Carries out a command. An error is for the person.
    pub(super) fn command(&self, command: Command, lines: &Lines) -> Result<(), String> {
        let mut state = self.state();
        let course = match command {
            Command::Play { speed: None } => Course::Free,
            Command::Play { speed: Some(speed) } if speed > 0.0 && speed.is_finite() => {
                Course::Speed { speed, since: None }
            }
            Command::Play { .. } => return Err("the speed has to be a number above 0".to_owned()),
            Command::Pause => {
                state.replay = None;
                Course::Still
            }
            Command::Next => Course::Until(Goal::Line),
            Command::NextMessage { node } => Course::Until(Goal::Message { node }),
            Command::NextFailure => Course::Until(Goal::Failure),
            Command::Back | Command::Line { .. } | Command::Event { .. } => {
                let event = match command {
                    Command::Line { lines: count } => lines.event_at(count),
                    Command::Event { event } => event,
                    _ => lines.event_before(state.destination(lines.place().event)),
                };
                self.go(state, lines, event);
                return Ok(());
            }
        };
        if state.has_ended && course != Course::Still {
            return Err(ENDED.to_owned());
        }
        state.course = course;
        if course == Course::Still {
            let output = vec!["under way: time stands still before its end".to_owned()];
            state.reply(Reply { output, error: None });
        } else {
            // From now on nobody takes the place for the one at which time stands.
            lines.change(|place| place.state = course.state());
        }
        self.changed.notify_all();
        Ok(())
    }

    /// Goes to an event: forward as time goes, or back by a replay.
    fn go(&self, mut state: MutexGuard<'_, State>, lines: &Lines, to: u64) {
        let present = lines.place().event;
        let replays = state.jump.is_some() || state.replay.is_some();
        if to == state.destination(present) {
            return;
        }
        if state.jump.is_none() && state.replay.is_some_and(|target| to > target) {
            // The place of a replay is known from time to time only, but it lies before its target.
            (state.replay, state.course) = (Some(to), Course::Still);
            lines.change(|place| place.target = Some(to));
        } else if replays || to < present {
            // What the person wants meanwhile is done there.
            (state.jump, state.course) = (Some(to), Course::Still);
            state.reply(Reply::refused("time went back before the steps were done"));
            lines.change(|place| (place.state, place.target) = (TimeState::Replaying, Some(to)));
        } else if !state.has_ended {
            state.course = Course::Until(Goal::Event(to));
            lines.change(|place| place.state = TimeState::Running);
        }
        self.changed.notify_all();
    }

    /// Adds steps where the run is. The reply comes once they are done.
    pub(super) fn add(&self, text: String) -> oneshot::Receiver<Reply> {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state();
        let refusal = if state.has_ended {
            Some(ENDED)
        } else if state.reply.is_some() || state.request.is_some() {
            Some(UNDER_WAY)
        } else {
            None
        };
        if let Some(refusal) = refusal {
            let _: Result<(), Reply> = sender.send(Reply::refused(refusal));
        } else {
            state.request = Some(Request { text, reply: sender });
            self.changed.notify_all();
        }
        receiver
    }

    /// Ends the run and the page.
    pub(super) fn quit(&self) {
        self.state().quits = true;
        self.changed.notify_all();
    }
}
