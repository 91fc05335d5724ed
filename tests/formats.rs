//! Tests of the formats for build servers, of scenarios that are flaky, and of saved runs. The formats are read
//! by other people's readers too.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::story::{Tools, has, kill_and_wait, skipped, until};

const GOOD: &str = "# All agree.\nnetwork a-b\na: set k 1\nexpect all: get k == 1 within 30s\n";
const ALONE: &str = "# One node.\nnetwork a\na: set k 1\nexpect a: get k == 1\n";
const BAD: &str = "network a-b\nexpect a: count == 5 within 100ms\n";
const NOT_HERE: &str = "worlds sim\nnetwork a-b\nexpect a: count == 0\n";
/// A node of another protocol that never is ready.
const BROKEN: &str = "network a\n";
/// A value that is an attack on every format at once, set and expected to be another.
const HOSTILE: &str = "# x <b>&]]> | `` ```\nnetwork a\na: set \"k|`\" \"]]> <script> ::error::x %0A # SKIP | ``` \"\nexpect a: get \
                       \"k|`\" == \"# TODO ::set-output name=x::y\" within 100ms\n";

/// Returns a story with a scenario that passes, one that fails, one that is skipped and a hostile one.
fn all() -> Tools {
    Tools::new()
        .file("s/good.scn", GOOD)
        .file("s/bad.scn", BAD)
        .file("s/not_here.scn", NOT_HERE)
        .file("s/hos # tile|`.scn", HOSTILE)
}

/// A program that fails in its first life and is a node in all others.
fn flaky(tools: Tools) -> Tools {
    let script = "if [ -e been ]; then exec \"$TOOLS\" node \"$@\"; else touch been; exit 7; fi\n";
    tools.file("flaky.sh", script).file("flaky.scn", ALONE)
}

const FLAKY: &str = "test flaky.scn --exec 'sh flaky.sh --name {name} --listen {host}:{port}'";

/// Returns the folder of the programs that read formats.
fn readers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/formats")
}

/// Returns the JSON that another program prints about a file, or none if the program is not there.
fn read_by(command: &mut Command) -> Option<Value> {
    let output = command.output().ok()?;
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("a line of JSON"))
}

/// Reads TAP with the parser of `prove`. The one of Debian knows versions up to 13, and whatever the harness
/// writes is of that version as well.
fn read_tap(tools: &Tools, text: &str) -> Option<Value> {
    if !has("prove") || !has("perl") {
        return None;
    }
    std::fs::write(tools.path("13.tap"), text.replacen("TAP version 14", "TAP version 13", 1))
        .expect("a file");
    read_by(Command::new("perl").arg(readers().join("read.pl")).arg(tools.path("13.tap")))
}

/// Reads TAP with the parser of node-tap, which knows version 14, in its strict mode.
fn read_tap_14(tools: &Tools, text: &str) -> Option<Value> {
    let parser = readers().join("node_modules/.bin/tap-parser");
    if !has("node") || !parser.exists() {
        skipped("`npm ci` has not run in tests/formats");
        return None;
    }
    std::fs::write(tools.path("14.tap"), text).expect("a file");
    let input = std::fs::File::open(tools.path("14.tap")).expect("the file");
    let output = Command::new(parser).args(["--strict", "--json"]).stdin(input).output().expect("its end");
    serde_json::from_slice(&output.stdout).ok()
}

/// Reads a `JUnit` report by the schema of Jenkins and with junitparser.
fn read_junit(tools: &Tools, name: &str) -> Option<Value> {
    let python = readers().join(".readers/bin/python");
    let package = std::fs::read_dir(readers().join(".readers/schema"))
        .ok()
        .and_then(|mut entries| Some(entries.next()?.ok()?.path()));
    let Some(package) = package.filter(|_| python.exists()) else {
        skipped("the packages of tests/formats/requirements.txt are not in tests/formats/.readers");
        return None;
    };
    read_by(Command::new(python).arg(readers().join("read.py")).arg(tools.path(name)).arg(package))
}

