//! A world of a few lines: every operation succeeds at once, unless a test says otherwise.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use crate::world::{
    Answer, Change, Declaration, Event, ExitStatus, NodeIndex, Occurrence, OpId, Operation, Outcome, SIM,
    Signal, Value, World, Written,
};

/// The reaction of a test to each operation. The reaction may replace the usual outcome and add events,
/// each after a delay.
pub(super) type Script = Box<dyn FnMut(Duration, &Operation) -> Reaction>;

/// The reaction that a test chooses.
#[derive(Default)]
pub(super) struct Reaction {
    pub outcome: Option<Outcome>,
    /// The delay of the outcome, beside the least that any operation takes.
    pub after: Duration,
    pub events: Vec<(Duration, Event)>,
}

impl Reaction {
    /// Returns the same reaction with this delay.
    pub(super) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// Returns a reaction with these events, beside the usual outcome.
    pub(super) fn events(events: Vec<(Duration, Event)>) -> Self {
        Self { events, ..Self::default() }
    }

    /// Returns a reaction with this outcome and no events.
    pub(super) fn outcome(outcome: Outcome) -> Self {
        Self { outcome: Some(outcome), ..Self::default() }
    }
}

/// The world of the tests, and all operations that were submitted to it.
pub(super) struct Double {
    script: Script,
    now: Duration,
    queue: BTreeMap<(Duration, u64), Event>,
    last: u64,
    pub told: Rc<RefCell<Vec<(Duration, Operation)>>>,
}

impl Double {
    pub(super) fn new(script: Script) -> Self {
        Self { script, now: Duration::ZERO, queue: BTreeMap::new(), last: 0, told: Rc::default() }
    }

    fn schedule(&mut self, at: Duration, event: Event) {
        self.last += 1;
        self.queue.insert((at, self.last), event);
    }
}

impl World for Double {
    fn declaration(&self) -> &'static Declaration {
        &SIM
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        let Reaction { outcome, after, events } = (self.script)(self.now, &operation);
        for (after, event) in events {
            self.schedule(self.now + after, event);
        }
        let mut at = self.now + Duration::from_micros(1) + after;
        let usual = match &operation {
            Operation::Timer { at: until } => {
                at = at.max(*until);
                Outcome::Done
            }
            Operation::Launch { node, .. } => {
                self.schedule(at, changed(*node, "0", 0));
                Outcome::Done
            }
            Operation::Signal { node, signal: signal @ (Signal::Kill | Signal::Stop), .. } => {
                let ending =
                    if *signal == Signal::Kill { ExitStatus::Signal(9) } else { ExitStatus::Code(0) };
                self.schedule(at, Event::Exited { node: *node, ending });
                Outcome::Done
            }
            Operation::Ask { words, .. } => match words[0].as_str() {
                "peers" | "stats" => Outcome::Unknown { reason: "it says nothing".to_owned() },
                _ => holds("v", "5"),
            },
            Operation::Log { .. } | Operation::Excerpt { .. } => Outcome::Lines(Vec::new()),
            _ => Outcome::Done,
        };
        self.told.borrow_mut().push((self.now, operation));
        self.schedule(at, Event::Ended { id, outcome: outcome.unwrap_or(usual) });
    }

    fn next(&mut self) -> Occurrence {
        let ((at, _), event) =
            self.queue.pop_first().expect("the runner waits for something that was submitted");
        self.now = at;
        Occurrence { at, event }
    }

    fn wall_ms(&self) -> u64 {
        u64::try_from(self.now.as_millis()).unwrap_or(u64::MAX)
    }
}

/// Returns the answer of a node that holds this version.
pub(super) fn holds(value: &str, rank: &str) -> Outcome {
    let written = Written { stamp: format!("{rank}.0"), rank: rank.to_owned() };
    Outcome::Answered(Answer { value: Value::Text(value.to_owned()), written: Some(written) })
}

/// Returns an answer that is a list.
pub(super) fn lists(list: &[&str]) -> Outcome {
    let list = list.iter().map(|&item| item.to_owned()).collect();
    Outcome::Answered(Answer { value: Value::List(list), written: None })
}

/// Returns the event by which a node tells its state.
pub(super) fn changed(node: NodeIndex, digest: &str, peers: u64) -> Event {
    Event::Changed { node, change: Change { digest: digest.to_owned(), peers } }
}
