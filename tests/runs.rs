//! Tests of what a run writes down: `RUNS.md` names each event and field, messages stand in the journal where the
//! harness carries them, and a harness that is killed leaves a journal that can be read.

use std::collections::{BTreeMap, BTreeSet};

use rustix::process::Signal;
use serde_json::Value;

use crate::story::{Tools, has, until};

const DOCUMENT: &str = include_str!("../tools/RUNS.md");

/// A scenario with steps of every kind that `sim` can do. Its last expectation fails.
const ALL_STEPS: &str = "\
# Steps of every kind, and a failure at the end.
node d data=disk
network a-b-c-d
link a-b delay 20ms loss 10%
a: set x 1
expect all: get x == 1 within 5s
try b: get nothing
let value = a: get x
partition a, b | c, d
b: set x 2
cut a->b
wait 50ms
heal
clock d +2s
disk d full
disk d free
random: get x
pause c
a: set p 1
wait 50ms
resume c
break b-c
kill d
start d
restart a
measure load {
  repeat 3 {
    random: set z 3
  }
}
together {
  do {
    a: set t 1
  }
  do {
    b: set t 2
  }
}
each n in a, b {
  $n: set e 1
}
expect converged within 5s
a: log
expect all: get x == 3 within 100ms
";

/// Returns the fields of each event that a section of the document names.
fn documented(section: &str) -> BTreeMap<String, BTreeSet<String>> {
    let section = DOCUMENT.split("\n## ").find(|text| text.starts_with(section)).expect("a section");
    let mut events = BTreeMap::new();
    for event in section.split("\n### ").skip(1) {
        let field = |line: &str| Some(line.strip_prefix("- `")?.split_once('`')?.0.to_owned());
        let fields: BTreeSet<String> = event.lines().filter_map(field).collect();
        let names = event.lines().next().unwrap_or_default().split(", ");
        events.extend(names.map(|name| (name.trim_matches('`').to_owned(), fields.clone())));
    }
    events
}

/// Returns the fields of each event in a text of lines.
fn written(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut events: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let fields: BTreeMap<String, Value> = serde_json::from_str(line).expect("a line is an object");
        let name = fields["event"].as_str().expect("a name").to_owned();
        let fields =
            fields.into_keys().filter(|field| !["event", "at_us", "at_ns"].contains(&field.as_str()));
        events.entry(name).or_default().extend(fields);
    }
    events
}

/// Checks that the document names all that was written.
#[track_caller]
fn check_documented(section: &str, text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let (documented, written) = (documented(section), written(text));
    for (event, fields) in &written {
        let known = documented.get(event).unwrap_or_else(|| panic!("RUNS.md lacks the event `{event}`"));
        let unknown: Vec<&String> = fields.difference(known).collect();
        assert!(unknown.is_empty(), "RUNS.md lacks fields of `{event}`: {unknown:?}");
    }
    written
}

#[test]
fn all_that_a_workload_writes_is_documented() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new();
    let node = crate::maelstrom::node("lin_kv.py cache");
    tools.run(&format!(
        "maelstrom lin-kv --exec '{node}' --seed 1 --rate 200 --time 1s --partition --html p.html"
    ));
    let journal = check_documented("Events of run.jsonl", &tools.read("logs/maelstrom-lin-kv/run.jsonl"));
    for event in ["plan", "node", "launch", "life", "ask", "operation", "sent", "arrived", "law", "verdict"] {
        assert!(journal.contains_key(event), "no `{event}` was written: {:?}", journal.keys());
    }
    let fields = &documented("Events of run.jsonl")["problem"];
    assert!(journal["problem"].is_subset(fields) && journal["problem"].contains("misfits"));
}