#[test]
fn tap_is_the_only_output_and_is_read_by_the_parser_of_prove() {
    let tools = all();
    let ended = tools.run("test s --tap --seed 7");
    ended.code(1);
    assert_eq!(ended.err, "");
    assert!(ended.raw.starts_with("TAP version 14\n") && ended.raw.ends_with("1..4\n"), "{}", ended.raw);
    let points: Vec<&str> =
        ended.raw.lines().filter(|line| line.starts_with("ok") || line.starts_with("not ok")).collect();
    let expected = [
        "ok 1 - not_here # SKIP it is for the worlds sim",
        "not ok 2 - bad",
        "ok 3 - good",
        "not ok 4 - hos \\# tile|`",
    ];
    assert_eq!(points, expected);
    if let Some(read) = read_tap(&tools, &ended.raw) {
        let expected = json!({
            "version": 13, "passed": 2, "failed": 2, "skipped": 1, "todo": 0, "errors": [], "plan": "1..4",
        });
        assert_eq!(read, expected);
    }
    let Some(read) = read_tap_14(&tools, &ended.raw) else { return };
    let events = read.as_array().unwrap();
    let of = |kind: &str| -> Vec<&Value> {
        events.iter().filter(|event| event[0] == kind).map(|event| &event[1]).collect()
    };
    assert_eq!(of("version"), [14]);
    let names: Vec<&Value> = of("assert").iter().map(|point| &point["name"]).collect();
    assert_eq!(names, ["not_here", "bad", "good", "hos # tile|`"]);
    let whole = of("complete")[0];
    assert_eq!(
        (&whole["count"], &whole["pass"], &whole["fail"], &whole["skip"]),
        (&json!(4), &json!(2), &json!(2), &json!(1))
    );
    assert_eq!(of("assert")[1]["diag"]["line"], 2);
    assert_eq!(of("extra"), Vec::<&Value>::new());
}

#[test]
fn tap_of_an_interrupted_test_says_that_it_was_broken_off() {
    let tools = Tools::new()
        .file("s/a.scn", "network a-b\n")
        .file("s/b.scn", "timeout 20m\nnetwork a\nwait 10m\n")
        .file("s/c.scn", "network a-b\n");
    let test = tools.begin("test s --tap --jobs 1");
    let is_up =
        || std::fs::read_to_string(tools.path("logs/b/run.jsonl")).unwrap_or_default().contains("wait 10m");
    assert!(until(is_up));
    test.signal(Signal::INT);
    let ended = test.ended();
    ended.code(130);
    assert!(ended.raw.ends_with("\nBail out! interrupted\n1..2\n"), "{}", ended.raw);
    if let Some(read) = read_tap(&tools, &ended.raw) {
        let counts = (&read["passed"], &read["failed"], &read["errors"], &read["plan"]);
        assert_eq!(counts, (&json!(1), &json!(1), &json!([]), &json!("1..2")));
        let prove = Command::new("prove").args(["--exec", "cat"]).arg(tools.path("13.tap")).output().unwrap();
        let said = String::from_utf8_lossy(&prove.stderr).into_owned();
        assert!(!prove.status.success() && said.contains("stopped: interrupted"), "{said}");
    }
    let Some(read) = read_tap_14(&tools, &ended.raw) else { return };
    let of = |kind: &str| -> Vec<Value> {
        read.as_array()
            .unwrap()
            .iter()
            .filter(|event| event[0] == kind)
            .map(|event| event[1].clone())
            .collect()
    };
    assert_eq!((of("bailout"), of("extra")), (vec![json!("interrupted")], vec![]));
}

#[test]
fn tap_goes_to_a_file_beside_lines_for_people() {
    let tools = all();
    let ended = tools.run("test s/good.scn --tap=out.tap --seed 7");
    assert!(ended.code(0).out.contains("ok good"), "{ended:#?}");
    assert!(tools.read("out.tap").contains("\nok 1 - good\n"));
}

#[test]
fn junit_follows_the_schema_whatever_nodes_hold() {
    let tools = all();
    tools.run("test s --junit out.xml --seed 7").code(1);
    let xml = tools.read("out.xml");
    assert!(xml.contains(" file=\"s/bad.scn\" line=\"2\""), "{xml}");
    if let Some(read) = read_junit(&tools, "out.xml") {
        let count = |name: &str| read[name].as_u64().unwrap();
        assert_eq!((count("passed"), count("failed"), count("skipped"), count("error")), (1, 2, 1, 0));
        assert_eq!(read["files"].as_array().unwrap().len(), 4);
        let moment = read["timestamps"][1].as_str().unwrap();
        assert!(moment.len() == 25 && moment.contains('T'), "{moment}");
    }
    let viewer = readers().join("node_modules/.bin/xunit-viewer");
    if !has("node") || !viewer.exists() {
        return skipped("`npm ci` has not run in tests/formats");
    }
    let shown = Command::new(viewer)
        .args(["--console", "--no-color", "--clear", "false", "--results"])
        .arg(tools.path("out.xml"))
        // It writes a page to its working folder as well.
        .current_dir(tools.path("."))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.status.success() && text.contains("s/bad.scn:2: expected == 5"), "{text}");
}

