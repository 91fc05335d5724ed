//! Tests of `tools maelstrom` with nodes in other languages, some right and some subtly wrong.
//!
//! Tests are short and have high rates, so that rare mistakes of a wrong node appear.

use std::path::Path;

use serde_json::Value;

use crate::story::{Finished, Tools, has};

/// Returns the command line of a node in `tests/maelstrom`. A second word of `name` selects its behaviour.
pub(crate) fn node(name: &str) -> String {
    let (file, mode) = name.split_once(' ').unwrap_or((name, ""));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/maelstrom").join(file);
    let program = if path.extension().is_some_and(|of| of == "py") { "python3 -B" } else { "sh" };
    format!("{program} {} {mode}", path.display())
}

/// Runs a workload on a node, with three seconds of quiet unless the flags say otherwise. Returns the ended command
/// and its report, or none without Python.
pub(crate) fn test(workload: &str, name: &str, flags: &str) -> Option<(Finished, Value)> {
    if name.contains(".py") && !has("python3") {
        return None;
    }
    let tools = Tools::new();
    let settle = if flags.contains("--settle") { "" } else { "--settle 3s" };
    let line = format!("maelstrom {workload} --exec '{}' --seed 1 --json {settle} {flags}", node(name));
    let ended = tools.run(&line);
    let json = serde_json::from_str(&ended.raw).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let history = tools.read(&format!("logs/maelstrom-{workload}/history.jsonl"));
    assert!(
        history.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|line| line.is_object()))
    );
    Some((ended, json))
}

#[track_caller]
pub(crate) fn right(workload: &str, name: &str, flags: &str) -> Option<Value> {
    let (ended, json) = test(workload, name, flags)?;
    assert_eq!((ended.code, &json["verdict"]), (Some(0), &"valid".into()), "{json:#}");
    assert!(json["availability"].as_f64() > Some(0.5), "{json:#}");
    Some(json)
}

/// Checks that the mistake of a node is found. The report has a problem of this kind, with an operation
/// that begins with one of these words, between bars.
#[track_caller]
pub(crate) fn wrong(workload: &str, name: &str, flags: &str, kind: &str, word: &str) {
    let Some((ended, json)) = test(workload, name, flags) else { return };
    assert_eq!((ended.code, &json["verdict"]), (Some(1), &"invalid".into()), "{json:#}");
    let problems = json["problems"].as_array().expect("problems");
    let found = problems.iter().find(|problem| problem["kind"] == kind);
    let found = found.unwrap_or_else(|| panic!("no {kind}: {json:#}"));
    let operations = found["operations"].as_array().expect("operations");
    let is_one = |operation: &Value| word.split('|').any(|word| operation["words"][0] == word);
    let asked = |operation: &Value| is_one(operation) && operation["node"].is_string();
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
    // A set is the same however often an element is listed.
    if let Some(json) = right("g-set", "g_set.py twice", "--rate 50 --time 1s") {
        assert!(json["counts"]["duplicated"].as_u64() > Some(0), "{json:#}");
    }
}

#[test]
fn the_final_reads_decide() {
    let flags = "--rate 50 --time 1s --nodes 3 --clients 2n";
    let Some(json) = right("g-set", "g_set.py", flags) else { return };
    assert_eq!(json["agreement"]["in_final_reads"], true, "{json:#}");
    wrong("g-set", "g_set.py hours", &format!("{flags} --settle 0"), "lost", "read");
    let (_, json) = test("g-set", "g_set.py hours", &format!("{flags} --settle 300ms")).expect("Python");
    assert_eq!(json["agreement"]["agreed"], false, "{json:#}");
    assert!(json["stable_latency_s"]["never"].as_u64() > Some(0), "{json:#}");
    assert_eq!(json["stable_latency_s"]["max"], Value::Null, "{json:#}");
}

#[test]
fn a_lost_value_is_told_with_the_partition_in_which_it_was_acknowledged() {
    // These nodes send an element once, and at once: an element that was lost was added in a partition.
    let flags = "--rate 100 --time 3s --partition --nemesis-interval 500ms --settle 1s";
    let Some((ended, json)) = test("g-set", "g_set.py toggle", flags) else { return };
    assert_eq!(ended.code, Some(1), "{json:#}");
    let problems = json["problems"].as_array().expect("problems");
    let mut faults = problems.iter().filter_map(|problem| problem["operations"][0]["fault"].as_str());
    assert!(faults.any(|fault| fault.starts_with("partition ")), "{json:#}");
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
    // The weakest model allows reads of writes that were undone.
    let uncommitted = "--rate 200 --time 2s --consistency-models read-uncommitted";
    right("txn-rw-register", "txn.py undone", uncommitted);
}