#[test]
fn all_that_a_run_writes_is_documented() {
    let tools = Tools::new().file("all.scn", ALL_STEPS);
    let ended = tools.run("test all.scn --world sim --seed 7 --trace trace.jsonl");
    ended.code(1);
    let journal = check_documented("Events of run.jsonl", &tools.read("logs/all/run.jsonl"));
    for event in ["step_ended", "life", "link", "stored", "sent", "arrived", "lost", "delayed", "law", "log"]
    {
        assert!(journal.contains_key(event), "no `{event}` was written: {:?}", journal.keys());
    }
    let trace = check_documented("The trace", &tools.read("trace.jsonl"));
    // No node of `sim` does what these say, and no run here takes 24 h.
    let rare = ["misbehaved", "flooded", "lacking", "runaway"];
    for (event, fields) in documented("The trace") {
        if rare.contains(&event.as_str()) {
            continue;
        }
        let written = trace.get(&event).unwrap_or_else(|| panic!("no `{event}` was written"));
        // Only proxies can be bypassed, and a run without a workload has no members.
        let unwritten: Vec<&String> = fields.difference(written).collect();
        assert!(
            unwritten.iter().all(|field| ["bypasses", "members", "log", "timer"].contains(&field.as_str())),
            "RUNS.md has fields of `{event}` that no run wrote: {unwritten:?}"
        );
    }
    // In real time, with a node that dies unasked.
    let text =
        "node c exec=\"false\"\nnetwork a-b\na: set x 1\nexpect all: get x == 1 within 5s\nnetwork c\n";
    let tools = Tools::new().file("real.scn", text);
    tools.run("test real.scn");
    check_documented("Events of run.jsonl", &tools.read("logs/real/run.jsonl"));
}

#[test]
fn steps_are_nested_and_end_and_operations_name_them() {
    let tools = Tools::new().file("all.scn", ALL_STEPS);
    tools.run("test all.scn --world sim --seed 7").code(1);
    let steps = tools.events("all", "step");
    let ends = tools.events("all", "step_ended");
    assert_eq!(steps.len(), ends.len());
    let of = |text: &str| steps.iter().find(|step| step["text"] == text).expect("a step");
    assert_eq!(of("random: set z 3")["parent"], of("repeat 3 {")["step"]);
    assert_eq!(of("repeat 3 {")["parent"], of("measure load {")["step"]);
    assert_eq!(of("measure load {")["parent"], Value::Null);
    let result = |step: &Value| {
        let end = ends.iter().find(|end| end["step"] == step["step"]).expect("an end");
        end["result"].clone()
    };
    assert_eq!(result(of("heal")), "done");
    assert_eq!(result(of("expect all: get x == 3 within 100ms")), "failed");
    let asks = tools.events("all", "ask");
    let asked = |word: &str| asks.iter().find(|ask| ask["words"][1] == word).expect("an ask");
    assert_eq!(asked("z")["step"], of("random: set z 3")["step"]);
    assert_eq!(asked("t")["step"], of("a: set t 1")["step"]);
    let links = &tools.events("all", "links")[0]["changes"][0];
    assert_eq!((&links["change"], &links["shapes"][0]), (&"shape".into(), &"delay 20ms".into()));
}

#[test]
fn a_verdict_has_the_whole_report_and_the_state_of_each_law() {
    let text = "network a-b\na: set x 1\nexpect all: get x == 1 within 5s\n";
    let tools = Tools::new().file("good.scn", text);
    let json = tools.run("test good.scn --world sim --seed 7 --json");
    let verdict = &tools.events("good", "verdict")[0];
    assert_eq!(verdict["report"], json.code(0).json()["scenarios"][0]);
    assert_eq!(tools.events("good", "plan")[0]["again"], "tools test good.scn --world sim --seed 7");
    let laws = tools.events("good", "law");
    assert!(laws.len() == 8 && laws.iter().all(|law| law["state"] == "held"), "{laws:?}");
    // In real time nobody counts the copies, so that this law is not judged.
    tools.run("test good.scn --seed 7").code(0);
    let laws = tools.events("good", "law");
    let state = |name: &str| laws.iter().find(|law| law["law"] == name).expect("a law")["state"].clone();
    assert_eq!((state("convergence"), state("payloads")), ("held".into(), "not_judged".into()));
    let log = tools.events("good", "log");
    assert!(log.iter().any(|line| line["level"] == "INFO" && line["text"] == "set x"), "{log:?}");
}

#[test]
fn messages_are_written_if_asked_for_and_change_nothing_else() {
    let text = "network ring:5\na: set x 1\nkill b\na: set y 1\nstart b\nexpect converged within 9s\n";
    let tools = Tools::new().file("good.scn", text);
    let line = "test good.scn --world sim --seed 7";
    tools.run(line).code(0);
    assert_eq!(tools.events("good", "sent"), Vec::<Value>::new());
    let without = tools.read("logs/good/run.jsonl");
    tools.run(&format!("{line} --messages")).code(0);
    let ways = ["sent", "arrived", "lost", "delayed"];
    let is_way = |line: &&str| ways.iter().any(|way| line.contains(&format!("\"event\":\"{way}\"")));
    let with = tools.read("logs/good/run.jsonl");
    let others: Vec<&str> = with.lines().filter(|line| !is_way(line)).collect();
    assert_eq!(others, without.lines().collect::<Vec<_>>());
    let sent = tools.events("good", "sent");
    let numbers: BTreeSet<u64> = sent.iter().map(|sent| sent["message"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=sent.len() as u64).collect());
    assert!(sent.iter().any(|sent| sent["class"] == "payload" && sent["key"] == "x"));
    for way in &ways[1..] {
        let ended = tools.events("good", way);
        assert!(ended.iter().all(|way| numbers.contains(&way["message"].as_u64().unwrap())));
    }
    tools.run(&format!("{line} --messages")).code(0);
    assert!(tools.read("logs/good/run.jsonl") == with, "the same seed is the same run");
}

