//! The trace: every event of the world, as one line of JSON each.

use std::time::Duration;

use node::core::LogEvent;
use node::wire::{Frame, encode};
use serde_json::{Value, json};

use super::clock::nanos;
use crate::world::{Event, LinkChange, Misconduct, OpId, Operation, Outcome};

/// A callback that receives events of a run, as one line of JSON each, without its newline.
pub type Tracer = Box<dyn FnMut(&str)>;

/// The writer of the trace, if a trace is wanted.
pub(super) struct Trace(Option<Tracer>);

impl Trace {
    pub(super) fn new(tracer: Option<Tracer>) -> Self {
        Self(tracer)
    }

    /// Writes a line. The line is made only if a trace is wanted.
    fn line(&mut self, now: Duration, what: &'static str, make: impl FnOnce() -> Value) {
        let Some(write) = &mut self.0 else { return };
        let mut line = make();
        line["at_ns"] = json!(nanos(now));
        line["event"] = json!(what);
        write(&line.to_string());
    }

    /// Writes that an operation reaches the world.
    pub(super) fn operation(&mut self, now: Duration, id: OpId, operation: &Operation) {
        self.line(now, "operation", || {
            let mut line = match operation {
                Operation::Launch { node, spec, .. } => json!({"launch": spec, "node": node}),
                Operation::Signal { node, signal, .. } => json!({"signal": signal, "node": node}),
                Operation::Ask { node, words, .. } => json!({"ask": words, "node": node}),
                Operation::Wire { from, to, .. } => json!({"wire": [from, to]}),
                Operation::Watch { node, .. } => json!({"watch": node}),
                Operation::Healthy { node, .. } => json!({"healthy": node}),
                Operation::Links(changes) => {
                    let changes: Vec<Value> = changes.iter().map(change).collect();
                    json!({"links": changes})
                }
                Operation::Bypasses { since } => {
                    json!({"bypasses": since.keys().collect::<Vec<_>>()})
                }
                Operation::Partition(sets) => json!({"partition": sets}),
                Operation::Clock { node, offset_ms } => json!({"clock": offset_ms, "node": node}),
                Operation::Disk { node, full } => json!({"disk_full": full, "node": node}),
                Operation::Log { node, lines } => json!({"log": lines, "node": node}),
                Operation::Excerpt { node, lines } => json!({"excerpt": lines, "node": node}),
                Operation::Members(members) => {
                    json!({"members": members.nodes.iter().map(|(node, _)| node).collect::<Vec<_>>()})
                }
                Operation::Timer { at } => json!({"timer": nanos(*at)}),
            };
            line["id"] = json!(id);
            line
        });
    }

    /// Writes an event that the world reports to the runner.
    pub(super) fn reported(&mut self, now: Duration, event: &Event) {
        match event {
            Event::Ended { id, outcome } => {
                self.line(now, "ended", || json!({"id": id, "outcome": self::outcome(outcome)}));
            }
            Event::Changed { node, change } => {
                self.line(now, "changed", || json!({"node": node, "change": change}));
            }
            Event::Stored { node, key, rank, .. } => {
                self.line(now, "stored", || json!({"node": node, "key": key, "rank": rank}));
            }
            Event::Payload { node, key, rank } => {
                self.line(now, "payload", || json!({"node": node, "key": key, "rank": rank}));
            }
            Event::Exited { node, ending } => {
                self.line(now, "exited", || json!({"node": node, "ending": ending}));
            }
            Event::Misbehaved { node, how: Misconduct::Protocol(reason) } => {
                self.line(now, "misbehaved", || json!({"node": node, "reason": reason}));
            }
            Event::Misbehaved { node, how: Misconduct::Flood(reason) } => {
                self.line(now, "flooded", || json!({"node": node, "reason": reason}));
            }
            Event::Lacking { reason } => self.line(now, "lacking", || json!({"reason": reason})),
            Event::Runaway { reason } => self.line(now, "runaway", || json!({"reason": reason})),
            // The trace has lines of its own for connections and frames.
            Event::Link { .. }
            | Event::Message(_)
            | Event::Put { .. }
            | Event::Interrupted
            | Event::Woken => {}
        }
    }

    /// Writes that a node's dial has succeeded.
    pub(super) fn connected(&mut self, now: Duration, node: &str, to: &str) {
        self.line(now, "connected", || json!({"from": node, "to": to}));
    }

    /// Writes that a node takes in a frame.
    pub(super) fn frame(&mut self, now: Duration, from: &str, to: &str, frame: &Frame) {
        let Some(write) = &mut self.0 else { return };
        // The frame is written byte for byte. As a value of `serde_json` its numbers would be read and
        // written anew, and numbers that it cannot hold would make the frame invalid.
        let (at_ns, from, to) = (nanos(now), json!(from), json!(to));
        let frame = encode(frame);
        write(&format!(r#"{{"at_ns":{at_ns},"event":"frame","frame":{frame},"from":{from},"to":{to}}}"#));
    }

    /// Writes that a node's connection has ended.
    pub(super) fn closed(&mut self, now: Duration, node: &str, to: &str) {
        self.line(now, "closed", || json!({"node": node, "to": to}));
    }

    /// Writes that a node's disk has synced.
    pub(super) fn synced(&mut self, now: Duration, node: &str) {
        self.line(now, "synced", || json!({"node": node}));
    }

    /// Writes that a node is woken because it asked for it.
    pub(super) fn woken(&mut self, now: Duration, node: &str) {
        self.line(now, "woken", || json!({"node": node}));
    }

    /// Writes a line of a node's log.
    pub(super) fn log(&mut self, now: Duration, node: &str, event: &LogEvent) {
        self.line(
            now,
            "log",
            || json!({"node": node, "level": event.level().name(), "text": event.to_string()}),
        );
    }
}

fn change(change: &LinkChange) -> Value {
    match change {
        LinkChange::Cut(direction) => json!({"cut": direction}),
        LinkChange::Join(direction) => json!({"join": direction}),
        LinkChange::Break(direction) => json!({"break": direction}),
        LinkChange::Shape(direction, shapes) => {
            let shapes: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
            json!({"shape": direction, "to": shapes})
        }
    }
}

fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Done => json!("done"),
        Outcome::Answered(answer) => json!({"answer": answer.value, "written": answer.written}),
        Outcome::Refused { code, message } => json!({"refused": code, "message": message}),
        Outcome::Unknown { reason } => json!({"unknown": reason}),
        Outcome::Failed { reason } => json!({"failed": reason}),
        Outcome::Bypasses(found) => json!({"bypasses": found}),
        Outcome::Unasked => json!("unasked"),
        Outcome::Lines(lines) => json!({"lines": lines}),
    }
}
