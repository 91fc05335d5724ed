//! Nodes that misbehave, each in one way: the verdict blames the right one, and nothing is left behind.

use crate::story::{Ended, Tools, has};

/// A node that misbehaves in that way while two others do not; what is said of a scenario that asks it.
/// Nothing may be left of it, which is checked at the end of the story.
#[track_caller]
fn blamed(how: &str, steps: &str) -> Option<Ended> {
    if !has("python3") {
        return None;
    }
    let tools = Tools::new()
        .file("node.py", include_str!("misbehaving/node.py"))
        .file("bad.scn", &format!("# A node misbehaves.\ntimeout 5m\nnetwork a-b-c\n{steps}\n"));
    Some(tools.run(&format!(
        "test bad.scn --driver maelstrom --exec 'python3 node.py {how} n1' --timeout-factor 0.2"
    )))
}

#[track_caller]
fn check(how: &str, steps: &str, code: i32, said: &[&str]) {
    let Some(ended) = blamed(how, steps) else { return };
    ended.code(code);
    for part in said {
        assert!(ended.out.contains(part), "`{part}` is not said: {ended:#?}");
    }
}

const ASK: &str = "expect all: echo hello == hello";

#[test]
fn nobody_is_blamed_who_does_as_told() {
    check("nothing", ASK, 0, &["1 passed"]);
}

#[test]
fn text_on_standard_output_is_blamed_on_its_node() {
    check(
        "text",
        ASK,
        1,
        &[
            "node `b` broke its protocol: it wrote `hello from a node that likes to print`, which is no message",
            "bad.scn:4",
        ],
    );
}

#[test]
fn an_answer_to_what_was_never_asked_is_blamed() {
    check(
        "wrong",
        ASK,
        1,
        &["node `b` broke its protocol: it answered message 999, which it was never asked"],
    );
}

#[test]
fn an_answer_given_twice_is_blamed() {
    check(
        "twice",
        &format!("{ASK}\n{ASK}"),
        1,
        &["node `b` broke its protocol: it answered message", "twice"],
    );
}

#[test]
fn another_answer_than_was_asked_for_is_blamed() {
    check("other", ASK, 1, &["node `b` broke its protocol: it answered `echo` with `read_ok`"]);
}

#[test]
fn a_message_to_nobody_is_blamed() {
    check("nobody", ASK, 1, &["node `b` broke its protocol: it wrote a message to `n77`, who is nobody"]);
}

#[test]
fn a_message_in_the_name_of_another_is_blamed() {
    check("posing", ASK, 1, &["node `b` broke its protocol: it wrote a message as `n0`, and is `n1`"]);
}

#[test]
fn a_line_without_end_is_blamed() {
    check("endless", ASK, 1, &["node `b` broke its protocol: it wrote a line without end"]);
}

#[test]
fn silence_is_told_of_the_node_that_is_silent() {
    check("silent", ASK, 1, &["b     no answer: nothing came within", "a, c  hello"]);
}

#[test]
fn a_death_is_told_with_the_last_words_of_the_node() {
    check("dies", ASK, 1, &["node `b` died unasked: exit code 7", "this is where it ends"]);
}

#[test]
fn a_flood_is_blamed_on_whoever_floods() {
    check("flood", "b: echo x\nwait 50s", 1, &["node `b` broke its protocol: it floods `n0`: "]);
}

#[test]
fn a_node_that_closes_its_output_is_told_at_once() {
    check(
        "mute",
        ASK,
        3,
        &["node `b` did not start: it closed its standard output before it answered `init`"],
    );
}

#[test]
fn children_in_sessions_of_their_own_are_ended_with_the_run() {
    check("forks", ASK, 0, &["1 passed"]);
}

#[test]
fn a_node_that_is_deaf_to_sigterm_is_killed_and_starts_again() {
    check("deaf", &format!("restart b\n{ASK}"), 0, &["1 passed"]);
}

#[test]
fn a_node_that_listens_elsewhere_is_told_where() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new()
        .file("elsewhere.py", "import http.server\nhttp.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler).serve_forever()\n")
        .file("bad.scn", "# Where does it listen?\nnetwork a\na: keys\n");
    let ended = tools.run(
        "test bad.scn --driver ask --adapter true --exec 'python3 elsewhere.py {port}' --timeout-factor 0.1",
    );
    ended.code(3);
    assert!(ended.out.contains("node `a` did not start: it was not ready within"), "{ended:#?}");
    assert!(ended.out.contains("; it listens at 127.0.0.1:"), "{ended:#?}");
}

#[test]
fn a_node_is_told_of_the_topology_only_where_it_has_a_use_for_it() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new()
        .file("strict.py", include_str!("misbehaving/strict.py"))
        .file("echo.scn", "# Nothing is broadcast.\nnetwork a-b\nexpect all: echo hello == hello\n");
    tools.run("test echo.scn --driver maelstrom --exec 'python3 strict.py'").code(0);
    let ended = tools.run("test echo.scn --driver maelstrom --exec 'python3 strict.py' --workload broadcast");
    assert!(ended.out.contains("no handler for topology"), "{ended:#?}");
    ended.code(3);
}