#[test]
fn a_model_that_is_not_judged_is_refused_and_the_default_is_judged_as_far_as_it_can_be() {
    let tools = Tools::new();
    for model in ["strict-serializable", "snapshot-isolation"] {
        let ended =
            tools.run(&format!("maelstrom test -w txn-rw-register --bin ./n --consistency-models {model}"));
        ended.code(2);
        assert!(ended.err.contains(&format!("`{model}` is not checked yet")), "{ended:?}");
    }
    if !has("python3") {
        return;
    }
    let flags = "--rate 100 --time 1s --key-count 3";
    let (ended, json) = test("txn-rw-register", "txn.py", flags).expect("Python");
    assert_eq!((ended.code, &json["verdict"]), (Some(0), &"valid up to read-committed".into()), "{json:#}");
    let ended = tools.run(&format!("maelstrom txn-rw-register --exec '{}' {flags}", node("txn.py")));
    let first = ended.raw.lines().next().unwrap_or_default();
    assert!(first.starts_with("ok txn-rw-register valid up to read-committed · "), "{first}");
    wrong("txn-rw-register", "txn.py undone", "--rate 200 --time 2s", "G1a", "txn");
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
fn a_number_with_a_fraction_is_not_the_whole_number_that_it_equals_in_any_workload() {
    let flags = "--rate 100 --time 1s --settle 1s";
    wrong("broadcast", "broadcast.py floats", flags, "lost", "read");
    wrong("g-set", "g_set.py floats", flags, "lost", "read");
    wrong("g-counter", "counter.py floats", flags, "no_number", "read");
    wrong("lin-kv", "lin_kv.py floats", flags, "not_linearizable", "read");
    wrong("txn-rw-register", "txn.py floats", flags, "garbage_read", "txn");
}

#[test]
fn the_spelling_of_maelstrom_runs_lin_kv_and_passes_words_on_to_the_program() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new();
    let script = node("lin_kv.py");
    let script = script.split(' ').nth(2).expect("a path");
    let ended = tools.run(&format!(
        "maelstrom test --bin python3 {script} --node n1 --node n2 --time-limit 1 --rate 0 --topology tree --json"
    ));
    ended.code(0);
    let json: Value = serde_json::from_str(&ended.raw).expect("a report");
    assert_eq!((&json["workload"], &json["nodes"]), (&"lin-kv".into(), &2.into()));
    assert_eq!(json["operations"], serde_json::json!({}), "{json:#}");
}

#[test]
fn tests_follow_one_another_until_one_fails() {
    let tools = Tools::new();
    let echo = node("echo.sh");
    let flags = "--nodes 1 --rate 20 --time 500ms --seed 4 --test-count 2";
    let ended = tools.run(&format!("maelstrom echo --exec '{echo}' {flags} --junit report.xml"));
    ended.code(0);
    let again: Vec<&str> = ended.raw.lines().filter(|line| line.starts_with("  again")).collect();
    assert!(
        again.len() == 2 && again[0].contains(" --seed 4 ") && again[1].contains(" --seed 5 "),
        "{again:?}"
    );
    assert!(!again[0].contains("--test-count"), "{again:?}");
    assert_eq!(tools.read("report.xml").matches("<testcase ").count(), 2);
    let ended = tools.run("maelstrom echo --exec ./there-is-none --nodes 1 --test-count 3");
    ended.code(3);
    assert_eq!(ended.raw.matches("BROKEN").count(), 1, "{ended:?}");
}

#[test]
fn a_rate_that_was_not_reached_is_in_the_first_line() {
    let tools = Tools::new();
    let flags = "--nodes 1 --clients 1 --rate 100000 --time 1s";
    let ended = tools.run(&format!("maelstrom echo --exec '{}' {flags}", node("echo.sh")));
    let first = ended.raw.lines().next().unwrap_or_default();
    assert!(first.contains(" of 100,000 operations a second · "), "{first}");
    assert!(ended.raw.contains("\n  stderr          logs/maelstrom-echo/NODE.err\n"), "{}", ended.raw);
}

#[test]
fn the_latencies_of_messages_may_be_exponential() {
    let flags = "--rate 50 --time 1s --latency 20ms --latency-dist exponential";
    let Some(json) = right("broadcast", "broadcast.py", flags) else { return };
    assert_eq!(json["conditions"], serde_json::json!(["latency 20 ms on average"]));
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
         --settle 3s --nemesis partition --log-net-send --log-net-recv -- -B {script}"
    ));
    ended.code(0);
    assert!(ended.raw.starts_with("ok broadcast ") && ended.raw.contains("100.00 %"), "{}", ended.raw);
}

/// Runs echoes that log messages, and returns the messages.
fn messages(flags: &str) -> Vec<Value> {
    let tools = Tools::new();
    let ended = tools
        .run(&format!("maelstrom echo --exec '{}' --nodes 2 --rate 20 --time 1s {flags}", node("echo.sh")));
    ended.code(0);
    let path = tools.path("logs/maelstrom-echo/messages.jsonl");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

#[test]
fn messages_are_logged_as_they_are_sent_and_as_they_arrive() {
    let lines = messages("--log-net-send --log-net-recv");
    let count = |event: &str, kind: &str| {
        let is = |line: &&Value| line["event"] == event && line["message"]["body"]["type"] == kind;
        lines.iter().filter(is).count()
    };
    let echoes = count("send", "echo");
    assert!(echoes > 0, "{lines:#?}");
    for (event, kind) in [("recv", "echo"), ("send", "echo_ok"), ("recv", "echo_ok")] {
        assert_eq!(count(event, kind), echoes, "{event} {kind}");
    }
    assert_eq!((count("send", "init"), count("recv", "init_ok")), (2, 2));
    let of = |id: &Value| lines.iter().filter(|line| line["id"] == *id).count();
    assert!(lines.iter().all(|line| line["at_s"].is_f64() && of(&line["id"]) == 2), "{lines:#?}");
    assert!(messages("--log-net-send").iter().all(|line| line["event"] == "send"));
    assert!(messages("").is_empty());
    // The size of the log is bounded.
    let lines = messages("--log-net-send --log-limit 4096");
    assert_eq!(lines.last().map(|line| &line["event"]), Some(&"full".into()), "{lines:#?}");
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
