//! Tests of `tools test`, which runs scenarios and judges them.

use crate::story::{Tools, has, same, until};
use crate::terminal::shown;
use rustix::process::Signal;

const SYNC: &str = "\
# A node that joins late learns what was set before it came.

network a-b
a: set nom Reimert
expect all: get nom == Reimert within 30s
network a-c, b-c
expect all: get nom == Reimert within 30s
expect converged within 30s
";

const WRONG: &str = "\
# b is said to hold what nobody ever wrote.

network a-b
a: set nom Reimert
expect all: get nom == Reimert within 30s
expect all: get nom == Damien within 100ms
";

#[test]
fn a_scenario_that_holds_passes() {
    let tools = Tools::new().file("sync.scn", SYNC);
    let out = "seed 7\nok sync [time] · 3 nodes · 3 expectations\n1 passed ([time]), seed 7\n";
    tools.run("test sync.scn --seed 7").check(0, out, "");
    tools.expect_nothing_left();
    for name in ["a", "b", "c"] {
        assert!(tools.read(&format!("logs/sync/{name}.log")).contains(" INFO listening on "));
        assert_eq!(tools.read(&format!("logs/sync/{name}.err")), "");
    }
    let plan = &tools.events("sync", "plan")[0];
    assert_eq!((&plan["seed"], &plan["text"]), (&7.into(), &SYNC.into()));
    assert_eq!(tools.events("sync", "verdict")[0]["verdict"], "passed");
}

#[test]
fn a_failed_expectation_is_reported_in_full() {
    let tools = Tools::new().file("wrong.scn", WRONG);
    let out = "\
seed 7
FAILED wrong [time] · 2 nodes · 1 expectation held
wrong failed: expected == Damien within 100 ms
 --> wrong.scn:6:1
 6 | expect all: get nom == Damien within 100ms
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = when: [time] after the run began, after waiting [time]

  nodes
    a, b  Reimert  since [time]

  a's log
    [when] INFO listening on 127.0.0.1:[port] as a (id [id], policy last, network [network])
    [when] INFO keeps nothing on disk: what only this node holds is gone when it ends
    [when] INFO link to b is up, dialled here
    [when] INFO set nom

  b's log
    [when] INFO listening on 127.0.0.1:[port] as b (id [id], policy last, network [network])
    [when] INFO keeps nothing on disk: what only this node holds is gone when it ends
    [when] INFO link to a is up, dialled there
    [when] INFO received nom from a

  logs    logs/wrong/NAME.log, logs/wrong/NAME.err; merged: tools logs --err --logs logs/wrong
  record  logs/wrong/run.jsonl
  again   tools test wrong.scn --seed 7
1 failed ([time]), seed 7
";
    tools.run("test wrong.scn --seed 7").check(1, out, "");
    tools.expect_nothing_left();
    // The commands that the report names work.
    tools.run("test wrong.scn --seed 7").code(1);
    assert!(tools.run("logs --err --logs logs/wrong").code(0).out.contains("a | [when] INFO set nom\n"));
}

#[test]
fn a_write_that_only_a_killed_node_knew_is_excused_and_listed() {
    let text =
        "network a, b-c\na: set nom Reimert\nb: set prenom Damien\nkill a\nexpect c: count == 1 within 30s\n";
    let tools = Tools::new().file("gone.scn", text);
    let out = "\
seed 7
ok gone [time] · 3 nodes · 1 expectation
excused: 1 acknowledged write, known only to nodes that ended without a disk
  `nom`, acknowledged by a at [time]
1 passed ([time]), seed 7
";
    tools.run("test gone.scn --seed 7").check(0, out, "");
}

#[test]
fn the_same_seed_draws_the_same_nodes() {
    let text = "\
network clique(6)
repeat 8 as i { random: set k$i $i }
let some = random half
$some: set last x
kill random 2
expect converged within 30s
";
    let tools = Tools::new().file("draws.scn", text);
    let drawn = |seed: u64| {
        tools.run(&format!("test draws.scn --seed {seed}")).code(0);
        tools.events("draws", "chosen")
    };
    let chosen = |events: Vec<serde_json::Value>| {
        events.into_iter().map(|event| (event["who"].clone(), event["nodes"].clone())).collect::<Vec<_>>()
    };
    let first = chosen(drawn(1));
    assert_eq!(first.iter().filter(|(who, _)| who == "random").count(), 8, "{first:?}");
    assert_eq!(chosen(drawn(1)), first);
    assert_ne!(chosen(drawn(2)), first);
}

