//! Tests of the sign that a described node serves again: a page whose body says so, and a program that finds it.

use crate::story::{Finished, Tools, has};

/// A node that can be told for how many questions its page of health says that it recovers.
const NODE: &str = "\
[start]
command = \"python3 {folder}/node.py {host} {port} {data}\"
[commands.left]
http = \"GET /left\"
arguments = []
[commands.sick]
http = \"PUT /left\"
body = \"{times}\"
arguments = [\"times\"]
";
const READY: &str = "ready = { log = \"for the first time\", within = \"5s\" }\n";
const HEALTHY: &str = "healthy = { http = \"/health\", body = '\"ok\"' }\n";

fn run(signs: &str, scenario: &str) -> Finished {
    let tools = Tools::new()
        .file("node.py", include_str!("healthy/node.py"))
        .file("kv.toml", &format!("{signs}{NODE}"))
        .file("one.scn", scenario);
    let ended = tools.run("test one.scn --driver kv.toml");
    tools.expect_nothing_left();
    ended
}

fn says(ended: &Finished, code: i32, said: &[&str]) {
    for said in said {
        let text = [ended.out.as_str(), &ended.err].concat();
        assert!(text.contains(said), "`{said}` is not said: {ended:#?}");
    }
    ended.code(code);
}

#[test]
fn steps_that_end_a_disturbance_wait_until_nodes_are_healthy() {
    if !has("python3") {
        return;
    }
    let scenario = "\
# Each node recovers for some questions, and the step waits for as long.
network a-b-c
all: sick 4
partition a | b, c
expect a: left == 4
heal
expect all: left == 0
b: sick 3
pause b
resume b
expect b: left == 0
a, b: sick 3
cut a-b
join a-b
expect all: left == 0
# The line of its log is never written again: health takes the place of readiness.
restart c
expect c: left == 0
kill a
start a
expect a: left == 0
";
    says(&run(&[READY, HEALTHY].concat(), scenario), 0, &[]);
}

#[test]
fn a_node_that_is_still_kept_apart_is_not_waited_for() {
    if !has("python3") {
        return;
    }
    let scenario = "\
# One link of two comes back.
network a-b-c
cut a-b, b-c
all: sick 4
join a-b
expect a: left == 0
expect b, c: left == 4
restart b
expect b: left == 5
join b-c
expect all: left == 0
";
    says(&run(&[READY, HEALTHY].concat(), scenario), 0, &[]);
}

#[test]
fn without_a_sign_of_health_no_step_waits_for_it() {
    if !has("python3") {
        return;
    }
    let scenario = "# As ever.\nnetwork a-b\nall: sick 4\npartition a | b\nheal\nexpect all: left == 4\n";
    says(&run(READY, scenario), 0, &[]);
}

#[test]
fn a_node_that_never_is_healthy_fails_the_step_with_what_was_seen() {
    if !has("python3") {
        return;
    }
    let short = "healthy = { http = \"/health\", body = '\"ok\"', within = \"300ms\" }\n";
    let network = "# It never recovers.\nnetwork a-b\nb: sick 1000000\n";
    let said = [
        "node `b` does not serve again: it was not healthy within",
        "/health was answered by `{\"state\": \"recovering\"}`, which does not match `\"ok\"`",
    ];
    let signs = [READY, short].concat();
    for steps in ["partition a | b\nheal\n", "pause b\nresume b\n", "cut a-b\njoin a-b\n"] {
        says(&run(&signs, &format!("{network}{steps}")), 1, &said);
    }
    let program = "healthy = { exec = \"sh -c 'echo it mends >&2; exit 3'\", within = \"300ms\" }\n";
    let ended = run(&[READY, program].concat(), "# A program says so.\nnetwork a-b\nrestart b\n");
    says(&ended, 1, &["node `b` does not serve again: it was not healthy within", "it mends"]);
    let allowed = "# It may.\nnetwork a-b\nkill b\ntry start b\n";
    says(&run(&[READY, program].concat(), allowed), 0, &[]);
}

#[test]
fn a_page_that_says_something_else_is_no_sign_that_a_node_is_ready() {
    if !has("python3") {
        return;
    }
    let scenario = "# A page is served.\nnetwork a\nexpect a: left == 0\n";
    let ready = |body: &str| format!("ready = {{ http = \"/health\", body = '{body}', within = \"1s\" }}\n");
    says(&run(&ready("\"o.\""), scenario), 0, &[]);
    let said =
        ["`a` did not start", "/health was answered by `{\"state\": \"ok\"}`, which does not match `fine`"];
    says(&run(&ready("fine"), scenario), 3, &said);
}

#[test]
fn wrong_signs_are_refused_with_their_place() {
    let check = |signs: &str, said: &[&str]| {
        says(&run(&format!("{signs}\n"), "# One.\nnetwork a\n"), 2, said);
    };
    check("ready = { http = \"/\", body = \"(\" }", &["`(` is no pattern", "kv.toml:1:30"]);
    check("ready = { body = \"ok\" }", &["`body` is that of a page", "kv.toml:1:18", "http = \"/health\""]);
    check("healthy = { log = \"up\" }", &["no sign that a node is healthy", "kv.toml:1:19", "use `http`"]);
    check("healthy = { http = \"/\", exec = \"true\" }", &["a node shows this by one sign", "kv.toml:1:32"]);
    check("healthy = { within = \"soon\" }", &["`soon` is no time to be healthy within", "kv.toml:1:22"]);
    check("healthy = \"later\"", &["this is no sign that a node is ready, or healthy", "kv.toml:1:11"]);
}
