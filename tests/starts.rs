//! Tests of starts that fail: those that a scenario allows, and first starts that were not completed.

use crate::described::{KV, service};
use crate::story::has;

/// Returns the description of the store, whose node starts only while there is no file `spoiled`. `more` belongs to
/// the start.
fn fragile(more: &str) -> String {
    let own = |name: &str, line: &str| format!("[commands.{name}]\narguments = []\nexec = \"{line}\"\n");
    let command = "command = \"node {folder}/kv.js --name {name} --host {host} --port {port}\"";
    let guarded = "command = \"sh -c 'test ! -e {folder}/spoiled && exec node {folder}/kv.js --name {name} --host {host} \
                   --port {port}'\"";
    let described = KV.replace(command, &format!("{guarded}\n{more}"));
    format!("{described}\n{}{}", own("spoil", "touch {folder}/spoiled"), own("mend", "rm {folder}/spoiled"))
}

#[test]
fn a_start_that_may_fail_leaves_its_node_stopped() {
    if !has("node") {
        return;
    }
    let tools = service(
        "# A start that fails, and one that succeeds.\nnetwork a-b\na: set k v\nexpect b: get k == v within 5s\na: spoil\n\
         kill b\ntry start b\nexpect b: state == stopped\na: mend\ntry start b\nexpect b: state == running\n\
         expect b: get k == v within 5s\na: spoil\ntry restart b\nexpect b: state == stopped\n",
    )
    .file("described/fragile.toml", &fragile(""));
    let ended = tools.run("test one.scn --driver described/fragile.toml");
    assert!(
        ended.out.contains("allowed by `try`: node `b` did not start: it ended with exit code 1"),
        "{ended:#?}"
    );
    ended.code(0);
    let tools = tools.file("two.scn", "# It has to start.\nnetwork a-b\na: spoil\nkill b\nstart b\n");
    std::fs::remove_file(tools.path("described/spoiled")).expect("the file of the scenario");
    let ended = tools.run("test two.scn --driver described/fragile.toml");
    assert!(ended.out.contains("node `b` did not start"), "{ended:#?}");
    ended.code(3);
    tools.expect_nothing_left();
}

#[test]
fn a_first_start_that_failed_is_begun_anew_and_nothing_is_removed() {
    if !has("node") {
        return;
    }
    let before = "[start.files]\n\"kv.conf\" = \"{name}\"\n[[start.before]]\n\
                  exec = \"sh -c 'touch {data}/half && test ! -e {folder}/fail && touch {data}/whole'\"\n";
    let tools = service("").file("described/init.toml", &fragile(before)).file("described/fail", "");
    let run = "run a --driver described/init.toml --data data -p @PORT";
    let failed = tools.run(run);
    assert!(failed.err.contains("`sh` ended with exit code 1"), "{failed:#?}");
    failed.code(3);
    std::fs::remove_file(tools.path("described/fail")).expect("the file of the test");
    tools.run(&format!("{run} --detach")).code(0);
    tools.run("stop").code(0);
    let is_there = |name: &str| tools.path(name).exists();
    assert!(is_there("data/a/whole") && is_there("data/a/kv.conf") && is_there("data/a.unfinished/half"));
    assert!(!is_there("data/a.unfinished/whole") && !is_there("data/.a.unfinished"));
    // A completed one is not begun again.
    std::fs::remove_file(tools.path("data/a/whole")).expect("the file of the first start");
    tools.run(&format!("{run} --detach")).code(0);
    tools.run("stop").code(0);
    assert!(!is_there("data/a/whole") && is_there("data/a/half"));
    tools.expect_nothing_left();
}
