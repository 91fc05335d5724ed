//! Tests of `tools grade`: the table of a class, the limits of strangers' programs, and what is continued.

use rustix::process::Signal;

use crate::networks;
use crate::story::{Tools, has};

const NODE: &str = include_str!("../tools/src/cli/new/node/python/server.py");
const DRIVER: &str = include_str!("../tools/src/cli/new/node/node.toml");
const ALONE: &str = include_str!("../tools/src/cli/new/node/alone.scn");
const TOGETHER: &str = "network a-b\na: set k v\nexpect b: get k == v within 100ms\n";
const MISBEHAVE: &str = include_str!("grade/misbehave.py");

/// Returns the description of a driver whose node is started by these words.
fn driver(command: &str) -> String {
    DRIVER.replace("COMMAND", command)
}

/// A class with one submission that works, and the exercise's scenarios.
fn class() -> Tools {
    Tools::new()
        .file("exercise/alone.scn", ALONE)
        .file("exercise/together.scn", TOGETHER)
        .file("class/ada/server.py", NODE)
        .file("class/ada/node.toml", &driver("python3 {folder}/server.py"))
}

/// Adds a submission that does not do what it should.
fn misbehaving(tools: Tools, name: &str, way: &str) -> Tools {
    tools
        .file(&format!("class/{name}/misbehave.py"), MISBEHAVE)
        .file(&format!("class/{name}/node.toml"), &driver(&format!("python3 {{folder}}/misbehave.py {way}")))
}

/// Returns the outcome and the reason of a submission with a scenario.
fn result(tools: &Tools, submission: &str, scenario: &str) -> (String, String) {
    let table: serde_json::Value = serde_json::from_str(&tools.read("grades/grades.json")).expect("JSON");
    let find = |list: &serde_json::Value, field: &str, name: &str| {
        let list = list.as_array().expect("a list");
        list.iter().find(|one| one[field] == name).unwrap_or_else(|| panic!("no {name} in {list:#?}")).clone()
    };
    let row = find(&table["submissions"], "name", submission);
    let cell = find(&row["results"], "scenario", scenario);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (text(&cell["outcome"]), text(&cell["reason"]))
}

#[test]
fn a_class_gets_its_table_with_the_reasons() {
    if !has("python3") {
        return;
    }
    let tools = class()
        .file("class/=1+1/notes.txt", "nothing to run")
        .file("class/bob/node.toml", "links = \"request\"\nredy = \"port\"\n")
        .file("points.toml", "alone = 2\ntogether = 0.5\n");
    let ended =
        tools.run("grade class/ada class/=1+1 class/bob --scenarios exercise --weights points.toml --seed 7");
    ended.code(1);
    assert!(ended.out.starts_with("seed 7\nada: alone passed ("), "{ended:#?}");
    let table = "\
SUBMISSION  POINTS  alone     together
ada         2/2.5   ok        failed
=1+1        0/2.5   unusable  unusable
bob         0/2.5   unusable  unusable

ada
  together failed: line 3: expected == v within 100 ms (b: error: HTTP 404: no such key (absent))

=1+1
  alone unusable: it has no `node.toml`, the description of its driver
  together unusable: it has no `node.toml`, the description of its driver
";
    assert!(ended.out.contains(table), "{ended:#?}");
    assert!(ended.out.ends_with("\nwritten: grades/grades.csv, grades/grades.json\n"), "{ended:#?}");
    let csv = tools.read("grades/grades.csv");
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines[0], "submission,points,of,alone,together");
    assert!(lines[1].starts_with("ada,2,2.5,passed,failed: line 3: expected == v"), "{csv}");
    assert!(lines[2].starts_with("'=1+1,0,2.5,\"unusable: it has no `node.toml`, the"), "{csv}");
    let (outcome, reason) = result(&tools, "bob", "alone");
    assert_eq!(outcome, "unusable");
    assert!(reason.contains("redy"), "{reason}");
    tools.expect_nothing_left();
}

#[test]
fn those_that_hang_flood_or_want_too_much_cost_the_others_nothing() {
    if !has("python3") {
        return;
    }
    let mut tools = class();
    let ways = ["hang", "flood", "memory", "processes", "greedy", "shoot"];
    for way in ways {
        tools = misbehaving(tools, way, way);
    }
    let tools = tools.file("exercise/alone.scn", &format!("timeout 20s\n{ALONE}"));
    let line = "grade class/hang class/flood class/memory class/processes class/greedy class/shoot class/ada \
                --scenarios exercise/alone.scn --memory 128MiB --processes 20 --log-limit 1MiB --time 20s -j 4";
    tools.run(line).code(1);
    let check = |submission: &str, outcomes: &[&str], words: &[&str]| {
        let (outcome, reason) = result(&tools, submission, "alone");
        let is_said = words.iter().any(|word| reason.contains(word));
        assert!(outcomes.contains(&outcome.as_str()) && is_said, "{submission}: {outcome}: {reason}");
    };
    check("hang", &["broken", "failed", "stopped"], &["ready", "--time", "did not end"]);
    check("flood", &["failed", "broken"], &["1 MiB", "log"]);
    check("memory", &["stopped"], &["MiB of memory, and 128 MiB are the most (--memory)"]);
    check("processes", &["stopped"], &["processes, and 20 are the most (--processes)"]);
    // The system refuses the memory, or the look at it comes first.
    check("greedy", &["stopped", "broken", "failed"], &["--memory", "MemoryError", "ended"]);
    check("shoot", &["broken", "failed", "stopped"], &[""]);
    assert_eq!(result(&tools, "ada", "alone"), ("passed".to_owned(), String::new()));
    tools.expect_nothing_left();
}

