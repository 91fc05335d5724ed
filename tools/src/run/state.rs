//! The state of a run, as events tell it. It knows neither the steps nor the executor.

mod abort;
mod changes;
mod due;
mod faults;
mod history;
mod measures;
mod network;
mod operations;
mod steps_under_way;
mod unstamped;
mod written;

use std::time::Duration;

pub(in crate::run) use abort::Abort;
use changes::Changes;
pub(in crate::run) use due::{DueMoment, millis};
pub(in crate::run) use faults::ProxiedFaults;
pub(in crate::run) use history::{Acknowledged, Custody, History};
pub(in crate::run) use measures::Measures;
pub(in crate::run) use network::{Content, Link};
pub use network::{Life, Network, Node};
use operations::Operations;
use steps_under_way::StepsUnderWay;
pub(in crate::run) use unstamped::{UnstampedWrite, UnstampedWrites};
use written::WrittenKeys;

use super::laws::{Breach, Evidence, Write};
use super::results::JournalWriter;
use crate::journal::{JournalEntry, JournalEvent, brief_rank};
use crate::scenario::At;
use crate::world::{Event, ExitStatus, Misconduct, NodeIndex, OpId, Operation, Outcome};

/// The state that all steps of a run share.
#[derive(Default)]
pub(in crate::run) struct RunState {
    /// The world's time at the last event.
    pub now: Duration,
    /// The world's time of day at the last event, in milliseconds since 1970.
    pub wall_ms: u64,
    /// The network as known from events.
    pub network: Network,
    /// The writes that were acknowledged.
    pub history: History,
    /// The writes of stores that give no stamps.
    pub unstamped: UnstampedWrites,
    /// The keys that were asked to be written, if some node ran before.
    written: WrittenKeys,
    /// The measures under way.
    pub measures: Measures,
    /// The evidence by which laws are judged.
    pub evidence: Evidence,
    /// True if the last claim about what nodes hold together was that they differ.
    pub ends_apart: bool,
    /// The operations that steps have begun.
    pub operations: Operations,
    /// The changes told so far.
    pub changes: Changes,
    /// The steps under way.
    pub steps: StepsUnderWay,
    journal: JournalWriter,
    /// True if events were appended to the journal since it was last flushed.
    is_unflushed: bool,
    abort: Option<Abort>,
    /// The steps that were under way at the abort.
    aborted_steps: Vec<At>,
    /// True if a source outside of the run wants attention.
    woken: bool,
}

impl RunState {
    /// Returns the state of a run that has not begun.
    pub(in crate::run) fn new(journal: JournalWriter) -> Self {
        Self { journal, ..Self::default() }
    }

    /// Appends an event to the run's journal; without a journal the event is not even made.
    pub(in crate::run) fn journal(&mut self, event: impl FnOnce() -> JournalEvent) {
        if self.journal.is_some() {
            let at_us = u64::try_from(self.now.as_micros()).unwrap_or(u64::MAX);
            self.append(&JournalEntry { at_us: Some(at_us), event: event() });
        }
    }

    /// Appends an entry to the run's journal, if there is one.
    pub(in crate::run) fn append(&mut self, entry: &JournalEntry) {
        if let Some(recorder) = &mut self.journal {
            recorder.record(entry);
            self.is_unflushed = true;
        }
    }

    /// Returns true if events were appended since the journal was last flushed.
    pub(in crate::run) fn is_unflushed(&self) -> bool {
        self.is_unflushed
    }

    /// Flushes the journal: the next event may be long in coming.
    pub(in crate::run) fn flush_journal(&mut self) {
        self.is_unflushed = false;
        if let Some(recorder) = &mut self.journal {
            recorder.flush();
        }
    }

    /// Appends an event to the run's journal, if there is one and the event has a place in it.
    fn journal_some(&mut self, event: impl FnOnce() -> Option<JournalEvent>) {
        if self.journal.is_some()
            && let Some(event) = event()
        {
            self.journal(|| event);
        }
    }

    /// Records the key or the element of a command that changes something, if a node ran before and may hold others.
    pub(in crate::run) fn record_written(&mut self, words: &[String]) {
        if self.network.ran_before() {
            self.written.add(words);
        }
    }

    /// Returns the keys and the elements that this run asked to be written, if a node ran before.
    pub(in crate::run) fn written(&self) -> impl Iterator<Item = &str> {
        self.written.iter()
    }

    /// Removes the abort of the run, if one was raised.
    pub(in crate::run) fn take_abort(&mut self) -> Option<Abort> {
        self.abort.take()
    }

    /// Returns true once after a source outside of the run has asked for attention.
    pub(in crate::run) fn take_woken(&mut self) -> bool {
        std::mem::take(&mut self.woken)
    }

    /// Returns the steps that were under way at the abort, with the latest at the end.
    pub(in crate::run) fn aborted_steps(&self) -> &[At] {
        &self.aborted_steps
    }

    /// Sets a node's life. Its answers may differ from now on, so this counts as a change.
    pub(in crate::run) fn set_life(&mut self, node: NodeIndex, life: Life) {
        self.journal(|| JournalEvent::Life { node, life: life.name() });
        self.changes.wake_waiters();
        self.network.set_life(node, life, self.changes.count());
        self.evidence.disturbed(self.now);
    }

    /// Aborts the run if a law was broken.
    pub(in crate::run) fn abort_if_broken(&mut self, breach: Option<Breach>) {
        if let Some(breach) = breach {
            self.abort(Abort::Broken(Box::new(breach)));
        }
    }

