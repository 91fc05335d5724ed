//! Tests of `tools test`: the selection of scenarios, the ways to run them, and the reports.

use crate::story::Tools;

const ONE: &str = "# One write.\ntags quick, one\nnetwork a-b\na: set x 1\nexpect b: get x == 1 within 30s\n";
const TWO: &str = "# Two writes.\ntags two\nparam net = a-b | line(3) | ring(4)\nnetwork $net\na: set x 1\nexpect all: get x == 1 within 30s\n";
const WRONG: &str = "network a-b\nexpect a: count == 5\n";

fn folder() -> Tools {
    Tools::new().file("scenarios/one.scn", ONE).file("scenarios/deeper/two.scn", TWO)
}

/// Checks the names of the runs that a dry run prints.
#[track_caller]
fn check_selected(line: &str, expected: &str) {
    let ended = folder().run(&format!("test --dry-run {line}"));
    ended.check(0, expected, "");
}

#[test]
fn all_scenarios_are_selected_by_default() {
    check_selected("", "two[net=a-b]\ntwo[net=line(3)]\ntwo[net=ring(4)]\none\n");
    check_selected("scenarios/one.scn", "one\n");
    check_selected("scenarios/deeper", "two[net=a-b]\ntwo[net=line(3)]\ntwo[net=ring(4)]\n");
}

#[test]
fn words_select_by_name() {
    check_selected("on", "one\n");
    check_selected("wo on --param net=a-b", "two[net=a-b]\none\n");
}

#[test]
fn a_word_that_selects_nothing_is_an_error_and_parameters_are_no_names() {
    let help = "`tools list` shows those that there are; `--param NAME=VALUE` chooses parameters";
    for (words, wrong) in [("ring", "ring"), ("one nonesuch", "nonesuch"), ("net=", "net=")] {
        let err = format!("error: no scenario is called `{wrong}`\n  = help: {help}\n");
        folder().run(&format!("test --dry-run {words}")).check(2, "", &err);
    }
    let err = "error: no scenario is called `onne`\n  = help: did you mean `one`?\n";
    folder().run("test onne two").check(2, "", err);
}

#[test]
fn tags_select() {
    check_selected("--tag quick", "one\n");
    check_selected("--tag two --tag one", "two[net=a-b]\ntwo[net=line(3)]\ntwo[net=ring(4)]\none\n");
}

#[test]
fn mistakes_in_scenarios_without_the_tag_stop_nothing() {
    let tools = folder().file("scenarios/wrong.scn", "tags broken\nnetwork a-b\na: nonesuch\n");
    tools.run("test --dry-run --tag one").check(0, "one\n", "");
    tools.run("test --dry-run --tag broken").code(2);
    // The tags of a file are not known if its headers are wrong.
    let tools = folder().file("scenarios/wrong.scn", "tags one,\nnetwork a-b\n");
    tools.run("test --dry-run --tag one").code(2);
}

#[test]
fn a_parameter_can_be_fixed() {
    check_selected("two --param net=line(9)", "two[net=line(9)]\n");
    let tools = folder();
    tools.run("test two --param net=ring:5").code(0);
    assert_eq!(tools.events("two-net=ring-5-", "node").len(), 5);
    let err = "error: unknown parameter `nte`: did you mean `net`?\n";
    tools.run("test --param nte=a-b").check(2, "", err);
}

#[test]
fn nothing_selected_is_an_error() {
    let err = "error: unknown tag `quikc`: did you mean `quick`? There are one, quick, two\n";
    folder().run("test --tag two --tag quikc").check(2, "", err);
    let err = "error: no scenario has the tag `ci`, nor any other\n  = help: `tags slow, ci` at the top of a scenario gives it tags\n";
    Tools::new().file("scenarios/a.scn", "network a-b\n").run("test --tag ci").check(2, "", err);
    let err = "error: there is no `scenarios`: name scenarios, or folders that hold some\n";
    Tools::new().run("test").check(2, "", err);
    folder().run("test onee.scn").code(2);
}