#[test]
fn a_grading_is_continued_and_never_overwritten() {
    if !has("python3") {
        return;
    }
    let tools = class();
    tools.run("grade class/ada --scenarios exercise/alone.scn --seed 3").code(0);
    let again = tools.run("grade class/ada --scenarios exercise/alone.scn");
    again.check(
        2,
        "",
        "error: grades holds a grading\n  = help: `--resume` continues it; `--out` names another folder\n",
    );
    let other = tools.run("grade class/ada --scenarios exercise/alone.scn --resume --world netns");
    assert!(other.err.starts_with("error: the grading began with other settings:\n"), "{other:#?}");
    let continued = tools.run("grade class/ada --scenarios exercise --resume");
    assert!(
        continued.out.starts_with("1 of 2 results are there already\nseed 3\nada: together failed"),
        "{continued:#?}"
    );
    assert_eq!(result(&tools, "ada", "alone").0, "passed");
    // A scenario whose text is another one is run again.
    let tools = tools.file("exercise/together.scn", "network a\na: set k v\n");
    let changed = tools.run("grade class/ada --scenarios exercise --resume");
    changed.code(0);
    assert!(changed.out.starts_with("1 of 2 results are there already\n"), "{changed:#?}");
}

#[test]
fn an_interrupted_grading_keeps_its_results() {
    if !has("python3") {
        return;
    }
    let tools = misbehaving(class(), "hang", "hang");
    let line = "grade class/ada class/hang --scenarios exercise/alone.scn";
    let mut grading = tools.begin(line);
    grading.line("ada: alone passed");
    // The second run has begun once its files are there.
    let begun = tools.path("grades/logs/2-hang/alone/a.log");
    assert!(crate::story::until(|| begun.exists()));
    grading.signal(Signal::INT);
    let ended = grading.ended();
    ended.code(130);
    assert!(ended.err.contains("interrupted: `--resume` continues"), "{ended:#?}");
    assert!(ended.out.contains("\nhang        0/1     -\n"), "{ended:#?}");
    tools.expect_nothing_left();
}

#[test]
fn programs_see_no_secrets_of_the_person() {
    if !has("python3") {
        return;
    }
    let tools = misbehaving(class(), "eve", "env");
    let ended = tools
        .shell("SECRET=hush SHOWN=seen $TOOLS grade class/eve --scenarios exercise/alone.scn --env SHOWN");
    ended.code(1);
    assert_eq!(tools.read("grades/logs/1-eve/alone/a.log"), "no secret seen\n");
}

#[test]
fn one_command_line_starts_all_and_networks_keep_them_from_the_network() {
    if !(has("python3") && networks::can()) {
        return;
    }
    let tools = class().file("class/bob smith/server.py", NODE).file("kv.toml", &driver("nonesuch"));
    let line = "grade class/ada 'class/bob smith' --driver kv.toml --exec \"python3 {submission}/server.py --name \
                {name} --host {host} --port {port}\" --scenarios exercise/alone.scn --world netns";
    let ended = tools.run(line);
    ended.code(0);
    assert!(ended.out.contains("bob smith   1/1     ok\n"), "{ended:#?}");
}

#[test]
fn mistakes_are_told_before_anything_starts() {
    let tools = class().file("points.toml", "alnoe = 2\n");
    for (line, said) in [
        ("grade nonesuch --scenarios exercise", "error: there is no submission `nonesuch`: "),
        ("grade class/ada --scenarios nonesuch", "error: there is no `nonesuch`"),
        (
            "grade class/ada --scenarios exercise --world sim",
            "error: the world `sim` runs only the node of tools, and no submissions\n",
        ),
        (
            "grade class/ada --scenarios exercise --weights points.toml",
            "error: no scenario is called `alnoe`\n --> points.toml:1:1\n",
        ),
        (
            "grade class/ada --scenarios exercise --tag slow",
            "error: no scenario has the tag `slow`, nor any other\n",
        ),
        (
            "grade class/ada class/../class/ada --scenarios exercise",
            "error: the submission `class/../class/ada` is named twice\n",
        ),
        (
            "grade class/ada --scenarios exercise --memory 1MiB",
            "a limit of memory is a size of at least 64MiB",
        ),
        ("grade class/ada --scenarios exercise --time 0s", "a limit of time is from 1s to 24h"),
    ] {
        let ended = tools.run(line);
        ended.code(2);
        assert!(ended.err.contains(said), "{line}: {ended:#?}");
        assert!(!tools.path("grades").exists(), "{line}");
    }
}
