//! Tests of the record of a workload, and of the history that a page draws from it.

use std::collections::BTreeSet;

use serde_json::value::RawValue;
use serde_json::{Value, json};
use tools::page::{Bounds, Collector, PageRun, Room, html};

use crate::browser::{Browser, right};
use crate::maelstrom::node;
use crate::story::{Tools, has};

/// Returns the numbers in a list of JSON.
fn numbers(list: &Value) -> BTreeSet<u64> {
    list.as_array().into_iter().flatten().filter_map(Value::as_u64).collect()
}

/// Returns the numbers of the bars of a selector.
fn bars(browser: &Browser, selector: &str) -> BTreeSet<u64> {
    numbers(&browser.script(&format!(
        "return [...document.querySelectorAll('svg.history {selector}')].map((bar) => Number(bar.dataset.number))"
    )))
}

/// Runs a workload on a node with a page. Returns the story, and the problems that were found.
fn tested(workload: &str, name: &str, flags: &str) -> Option<(Tools, Vec<Value>)> {
    if !has("python3") {
        return None;
    }
    let tools = Tools::new();
    let exec = node(name);
    let line = format!("maelstrom {workload} --exec '{exec}' --seed 1 --json --html page.html {flags}");
    let ended = tools.run(&line);
    let json: Value = serde_json::from_str(&ended.raw).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    ended.code(1);
    Some((tools, json["problems"].as_array().cloned().unwrap_or_default()))
}

#[test]
fn a_workload_leaves_a_record_that_is_listed_and_reported_in_every_format() {
    let Some((tools, problems)) = tested("lin-kv", "lin_kv.py cache", "--rate 200 --time 1s") else { return };
    let message = problems[0]["message"].as_str().expect("a message");
    let listed = tools.run("runs");
    listed.code(0);
    assert!(listed.raw.contains("failed") && listed.raw.contains("lin-kv"), "{listed:?}");
    let reported = tools.run("report logs --junit all.xml --markdown all.md --html again.html");
    reported.code(1);
    let misfits = problems[0]["misfits_in_words"].as_str().expect("operations that do not fit");
    assert!(reported.raw.contains(message) && reported.raw.contains(misfits), "{reported:?}");
    assert!(reported.raw.contains("tools maelstrom lin-kv --exec "), "{reported:?}");
    assert!(tools.read("all.xml").contains("<testcase name=\"lin-kv\""));
    assert!(tools.read("all.md").contains("lin-kv"));
    assert_eq!(tools.read("again.html"), tools.read("page.html"));
}

#[test]
fn the_page_of_a_violation_marks_the_operations_of_the_verdict() {
    let Some((tools, problems)) = tested("lin-kv", "lin_kv.py cache", "--rate 200 --time 1s") else { return };
    let Some(browser) = Browser::start() else { return };
    browser.open(&format!("file://{}", tools.path("page.html").display()));
    browser.wait_for("document.querySelectorAll('svg.history .bar').length > 0");
    let problem = &problems[0];
    let misfits = numbers(&problem["misfits"]);
    assert!(
        !misfits.is_empty() && problem["order"].as_array().is_some_and(|order| order.len() > 1),
        "{problem}"
    );
    let operations = problem["operations"].as_array().expect("operations");
    let named: BTreeSet<u64> = operations.iter().filter_map(|one| one["index"].as_u64()).collect();
    assert_eq!(bars(&browser, ".bar.misfit"), misfits);
    assert_eq!(bars(&browser, ".bar.named"), named);
    let all: BTreeSet<u64> = numbers(&problem["order"]).union(&misfits).copied().chain(named).collect();
    assert_eq!(bars(&browser, ".bar"), all);
    // The line goes through every operation of the order.
    let effects = browser.script("return document.querySelectorAll('svg.history .effect').length");
    assert_eq!(effects.as_u64(), problem["order"].as_array().map(|order| order.len() as u64));
    let said = browser.script("return document.querySelector('.problem').textContent");
    assert!(said.as_str().is_some_and(|said| said.contains("not fit")), "{said}");
    // All operations can be seen, and walked through by keys.
    browser.script(
        "const choice = document.querySelector('section[aria-label=History] select');
         choice.value = '-1'; choice.dispatchEvent(new Event('change'));
         document.querySelector('svg.history[tabindex]').focus();",
    );
    browser.wait_for(&format!("document.querySelectorAll('svg.history .bar').length > {}", all.len()));
    browser.type_into("svg.history[tabindex]", &right());
    browser.wait_for("document.querySelector('.operation').textContent.startsWith('#')");
    assert_eq!(browser.errors(), Vec::<String>::new());
}

#[test]
fn the_shipped_example_of_early_reads_is_found_out() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new();
    let exec = format!("python3 '{}'", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/local_reads.py"));
    // The flags are those that the example names.
    let example = include_str!("../tools/examples/local_reads.py");
    let flags = "--rate 100 --time 3s --latency 100ms";
    assert!(example.contains(flags));
    let ended = tools.run(&format!("maelstrom lin-kv --exec \"{exec}\" {flags} --seed 1"));
    ended.code(1);
    assert!(ended.out.contains("not linearizable: ") && ended.out.contains("have an order"), "{ended:?}");
}

