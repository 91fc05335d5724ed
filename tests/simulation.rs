//! Tests of scenarios in virtual time, run as a person runs them.

use rustix::process::Signal;

use crate::story::Tools;

const SYNC: &str = "\
network a-b
a: set nom Reimert
expect all: get nom == Reimert within 5s
";

#[test]
fn a_scenario_runs_in_virtual_time_and_leaves_its_journal_and_logs() {
    let tools = Tools::new().file("sync.scn", SYNC);
    let out = "\
seed 7
ok sync [time] · 2 nodes · 1 expectation · in sim
1 passed ([time] simulated in [time]), seed 7
";
    tools.run("test sync.scn --world sim --seed 7").check(0, out, "");
    let plan = &tools.events("sync", "plan")[0];
    assert_eq!((&plan["world"], &plan["seed"]), (&"sim".into(), &7.into()));
    assert_eq!(tools.events("sync", "verdict")[0]["verdict"], "passed");
    assert!(tools.read("logs/sync/a.log").contains("INFO set nom"));
    let merged = tools.run("logs --logs logs/sync");
    assert!(merged.code(0).out.contains("a | [when] INFO set nom\n"), "{}", merged.out);
}

#[test]
fn hours_of_virtual_time_pass_quickly() {
    let text = format!("timeout 10h\n{SYNC}wait 9h\nexpect b: get nom == Reimert\n");
    let tools = Tools::new().file("long.scn", &text);
    let ended = tools.run("test long.scn --world sim --json");
    let entry = ended.code(0).json()["scenarios"][0].clone();
    assert!(entry["duration_ms"].as_u64().unwrap() >= 9 * 3_600_000, "{entry:#}");
}

#[test]
fn a_failed_expectation_in_virtual_time_is_explained_and_repeatable() {
    let text = "network a-b\na: set nom Reimert\nexpect all: get nom == Damien within 100ms\n";
    let tools = Tools::new().file("wrong.scn", text);
    let out = "\
seed 7
FAILED wrong [time] · 2 nodes · 0 expectations held · in sim
wrong failed: expected == Damien within 100 ms
 --> wrong.scn:3:1
 3 | expect all: get nom == Damien within 100ms
   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = when: [time] after the run began, after waiting [time]

  nodes
    a, b  Reimert  since [time]

  a's log
    [when] INFO listening on a:7400 as a (id [id], policy oldest, network sim)
    [when] INFO keeps nothing on disk: what only this node holds is gone when it ends
    [when] INFO link to b is up, dialled here
    [when] INFO set nom

  b's log
    [when] INFO listening on b:7400 as b (id [id], policy oldest, network sim)
    [when] INFO keeps nothing on disk: what only this node holds is gone when it ends
    [when] INFO link to a is up, dialled there
    [when] INFO received nom from a

  logs    logs/wrong/NAME.log; merged: tools logs --logs logs/wrong
  record  logs/wrong/run.jsonl
  again   tools test wrong.scn --world sim --seed 7 --policy oldest --timeout-factor 2
1 failed ([time] simulated in [time]), seed 7
";
    let first = tools.run("test wrong.scn --policy oldest --timeout-factor 2 --world sim --seed 7");
    first.check(1, out, "");
    // The printed command repeats the run, to the byte of its journal.
    let record = tools.read("logs/wrong/run.jsonl");
    tools.run("test wrong.scn --world sim --seed 7 --policy oldest --timeout-factor 2").code(1);
    assert!(tools.read("logs/wrong/run.jsonl") == record);
}

#[test]
fn a_scenario_whose_virtual_time_runs_away_fails_with_what_was_still_scheduled() {
    let tools = Tools::new().file("away.scn", "timeout 48h\nnetwork a-b\nwait 30h\n");
    let ended = tools.run("test away.scn --world sim --seed 7");
    ended.code(1);
    for said in [
        "away failed: virtual time is limited to 24 h: shorten waits and time-outs, or split the scenario; still",
        "2 timers of nodes (the first at ",
        "2 timers of the scenario (the first at 30 h)",
        " --> away.scn:3:1\n 3 | wait 30h\n   | ^^^^^^^^\n",
        "1 failed ([time] simulated in [time]), seed 7\n",
    ] {
        assert!(ended.out.contains(said), "{said}\nis not in\n{}", ended.out);
    }
    assert_eq!(tools.events("away", "verdict")[0]["verdict"], "failed");
}

#[test]
fn run_and_keep_are_refused_in_virtual_time() {
    let tools = Tools::new().file("sync.scn", SYNC);
    let err = "\
error: the world `sim` has no network to stay with: its time is virtual, and passes only while a scenario runs
  = help: write the steps into a file and type `tools test FILE.scn --world sim`
";
    tools.run("run a-b --world sim").check(2, "", err);
    tools.run("run a-b --world sim --detach").check(2, "", err);
    let err = "\
error: --keep leaves nodes up to be explored, and in the world `sim` there are none once a run has ended
  = help: `--trace FILE` writes all that happened; `--world process` has nodes that stay
";
    tools.run("test sync.scn --world sim --keep").check(2, "", err);
    tools.run("test sync.scn --world sim --keep=failed").check(2, "", err);
    assert!(!tools.path("logs").exists());
}

