//! The record of a test: the events that its journal has.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::journal::{JournalEntry, JournalEvent, LawState, NodeLife, OperationOutcome, Recorder};
use crate::workload::{CheckResult, Completion, History, Problem};
use crate::world::{Event, Misconduct, NodeIndex, OpId, Operation, Outcome};

/// The most characters of an answer. Chosen: a person reads no more of it in a picture.
const ANSWER_MAX: usize = 200;
/// The most operations of an order. Chosen: a picture of more shows nothing.
const ORDER_MAX: usize = 10_000;

/// The writer of the events of a test.
pub(super) struct Record<'a> {
    recorder: &'a mut dyn Recorder,
    now: Duration,
    /// The operations under way whose end is an event; of a launch with its node.
    under_way: BTreeMap<OpId, Option<NodeIndex>>,
    /// The present lives of nodes.
    lives: BTreeMap<NodeIndex, NodeLife>,
    is_unflushed: bool,
    /// True once nodes are ended because the test is over, which is no part of it.
    is_over: bool,
}

impl<'a> Record<'a> {
    pub(super) fn new(recorder: &'a mut dyn Recorder) -> Self {
        Self {
            recorder,
            now: Duration::ZERO,
            under_way: BTreeMap::new(),
            lives: BTreeMap::new(),
            is_unflushed: false,
            is_over: false,
        }
    }

    /// Leaves out what the world does from now on: the test is over, and its nodes are ended.
    pub(super) fn end_world(&mut self) {
        self.is_over = true;
    }

    /// Sets the time of the events that follow.
    pub(super) fn set_now(&mut self, now: Duration) {
        self.now = now;
    }

    /// Returns true if events were written since the last flush.
    pub(super) fn is_unflushed(&self) -> bool {
        self.is_unflushed
    }

    /// Flushes the events so far.
    pub(super) fn flush(&mut self) {
        self.is_unflushed = false;
        self.recorder.flush();
    }

    /// Writes an event.
    pub(super) fn write(&mut self, event: JournalEvent) {
        self.is_unflushed = true;
        self.recorder.record(&JournalEntry { at_us: Some(micros(self.now)), event });
    }

    /// Records that an operation is handed to the world.
    pub(super) fn on_submitted(&mut self, id: OpId, operation: &Operation) {
        if self.is_over {
            return;
        }
        // Timers and members are no events, and neither are their ends.
        let Some(event) = JournalEvent::submitted(id, operation, None) else { return };
        self.write(event);
        let launched = match operation {
            Operation::Launch { node, .. } => {
                self.set_life(*node, NodeLife::Starting);
                Some(*node)
            }
            _ => None,
        };
        self.under_way.insert(id, launched);
    }

    /// Records an event of the world.
    pub(super) fn on_event(&mut self, event: &Event) {
        match event {
            _ if self.is_over => {}
            Event::Ended { id, outcome } => self.on_ended(*id, outcome),
            Event::Exited { node, ending } => {
                self.write(JournalEvent::Exited { node: *node, ending: *ending });
                self.set_life(*node, NodeLife::Exited);
            }
            Event::Misbehaved { node, how } => self.write(match how.clone() {
                Misconduct::Protocol(reason) => JournalEvent::Misbehaved { node: *node, reason },
                Misconduct::Flood(reason) => JournalEvent::Flooded { node: *node, reason },
            }),
            Event::Message(event) => self.write(event.clone().into()),
            _ => {}
        }
    }

    fn on_ended(&mut self, id: OpId, outcome: &Outcome) {
        let Some(launched) = self.under_way.remove(&id) else { return };
        if let Some(event) = JournalEvent::ended(id, outcome) {
            self.write(event);
        }
        if let (Some(node), Outcome::Done) = (launched, outcome) {
            self.set_life(node, NodeLife::Running);
        }
    }

    fn set_life(&mut self, node: NodeIndex, life: NodeLife) {
        if self.lives.insert(node, life) != Some(life) {
            self.write(JournalEvent::Life { node, life });
        }
    }

    /// Records the operation that was added last to the history.
    pub(super) fn on_operation(&mut self, op: OpId, history: &History) {
        if let Some(event) = last_operation(op, history, 0) {
            self.write(event);
        }
    }

    /// Records the judgement of the history. `law` is the name of the workload, whose rule is the law.
    pub(super) fn on_judged(&mut self, law: &'static str, verdict: &CheckResult) {
        for problem in &verdict.problems {
            self.write(problem_event(problem, 0));
        }
        let state = match verdict {
            verdict if verdict.found > 0 => LawState::Broken,
            verdict if verdict.undecided.is_some() => LawState::NotJudged,
            _ => LawState::Held,
        };
        self.write(JournalEvent::Law { law: law.into(), state });
    }
}

/// Returns the event of the operation that was added last to a history. `first` is the number of the history's first
/// operation in the run.
#[must_use]
pub fn last_operation(op: OpId, history: &History, first: u64) -> Option<JournalEvent> {
    let number = history.operations().len().checked_sub(1)?;
    let operation = &history.operations()[number];
    let outcome = match operation.outcome {
        Completion::Ok(_) => OperationOutcome::Ok,
        Completion::Failed { .. } => OperationOutcome::Failed,
        Completion::Unknown { .. } => OperationOutcome::Unknown,
    };
    Some(JournalEvent::Operation {
        number: first + number as u64,
        op,
        client: operation.client as u64,
        node: operation.node,
        words: operation.words.clone(),
        begin_us: micros(operation.invoked),
        outcome,
        answer: clipped(history.answer_in_words(number)),
        last: operation.last,
    })
}

/// Returns the event of a problem in a history whose first operation has the number `first` in the run.
#[must_use]
pub fn problem_event(problem: &Problem, first: u64) -> JournalEvent {
    let numbers = |all: &[usize]| all.iter().map(|number| first + *number as u64).collect();
    JournalEvent::Problem {
        kind: problem.kind.into(),
        message: problem.message.clone(),
        operations: numbers(&problem.operations),
        order: numbers(&problem.order[problem.order.len().saturating_sub(ORDER_MAX)..]),
        misfits: numbers(&problem.misfits[..problem.misfits.len().min(ORDER_MAX)]),
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn clipped(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(ANSWER_MAX) {
        text.truncate(at);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_clipped_between_characters() {
        assert_eq!(clipped("é".repeat(ANSWER_MAX)), "é".repeat(ANSWER_MAX));
        assert_eq!(clipped("é".repeat(ANSWER_MAX + 1)), "é".repeat(ANSWER_MAX) + "…");
    }
}