#[test]
fn a_drawn_seed_is_printed_and_can_be_given_again() {
    let tools = Tools::new().file("draw.scn", "network clique(6)\nrepeat 9 { random: set k x }\n");
    let raw = tools.run("test draw.scn").code(0).raw.clone();
    let seed =
        raw.lines().next().and_then(|line| line.strip_prefix("seed ")).expect("the seed is told").to_owned();
    let chosen =
        || tools.events("draw", "chosen").into_iter().map(|event| event["nodes"].clone()).collect::<Vec<_>>();
    let first = chosen();
    tools.run(&format!("test draw.scn --seed {seed}")).code(0);
    assert_eq!(chosen(), first);
}

#[test]
fn nodes_are_killed_frozen_and_restarted_on_purpose() {
    let text = "\
network ring(4)
a: set nom Reimert
expect all: get nom == Reimert within 30s
kill b
pause c
expect b: state == stopped
expect c: state == paused
expect b: get nom fails no_answer
a: set prenom Damien
start b
resume c
restart d
expect all: get prenom == Damien within 30s
expect b, d: peers contains a within 30s
";
    let tools = Tools::new().file("hard.scn", text);
    tools.run("test hard.scn").code(0);
}

#[test]
fn a_node_that_dies_unasked_fails_the_scenario_and_shows_its_log() {
    let tools = Tools::new().file("dies.scn", "network a-b\nwait 10m\n");
    let mut test = tools.begin("test dies.scn --seed 7");
    test.line("seed 7");
    let mut found = None;
    let linked = until(|| {
        let log = std::fs::read_to_string(tools.path("logs/dies/b.log")).unwrap_or_default();
        let nodes = tools.processes();
        found = nodes.into_iter().find(|process| process.command.contains(" --name b "));
        log.contains("link to a is up")
    });
    assert!(linked);
    crate::story::kill(found.expect("b runs").id, Signal::KILL).unwrap();
    let out = "\
seed 7
FAILED dies [time] · 2 nodes · 0 expectations held
dies failed: node `b` died unasked: SIGKILL
 --> dies.scn:2:1
 2 | wait 10m
   | ^^^^^^^^
   = when: [time] after the run began

  nodes
    b  died: SIGKILL  since [time]

  b's log
    [when] INFO listening on 127.0.0.1:[port] as b (id [id], policy last, network [network])
    [when] INFO keeps nothing on disk: what only this node holds is gone when it ends
    [when] INFO link to a is up, dialled there

  logs    logs/dies/NAME.log, logs/dies/NAME.err; merged: tools logs --err --logs logs/dies
  record  logs/dies/run.jsonl
  again   tools test dies.scn --seed 7
1 failed ([time]), seed 7
";
    let ended = test.ended();
    same("standard output", &ended.out, out);
    ended.code(1);
}

#[test]
fn the_gravest_verdict_decides_the_exit_code() {
    let tools = Tools::new()
        .file("all/a.scn", SYNC)
        .file("all/b.scn", WRONG)
        .file("all/c.scn", "node b exec=/no/such/program\nnetwork a-b\n");
    let ended = tools.run("test all");
    ended.code(3);
    let lines: Vec<&str> = ended.out.lines().filter(|line| line.contains(" [time] · ")).collect();
    let expected = [
        "ok a [time] · 3 nodes · 3 expectations",
        "FAILED b [time] · 2 nodes · 1 expectation held",
        "BROKEN c [time] · 2 nodes · 0 expectations held",
    ];
    assert_eq!(lines, expected);
    assert!(ended.out.ends_with("1 passed, 1 failed, 1 broken ([time]), seed [seed]\n"), "{}", ended.out);
    tools.run("test all/a.scn all/b.scn").code(1);
}

#[test]
fn ctrl_c_ends_a_test_in_order() {
    let tools =
        Tools::new().file("long.scn", "timeout 20m\nnetwork ring(3)\nwait 10m\n").file("next.scn", SYNC);
    let mut test = tools.begin("test long.scn next.scn");
    test.line("seed");
    let waiting = || {
        std::fs::read_to_string(tools.path("logs/long/run.jsonl")).unwrap_or_default().contains("wait 10m")
    };
    // The journal is buffered, so that the nodes' logs are the proof that all is wired.
    let wired = || {
        (0..3).all(|node| {
            let name = ["a", "b", "c"][node];
            let log =
                std::fs::read_to_string(tools.path(&format!("logs/long/{name}.log"))).unwrap_or_default();
            log.matches(" is up").count() == 2
        })
    };
    assert!(until(|| waiting() || wired()));
    test.signal(Signal::INT);
    let ended = test.ended();
    ended.code(130);
    assert!(ended.out.contains("interrupted long [time] · 3 nodes · 0 expectations held\n"), "{}", ended.out);
    assert!(ended.out.ends_with("1 interrupted ([time]), seed [seed]\n1 not run\n"), "{}", ended.out);
    tools.expect_nothing_left();
    assert!(!tools.path("logs/next").exists());
}