#[test]
fn foreign_programs_are_refused_in_virtual_time() {
    let tools = Tools::new().file("exec.scn", "node b exec=\"./mine\"\nnetwork a-b\nexpect converged\n");
    let ended = tools.run("test exec.scn --world sim");
    assert!(ended.code(2).err.contains("the world `sim` cannot run other programs"), "{}", ended.err);
    let tools = Tools::new().file("sync.scn", SYNC);
    let err = "\
error: --exec names a program, and the world `sim` runs only the node of tools
  = help: `--world process` runs any program
";
    tools.run("test sync.scn --world sim --exec ./mine").check(2, "", err);
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_trace_is_of_one_scenario_with_one_seed() {
    let two = "param net = a-b | a-b-c\nnetwork $net\nexpect converged\n";
    let tools = Tools::new().file("s/one.scn", SYNC).file("s/two.scn", two);
    let check = |line: &str, err: &str| {
        tools.run(line).check(2, "", err);
        assert!(!tools.path("trace").exists() && !tools.path("logs").exists(), "nothing was to be started");
    };
    let help = "  = help: name one file and give one seed: tools test s/";
    check(
        "test s --world sim --trace trace",
        &format!(
            "error: --trace takes one scenario with one seed, and 3 runs are selected: 2 files with 1 seed each\n\
             {help}one.scn --world sim --seed 1 --trace FILE\n"
        ),
    );
    check(
        "test s/two.scn --world sim --seeds 5..9 --policy oldest --trace trace",
        &format!(
            "error: --trace takes one scenario with one seed, and 10 runs are selected: 1 file with 5 seeds\n\
             {help}two.scn --world sim --seed 5 --param net=a-b --policy oldest --trace FILE\n"
        ),
    );
    check(
        "test s/one.scn --trace trace",
        "error: --trace writes every event, and the world `process` does not see them all\n  = help: add \
         `--world sim`\n",
    );
    tools.run("test s/two.scn --world sim --seeds 5..5 --trace trace").code(0);
    let trace = tools.read("trace");
    let runs: Vec<&str> = trace.lines().filter(|line| line.contains(r#""event":"run""#)).collect();
    assert_eq!(
        runs,
        [
            r#"{"at_ns":0,"event":"run","scenario":"two[net=a-b]","seed":5}"#,
            r#"{"at_ns":0,"event":"run","scenario":"two[net=a-b-c]","seed":5}"#,
        ]
    );
    assert!(trace.lines().count() > 10);
}

#[test]
fn a_trace_that_cannot_be_written_is_an_error_before_any_run() {
    let tools = Tools::new().file("sync.scn", SYNC);
    let ended = tools.run("test sync.scn --world sim --trace no/such/folder/trace");
    assert!(ended.err.starts_with("error: cannot write no/such/folder/trace: "), "{}", ended.err);
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""));
    assert!(!tools.path("logs").exists());
    // A full disk is noticed only when the trace is written.
    let ended = tools.run("test sync.scn --world sim --trace /dev/full");
    assert!(ended.code(3).out.contains("could not be run: cannot write the trace: "), "{}", ended.out);
}

#[test]
fn a_folder_that_cannot_be_written_breaks_its_scenario_and_no_other() {
    let tools = Tools::new().file("a.scn", SYNC).file("b.scn", SYNC).file("logs/a/run.jsonl/x", "");
    // A folder that no run made stays as it is, and so does a file in the place of the log folder.
    let ended = tools.run("test a.scn b.scn --world sim");
    ended.code(3);
    assert!(
        ended.out.contains("a could not be run: logs/a holds `run.jsonl`, which no run made"),
        "{}",
        ended.out
    );
    assert!(ended.out.contains("1 passed, 1 broken"), "{}", ended.out);
    assert!(tools.path("logs/a/run.jsonl/x").exists());
    let tools = tools.file("taken", "");
    let ended = tools.run("test a.scn b.scn --world sim --seed 7 --logs taken");
    ended.code(3);
    assert!(ended.out.contains("a could not be run: cannot write to taken/a: "), "{}", ended.out);
    assert!(ended.out.ends_with("2 broken ([time] simulated in [time]), seed 7\n"), "{}", ended.out);
    assert_eq!(tools.read("taken"), "");
    let ended = tools.run("test a.scn --seed 7 --logs taken --json");
    assert_eq!(ended.code(3).json()["scenarios"][0]["verdict"], "broken");
}

#[test]
fn ctrl_c_ends_virtual_time_in_order() {
    // A day of timers, repeated many times, lasts long enough in real time to be interrupted.
    let day = "timeout 23h\nnetwork clique(12)\nwait 22h\nexpect converged\n";
    let tools = Tools::new().file("day.scn", day);
    let mut test = tools.begin("test day.scn --world sim --seeds 1..10000");
    test.line("seeds 1..10000");
    test.signal(Signal::INT);
    let ended = test.ended();
    ended.code(130);
    assert!(ended.out.contains(" interrupted"), "{}", ended.out);
    assert!(ended.out.ends_with(" not run\n"), "{}", ended.out);
}

#[test]
fn a_node_started_while_cut_off_is_linked_as_soon_as_it_is_reachable() {
    // Neither end would dial by itself: the started node knows of no neighbour, and the other end had been
    // dialled.
    let cut_off = [
        ("pause c", "resume c"),
        ("cut b-c", "join b-c"),
        ("partition a, b | c, d", "heal"),
        ("partition a, b | c, d", "partition a | b, c, d"),
    ];
    for (begin, end) in cut_off {
        let text = format!(
            "network line(4)\n{begin}\nkill b\nstart b\n{end}\nexpect b: peers contains c within 5s\nheal\n"
        );
        let tools = Tools::new().file("cut.scn", &text);
        tools.run("test cut.scn --world sim --seeds 1..10").code(0);
    }
}

/// A scenario whose verdict hangs on one draw: how long the link takes for the only write.
const LATE: &str = "\
network a-b
link a-b delay 5ms jitter 20ms
wait 200ms
a: set k 1
wait 15ms
expect b: get k == 1
";

/// Returns the first seed with which the run of `LATE` fails.
fn failing_seed(tools: &Tools) -> u64 {
    let fails = |seed: &u64| {
        let ended = tools.run(&format!("test late.scn --world sim --seed {seed} --json"));
        ended.json()["scenarios"][0]["verdict"] == "failed"
    };
    (1..50).find(fails).expect("one of fifty jitters is above 10 ms")
}

#[test]
fn the_moment_is_found_at_which_a_failure_became_certain() {
    let tools = Tools::new().file("late.scn", LATE);
    let seed = failing_seed(&tools);
    let searched = tools.run(&format!("test late.scn --world sim --seed {seed} --when-lost"));
    let out = searched.code(1).out.clone();
    assert!(out.contains("when was it lost? "), "{out}");
    let json =
        tools.run(&format!("test late.scn --world sim --seed {seed} --when-lost=400 --json")).code(1).json();
    let likelihood = &json["scenarios"][0]["likelihood"];
    let points = likelihood["points"].as_array().unwrap();
    let certain = |point: &&serde_json::Value| point["failed"] == point["runs"];
    let spared = points.iter().rfind(|point| !certain(point)).unwrap();
    let lost = points.iter().find(|point| point["event"].as_u64() > spared["event"].as_u64()).unwrap();
    // The write is sent 200 ms after the links are up, in the event that brings it to its node.
    assert_eq!(lost["event"].as_u64().unwrap(), spared["event"].as_u64().unwrap() + 1, "{likelihood:#}");
    assert!((200_000..215_000).contains(&lost["at_us"].as_u64().unwrap()), "{likelihood:#}");
    assert_eq!(likelihood["stopped"], false);
    // The run that was spared passes, and is the same up to its point.
    let again = out.lines().find_map(|line| line.trim_start().strip_prefix("not lost: tools ")).unwrap();
    tools.run(again).code(0);
}

#[test]
fn the_rest_of_a_run_is_drawn_anew_and_the_command_that_repeats_it_says_so() {
    let tools = Tools::new().file("late.scn", LATE);
    let seed = failing_seed(&tools);
    let command = |point: &str, file: &str| {
        format!("test late.scn --world sim --seed {seed} --reseed-at {point} --trace {file}")
    };
    let ended = [1, 2].map(|file| tools.run(&command("0:99", &format!("{file}.jsonl"))).out);
    assert_eq!(ended[0], ended[1]);
    assert_eq!(tools.read("1.jsonl"), tools.read("2.jsonl"));
    tools.run(&format!("test late.scn --world sim --seed {seed} --trace usual.jsonl"));
    assert_ne!(tools.read("1.jsonl"), tools.read("usual.jsonl"));
    // After the last event there is nothing to draw.
    let late = tools.run(&command("1000000:99", "late.jsonl")).code(1).out.clone();
    assert!(
        late.contains(&format!(
            "again   tools test late.scn --world sim --seed {seed} --reseed-at 1000000:99"
        )),
        "{late}"
    );
    assert_eq!(tools.read("late.jsonl"), tools.read("usual.jsonl"));
}

#[test]
fn what_is_drawn_anew_needs_a_run_that_a_seed_brings_back() {
    let tools = Tools::new().file("late.scn", LATE);
    let refused = |command: &str, words: &[&str]| {
        let ended = tools.run(command);
        let err = &ended.code(2).err;
        assert!(words.iter().all(|word| err.contains(word)), "{err}");
    };
    refused("test late.scn --when-lost", &["`process` no seed brings a run back", "--world sim"]);
    refused(
        "test late.scn --reseed-at 5:1 --world netns",
        &["`netns` no seed brings a run back", "--world sim"],
    );
    refused("test late.scn --world sim --seeds 1..9 --when-lost", &["one run of each scenario", "--seed N"]);
    refused("test late.scn --world sim --reseed-at 5", &["`5` is no point of a run", "1200:7"]);
}
