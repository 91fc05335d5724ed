//! Tests of `tools maelstrom` with nodes in other languages, some right and some subtly wrong.
//!
//! Tests are short and have high rates, so that rare mistakes of a wrong node appear.

use std::path::Path;

use serde_json::Value;

use crate::story::{Finished, Tools, has};

/// Returns the command line of a node in `tests/maelstrom`. A second word of `name` selects its behaviour.
fn node(name: &str) -> String {
    let (file, mode) = name.split_once(' ').unwrap_or((name, ""));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/maelstrom").join(file);
    let program = if path.extension().is_some_and(|of| of == "py") { "python3 -B" } else { "sh" };
    format!("{program} {} {mode}", path.display())
}

/// Runs a workload on a node. Returns the ended command and its report, or none without Python.
fn test(workload: &str, name: &str, flags: &str) -> Option<(Finished, Value)> {
    if name.contains(".py") && !has("python3") {
        return None;
    }
    let tools = Tools::new();
    let line = format!("maelstrom {workload} --exec '{}' --seed 1 --json {flags}", node(name));
    let ended = tools.run(&line);
    let json = serde_json::from_str(&ended.raw).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let history = tools.read(&format!("logs/maelstrom-{workload}/history.jsonl"));
    assert!(
        history.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()))
    );
    Some((ended, json))
}

#[track_caller]
fn right(workload: &str, name: &str, flags: &str) -> Option<Value> {
    let (ended, json) = test(workload, name, flags)?;
    assert_eq!((ended.code, &json["verdict"]), (Some(0), &"valid".into()), "{json:#}");
    assert!(json["availability"].as_f64() > Some(0.5), "{json:#}");
    Some(json)
}

/// Checks that the mistake of a node is found. The report has a problem of this kind, with an operation
/// that begins with `word`.
#[track_caller]
fn wrong(workload: &str, name: &str, flags: &str, kind: &str, word: &str) {
    let Some((ended, json)) = test(workload, name, flags) else { return };
    assert_eq!((ended.code, &json["verdict"]), (Some(1), &"invalid".into()), "{json:#}");
    let problems = json["problems"].as_array().expect("problems");
    let found = problems.iter().find(|problem| problem["kind"] == kind);
    let found = found.unwrap_or_else(|| panic!("no {kind}: {json:#}"));
    let operations = found["operations"].as_array().expect("operations");
    let asked = |operation: &Value| operation["words"][0] == word && operation["node"].is_string();
    assert!(operations.iter().any(asked), "{found:#}");
    assert!(found["message"].as_str().is_some_and(|message| message.len() > 10), "{found:#}");
}

#[test]
fn echo() {
    right("echo", "echo.py", "--rate 200 --time 2s");
    right("echo", "echo.sh", "--rate 20 --time 2s --nodes 2");
    wrong("echo", "echo.py late", "--rate 200 --time 2s", "not_the_same", "echo");
    wrong("echo", "echo.sh shout", "--rate 30 --time 3s --nodes 2", "not_the_same", "echo");
}

#[test]
fn unique_ids() {
    right("unique-ids", "unique_ids.py", "--rate 300 --time 2s --partition");
    wrong("unique-ids", "unique_ids.py short", "--rate 400 --time 2s", "duplicate", "generate");
}

#[test]
fn broadcast() {
    let flags = "--rate 100 --time 3s --latency 10ms --partition";
    let Some(json) = right("broadcast", "broadcast.py", flags) else { return };
    assert_eq!(json["counts"]["lost"], 0);
    assert!(json["faults"].as_array().is_some_and(|faults| faults.len() >= 4), "{json:#}");
    wrong("broadcast", "broadcast.py forget", &format!("{flags} --settle 2s"), "lost", "broadcast");
    wrong("broadcast", "broadcast.py drop", "--rate 150 --time 2s --settle 2s", "lost", "read");
}

#[test]
fn g_set() {
    right("g-set", "g_set.py", "--rate 100 --time 2s --duplicate 20 --partition");
    wrong("g-set", "g_set.py toggle", "--rate 100 --time 2s --duplicate 20 --settle 1s", "lost", "add");
}

#[test]
fn counters() {
    right("g-counter", "counter.py", "--rate 100 --time 2s --partition");
    right("pn-counter", "counter.py", "--rate 100 --time 2s --loss 10");
    wrong("g-counter", "counter.py overwrite", "--rate 200 --time 2s --settle 1s", "wrong_sum", "read");
    wrong("pn-counter", "counter.py overwrite", "--rate 200 --time 2s --settle 1s", "wrong_sum", "read");
}

#[test]
fn lin_kv() {
    right("lin-kv", "lin_kv.py", "--rate 200 --time 2s --clients 4n");
    wrong("lin-kv", "lin_kv.py cache", "--rate 200 --time 2s", "not_linearizable", "read");
}