#[test]
fn github_gets_annotations_and_a_summary_and_no_command_of_a_stranger() {
    let tools = all();
    let ended = tools.shell("GITHUB_STEP_SUMMARY=sum.md exec \"$TOOLS\" test s --github --seed 7");
    ended.code(1);
    let lines: Vec<&str> = ended.raw.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").expect("commands are stopped first");
    let resumed = lines.iter().position(|line| *line == format!("::{token}::")).expect("they are resumed");
    let (people, commands) = lines.split_at(resumed);
    assert!(people.iter().any(|line| line.contains("FAILED bad")), "{people:#?}");
    assert_eq!(commands.len(), 3, "{commands:#?}");
    assert!(
        commands[1]
            .starts_with("::error title=bad failed,file=s/bad.scn,line=2,col=1,endColumn=34::expected == 5"),
        "{}",
        commands[1]
    );
    assert!(
        commands[2].starts_with("::error title=hos # tile|` failed,file=s/hos # tile|`.scn,"),
        "{}",
        commands[2]
    );
    let summary = tools.read("sum.md");
    assert!(summary.starts_with("## 1 passed, 2 failed, 1 skipped ("), "{summary}");
    // A second step adds to the same summary.
    tools.shell("GITHUB_STEP_SUMMARY=sum.md exec \"$TOOLS\" test s/good.scn --github").code(0);
    assert_eq!(tools.read("sum.md").matches("\n| verdict |").count(), 2);
    // A refusal lets the runner carry out commands again.
    let refused = tools.run("test no/such.scn --github");
    assert_eq!(refused.code(2).raw.lines().count(), 2, "{}", refused.raw);
}

#[test]
fn markdown_and_code_quality_are_files() {
    let tools = all();
    tools.run("test s --markdown m.md --code-quality q.json --seed 7").code(1);
    assert!(tools.read("m.md").contains("\n### failed: ` bad `\n\n` s/bad.scn:2 `: ` expected == 5"));
    let issues: Value = serde_json::from_str(&tools.read("q.json")).unwrap();
    assert_eq!(issues.as_array().unwrap().len(), 2);
    assert_eq!(issues[0]["location"], json!({"path": "s/bad.scn", "lines": {"begin": 2}}));
}

#[test]
fn a_run_that_cannot_be_made_is_broken_in_every_format() {
    let tools = Tools::new().file("broken.scn", BROKEN);
    let files = "--junit b.xml --tap=b.tap --markdown b.md --code-quality b.json";
    tools.run(&format!("test broken.scn --exec 'sh -c \"exit 7\"' {files}")).code(3);
    assert!(
        tools.read("b.tap").contains("\nnot ok 1 - broken\n  ---\n  verdict: \"broken\"\n"),
        "{}",
        tools.read("b.tap")
    );
    assert!(tools.read("b.xml").contains("<error message=\"broken.scn:1: "), "{}", tools.read("b.xml"));
    assert!(tools.read("b.md").starts_with("## 1 broken"));
    assert!(tools.read("b.json").contains("\"severity\": \"critical\""));
    if let Some(read) = read_junit(&tools, "b.xml") {
        assert_eq!(read["error"], 1);
    }
}

