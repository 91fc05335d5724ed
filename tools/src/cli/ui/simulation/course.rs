//! The course of one run: what its events tell, and the steps that a person adds to it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use super::added::Additions;
use super::command::{Goal, Happened};
use super::control::{Control, Course, Reply};
use super::lines::Lines;
use crate::cli::by_hand::{Answers, Naming};
use crate::cli::recording::{self, DoneStep, StepResult};
use crate::journal::{JournalEntry, JournalEvent, Party};
use crate::report::{self, Style};
use crate::run::{Attendant, Failure};
use crate::scenario::{Step, StepKind};
use crate::world::NodeIndex;

/// The name of the text of added steps: by it they are told from those of the scenario.
pub(super) const BY_HAND: &str = "by hand";

/// One run from its start, until it ends or goes back. The thread of the run alone uses it.
#[derive(Default)]
pub(super) struct RunCourse {
    /// The number of the event that happens, or happened last.
    pub(super) event: Cell<u64>,
    /// The number of lines so far.
    pub(super) lines: Cell<usize>,
    /// The number of lines that the page has already.
    pub(super) known: Rc<Cell<usize>>,
    /// True while the run is brought back to an earlier place: its messages are not told, nor are lines counted.
    pub(super) is_repeat: Cell<bool>,
    /// True once the run is left for another: what it still tells is of no interest.
    pub(super) is_left: Cell<bool>,
    pub(super) naming: RefCell<Naming>,
    happened: RefCell<Happened>,
    own: RefCell<OwnSteps>,
    by_hand: RefCell<ByHand>,
    ends: Rc<RefCell<MessageEnds>>,
    /// The time of the last entry, in microseconds.
    at_us: Cell<u64>,
}

/// The ends of each message by its number, which starts at 1. A message has its number in all runs of one seed, until
/// an added step makes the run another, and so the ends of messages that a replay does not tell are known.
#[derive(Debug, Default)]
pub(super) struct MessageEnds(Vec<[Option<usize>; 2]>);

/// The steps of the scenario itself, those in blocks aside.
#[derive(Debug, Default, Clone)]
pub(super) struct OwnSteps {
    /// The time at which each began.
    pub(super) began: Vec<Duration>,
    /// The number of those that have ended.
    pub(super) ended: usize,
    /// The time at which the last one ended.
    pub(super) ended_at: Duration,
    /// The number of the one under way.
    pub(super) current: Option<u64>,
}

/// The added steps that are under way.
#[derive(Default)]
struct ByHand {
    queue: VecDeque<Step>,
    is_busy: bool,
    /// The numbers of the steps and of those in their blocks.
    numbers: BTreeSet<u64>,
    answers: Answers,
    output: Vec<String>,
    repeat: Vec<String>,
}

impl MessageEnds {
    fn insert(&mut self, message: u64, ends: [Option<usize>; 2]) {
        let Some(index) = usize::try_from(message).ok().and_then(|number| number.checked_sub(1)) else {
            return;
        };
        if index >= self.0.len() {
            self.0.resize(index + 1, [None; 2]);
        }
        self.0[index] = ends;
    }

    /// Returns the nodes at the ends of a message.
    fn of(&self, message: u64) -> impl Iterator<Item = usize> {
        let index = usize::try_from(message).ok().and_then(|number| number.checked_sub(1));
        index.and_then(|index| self.0.get(index)).into_iter().flatten().flatten().copied()
    }
}

impl RunCourse {
    /// Returns the course of a run that has not begun. `ends` are those of messages of the runs before.
    pub(super) fn new(ends: Rc<RefCell<MessageEnds>>) -> Self {
        Self { ends, ..Self::default() }
    }

    /// Takes in an entry of the journal.
    pub(super) fn record(&self, entry: &JournalEntry) {
        self.lines.set(self.lines.get() + 1);
        self.happened.borrow_mut().lines += 1;
        self.at_us.set(entry.at_us.unwrap_or_else(|| self.at_us.get()));
        match &entry.event {
            JournalEvent::Step { step, parent, file, .. } => {
                let mut by_hand = self.by_hand.borrow_mut();
                if parent.map_or(file == BY_HAND, |parent| by_hand.numbers.contains(&parent)) {
                    by_hand.numbers.insert(*step);
                } else if parent.is_none() {
                    self.own.borrow_mut().begin(*step, self.now());
                }
            }
            JournalEvent::StepEnded { step, result } => {
                let failed = *result == crate::journal::StepResult::Failed;
                self.happened.borrow_mut().failed |= failed;
                self.own.borrow_mut().end(*step, self.now());
            }
            JournalEvent::Sent { message, from, to, .. } => self.sent(*message, [from, to]),
            JournalEvent::Arrived { message } | JournalEvent::Lost { message, .. } => self.carried(*message),
            _ => {}
        }
        self.by_hand.borrow_mut().collect(entry);
    }