#[test]
fn transactions() {
    let committed = "--rate 200 --time 2s --key-count 3 --consistency-models read-committed";
    right("txn-rw-register", "txn.py", committed);
    // Neither consistency model requires that a transaction sees its own writes.
    if let Some(json) = right("txn-rw-register", "txn.py snapshot", committed) {
        assert!(json["counts"]["internal"].as_u64() > Some(0), "{json:#}");
    }
    wrong("txn-rw-register", "txn.py undone", committed, "G1a", "txn");
    let interleaved = format!("{committed} --max-txn-length 6");
    wrong("txn-rw-register", "txn.py interleave", &interleaved, "G1b", "txn");
    // The default model allows reads of writes that were undone.
    right("txn-rw-register", "txn.py undone", "--rate 200 --time 2s");
}

#[test]
fn a_text_is_not_the_number_that_it_spells_in_any_workload() {
    let flags = "--rate 100 --time 1s --settle 1s";
    for kind in ["unexpected", "lost"] {
        wrong("broadcast", "broadcast.py texts", flags, kind, "read");
        wrong("g-set", "g_set.py texts", flags, kind, "read");
    }
    wrong("lin-kv", "lin_kv.py texts", flags, "not_linearizable", "read");
    wrong("txn-rw-register", "txn.py texts", flags, "garbage_read", "txn");
}

#[test]
fn the_options_of_maelstrom_are_accepted_and_the_report_is_readable() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new();
    let script = node("unique_ids.py short");
    let script = script.split(' ').nth(2).expect("a path");
    let line = format!(
        "maelstrom test -w unique-ids --bin python3 --node-count 2 --time-limit 2 --rate 400 --concurrency 4n \
         --log-stderr -- -B {script} short"
    );
    let ended = tools.run(&line);
    ended.code(1);
    assert!(ended.raw.starts_with("FAILED unique-ids "), "{}", ended.raw);
    assert!(ended.raw.contains("duplicate: the id ") && ended.raw.contains(": generate → "), "{}", ended.raw);
    assert!(ended.raw.contains("\n  again           tools maelstrom test -w unique-ids "), "{}", ended.raw);
    assert!(ended.raw.contains("--seed "), "{}", ended.raw);
}

#[test]
fn flags_of_maelstrom_are_accepted() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new();
    let script = node("broadcast.py");
    let script = script.split(' ').nth(2).expect("a path");
    let ended = tools.run(&format!(
        "maelstrom test -w broadcast --bin python3 --node-count 3 --time-limit 2 --rate 50 --availability total \
         --nemesis partition --log-net-send --log-net-recv -- -B {script}"
    ));
    ended.code(0);
    assert!(ended.raw.starts_with("ok broadcast ") && ended.raw.contains("100.00 %"), "{}", ended.raw);
}

#[test]
fn a_workload_without_a_completed_operation_fails() {
    let echo = node("echo.sh");
    let tools = Tools::new().file("mute.sh", &format!("while read -r line; do\n  case $line in *'\"echo\":'*) ;; *) printf '%s\\n' \"$line\" ;; esac\ndone | {echo}\n"));
    let ended = tools.run("maelstrom echo --exec 'sh mute.sh' --nodes 2 --rate 20 --time 1s --timeout 1s");
    ended.code(1);
    assert!(ended.raw.contains("never done: no `echo` was ever done"), "{ended:?}");
}

#[test]
fn wrong_usage_is_reported_before_anything_starts() {
    let tools = Tools::new();
    let said = |line: &str| {
        let ended = tools.run(line);
        ended.code(2);
        ended.err
    };
    let misspelt = said("maelstrom brodcast --exec ./node");
    assert_eq!(misspelt.trim_end(), "error: unknown workload `brodcast`: did you mean `broadcast`?");
    assert!(said("maelstrom broadcast").contains("no program is named"));
    assert!(said("maelstrom echo --exec ./node --network 'grid(5x'").contains('^'));
    assert!(said("maelstrom echo --exec ./node --nemesis kill").contains("kill"));
}

#[test]
fn nodes_that_do_not_start_die_or_break_the_protocol_are_blamed() {
    let tools = Tools::new();
    let ended = tools.run("maelstrom echo --exec ./there-is-none --nodes 2");
    ended.code(3);
    assert!(ended.raw.contains("there-is-none"), "{ended:?}");
    let ended = tools.run("maelstrom echo --exec 'sh -c \"echo nonsense\"' --nodes 1");
    assert_ne!(ended.code, Some(0), "{ended:?}");
    // The node dies of the first `echo`.
    let echo = node("echo.sh");
    let mortal = format!(
        "while read -r line; do\n  case $line in *'\"echo\":'*) exit ;; esac\n  printf '%s\\n' \"$line\"\ndone | {echo}\nexit 7\n"
    );
    let tools = tools.file("mortal.sh", &mortal);
    let ended = tools.run("maelstrom echo --exec 'sh mortal.sh' --nodes 1 --rate 50 --time 5s");
    ended.code(1);
    assert!(ended.raw.contains("node n0 died unasked") && ended.raw.contains("exit code 7"), "{ended:?}");
}
