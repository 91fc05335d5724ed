//! The simulator as a world: takes operations, carries out scheduled events, and hands over reports.

use std::collections::BTreeMap;
use std::time::Duration;

use super::clock::WALL_MS;
use super::hold::{Hold, Upcoming};
use super::request::AskBody;
use super::scheduled::Scheduled;
use super::state::Sim;
use crate::world::{Declaration, Event, Occurrence, OpId, Operation, Outcome, SIM, World};

/// The time that an operation takes to reach the world: about that of a request over loopback.
pub(super) const REACH: Duration = Duration::from_micros(100);
/// The end of virtual time. Chosen: longer than any scenario waits, and reached in seconds by idle nodes.
pub(super) const LIMIT: Duration = Duration::from_hours(24);
/// The most events at one instant. Chosen: far above what the largest networks need at one instant (a message on
/// each link of ten thousand nodes), and reached within a minute where nodes answer each other without end.
const INSTANT_MAX: u64 = 20_000_000;

impl World for Sim {
    fn declaration(&self) -> &'static Declaration {
        &SIM
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        match operation {
            Operation::Timer { at } => self.schedule(at, Scheduled::Timer(id)),
            operation => {
                self.schedule(self.now + REACH, Scheduled::Operation(id, Box::new(operation)));
            }
        }
    }

    fn next(&mut self) -> Occurrence {
        loop {
            if let Some(occurrence) = self.reported.pop_front() {
                return occurrence;
            }
            if let Some(reason) = self.end_reason.clone() {
                return Occurrence { at: self.now, event: Event::Runaway { reason } };
            }
            self.step();
        }
    }

    fn wall_ms(&self) -> u64 {
        WALL_MS.saturating_add(self.now.as_millis().try_into().unwrap_or(u64::MAX))
    }
}

impl Sim {
    /// Carries out the next scheduled event.
    fn step(&mut self) {
        if self.is_held() {
            return;
        }
        self.reseed_if_due();
        let Some((at_ns, what)) = self.queue.pop() else {
            return self.end_time("nothing is scheduled any more: what is waited for cannot happen");
        };
        let at = Duration::from_nanos(at_ns);
        if at > LIMIT {
            self.queue.push(at_ns, what);
            return self.end_time(
                "virtual time is limited to 24 h: shorten waits and time-outs, or split the scenario",
            );
        }
        if at > self.now {
            self.now = at;
            self.at_once = 0;
        }
        self.events += 1;
        self.at_once += 1;
        if self.at_once > INSTANT_MAX {
            return self.end_time("20 million events have happened without any time passing: nodes answer each other without end");
        }
        match what {
            Scheduled::Operation(id, operation) => self.operate(id, *operation),
            Scheduled::Timer(id) => self.ended(id, Outcome::Done),
            Scheduled::Ready(node, life) => self.on_ready(node, life),
            Scheduled::GiveUp(node, request) => self.give_up(node, request),
            Scheduled::Arrival(arrival) => self.arrive(arrival),
            Scheduled::Wake(node) => self.wake(node),
            Scheduled::Synced(node, life) => self.on_synced(node, life),
        }
    }

    /// Asks the holder about the next event, if there is a holder. Returns true if the event has to wait.
    fn is_held(&mut self) -> bool {
        let Some(holder) = &mut self.holder else { return false };
        let Some(at_ns) = self.queue.next_at_ns() else { return false };
        let upcoming = Upcoming { event: self.events, now: self.now, at: Duration::from_nanos(at_ns) };
        let answer = holder(upcoming);
        if let Some(messages) = &mut self.messages {
            messages.are_muted = answer == Hold::Repeat;
        }
        let event = match answer {
            Hold::Continue | Hold::Repeat => return false,
            Hold::Wake => Event::Woken,
            Hold::End => Event::Interrupted,
        };
        self.report(event);
        true
    }

    fn operate(&mut self, id: OpId, operation: Operation) {
        self.trace.operation(self.now, id, &operation);
        match operation {
            Operation::Launch { node, spec, .. } => self.launch(id, node, *spec),
            Operation::Signal { node, signal, .. } => self.signal(id, node, signal),
            Operation::Ask { node, words, deadline, .. } => {
                self.ask(id, node, AskBody::Words(words), deadline);
            }
            Operation::Wire { from, to, deadline } => {
                self.ask(id, from, AskBody::Wire(to), deadline);
            }
            Operation::Watch { node, deadline } => self.ask(id, node, AskBody::Watch, deadline),
            Operation::Links(changes) => {
                for change in &changes {
                    self.change(change);
                }
                self.ended(id, Outcome::Done);
            }
            // No node has a way past its links.
            Operation::Bypasses { .. } => self.ended(id, Outcome::Bypasses(Vec::new())),
            Operation::Partition(sets) => {
                self.set_partition(&sets);
                self.ended(id, Outcome::Done);
            }
            Operation::Clock { node, offset_ms } => {
                let place = self.place(node);
                place.shift_ms = place.shift_ms.saturating_add(offset_ms);
                self.ended(id, Outcome::Done);
            }
            Operation::Disk { node, full } => {
                self.place(node).disk.fill(full);
                self.ended(id, Outcome::Done);
            }
            Operation::Log { node, lines } => {
                let lines = self.place(node).log_lines(lines);
                self.ended(id, Outcome::Lines(lines));
            }
            Operation::Excerpt { node, lines } => {
                let lines = self.place(node).log_lines_of_life(lines);
                self.ended(id, Outcome::Lines(lines));
            }
            // No simulated node has a sign of health of its own.
            Operation::Healthy { .. } | Operation::Members(_) | Operation::Timer { .. } => {
                self.ended(id, Outcome::Done);
            }
        }
    }

    /// Ends virtual time, for a reason.
    fn end_time(&mut self, why: &str) {
        let reason = format!("{why}; {}", self.still_scheduled());
        self.end_reason = Some(reason.clone());
        self.report(Event::Runaway { reason });
    }

    /// Describes the events that are still scheduled, in words.
    fn still_scheduled(&self) -> String {
        let mut kinds: BTreeMap<(&'static str, &'static str), (usize, u64)> = BTreeMap::new();
        for (at_ns, what) in self.queue.iter() {
            let kind = match what {
                Scheduled::Operation(..) => ("operation", "operations"),
                Scheduled::Timer(_) => ("timer of the scenario", "timers of the scenario"),
                Scheduled::Ready(..) => ("node about to be ready", "nodes about to be ready"),
                Scheduled::GiveUp(..) => ("deadline of an ask", "deadlines of asks"),
                Scheduled::Arrival(_) => ("frame under way", "frames under way"),
                Scheduled::Wake(_) => ("timer of a node", "timers of nodes"),
                Scheduled::Synced(..) => ("disk about to sync", "disks about to sync"),
            };
            let (count, first) = kinds.entry(kind).or_insert((0, u64::MAX));
            *count += 1;
            *first = (*first).min(at_ns);
        }
        if kinds.is_empty() {
            return "nothing was scheduled".to_owned();
        }
        let kinds: Vec<String> = kinds
            .into_iter()
            .map(|((one, many), (count, first))| {
                let kind = if count == 1 { one } else { many };
                let first = crate::text::duration(Duration::from_nanos(first));
                format!("{count} {kind} (the first at {first})")
            })
            .collect();
        format!("still scheduled: {}", kinds.join(", "))
    }
}
