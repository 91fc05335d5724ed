//! The tests that compare `RUNS.md` with the types of entries.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::*;
use crate::world::{Bypass, Change, ExitStatus, NodeIndex, NodeSpec, OpId, Signal, Value, Written};

const DOCUMENT: &str = include_str!("../../RUNS.md");

/// Returns the fields of each event of run.jsonl, as the document names them.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let section = DOCUMENT.split("\n## ").find(|section| section.starts_with("Events of run.jsonl"));
    let mut events = BTreeMap::new();
    for event in section.expect("a section on events").split("\n### ").skip(1) {
        let name = event.lines().next().unwrap_or_default().trim_matches('`').to_owned();
        let field = |line: &str| Some(line.strip_prefix("- `")?.split_once('`')?.0.to_owned());
        events.insert(name, event.lines().filter_map(field).collect());
    }
    events
}

/// Returns an entry of each event, with every field.
fn samples() -> Vec<JournalEvent> {
    let (op, node, step) = (OpId(1), NodeIndex(0), Some(3));
    let text = || "text".to_owned();
    let written = Some(Written { stamp: text(), rank: text() });
    vec![
        JournalEvent::Plan {
            format: FORMAT,
            scenario: text(),
            file: text(),
            text: text(),
            params: BTreeMap::new(),
            world: text(),
            seed: 1,
            about: text(),
            wall_ms: 1,
            virtual_time: true,
            timeout_factor: 1.5,
            node_options: BTreeMap::new(),
            flags: vec![(text(), text())],
            again: Some(text()),
        },
        JournalEvent::Node { node, name: text() },
        JournalEvent::Step {
            step: 3,
            parent: Some(1),
            kind: Cow::Borrowed("ask"),
            file: text(),
            line: 1,
            column: 1,
            end_column: 2,
            text: text(),
        },
        JournalEvent::StepEnded { step: 3, result: StepResult::Done },
        JournalEvent::Chosen { who: text(), nodes: vec![node], step },
        JournalEvent::Launch { op, node, spec: NodeSpec::default(), step },
        JournalEvent::Signal { op, node, signal: Signal::Kill, step },
        JournalEvent::Ask { op, node, words: vec![text()], step },
        JournalEvent::Wire { op, from: node, to: node, step },
        JournalEvent::Links {
            op,
            changes: vec![LinkEntry::Change {
                change: LinkChangeKind::Shape,
                from: node,
                to: node,
                shapes: vec![text()],
            }],
            step,
        },
        JournalEvent::Partition { op, sets: vec![vec![node]], step },
        JournalEvent::Clock { op, node, offset_ms: -1, step },
        JournalEvent::Disk { op, node, full: true, step },
        JournalEvent::Done { op },
        JournalEvent::Answer { op, value: Value::Text(text()), written },
        JournalEvent::Refused { op, code: text(), message: text() },
        JournalEvent::Unknown { op, reason: text() },
        JournalEvent::Failed { op, reason: text() },
        JournalEvent::Unasked { op },
        JournalEvent::Shown { node, text: text() },
        JournalEvent::Life { node, life: NodeLife::Paused },
        JournalEvent::Changed { node, change: Change { digest: text(), peers: 1 } },
        JournalEvent::Stored { node, key: text(), rank: text(), wall_ms: 1 },
        JournalEvent::Link { from: node, to: node, up: true },
        JournalEvent::Sent {
            message: 1,
            from: Party::Node(node),
            to: Party::Other(text()),
            kind: Cow::Borrowed("push"),
            class: MessageClass::Payload,
            key: Some(text()),
            rank: Some(text()),
            keys: Some(2),
            body: Some(text()),
            bytes: 1,
        },
        JournalEvent::Arrived { message: 1 },
        JournalEvent::Lost { message: 1, reason: Cow::Borrowed("why") },
        JournalEvent::Delayed { message: 1, reason: DelayReason::Cut },
        JournalEvent::Exited { node, ending: ExitStatus::Code(1) },
        JournalEvent::Misbehaved { node, reason: text() },
        JournalEvent::Flooded { node, reason: text() },
        JournalEvent::Bypassed { op, found: vec![Bypass { from: None, to: node }] },
        JournalEvent::Held { line: 1, evaluations: 1, step },
        JournalEvent::Measured { name: text(), figures: BTreeMap::new(), note: Some(text()), step },
        JournalEvent::Law { law: Cow::Borrowed("queues"), state: LawState::Held },
        JournalEvent::Verdict {
            verdict: text(),
            message: Some(text()),
            report: Some(Box::new(Json::Bool(true))),
        },
        JournalEvent::Attempts { report: Box::new(Json::Bool(true)) },
        JournalEvent::Log { node, level: Some(text()), text: Some(text()), left_out: Some(1) },
        JournalEvent::Continued { file: text() },
        JournalEvent::Dropped { events: 1 },
    ]
    .into_iter()
    .chain(samples_of_workloads())
    .collect()
}

/// Returns an entry of each event that workloads alone have, with every field.
fn samples_of_workloads() -> [JournalEvent; 2] {
    let text = || "text".to_owned();
    [
        JournalEvent::Operation {
            number: 1,
            op: OpId(1),
            client: 2,
            node: NodeIndex(0),
            words: vec![text()],
            begin_us: 1,
            outcome: OperationOutcome::Unknown,
            answer: text(),
            last: true,
        },
        JournalEvent::Problem {
            kind: Cow::Borrowed("lost"),
            message: text(),
            operations: vec![1],
            order: vec![0],
            misfits: vec![1],
        },
    ]
}

#[test]
fn the_document_has_every_event_and_field_and_no_other() {
    let mut written = BTreeMap::new();
    for event in samples() {
        let Ok(Json::Object(mut fields)) = serde_json::to_value(&event) else { panic!("{event:?}") };
        let Some(Json::String(name)) = fields.remove("event") else { panic!("{event:?}") };
        let fields: BTreeSet<String> = fields.into_iter().map(|(field, _)| field).collect();
        assert_eq!(name, event.name());
        assert!(written.insert(name, fields).is_none(), "{event:?}");
    }
    assert_eq!(documented(), written);
}

/// The error of an event that does not exist lists those that do.
#[test]
fn every_event_has_a_sample() {
    let error = serde_json::from_str::<JournalEvent>(r#"{"event":"none"}"#).unwrap_err().to_string();
    let known = error.split_once("expected one of ").expect("a list of events").1;
    assert_eq!(known.split(", ").count(), samples().len(), "{known}");
}

#[test]
fn an_entry_reads_as_it_was_written() {
    for event in samples() {
        for at_us in [None, Some(17)] {
            let entry = JournalEntry { at_us, event: event.clone() };
            let mut line = Vec::new();
            entry.write_line(&mut line).unwrap();
            let line = String::from_utf8(line).unwrap();
            assert_eq!(line, serde_json::to_string(&entry).unwrap() + "\n");
            assert_eq!(JournalEntry::parse(line.trim_end()).unwrap(), entry, "{line}");
        }
    }
}