#[test]
fn a_dry_run_starts_nothing() {
    let tools = folder();
    tools.run("test --dry-run").code(0);
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_scenario_for_another_world_is_reported_as_skipped() {
    let tools = Tools::new()
        .file("one.scn", ONE)
        .file("lost.scn", "worlds sim, netns\nnetwork a-b\nlink a-b loss 50%\n");
    let ended = tools.run("test one.scn lost.scn");
    ended.code(0);
    assert!(ended.out.contains("skipped lost: it is for the worlds sim, netns\n"), "{}", ended.out);
    assert!(ended.out.ends_with("1 passed, 1 skipped ([time]), seed [seed]\n"), "{}", ended.out);
    assert!(!tools.path("logs/lost").exists());
}

const FIGURES: &str =
    "network a-b\na: set x 1\nexpect a: stats keys == 1 within 5s\nexpect all: get x == 1 within 9s\n";

#[test]
fn a_scenario_that_does_not_fit_the_driver_is_skipped_with_the_reason() {
    let tools = Tools::new().file("all/one.scn", ONE).file("all/figures.scn", FIGURES);
    let reason = "it does not fit the driver `byc`: all/figures.scn:3: `byc` nodes have no command `stats`";
    for select in ["all", "all/figures.scn all/one.scn"] {
        let ended =
            tools.run(&format!("test {select} --driver byc --junit report.xml --report-json report.json"));
        ended.code(0);
        assert!(ended.out.contains(&format!("skipped figures: {reason}\n")), "{ended:#?}");
        assert!(ended.out.ends_with("1 passed, 1 skipped ([time]), seed [seed]\n"), "{ended:#?}");
        // A scenario that was named and not run gets a warning.
        assert_eq!(ended.err.contains("warning: `all/figures.scn` was named"), select != "all", "{ended:#?}");
    }
    assert!(tools.read("report.xml").contains("`byc` nodes have no command `stats`"));
    assert!(tools.read("report.json").contains("`byc` nodes have no command `stats`"));
    assert!(!tools.path("logs/figures").exists());
    let words = tools.run("list all --driver byc");
    let unfit = "figures  line 3: `byc` nodes have no command `stats`\n";
    let all = format!("one  -  quick, one  One write.\n\n1 scenario does not fit the driver `byc`:\n{unfit}");
    words.check(0, &all, "");
    let ended = tools.run("check all --driver byc");
    ended.code(0);
    assert_eq!(ended.out, "2 scenarios, no errors, 1 warning; 1 does not fit the driver `byc`\n");
    let said = "warning: skipped with the driver `byc`: `byc` nodes have no command `stats`\n --> all/figures.scn:3:11\n";
    assert!(ended.err.starts_with(said), "{ended:#?}");
}

#[test]
fn if_no_scenario_fits_the_driver_the_mistake_is_an_error() {
    let tools = Tools::new().file("all/figures.scn", FIGURES);
    for line in ["test all --driver byc", "test all/figures.scn --driver byc", "check all --driver byc"] {
        let ended = tools.run(line);
        ended.code(2);
        let said = "error: `byc` nodes have no command `stats`\n --> all/figures.scn:3:11\n";
        assert!(ended.err.starts_with(said), "{ended:#?}");
    }
}

#[test]
fn an_option_that_no_node_uses_is_refused() {
    let tools = Tools::new().file("one.scn", ONE);
    for (option, value, user) in
        [("adapter", "x", "ask"), ("ready", "port", "ask"), ("workload", "broadcast", "maelstrom")]
    {
        let err = format!(
            "error: no node has a use for --{option}\n  = help: leave it out, or use `--driver {user}`\n"
        );
        for command in ["test", "check"] {
            tools.run(&format!("{command} one.scn --{option} {value}")).check(2, "", &err);
        }
    }
    // These nodes need the option.
    let asked = "node all driver=ask exec=true\nnetwork a-b\nexpect all: get k == v within 1s\n";
    Tools::new().file("asked.scn", asked).run("check asked.scn --adapter x").code(0);
}

#[test]
fn the_command_that_repeats_a_run_names_its_include_folders() {
    let tools = Tools::new()
        .file("my parts/more.scn", "expect a: get x == 2 within 100ms\n")
        .file("own/it.scn", "network a\na: set x 1\ninclude \"../my parts/more.scn\"\n");
    let again = "tools test own/it.scn --seed 7 --include-dir 'my parts'";
    for _ in 0..2 {
        let ended = tools.run(&format!("{} --report-json report.json", again.trim_start_matches("tools ")));
        ended.code(1);
        assert!(ended.out.contains(&format!("again   {again}\n")), "{ended:#?}");
    }
    let report: serde_json::Value = serde_json::from_str(&tools.read("report.json")).expect("JSON");
    assert_eq!(report["scenarios"][0]["again"], again);
}

#[test]
fn fail_fast_starts_nothing_after_a_failure() {
    let tools = Tools::new().file("a.scn", WRONG).file("b.scn", ONE);
    let ended = tools.run("test a.scn b.scn --fail-fast");
    ended.code(1);
    assert!(ended.out.ends_with("1 failed ([time]), seed [seed]\n1 not run\n"), "{}", ended.out);
    assert!(!tools.path("logs/b").exists());
    let ended = tools.run("test a.scn b.scn");
    ended.code(1);
    assert!(ended.out.ends_with("1 passed, 1 failed ([time]), seed [seed]\n"), "{}", ended.out);
}

#[test]
fn several_scenarios_run_side_by_side() {
    let text = "param n = 1 | 2 | 3 | 4\nnetwork ring(4)\na: set k $n\nexpect all: get k == $n within 30s\n";
    let tools = Tools::new().file("side.scn", text);
    let ended = tools.run("test side.scn -j 4");
    ended.code(0);
    assert!(ended.out.ends_with("4 passed ([time]), seed [seed]\n"), "{}", ended.out);
    // Each run has its own logs. Two runs may have had the same ports, one after the other.
    for n in 1..=4 {
        let logs = ["a", "b", "c", "d"].map(|name| tools.read(&format!("logs/side-n={n}-/{name}.log")));
        let port = |log: &String| log.split("127.0.0.1:").nth(1)?.split(' ').next().map(str::to_owned);
        let ports: std::collections::BTreeSet<String> = logs.iter().map(|log| port(log).unwrap()).collect();
        assert_eq!(ports.len(), 4, "{ports:?}");
    }
}

#[test]
fn scenarios_whose_names_are_alike_keep_their_logs_apart() {
    let text = "param net = 'a-b,c' | 'a-b-c'\nnetwork $net\na: set x 1\nexpect b: get x == 1 within 30s\n";
    let tools = Tools::new()
        .file("alike.scn", &text.replace('\'', "\""))
        .file("left/same.scn", ONE)
        .file("right/same.scn", ONE);
    let ended = tools.run("test alike.scn left right -j 4 --json");
    ended.code(0);
    let json = ended.json();
    let logs: Vec<&str> =
        json["scenarios"].as_array().unwrap().iter().map(|entry| entry["logs"].as_str().unwrap()).collect();
    let distinct: std::collections::BTreeSet<&str> = logs.iter().copied().collect();
    assert_eq!(distinct.len(), 4, "{logs:?}");
    for folder in logs {
        assert!(tools.path(folder).join("run.jsonl").exists(), "{folder}");
        assert!(tools.path(folder).join("b.log").exists(), "{folder}");
    }
}

#[test]
fn a_report_that_cannot_be_written_is_an_error_before_any_run() {
    let tools = Tools::new().file("one.scn", ONE);
    for option in ["--junit", "--report-json"] {
        let ended = tools.run(&format!("test one.scn {option} no/such/report"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{ended:#?}");
        assert!(ended.err.starts_with("error: cannot write no/such/report: "), "{}", ended.err);
    }
}

#[test]
fn reports_are_written_for_programs() {
    let tools = Tools::new().file("one.scn", ONE).file("wrong.scn", WRONG);
    tools.run("test one.scn wrong.scn --seed 7 --junit junit.xml --report-json report.json").code(1);
    let junit = tools.read("junit.xml");
    assert!(
        junit.contains(
            "<testsuites name=\"tools test\" tests=\"2\" skipped=\"0\" failures=\"1\" errors=\"0\""
        ),
        "{junit}"
    );
    assert!(junit.contains("<testcase name=\"one\" classname=\"one.scn\" assertions=\"1\""), "{junit}");
    assert!(
        junit.contains("<failure message=\"wrong.scn:2: expected == 5\" type=\"expectation\">"),
        "{junit}"
    );
    let report: serde_json::Value = serde_json::from_str(&tools.read("report.json")).unwrap();
    let verdicts: Vec<&str> = report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["verdict"].as_str().unwrap())
        .collect();
    assert_eq!((report["format"].as_u64(), verdicts), (Some(1), vec!["passed", "failed"]));
    let failure = &report["scenarios"][1]["failure"];
    assert_eq!((&failure["line"], &failure["findings"][0]["held"]), (&2.into(), &"0".into()));
    assert_eq!(report["scenarios"][1]["again"], "tools test wrong.scn --seed 7");
}

#[test]
fn with_json_nothing_else_is_printed() {
    let tools = Tools::new().file("one.scn", ONE);
    let ended = tools.run("test one.scn --json --seed 7");
    ended.code(0);
    assert_eq!(ended.json()["scenarios"][0]["verdict"], "passed");
    assert_eq!(ended.err, "");
}

#[test]
fn a_report_in_a_missing_folder_is_an_error() {
    let tools = Tools::new().file("one.scn", ONE);
    let ended = tools.run("test one.scn --junit no/such/folder/junit.xml");
    ended.code(3);
    assert!(ended.err.starts_with("error: cannot write no/such/folder/junit.xml: "), "{}", ended.err);
}

#[test]
fn the_folder_of_a_network_that_was_left_up_is_not_emptied() {
    let tools = Tools::new().file("one.scn", ONE);
    tools.run("test one.scn --keep").code(0);
    let ended = tools.run("test one.scn");
    ended.code(3);
    assert!(ended.out.contains("end it with `tools stop --logs logs/one`"), "{}", ended.out);
    tools.run("stop --logs logs/one").check(0, "", "");
    tools.run("test one.scn").code(0);
}

#[test]
fn optional_scenarios_are_run_if_they_are_asked_for() {
    #[track_caller]
    fn check(tools: &Tools, line: &str, expected: &str, note: bool) {
        let ended = tools.run(&format!("test --dry-run {line}"));
        assert_eq!((ended.code, ended.out.as_str()), (Some(0), expected), "{ended:#?}");
        assert_eq!(ended.err.contains("2 optional scenarios are left out"), note, "{ended:#?}");
    }
    let optional = |name: &str| {
        format!("# {name} needs a program.\ntags optional, {name}\nnetwork a-b\nexpect a: peers == b\n")
    };
    let tools = Tools::new()
        .file("scenarios/one.scn", ONE)
        .file("scenarios/systems/x.scn", &optional("x"))
        .file("scenarios/systems/y.scn", &optional("y"));
    check(&tools, "", "one\n", true);
    check(&tools, "scenarios/", "one\n", true);
    check(&tools, "scenarios/systems/", "x\ny\n", false);
    check(&tools, "scenarios/systems/y.scn", "y\n", false);
    check(&tools, "scenarios --tag x", "x\n", false);
    check(&tools, "y", "y\n", false);
}