#[test]
fn the_page_of_a_lost_element_marks_its_operations_and_a_cycle_those_of_the_cycle() {
    let lost = ("g-set", "g_set.py toggle", "--rate 100 --time 2s --duplicate 20 --settle 1s");
    let aborted = ("txn-rw-register", "txn.py undone", "--rate 200 --time 1s --key-count 3");
    for (workload, name, flags) in [lost, aborted] {
        let Some((tools, problems)) = tested(workload, name, flags) else { return };
        let Some(browser) = Browser::start() else { return };
        browser.open(&format!("file://{}", tools.path("page.html").display()));
        browser.wait_for("document.querySelectorAll('svg.history .bar').length > 0");
        let operations = problems[0]["operations"].as_array().expect("operations");
        let named: BTreeSet<u64> = operations.iter().filter_map(|one| one["index"].as_u64()).collect();
        assert_eq!(bars(&browser, ".bar.named"), named, "{}", problems[0]);
        assert_eq!(browser.errors(), Vec::<String>::new());
    }
}

#[test]
fn a_page_of_a_workload_that_cannot_be_written_is_said_before_anything_starts() {
    let tools = Tools::new();
    let ended = tools.run("maelstrom echo --exec ./none --html none/page.html");
    ended.check(
        3,
        "",
        "error: cannot write none/page.html: there is no such file or folder; choose another file\n",
    );
}

/// Returns the lines of a history with so many operations of so many clients, and a problem that the last one shows.
/// Its texts are hostile.
fn hostile(operations: u64, clients: u64) -> Vec<Value> {
    let hostile = "<img src=x onerror=alert(1)>\u{202e}";
    let mut lines = vec![
        json!({"at_us": 0, "event": "plan", "format": 2, "scenario": "lin-kv", "file": "tools maelstrom", "text": hostile,
            "params": {}, "world": "process", "seed": 1}),
        json!({"at_us": 0, "event": "node", "node": 0, "name": "n0"}),
    ];
    for number in 0..operations {
        let begin_us = 1_000 + number * 10;
        let outcome = ["ok", "failed", "unknown", "later"][usize::try_from(number % 4).unwrap_or(0)];
        lines.push(json!({"at_us": begin_us + 8, "event": "operation", "number": number, "op": number + 9,
            "client": number % clients, "node": 0, "words": ["write", hostile], "begin_us": begin_us,
            "outcome": outcome,
            "answer": hostile}));
    }
    let last = operations - 1;
    lines.push(json!({"at_us": 1_000 + operations * 10, "event": "problem", "kind": "not_linearizable",
        "message": hostile, "operations": [last], "order": [0, last - 1], "misfits": [last]}));
    lines.push(json!({"at_us": 1_001 + operations * 10, "event": "verdict", "verdict": "failed"}));
    lines
}

#[test]
fn a_large_history_says_what_it_leaves_out_and_its_texts_stay_texts() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut collector = Collector::new(Bounds::PAGE);
    for line in hostile(40_000, 90) {
        collector.push(&line.to_string());
    }
    let report = json!({"scenario": "lin-kv", "file": "tools maelstrom", "about": "", "params": {}, "world": "process",
        "seed": 1, "seeds": null, "verdict": "failed", "reason": null, "duration_ms": 400, "nodes": 1, "held": 0,
        "measures": [], "excused": [], "notes": [], "failure": null, "logs": null, "again": "tools maelstrom"});
    let report = RawValue::from_string(report.to_string()).expect("JSON");
    let page = html(&[PageRun { report, events: Room::default().take(collector.finish()) }]).expect("a page");
    let path = folder.path().join("page.html");
    std::fs::write(&path, page).expect("a file");
    browser.open(&format!("file://{}", path.display()));
    browser.wait_for("document.querySelectorAll('svg.history .bar.misfit').length === 1");
    browser.script(
        "const choice = document.querySelector('section[aria-label=History] select');
         choice.value = '-1'; choice.dispatchEvent(new Event('change'));",
    );
    browser.wait_for("document.querySelectorAll('svg.history .bar').length > 100");
    let drawn = browser.script("return document.querySelectorAll('svg.history .bar').length").as_u64();
    assert!(drawn <= Some(1_500), "{drawn:?}");
    let notes = browser.script("return document.querySelector('section[aria-label=History]').textContent");
    let notes = notes.as_str().unwrap_or_default();
    assert!(notes.contains("60 of 90 clients are drawn"), "{notes}");
    assert!(notes.contains("operations are left out of this page"), "{notes}");
    // The last operation is the one that matters, and is still there.
    assert_eq!(bars(&browser, ".bar.misfit"), [39_999].into());
    assert_eq!(browser.script("return document.querySelectorAll('img').length"), 0);
    assert_eq!(browser.errors(), Vec::<String>::new());
}