#[test]
fn a_failed_run_in_virtual_time_has_its_messages() {
    let text = "network a-b\na: set x 1\nexpect all: get x == 2 within 100ms\n";
    let tools = Tools::new().file("bad.scn", text);
    let ended = tools.run("test bad.scn --world sim --seed 7 --json");
    let report = ended.code(1).json()["scenarios"][0].clone();
    assert_eq!(tools.events("bad", "verdict")[0]["report"], report);
    assert_eq!(report["notes"], Value::Array(Vec::new()));
    assert!(tools.events("bad", "sent").iter().any(|sent| sent["kind"] == "push"));
    assert!(!tools.path("logs/bad/run.again.jsonl").exists());
}

#[test]
fn a_harness_that_is_killed_leaves_a_journal_up_to_its_end() {
    let text = "timeout 20m\nnetwork a-b\na: set x 1\nwait 10m\n";
    let tools = Tools::new().file("long.scn", text);
    let harness = tools.begin("test long.scn");
    let journal = || std::fs::read_to_string(tools.path("logs/long/run.jsonl")).unwrap_or_default();
    assert!(until(|| journal().contains("\"kind\":\"wait\"")), "{}", journal());
    harness.signal(Signal::KILL);
    assert_eq!(harness.ended().code, None);
    let answers = tools.events("long", "answer");
    assert!(!answers.is_empty(), "{}", journal());
    tools.expect_nothing_left();
}

#[test]
fn messages_of_nodes_that_speak_in_lines_are_written_if_asked_for() {
    if !has("python3") {
        return;
    }
    let exec = crate::maelstrom::node("broadcast.py");
    let text = format!(
        "node all driver=maelstrom workload=broadcast exec=\"{exec}\"\nnetwork a-b\na: broadcast 7\nexpect all: read contains 7 within 9s\n"
    );
    let tools = Tools::new().file("lines.scn", &text);
    let ended = tools.run("test lines.scn --messages");
    let sent = tools.events("lines", "sent");
    let by_node: Vec<&Value> = sent.iter().filter(|sent| sent["from"] == 0 && sent["to"] == 1).collect();
    assert!(!by_node.is_empty(), "{ended:#?}\n{sent:#?}");
    assert!(sent.iter().any(|sent| sent["from"].is_string() && sent["kind"] == "broadcast"), "{sent:#?}");
    let arrived = tools.events("lines", "arrived");
    assert!(by_node.iter().all(|sent| arrived.iter().any(|way| way["message"] == sent["message"])));
}

#[test]
fn a_report_replaces_neither_a_scenario_nor_a_record() {
    let text = "network a-b\n";
    let tools = Tools::new().file("x.scn", text);
    for flag in ["--html x.scn", "--junit x.scn", "--tap=x.scn", "--trace x.scn", "--html logs/x/run.jsonl"] {
        let refused = tools.run(&format!("test x.scn --world sim --seed 1 {flag}"));
        refused.code(2);
        assert!(refused.err.contains("which a report would replace"), "{flag}: {refused:?}");
        assert!(refused.err.contains("help: choose another file"), "{flag}: {refused:?}");
    }
    tools.run("test x.scn --world sim --seed 1").code(0);
    let record = tools.read("logs/x/run.jsonl");
    tools.run("report logs/x/run.jsonl --html logs/x/run.jsonl").code(2);
    assert_eq!((tools.read("x.scn").as_str(), tools.read("logs/x/run.jsonl")), (text, record));
}

#[test]
fn a_report_on_no_readable_record_is_none() {
    let tools = Tools::new().file("no.jsonl", "no record\n");
    let refused = tools.run("report no.jsonl --tap --html page.html");
    refused.code(2);
    // A plan without points would pass for a success.
    assert_eq!(refused.out, "");
    assert!(!tools.path("page.html").exists());
}