#[test]
fn formats_that_cannot_be_written_are_refused_before_anything_starts() {
    let tools = all();
    for flag in ["--junit", "--markdown", "--code-quality", "--report-json", "--tap"] {
        let flag = if flag == "--tap" { "--tap=no/such".to_owned() } else { format!("{flag} no/such") };
        let ended = tools.run(&format!("test s {flag}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{ended:#?}");
        assert!(ended.err.starts_with("error: cannot write no/such: "), "{}", ended.err);
    }
    let ended = tools.run("test s --tap --json");
    assert!(
        ended.code(2).err.starts_with("error: --json and --tap both write to standard output\n"),
        "{ended:#?}"
    );
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_scenario_that_passes_on_a_retry_is_flaky_and_counts_as_passed() {
    let tools = flaky(Tools::new());
    let files = "--junit f.xml --tap=f.tap --markdown f.md --report-json f.json --code-quality q.json";
    let ended = tools.run(&format!("{FLAKY} --retries 2 --seed 7 {files}"));
    ended.code(0);
    assert!(ended.out.contains("FLAKY flaky "), "{}", ended.out);
    assert!(ended.out.contains("1 of 2 attempts passed"), "{}", ended.out);
    assert!(ended.out.contains("\n1 flaky ("), "{}", ended.out);
    // Each attempt has its own record.
    assert!(
        tools.path("logs/flaky/run.jsonl").exists() && tools.path("logs/flaky.attempt-2/run.jsonl").exists()
    );
    let report: Value = serde_json::from_str(&tools.read("f.json")).unwrap();
    let entry = &report["scenarios"][0];
    assert_eq!((&entry["verdict"], &entry["attempts"]["rule"]), (&json!("flaky"), &json!("retries")));
    assert_eq!((&entry["attempts"]["passed"], &entry["attempts"]["broken"]), (&json!(1), &json!(1)));
    assert!(
        tools.read("f.tap").contains("\nok 1 - flaky (1 of 2 attempts passed)\n"),
        "{}",
        tools.read("f.tap")
    );
    assert!(tools.read("f.md").starts_with("## 1 flaky ("));
    assert!(tools.read("q.json").contains("\"severity\": \"minor\""));
    let xml = tools.read("f.xml");
    assert!(xml.contains("<flakyError message=\"flaky.scn:2: "), "{xml}");
    assert!(xml.contains("failures=\"0\" errors=\"0\""), "{xml}");
    if let Some(read) = read_junit(&tools, "f.xml") {
        assert_eq!((&read["passed"], &read["flaky"]), (&json!(1), &json!(1)));
    }
    // The records of the attempts are those of one run.
    let reported = tools.run("report logs");
    reported.code(0);
    assert!(reported.out.contains("1 of 2 attempts passed"), "{}", reported.out);
    assert!(reported.out.contains("\n1 flaky ("), "{}", reported.out);
}

#[test]
fn a_scenario_that_differs_among_repeats_is_flaky_and_counts_as_failed() {
    let tools = flaky(Tools::new());
    let ended = tools.run(&format!("{FLAKY} --repeat 3 --seed 7"));
    ended.code(1);
    assert!(ended.out.contains("2 of 3 attempts passed"), "{}", ended.out);
    assert!(ended.raw.contains("--repeat 3\n"), "{}", ended.raw);
    // The records of attempts that passed are removed, that of the failure stays.
    assert!(tools.path("logs/flaky/run.jsonl").exists() && !tools.path("logs/flaky.attempt-2").exists());
    let reported = tools.run("report logs");
    reported.code(1);
    assert!(reported.out.contains("2 of 3 attempts passed"), "{}", reported.out);
}

#[test]
fn a_scenario_that_always_fails_is_no_flaky_one() {
    let tools = Tools::new().file("bad.scn", BAD);
    let ended = tools.run("test bad.scn --retries 1 --junit f.xml --seed 7");
    ended.code(1);
    assert!(
        ended.out.contains("0 of 2 attempts passed") && ended.out.contains("\n1 failed ("),
        "{}",
        ended.out
    );
    assert_eq!(tools.read("f.xml").matches("<rerunFailure ").count(), 1, "{}", tools.read("f.xml"));
    assert!(tools.path("logs/bad.attempt-2/run.jsonl").exists());
    // Another command for the same scenario removes the attempts of this one.
    tools.run("test bad.scn --seed 7").code(1);
    assert!(!tools.path("logs/bad.attempt-2").exists());
}

#[test]
fn in_virtual_time_another_attempt_is_refused() {
    let tools = all();
    for flag in ["--retries 2", "--repeat 5"] {
        let ended = tools.run(&format!("test s/good.scn --world sim {flag}"));
        ended.code(2);
        assert!(
            ended.err.contains("in the world `sim` that gives the same run\n  = help: `--seeds 1..10`"),
            "{}",
            ended.err
        );
    }
    assert!(!tools.path("logs").exists());
}

#[test]
fn saved_runs_are_reported_as_they_were() {
    let tools = all();
    let first = tools.run("test s/good.scn s/bad.scn --seed 7 --world sim");
    first.code(1);
    let lines = |text: &str| {
        let kept =
            text.lines().filter(|line| !line.starts_with("seed ") && !line.contains("1 passed, 1 failed"));
        let mut lines: Vec<String> = kept.map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let again = tools.run("report logs");
    again.code(1);
    assert_eq!(lines(&again.out), lines(&first.out));
    assert!(again.out.contains("1 passed, 1 failed ("), "{}", again.out);
    let files = tools.run("report logs/good logs/bad/run.jsonl --tap --junit r.xml --markdown r.md");
    assert!(files.code(1).raw.contains("not ok") && tools.read("r.md").starts_with("## 1 passed, 1 failed"));
    if let Some(read) = read_junit(&tools, "r.xml") {
        assert_eq!((&read["passed"], &read["failed"]), (&json!(1), &json!(1)));
    }
    assert_eq!(tools.run("report logs --json").json()["scenarios"].as_array().unwrap().len(), 2);
    assert!(tools.run("report logs --since 2100-01-01").code(0).out.contains("no scenario was run"));
    tools.run("report logs --since 1h").code(1);
}

#[test]
fn records_that_say_nothing_are_refused_and_do_not_hide_the_others() {
    let tools = all().file("no/x.jsonl", "not a run\n").file("empty/run.jsonl", "");
    tools.run("test s/good.scn --world sim").code(0);
    let ended = tools.run("report no/x.jsonl empty/run.jsonl logs");
    ended.code(2);
    assert!(ended.out.contains("ok good ") && ended.out.contains("1 passed"), "{}", ended.out);
    assert!(
        ended.err.contains("error: no/x.jsonl cannot be reported: line 1 is not the plan of a run, so this is no record of one\n  = help: "),
        "{}",
        ended.err
    );
    assert!(
        ended.err.contains("error: empty/run.jsonl cannot be reported: the file is empty"),
        "{}",
        ended.err
    );
    let nothing = tools.run("report s");
    assert!(
        nothing.code(2).err.starts_with("error: no run.jsonl lies below s\n  = help: "),
        "{}",
        nothing.err
    );
    let missing = tools.run("report no/such");
    assert!(missing.code(2).err.starts_with("error: cannot read no/such: "), "{}", missing.err);
    let record = tools.read("logs/good/run.jsonl");
    let newer = record.replacen("\"event\":\"plan\"", "\"event\":\"plan\",\"format\":99", 1);
    let newer = if record.contains("\"format\":") {
        record.replacen("\"format\":2", "\"format\":99", 1)
    } else {
        newer
    };
    std::fs::write(tools.path("no/run.jsonl"), newer).unwrap();
    let ended = tools.run("report no");
    assert!(
        ended
            .code(2)
            .err
            .contains("it has format 99, and this version reads formats up to 2\n  = help: read it with"),
        "{}",
        ended.err
    );
}

#[test]
fn a_record_that_was_cut_short_is_broken() {
    let tools = Tools::new().file("long.scn", "network a-b\nwait 10m\n");
    let run = tools.begin("test long.scn --seed 7");
    assert!(until(|| {
        let record = tools.path("logs/long/run.jsonl");
        std::fs::read_to_string(record).is_ok_and(|text| text.contains("\"event\":\"launch\""))
    }));
    kill_and_wait(run.id());
    tools.expect_nothing_left();
    let ended = tools.run("report logs");
    ended.code(3);
    assert!(ended.out.contains("BROKEN long "), "{}", ended.out);
    assert!(ended.out.contains("the record was cut short, so the verdict is unknown"), "{}", ended.out);
}

#[test]
fn runs_are_listed_newest_last() {
    let tools = all();
    let none = tools.run("runs");
    assert!(none.code(2).err.starts_with("error: no run is recorded in logs\n  = help: "), "{}", none.err);
    tools.run("test s/good.scn --seed 7").code(0);
    tools.run("test s/bad.scn --seed 8 --world sim").code(1);
    let listed = tools.run("runs");
    let lines: Vec<&str> = listed.code(0).raw.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    let words: Vec<Vec<&str>> = lines.iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(words[1][1..5], ["passed", "good", "process", "7"]);
    assert_eq!((&words[2][1..5], words[2].last()), (&["failed", "bad", "sim", "8"][..], Some(&"logs/bad")));
    let failed = tools.run("runs --failed --json --since 1h").json();
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["seed"]), (1, &json!(8)));
    assert!(tools.run("runs --since 2100-01-01").code(0).out.contains("no such run"));
    // A damaged line hides no other. And the index bars no network from its folder.
    let index = tools.read("logs/runs.jsonl");
    std::fs::write(tools.path("logs/runs.jsonl"), format!("\u{0}\n{index}")).unwrap();
    let listed = tools.run("runs");
    assert_eq!(listed.code(0).err, "warning: 1 damaged line of logs/runs.jsonl passed over\n");
    tools.up("a-b");
    assert_eq!(tools.run("runs").code(0).raw.lines().count(), 3);
}
