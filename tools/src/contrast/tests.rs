//! Tests of the contrast between failing and passing runs.

use serde_json::{Value, json};

use super::*;
use crate::journal::JournalEntry;

/// Returns the features of a run with these events among three nodes.
fn features(events: &[Value]) -> Features {
    let mut watch = FeatureWatch::default();
    let nodes = ["a", "b", "c"];
    let named =
        nodes.iter().enumerate().map(|(node, name)| json!({"event": "node", "node": node, "name": name}));
    for mut event in named.chain(events.iter().cloned()) {
        event["at_us"] = json!(1);
        watch.take(&JournalEntry::parse(&event.to_string()).unwrap().event);
    }
    watch.finish()
}

fn texts(features: &Features) -> Vec<String> {
    features.iter().map(ToString::to_string).collect()
}

fn kill(node: usize) -> Value {
    json!({"event": "signal", "op": 1, "node": node, "signal": "kill"})
}

#[test]
fn events_are_features_in_words() {
    let step = |step: u64, kind: &str| json!({"event": "step", "step": step, "kind": kind, "file": "", "line": 4 + step, "column": 1, "end_column": 2, "text": ""});
    let ask = |op: u64, node: usize, words: &[&str], step: u64| json!({"event": "ask", "op": op, "node": node, "words": words, "step": step});
    let link = |from: usize, to: usize, change: &str| json!({"change": change, "from": from, "to": to});
    let written = |op: u64, rank: &str| json!({"event": "answer", "op": op, "value": "", "written": {"stamp": "", "rank": rank}});
    let sent = |message: u64, kind: &str| json!({"event": "sent", "message": message, "from": 0, "to": 2, "kind": kind, "class": "other", "key": "k", "bytes": 1});
    let found = features(&[
        step(1, "kill"),
        json!({"event": "chosen", "who": "random", "nodes": [2], "step": 1}),
        json!({"event": "chosen", "who": "random half", "nodes": [0, 1], "step": 1}),
        kill(2),
        json!({"event": "life", "node": 1, "life": "exited"}),
        json!({"event": "links", "op": 2, "changes": [link(0, 1, "cut"), link(1, 0, "cut"), link(1, 2, "cut")]}),
        step(2, "ask"),
        ask(3, 0, &["set", "k", "x"], 2),
        ask(4, 1, &["set", "k", "y"], 2),
        written(3, "9"),
        written(4, "8"),
        step(3, "expect"),
        ask(5, 1, &["get", "k"], 3),
        json!({"event": "refused", "op": 5, "code": "absent", "message": ""}),
        sent(1, "push"),
        json!({"event": "lost", "message": 1, "reason": "cut"}),
        sent(2, "push"),
        json!({"event": "arrived", "message": 2}),
    ]);
    let alone: Vec<String> = found
        .iter()
        .filter(|feature| feature.kind() != FeatureKind::Order)
        .map(ToString::to_string)
        .collect();
    let expected = [
        "`random half` of line 5 has a",
        "`random half` of line 5 has b",
        "`random` of line 5 is c",
        "a–b is cut",
        "b→c is cut",
        "c is killed",
        "b ends by itself",
        "`set k x` at a is acknowledged",
        "`set k y` at b is acknowledged",
        "`set k x` at a wins over all other writes of its key",
        "a `push` of k from a to c is lost (cut)",
        "3 nodes take part",
    ];
    assert_eq!(alone, expected);
    let all = texts(&found);
    assert!(all.contains(&"c is killed before a–b is cut".to_owned()), "{all:?}");
    assert!(!all.contains(&"a–b is cut before c is killed".to_owned()), "{all:?}");
}

#[test]
fn sides_of_a_partition_are_told_by_pairs() {
    let found = features(&[json!({"event": "partition", "op": 1, "sets": [[0], [1, 2]]})]);
    let expected = [
        "a and b are on different sides",
        "a and c are on different sides",
        "the network is split a | b, c",
        "3 nodes take part",
    ];
    assert_eq!(texts(&found), expected);
}

#[test]
fn what_all_failing_runs_share_and_no_passing_one_has_comes_first() {
    let mut contrast = Contrast::default();
    assert!(!contrast.compares() && contrast.findings().is_empty());
    // Every failing run kills c and loses a message; some of each also kill b.
    for run in 0..8 {
        let mut events = vec![kill(2)];
        if run % 2 == 0 {
            events.push(kill(1));
        }
        contrast.add(&features(&events), true);
    }
    assert!(contrast.findings().is_empty(), "without passing runs there is nothing to compare with");
    for run in 0..16 {
        contrast.add(&features(&[kill(run % 2)]), false);
    }
    let findings = contrast.findings();
    assert_eq!((contrast.failing(), contrast.passing()), (8, 16));
    assert_eq!(findings[0].features, ["c is killed"]);
    assert_eq!((findings[0].failing, findings[0].passing, findings[0].more), (8, 0, 0));
    assert!(!findings[0].may_be_chance && findings[0].phi > 0.999);
    // b is killed as often in passing runs, so only its order after c tells, and that less than c itself.
    assert!(
        findings.iter().all(|finding| !finding.features.iter().any(|one| one.contains('b'))),
        "{findings:?}"
    );
}

#[test]
fn an_order_is_told_where_its_events_tell_nothing() {
    let mut contrast = Contrast::default();
    for run in 0..20 {
        let failed = run % 2 == 0;
        let events = if failed { [kill(0), kill(1)] } else { [kill(1), kill(0)] };
        contrast.add(&features(&events), failed);
    }
    let findings = contrast.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].features, ["a is killed before b is killed"]);
    assert!(!findings[0].may_be_chance);
}

#[test]
fn features_of_the_same_runs_are_one_finding_and_few_runs_may_be_chance() {
    let mut contrast = Contrast::default();
    contrast.add(&features(&[kill(2), json!({"event": "disk", "op": 1, "node": 0, "full": true})]), true);
    contrast.add(&features(&[]), false);
    let findings = contrast.findings();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].features, ["c is killed", "the disk of a is full"]);
    assert!(findings[0].may_be_chance, "one run of each tells nothing");
}

#[test]
fn what_passing_runs_have_more_often_is_not_told() {
    let mut contrast = Contrast::default();
    contrast.add(&features(&[]), true);
    (0..9).for_each(|_| contrast.add(&features(&[kill(2)]), false));
    assert!(contrast.findings().is_empty());
}

#[test]
fn features_are_bounded() {
    let events: Vec<Value> =
        (0..5_000).map(|node| json!({"event": "disk", "op": 1, "node": node, "full": true})).collect();
    let found = features(&events);
    assert!(found.iter().count() <= 401);
    let long = "x".repeat(10_000);
    let found = features(&[json!({"event": "chosen", "who": long, "nodes": [0]})]);
    assert!(texts(&found).iter().all(|text| text.chars().count() <= 101));
}
