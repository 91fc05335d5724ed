//! Tests of correct commands that fail in their environment. The message names a remedy, and everything
//! that was started is taken down.

use std::net::TcpListener;

use crate::story::{Tools, has};

#[test]
fn a_taken_port() {
    let tools = Tools::new();
    let held = TcpListener::bind(("127.0.0.1", tools.port() + 1)).unwrap();
    let ended = tools.run("run a-b-c -p @PORT");
    ended.code(3);
    assert!(
        ended.err.starts_with(
            "error: node `b` did not start: port [port+1] is taken: choose another first port with --port, for example --port "
        ),
        "{}",
        ended.err
    );
    assert_eq!(ended.out, "");
    tools.expect_nothing_left();
    // A detached network prints the same error on the terminal that started it.
    let detached = tools.run("run a-b-c -p @PORT --detach");
    assert_eq!((detached.code, detached.out, detached.err), (ended.code, ended.out, ended.err));
    tools.expect_nothing_left();
    drop(held);
    tools.up("a-b-c");
}

#[test]
fn a_missing_program() {
    let tools = Tools::new();
    let err = "\
error: node `a` did not start: there is no program `/no/such/program`
 --> topology:1:1
 1 | a
   | ^
   = when: [time] after the run began

  nodes
    a  did not start
";
    tools.run("run a -p @PORT --exec /no/such/program").check(3, "", err);
    tools.expect_nothing_left();

    let tools = tools.file("x.scn", "network a\nexpect converged\n");
    let ended = tools.run("test x.scn --exec /no/such/program");
    ended.code(3);
    assert!(
        ended
            .out
            .contains("x could not be run: node `a` did not start: there is no program `/no/such/program`\n"),
        "{}",
        ended.out
    );
}

#[test]
fn a_program_that_may_not_be_run() {
    let tools = Tools::new().file("program", "not a program");
    let ended = tools.run("run a-b -p @PORT --exec ./program");
    ended.code(3);
    assert!(ended.err.contains("`./program` may not be run"), "{}", ended.err);
}

#[test]
fn a_node_that_dies_at_its_start() {
    let tools = Tools::new();
    let ended = tools.run("run a-b -p @PORT --exec \"sh -c 'echo oops >&2; exit 7'\"");
    ended.code(3);
    assert!(
        ended.err.contains("did not start: it ended with exit code 7 before it was ready"),
        "{}",
        ended.err
    );
    assert!(ended.err.contains("oops"), "{}", ended.err);
    tools.expect_nothing_left();
}

#[test]
fn the_output_of_a_failed_program_is_quoted_line_by_line() {
    // The first line gives the cause, and many lines follow it.
    let program = "echo \"Error: Cannot find module './none'\" >&2; for i in 1 2 3 4 5 6 7 8 9; do echo at $i >&2; echo at $i >&2; \
                   done; echo begun; exit 1\n";
    let tools = Tools::new().file("program.sh", program).file("x.scn", "network a\n");
    let ended = tools.run("test x.scn --driver ask --adapter true --exec 'sh program.sh' --junit r.xml");
    ended.code(3);
    for told in [&ended.out, &tools.read("r.xml")] {
        let lines: Vec<&str> = told.lines().map(str::trim).collect();
        for line in ["begun", "at 9"] {
            assert!(lines.contains(&line), "{told}");
        }
        let first = lines.iter().any(|line| line.starts_with("Error: Cannot find module"));
        assert!(first && !told.contains("\\n"), "{told}");
        assert!(lines.iter().any(|line| line.starts_with("… 3 more lines")), "{told}");
    }
}

#[test]
fn a_node_that_dies_while_others_start_ends_the_start_at_once() {
    // `a` is never ready. To wait for it would take much longer than this story may.
    let text = "node a exec=\"sleep 1000\"\nnode b exec=\"sh -c 'exit 7'\"\nnetwork a-b\n";
    let tools = Tools::new().file("x.scn", text);
    let ended = tools.run("test x.scn --timeout-factor 100");
    ended.code(3);
    let told = "node `b` did not start: it ended with exit code 7 before it was ready";
    assert!(ended.out.contains(told), "{}", ended.out);
    tools.expect_nothing_left();
}

