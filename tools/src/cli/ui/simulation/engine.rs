//! The thread of the run: runs the scenario, and again from its start whenever the person goes back.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::added::Additions;
use super::control::{Control, ENDED, Reply};
use super::course::{Beside, MessageEnds, OwnSteps, RunCourse};
use super::holder::Keeper;
use super::lines::{Lines, TimeState};
use super::saved;
use super::saved_file::SavedFile;
use crate::cli::log_entries;
use crate::journal::JournalEntry;
use crate::report;
use crate::run::{Options, Report, Session};
use crate::scenario::Scenario;
use crate::world::World as _;
use crate::world::sim::{self, Sim};

/// The run of one scenario, and all that the person did to it.
pub(super) struct Engine {
    pub(super) scenario: Scenario,
    /// The command that runs the scenario alone.
    pub(super) again: String,
    pub(super) seed: u64,
    /// The file for the run as a scenario.
    pub(super) file: SavedFile,
    pub(super) control: Arc<Control>,
    pub(super) lines: Arc<Lines>,
}

impl Engine {
    /// Runs the scenario until the page ends. Returns the command that runs what was saved, if anything was.
    pub(super) fn run(self) -> Option<String> {
        let additions = Rc::new(RefCell::new(Additions::default()));
        let ends = Rc::new(RefCell::new(MessageEnds::default()));
        let mut target = Some(0);
        loop {
            additions.borrow_mut().rewind();
            let ahead = additions.borrow().shown();
            self.lines.change(|place| place.steps = ahead);
            self.control.state().replay = target.take();
            let report = self.run_once(&additions, RunCourse::new(Rc::clone(&ends)));
            let mut state = self.control.state();
            state.reply(Reply::refused("the run ended before the steps were done"));
            if !state.quits && state.jump.is_none() {
                state.has_ended = true;
                drop(state);
                let verdict = sentence(&report);
                self.lines.change(|place| {
                    (place.state, place.next_us, place.verdict) = (TimeState::Ended, None, Some(verdict));
                });
                state = self.control.state();
            }
            // Where the run goes back, steps are added there.
            let stays = state.jump.is_none();
            if let Some(request) = state.request.take_if(|_| stays) {
                state.reply = Some(request.reply);
                state.reply(Reply::refused(ENDED));
            }
            while !state.quits && state.jump.is_none() {
                state = self.control.wait(state);
            }
            if state.quits {
                break;
            }
            target = state.jump.take();
            state.has_ended = false;
            drop(state);
            self.lines.change(|place| {
                place.note.clear();
                place.verdict = None;
            });
        }
        self.lines.end();
        self.file.command()
    }

    /// Runs the scenario once, up to its verdict or until the person goes elsewhere.
    fn run_once(&self, additions: &Rc<RefCell<Additions>>, course: RunCourse) -> Report {
        let course = Rc::new(course);
        let options = Options {
            messages: true,
            again: Some(self.again.clone()),
            report_entry: Some(report::entry),
            ..Options::in_virtual_time(self.seed)
        };
        let (recording, lines) = (Rc::clone(&course), Arc::clone(&self.lines));
        // Steps that are added on the way drop lines, so that those behind them are made anew.
        let known = Rc::clone(&course.known);
        known.set(self.lines.count());
        let record = move |entry: &JournalEntry| {
            if recording.is_left.get() {
                return;
            }
            let index = recording.lines.get();
            if index < known.get() {
                return recording.record(entry);
            }
            // An entry has strings, numbers and lists only, which always serialise.
            lines.add(index, recording.event.get(), || serde_json::to_string(entry).unwrap_or_default());
            recording.record(entry);
        };
        let session = Rc::new(Session::new(options, record));
        let mut keeper = Keeper {
            control: Arc::clone(&self.control),
            lines: Arc::clone(&self.lines),
            course: Rc::clone(&course),
            additions: Rc::clone(additions),
            session: Rc::clone(&session),
        };
        let mut world = Sim::new(sim::Options {
            messages: true,
            holder: Some(Box::new(move |upcoming| keeper.hold(upcoming))),
            ..sim::Options::judged(self.seed)
        });
        let wall_ms = world.wall_ms();
        let save = |additions: &Additions, own: &OwnSteps| self.save(additions, own);
        let beside = Beside {
            course: Rc::clone(&course),
            additions: Rc::clone(additions),
            control: &self.control,
            lines: &self.lines,
            name: |node| session.network().name(node).to_owned(),
            save: &save,
        };
        let report = session.attended_scenario(&mut world, &self.scenario, &beside);
        let state = self.control.state();
        let goes_on = state.quits || state.jump.is_some();
        drop(state);
        if !goes_on {
            let additions = additions.borrow();
            if additions.all().iter().any(|addition| addition.done.is_none()) {
                self.save(&additions, &course.own_steps());
            }
            drop(additions);
            log_entries::append(&session, world.logs(), wall_ms);
            self.lines.change(|place| {
                (place.event, place.lines) = (world.events(), course.lines.get());
                place.at_us = place.at_us.max(u64::try_from(session.now().as_micros()).unwrap_or(u64::MAX));
            });
        }
        report
    }

    /// Writes the run as a scenario.
    fn save(&self, additions: &Additions, own: &OwnSteps) {
        let note = match saved::text(&self.scenario, &self.again, additions.all(), own) {
            None => "the steps cannot be saved: they were added among steps of an included file".to_owned(),
            Some(text) => match self.file.write(&text) {
                Ok(()) => format!("saved as a scenario: {}", self.file.command().unwrap_or_default()),
                Err(error) => format!("not saved as a scenario: {}", crate::text::io_cause(&error)),
            },
        };
        self.lines.change(|place| place.saved = note);
    }
}

/// Returns a verdict as a sentence.
fn sentence(report: &Report) -> String {
    let word = report.verdict.word();
    let Some(failure) = report.verdict.failure() else { return word.to_owned() };
    format!("{word}: {}", failure.message)
}
