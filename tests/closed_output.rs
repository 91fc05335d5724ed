//! Tests of output that nobody reads, or that cannot be written: the verdict stays the same.

use std::fs::File;
use std::process::Stdio;

use crate::story::Tools;

/// Returns a story with two scenarios. The second one fails.
fn failing() -> Tools {
    Tools::new()
        .file("s/a.scn", "network a-b\na: set k v\nexpect a: get k == v\n")
        .file("s/z.scn", "network a-b\na: set k v\nexpect a: get k == other\n")
}

/// Runs a command whose standard output is a pipe that nobody reads. Returns its exit code.
#[track_caller]
fn unread(tools: &Tools, line: &str) -> i32 {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    tools.run_to(line, Stdio::from(writer)).code.expect("no signal ended it")
}

/// Runs a command whose standard output is a full device. Returns its exit code and standard error.
#[track_caller]
fn on_full_device(tools: &Tools, line: &str) -> (i32, String) {
    let full = File::options().write(true).open("/dev/full").expect("a device that is always full");
    let ended = tools.run_to(line, Stdio::from(full));
    (ended.code.expect("no signal ended it"), ended.err)
}

#[test]
fn a_reader_that_goes_away_changes_no_verdict_and_no_report() {
    for (world, jobs) in [("sim", 1), ("process", 2)] {
        let tools = failing();
        let line = format!("test s --world {world} -j {jobs} --seed 1 --junit r.xml --report-json r.json");
        assert_eq!(unread(&tools, &line), 1);
        let (junit, json) = (tools.read("r.xml"), tools.read("r.json"));
        assert_eq!(junit.matches("<testcase").count(), 2, "{junit}");
        assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
        let json: serde_json::Value = serde_json::from_str(&json).expect("a report in JSON");
        assert_eq!(json["scenarios"].as_array().map(Vec::len), Some(2), "{json}");
        // With many seeds, results are printed one by one.
        assert_eq!(unread(&tools, "test s --world sim --seeds 1..3 --junit r.xml"), 1);
    }
}

#[test]
fn every_command_has_the_same_exit_code_without_a_reader() {
    let tools = failing().file("wrong.scn", "timeout 5\n");
    let commands = [
        ("test s/a.scn --world sim", 0),
        ("test s --world sim --json", 1),
        ("test s --dry-run", 0),
        ("fuzz --seeds 1..3", 0),
        ("fuzz --seed 1", 0),
        ("maelstrom echo --exec 'sh -c \"exit 3\"' --time 1s", 3),
        ("check wrong.scn", 2),
        ("check s --json", 0),
        ("list wrong.scn", 2),
        ("list s", 0),
        ("graph ring:3", 0),
        ("ps", 2),
        ("run a -p @PORT --for 1ms", 0),
    ];
    for (line, code) in commands {
        assert_eq!(tools.run(line).code, Some(code), "{line}");
        assert_eq!(unread(&tools, line), code, "{line}");
    }
    tools.up("a-b");
    let commands = [
        ("do 'a: set k v' 'expect b: get k == other'", 1),
        ("do 'a: get k'", 0),
        ("cli --node a get none", 1),
        ("cli --node a get k", 0),
        ("kill none", 2),
        ("record", 0),
        ("ps", 0),
        // Commands that only show something end when nobody reads.
        ("logs -f", 0),
        ("cli --node a watch", 0),
        ("stop", 0),
    ];
    for (line, code) in commands {
        assert_eq!(unread(&tools, line), code, "{line}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let tools = failing();
    let told = "error: cannot write to standard output: no space left on device; send it elsewhere\n";
    assert_eq!(on_full_device(&tools, "list s"), (3, told.to_owned()));
    assert_eq!(on_full_device(&tools, "test s/a.scn --world sim --junit r.xml"), (3, told.to_owned()));
    assert_eq!(tools.read("r.xml").matches("<testcase").count(), 1);
    // The code of a failed verdict has precedence over that of the failed write.
    assert_eq!(on_full_device(&tools, "test s --world sim"), (1, told.to_owned()));
}

#[test]
fn a_lost_standard_error_changes_no_verdict() {
    let tools = failing().file("wrong.scn", "timeout 5\n");
    tools.shell("\"$TOOLS\" check wrong.scn 2>/dev/full >/dev/full").code(2);
    tools.shell("\"$TOOLS\" test s --world sim >&- 2>&-").code(1);
}
