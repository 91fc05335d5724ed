//! Tests of the choice of lines.

use super::*;

const SMALL: Bounds = Bounds {
    whole_lines: 20,
    whole_bytes: 1 << 20,
    structure: 6,
    first: 5,
    latest: 5,
    after_fault: 3,
    after_faults: 6,
    writes: 4,
    lost: 4,
    line_bytes: 1_000,
};

fn collected(lines: impl IntoIterator<Item = String>) -> Collected {
    let mut collector = Collector::new(SMALL);
    lines.into_iter().for_each(|line| collector.push(&line));
    collector.finish()
}

fn changed(at: u64) -> String {
    format!(r#"{{"at_us":{at},"event":"changed","node":0,"digest":"{at}","peers":1}}"#)
}

fn times(collected: &Collected) -> Vec<u64> {
    let lines = collected.events.lines();
    lines
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["at_us"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_small_run_is_kept_whole_and_as_it_is() {
    let lines: Vec<String> = (0..20).map(changed).collect();
    let collected = collected(lines.clone());
    assert!(collected.summary.is_none());
    assert_eq!(collected.events.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn of_a_large_run_the_first_and_the_latest_details_are_kept_and_the_rest_is_counted() {
    let collected = collected((0..1_000).map(changed));
    assert_eq!(times(&collected), [0, 1, 2, 3, 4, 995, 996, 997, 998, 999]);
    let summary = collected.summary.unwrap();
    assert_eq!(summary.left_out, BTreeMap::from([("changed".to_owned(), 990)]));
    assert_eq!((summary.lines, summary.gaps), (1_000, vec![(4, 995)]));
}

#[test]
fn details_behind_a_fault_are_kept() {
    let fault = r#"{"at_us":500,"event":"links","op":1,"changes":[]}"#.to_owned();
    let lines = (0..500).map(changed).chain([fault]).chain((501..1_000).map(changed));
    let collected = collected(lines);
    assert_eq!(times(&collected), [0, 1, 2, 3, 4, 500, 501, 502, 503, 995, 996, 997, 998, 999]);
    assert_eq!(collected.summary.unwrap().gaps, [(4, 500), (503, 995)]);
}

#[test]
fn a_lost_message_is_kept_with_its_sending_however_long_it_was_under_way() {
    let sent = r#"{"at_us":100,"event":"sent","message":7,"from":0,"to":1,"kind":"push","class":"payload","bytes":9}"#;
    let lost = r#"{"at_us":700,"event":"lost","message":7,"reason":"cut"}"#;
    let lines = (0..100).map(changed).chain([sent.to_owned()]);
    let lines =
        lines.chain((101..700).map(changed)).chain([lost.to_owned()]).chain((701..1_000).map(changed));
    assert_eq!(times(&collected(lines)), [0, 1, 2, 3, 4, 100, 700, 995, 996, 997, 998, 999]);
}

#[test]
fn writes_and_their_answers_are_kept() {
    let ask = r#"{"at_us":100,"event":"ask","op":9,"node":0,"words":["set","k","v"]}"#.to_owned();
    let answer =
        r#"{"at_us":102,"event":"answer","op":9,"value":"s","written":{"stamp":"s","rank":"r"}}"#.to_owned();
    let lines = (0..100).map(changed).chain([ask, changed(101), answer]).chain((103..1_000).map(changed));
    assert_eq!(times(&collected(lines)), [0, 1, 2, 3, 4, 100, 102, 995, 996, 997, 998, 999]);
}

#[test]
fn structure_is_bounded_but_plan_and_verdict_are_always_there() {
    let plan = r#"{"at_us":0,"event":"plan","format":2,"text":"x"}"#.to_owned();
    let verdict = r#"{"at_us":1000,"event":"verdict","verdict":"passed"}"#.to_owned();
    let node = |at: u64| format!(r#"{{"at_us":{at},"event":"node","node":{at},"name":"n"}}"#);
    let collected = collected([plan].into_iter().chain((1..1_000).map(node)).chain([verdict]));
    assert_eq!(times(&collected), [0, 1, 2, 3, 4, 5, 6, 995, 996, 997, 998, 999, 1_000]);
}

#[test]
fn a_line_cut_short_and_a_line_too_long_are_left_out() {
    let mut collector = Collector::new(SMALL);
    for line in ["{\"at_us\":3,\"ev", "", "[1]", "{\"at_us\":5}", &changed(6)] {
        collector.push(line);
    }
    assert_eq!(collector.unreadable(), 3);
    collector
        .push(&format!(r#"{{"at_us":7,"event":"ask","op":1,"node":0,"words":["{}"]}}"#, "x".repeat(2_000)));
    let collected = collector.finish();
    assert_eq!(times(&collected), [6]);
    assert_eq!(collected.summary.unwrap().left_out["ask"], 1);
}

#[test]
fn a_million_events_of_a_thousand_nodes_are_bounded() {
    let mut collector = Collector::new(Bounds::PAGE);
    let rank = "0".repeat(112);
    for at in 0..100_000_u64 {
        let (node, version) = (at % 1_000, at / 10_000);
        collector.push(&format!(
            r#"{{"at_us":{at},"event":"stored","node":{node},"key":"key {}","rank":"{rank}{version}","wall_ms":1}}"#,
            at / 1_000 % 300
        ));
    }
    let collected = collector.finish();
    let summary = serde_json::to_string(&collected.summary).unwrap();
    assert!(collected.len() < 6 << 20, "{}", collected.len());
    assert!(summary.len() < 2 << 20, "{}", summary.len());
}