    /// Aborts the run; the first abort stays.
    fn abort(&mut self, abort: Abort) {
        if self.abort.is_none() {
            self.abort = Some(abort);
            self.aborted_steps = self.steps.all();
        }
    }

    /// Records an acknowledged write for the end of the run, for measures under way, and
    /// for the law of payloads.
    pub(in crate::run) fn acknowledged(&mut self, node: NodeIndex, key: &str, rank: &str, tombstone: bool) {
        let (now, entry) = (self.now, self.network.node(node));
        let custody = if entry.spec.disk { Custody::Disk } else { Custody::Life(entry.incarnation) };
        let write = Acknowledged { rank: rank.to_owned(), at: now, tombstone };
        self.history.acknowledged(node, custody, key, write);
        if self.measures.is_active() {
            let tells = |node: &NodeIndex| self.network.node(*node).tells;
            let told_by: Vec<NodeIndex> =
                self.network.component_of(node).iter().copied().filter(tells).collect();
            self.measures.acknowledged(node, key, rank, now, &told_by);
        }
        if self.evidence.counts_copies() {
            let write = Write {
                key,
                rank,
                by: node,
                author: self.network.name(node),
                nodes: self.network.component_of(node).len(),
                sound: self.network.is_sound(),
            };
            let broken = self.evidence.acknowledged(&write, now);
            self.abort_if_broken(broken);
        }
    }

    /// Returns true if an acknowledged write was not yet due at all nodes of its component at the time
    /// of the check: when these were found to hold the same apart from such versions.
    pub(in crate::run) fn is_undue(&self, node: NodeIndex, key: &str, rank: &str) -> bool {
        let Some(moment) = self.history.due_until else { return false };
        let due_ms = moment.due_ms(&self.network, node);
        self.evidence.wall_ms(key, rank).is_some_and(|wall_ms| wall_ms > due_ms)
    }

    /// Records that an operation is handed to the world.
    pub(in crate::run) fn on_submitted(&mut self, id: OpId, operation: &Operation, step: Option<u64>) {
        self.journal_some(|| JournalEvent::submitted(id, operation, step));
        if matches!(
            operation,
            Operation::Wire { .. }
                | Operation::Links(_)
                | Operation::Partition(_)
                | Operation::Clock { .. }
                | Operation::Disk { .. }
                | Operation::Signal { .. }
        ) {
            self.evidence.disturbed(self.now);
        }
    }

    /// Updates the state by an event of the world.
    pub(in crate::run) fn on_event(&mut self, event: Event) {
        match event {
            Event::Ended { id, outcome } => self.on_ended(id, outcome),
            Event::Put { id } => self.operations.on_put(id, self.now),
            Event::Changed { node, change } => {
                self.journal(|| JournalEvent::Changed { node, change: change.clone() });
                self.changes.wake_waiters();
                if self.network.record_change(node, change, self.now, self.changes.count()) {
                    self.evidence.disturbed(self.now);
                }
            }
            Event::Stored { node, key, rank, wall_ms } => {
                self.journal(|| JournalEvent::Stored {
                    node,
                    key: key.clone(),
                    rank: brief_rank(&rank),
                    wall_ms,
                });
                let now = self.now;
                let breach = self.evidence.stored(node, self.network.node(node), &key, &rank, wall_ms, now);
                self.abort_if_broken(breach);
                if self.measures.stored(node, &key, &rank, now) {
                    self.changes.wake_waiters();
                }
            }
            Event::Link { from, to, up } => self.journal(|| JournalEvent::Link { from, to, up }),
            Event::Message(event) => self.journal(|| event.into()),
            Event::Exited { node, ending } => self.on_exited(node, ending),
            Event::Payload { key, rank, .. } => {
                let breach = self.evidence.sent(&key, &rank, self.now);
                self.abort_if_broken(breach);
            }
            Event::Misbehaved { node, how } => self.on_misbehaved(node, how),
            Event::Lacking { reason } => self.abort(Abort::Lacking(reason)),
            Event::Runaway { reason } => self.abort(Abort::Runaway(reason)),
            Event::Interrupted => self.abort = Some(Abort::Interrupted),
            Event::Woken => {
                self.woken = true;
                self.changes.wake_waiters();
            }
        }
    }

    fn on_ended(&mut self, id: OpId, outcome: Outcome) {
        self.journal_some(|| JournalEvent::ended(id, &outcome));
        self.operations.on_ended(id, outcome);
    }

    fn on_exited(&mut self, node: NodeIndex, ending: ExitStatus) {
        self.journal(|| JournalEvent::Exited { node, ending });
        let before = self.network.node(node).life;
        self.network.forget_state(node);
        let life = if before == Life::Ending { Life::Stopped } else { Life::Exited(ending) };
        self.set_life(node, life);
        // A node that ends before it is ready fails its launch, which reports the end.
        if !matches!(before, Life::Ending | Life::Starting) {
            self.abort(Abort::Died(node, ending));
        }
    }

    fn on_misbehaved(&mut self, node: NodeIndex, how: Misconduct) {
        self.journal(|| match how.clone() {
            Misconduct::Protocol(reason) => JournalEvent::Misbehaved { node, reason },
            Misconduct::Flood(reason) => JournalEvent::Flooded { node, reason },
        });
        // A node that was just told to end may break off anywhere.
        if self.network.node(node).life != Life::Ending {
            self.abort(Abort::Misbehaved(node, how));
        }
    }
}