    fn sent(&self, message: u64, ends: [&Party; 2]) {
        let ends = ends.map(|party| match party {
            Party::Node(NodeIndex(node)) => Some(*node),
            Party::Other(_) => None,
        });
        self.happened.borrow_mut().talkers.extend(ends.into_iter().flatten());
        self.ends.borrow_mut().insert(message, ends);
    }

    fn carried(&self, message: u64) {
        self.happened.borrow_mut().talkers.extend(self.ends.borrow().of(message));
    }

    /// Returns the time of the last entry.
    pub(super) fn now(&self) -> Duration {
        Duration::from_micros(self.at_us.get())
    }

    /// Removes and returns the things that happened since the last call.
    pub(super) fn take_happened(&self) -> Happened {
        self.happened.take()
    }

    /// Returns the steps of the scenario so far.
    pub(super) fn own_steps(&self) -> OwnSteps {
        self.own.borrow().clone()
    }

    /// Returns true while added steps are under way.
    pub(super) fn is_busy(&self) -> bool {
        self.by_hand.borrow().is_busy
    }

    /// Hands over added steps. The run has to be woken.
    pub(super) fn hand_over(&self, steps: Vec<Step>) {
        let mut by_hand = self.by_hand.borrow_mut();
        by_hand.is_busy = true;
        by_hand.output.clear();
        by_hand.repeat.clear();
        by_hand.answers = Answers::of_step();
        by_hand.queue.extend(steps);
    }
}

impl OwnSteps {
    fn begin(&mut self, step: u64, now: Duration) {
        self.began.push(now);
        self.current = Some(step);
    }

    fn end(&mut self, step: u64, now: Duration) {
        if self.current == Some(step) {
            self.current = None;
            self.ended += 1;
            self.ended_at = now;
        }
    }
}

impl ByHand {
    /// Collects an entry if it belongs to the added steps.
    fn collect(&mut self, entry: &JournalEntry) {
        let step = match &entry.event {
            JournalEvent::Chosen { step, .. } | JournalEvent::Ask { step, .. } => *step,
            JournalEvent::Answer { .. }
            | JournalEvent::Refused { .. }
            | JournalEvent::Unknown { .. }
            | JournalEvent::Failed { .. } => return self.answers.collect(entry),
            _ => return,
        };
        if step.is_some_and(|step| self.numbers.contains(&step)) {
            self.answers.collect(entry);
        }
    }

    /// Adds the end of a step.
    fn end(&mut self, step: &Step, failure: Option<&Failure>, name: impl Fn(NodeIndex) -> String) {
        if matches!(step.kind, StepKind::Ask { .. } | StepKind::LetAnswer { .. }) {
            self.output.extend(self.answers.lines(&name));
        }
        let result = if failure.is_none() { StepResult::Succeeded } else { StepResult::Failed };
        let done = DoneStep { step, result, draws: self.answers.take_draws() };
        self.repeat.extend(recording::replay_steps(&[done], name));
        self.answers = Answers::of_step();
        if failure.is_some() {
            self.queue.clear();
        }
        self.is_busy = !self.queue.is_empty();
    }
}

/// The person beside one run.
pub(super) struct Beside<'a, N> {
    pub(super) course: Rc<RunCourse>,
    pub(super) additions: Rc<RefCell<Additions>>,
    pub(super) control: &'a Control,
    pub(super) lines: &'a Lines,
    /// The names of nodes.
    pub(super) name: N,
    /// Is called whenever added steps are done.
    pub(super) save: &'a dyn Fn(&Additions, &OwnSteps),
}

impl<N: Fn(NodeIndex) -> String> Attendant for Beside<'_, N> {
    fn next_step(&self) -> Option<Step> {
        self.course.by_hand.borrow_mut().queue.pop_front()
    }

    fn on_step_ended(&self, step: Step, failure: Option<&Failure>) {
        let mut by_hand = self.course.by_hand.borrow_mut();
        by_hand.end(&step, failure, &self.name);
        if failure.is_none() {
            self.course.naming.borrow_mut().add(&step);
        }
        if by_hand.is_busy {
            return;
        }
        let reply = Reply {
            output: std::mem::take(&mut by_hand.output),
            error: failure.map(|failure| report::explain(failure, Style::PLAIN)),
        };
        let repeat = std::mem::take(&mut by_hand.repeat);
        drop(by_hand);
        let mut additions = self.additions.borrow_mut();
        additions.end(self.course.now(), repeat);
        (self.save)(&additions, &self.course.own_steps());
        let mut state = self.control.state();
        if state.course == Course::Until(Goal::Added) {
            state.course = Course::Still;
        }
        self.lines.change(|place| place.steps = additions.shown());
        state.reply(reply);
    }
}