#[test]
fn a_terminal_shows_the_step_that_runs_and_is_clean_afterwards() {
    let tools = Tools::new().file("long.scn", "timeout 20m\nnetwork ring(3)\nwait 10m\n");
    for (columns, line) in [(80, " s    3 nodes  long, line 3: wait 10m"), (10, " s  …")] {
        let mut terminal = tools.in_terminal("test long.scn", columns, 24);
        terminal.sees(line);
        terminal.signal(Signal::INT);
        terminal.sees("1 interrupted");
        terminal.sees(", seed ");
        assert_eq!(terminal.exits(), Some(130));
        let seen = terminal.seen();
        let lines = shown(&seen);
        let rest: Vec<&String> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
        // Above the seed stands a warning about a scenario that expects nothing.
        let [.., drawn, run, summary] = rest[..] else { panic!("{seen:?}: {lines:#?}") };
        assert!(drawn.starts_with("seed ") && run.starts_with("interrupted long"), "{seen:?}: {lines:#?}");
        assert!(summary.starts_with("1 interrupted ("), "{seen:?}: {lines:#?}");
    }
    tools.expect_nothing_left();
}

#[test]
fn the_first_network_that_fails_is_kept_and_the_runs_go_on() {
    let tools =
        Tools::new().file("a.scn", SYNC).file("b.scn", WRONG).file("c.scn", WRONG).file("d.scn", SYNC);
    let ended = tools.run("test a.scn b.scn c.scn d.scn --keep=failed --junit r.xml");
    ended.code(1);
    assert!(ended.out.ends_with("2 passed, 2 failed ([time]), seed [seed]\n"), "{}", ended.out);
    let err = "the network of b is left up: tools ps --logs logs/b, tools do --logs logs/b …; tools stop --logs logs/b \
               ends it\n";
    assert_eq!(ended.err, err);
    assert_eq!(tools.read("r.xml").matches("<testcase").count(), 4);
    // The command has ended, and the network goes on.
    tools.run("ps --logs logs/b").code(0);
    let everywhere = tools.run("ps --all --json").code(0).json();
    assert_eq!(everywhere.as_array().map(Vec::len), Some(1), "{everywhere}");
    tools.run("cli --logs logs/b --node b get nom").check(0, "Reimert\n", "");
    tools.run("do --logs logs/b 'b: set nom Damien' 'expect a: get nom == Damien within 30s'").code(0);
    tools.run("stop --logs logs/b").code(0);
    tools.expect_nothing_left();
}

#[test]
fn keep_without_a_value_keeps_the_first_network() {
    let tools = Tools::new().file("a.scn", SYNC).file("b.scn", SYNC);
    let ended = tools.run("test a.scn b.scn --keep");
    ended.code(0);
    assert!(ended.err.starts_with("the network of a is left up: "), "{}", ended.err);
    tools.run("cli --logs logs/a --node c get nom").check(0, "Reimert\n", "");
    tools.shell("rm -rf logs/a").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_run_that_keeps_no_network_leaves_no_process() {
    let tools = Tools::new().file("a.scn", SYNC).file("long.scn", "network a-b\nwait 10m\n");
    let ended = tools.run("test a.scn --keep=failed");
    ended.code(0);
    assert_eq!(ended.err, "");
    tools.expect_nothing_left();
    // A command that is ended early keeps no network, be it by SIGINT or by SIGKILL.
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::KILL, None)] {
        let mut test = tools.begin("test long.scn --keep");
        test.line("seed");
        assert!(until(|| tools.path("logs/long/b.log").exists()));
        test.signal(signal);
        let ended = test.ended();
        assert_eq!(ended.code, code, "{ended:#?}");
        tools.expect_nothing_left();
        std::fs::remove_dir_all(tools.path("logs/long")).expect("the folder of a run");
    }
}

#[test]
fn a_foreign_program_is_a_node_like_any_other() {
    // The program is a native node, started by a command line as any foreign program would be.
    if !has("sh") {
        return;
    }
    let exec = "sh -c 'exec \"$TOOLS\" node --name {name} --listen {host}:{port}'";
    let tools = Tools::new()
        .file("two.scn", "network a-b\na: set nom Reimert\nexpect b: get nom == Reimert within 30s\n");
    tools.run(&format!("test two.scn --exec \"{}\"", exec.replace('"', "\\\""))).code(0);
    tools.expect_nothing_left();
}