#[test]
fn a_node_that_dies_at_its_start_takes_the_others_down() {
    let text = "node b exec=\"sh -c 'echo oops >&2; exit 7'\"\nnetwork a-b, b-c\n";
    let tools = Tools::new().file("x.scn", text);
    let ended = tools.run("test x.scn --seed 7");
    ended.code(3);
    assert!(
        ended.out.contains(
            "x could not be run: node `b` did not start: it ended with exit code 7 before it was ready"
        ),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("oops"), "{}", ended.out);
    assert!(ended.out.ends_with("1 broken ([time]), seed 7\n"), "{}", ended.out);
    tools.expect_nothing_left();
}

#[test]
fn a_scenario_that_hangs_is_ended_by_its_deadline() {
    let text = "\
timeout 700ms
network a-b
together {
  expect a: get x == 1 within 500s
  do { b: set y 1; wait 600s }
}
";
    let tools = Tools::new().file("hangs.scn", text);
    let out = "\
seed 7
FAILED hangs [time] · 2 nodes · 0 expectations held
hangs failed: the scenario did not end within its 700 ms
 --> hangs.scn:5:20
 5 |   do { b: set y 1; wait 600s }
   |                    ^^^^^^^^^
   = when: [time] after the run began, after waiting [time]
   = help: `timeout 120s` at the top of the file gives it more time

  under way
    still waiting at line 3: together {
    still waiting at line 4: expect a: get x == 1 within 500s
    still waiting at line 5: do { b: set y 1; wait 600s }
    still waiting at line 5: do { b: set y 1; wait 600s }

  logs    logs/hangs/NAME.log, logs/hangs/NAME.err; merged: tools logs --err --logs logs/hangs
  record  logs/hangs/run.jsonl
  again   tools test hangs.scn --seed 7
1 failed ([time]), seed 7
";
    let ended = tools.run("test hangs.scn --seed 7");
    crate::story::same("standard output", &ended.out, out);
    ended.code(1);
    tools.expect_nothing_left();
}

#[test]
fn a_frozen_node_is_not_waited_for_longer_than_an_ask_may_take() {
    let text = "network a-b\npause b\ntry b: set x 1\nb: set x 2\n";
    let tools = Tools::new().file("frozen.scn", text);
    let ended = tools.run("test frozen.scn --timeout-factor 0.05");
    ended.code(1);
    assert!(ended.out.contains(" --> frozen.scn:4:1\n"), "{}", ended.out);
    tools.expect_nothing_left();
}

#[test]
fn more_nodes_than_open_files_allow() {
    if !has("sh") {
        return;
    }
    let tools = Tools::new().file("x.scn", "network ring(100)\nexpect converged\n");
    let err = "error: 100 nodes need 464 open files, and this system allows 100: `ulimit -Hn 464`, as root, allows them\n";
    for command in ["run ring:100 -p $PORT", "run ring:100 -p $PORT --detach", "test x.scn"] {
        let script = format!("ulimit -S -n 100 && ulimit -H -n 100 && exec \"$TOOLS\" {command}");
        tools.shell(&script).check(3, "", err);
    }
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_low_soft_limit_of_open_files_is_raised() {
    if !has("sh") {
        return;
    }
    let tools = Tools::new();
    let ended = tools.shell("ulimit -S -n 64 && exec \"$TOOLS\" run ring:16 -p $PORT --for 1ms");
    ended.code(0);
}

#[test]
fn logs_that_cannot_be_written() {
    let tools = Tools::new()
        .file("logs", "a file, where a folder should be")
        .file("x.scn", "network a-b\nexpect converged\n");
    // `run` reports the failure in a message of its own, `test` in the verdict of the run.
    let (network, test) = (tools.run("run a-b -p @PORT"), tools.run("test x.scn"));
    network.code(3);
    assert!(network.err.starts_with("error: cannot write to logs: "), "{}", network.err);
    test.code(3);
    assert!(test.out.contains("x could not be run: cannot write to logs/x: "), "{}", test.out);
}
