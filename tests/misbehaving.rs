//! Tests of nodes that each misbehave in one way: the verdict blames the right node, and nothing is left
//! behind.

use crate::story::{Finished, Tools, has};

/// Runs a scenario in which one of three nodes misbehaves. Returns the ended command, or none without
/// Python. The end of the story checks that no process is left.
#[track_caller]
fn blamed(how: &str, steps: &str) -> Option<Finished> {
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
fn a_correct_node_is_not_blamed() {
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
fn an_answer_to_another_message_is_no_answer() {
    check("wrong", ASK, 1, &["b     no answer: nothing came within", "but an answer to message 999"]);
}

#[test]
fn an_answer_given_twice_is_counted() {
    let counted = "expect b: stats answers_ignored >= 1 within 5s";
    check("twice", &format!("{ASK}\n{ASK}\n{counted}"), 0, &["1 passed"]);
}

#[test]
fn an_answer_of_another_type_is_blamed() {
    check("other", ASK, 1, &["node `b` broke its protocol: it answered `echo` with `read_ok`"]);
}

#[test]
fn a_message_to_nobody_is_blamed() {
    check(
        "nobody",
        ASK,
        1,
        &["node `b` broke its protocol: it wrote a message to `n77`, which does not exist"],
    );
}

#[test]
fn a_message_in_the_name_of_another_node_is_carried() {
    check("posing", ASK, 0, &["1 passed"]);
}

#[test]
fn a_message_in_the_name_of_nobody_is_blamed() {
    check(
        "stranger",
        ASK,
        1,
        &["node `b` broke its protocol: it wrote a message as `n77`, which does not exist"],
    );
}

#[test]
fn a_line_without_end_is_blamed() {
    check("endless", ASK, 1, &["node `b` broke its protocol: it wrote a line without end"]);
}

#[test]
fn a_silent_node_is_named() {
    check("silent", ASK, 1, &["b     no answer: nothing came within", "a, c  hello"]);
}

#[test]
fn a_death_is_reported_with_the_last_output_of_the_node() {
    check("dies", ASK, 1, &["node `b` died unasked: exit code 7", "this is where it ends"]);
}

#[test]
fn a_flood_is_blamed_on_its_sender() {
    check("flood", "b: echo x\nwait 50s", 1, &["node `b` floods `n0`: "]);
}

#[test]
fn a_node_that_closes_its_output_is_reported_at_once() {
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
fn a_node_that_listens_elsewhere_is_reported_with_its_address() {
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
fn the_topology_is_sent_only_for_workloads_that_use_it() {
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

#[test]
fn a_message_without_a_line_end_is_blamed() {
    let said = ["node `b` broke its protocol: it wrote `{", "and does not end the line"];
    check("unended", ASK, 1, &said);
}

#[test]
fn a_number_is_accepted_as_integer_or_float() {
    check("float", ASK, 0, &["1 passed"]);
}

#[test]
fn a_body_that_cannot_be_read_is_blamed_with_the_reason() {
    for (how, said) in [("surrogate", "surrogate"), ("deep", "it nests deeper than 128")] {
        check(how, ASK, 1, &["node `b` broke its protocol", "whose body cannot be read", said]);
    }
}

/// Runs a scenario with a native node that misbehaves in one way. Checks the message.
#[track_caller]
fn native(how: &str, steps: &str, said: &str) {
    if !has("python3") {
        return;
    }
    let tools = Tools::new()
        .file("native.py", include_str!("misbehaving/native.py"))
        .file("bad.scn", &format!("# A node misbehaves.\ntimeout 55s\nnetwork a\n{steps}\n"));
    let ended = tools.run(&format!("test bad.scn --exec 'python3 native.py {{host}} {{port}} {how}'"));
    ended.code(1);
    let blame = if said.starts_with("floods") {
        format!("node `a` {said}")
    } else {
        format!("node `a` broke its protocol: it {said}")
    };
    assert!(ended.raw.contains(&blame), "`{blame}` is not said: {ended:#?}");
}

#[test]
fn a_native_node_that_floods_is_blamed_and_does_not_block_time_outs() {
    native("changes", "wait 50s", "told of change ");
    native("versions", "wait 50s", "floods: it told of 65536 versions in a row");
    native("unchanged", "wait 50s", "floods: it told of 4096 changes in a row in which nothing changed");
}

#[test]
fn a_native_node_that_breaks_the_protocol_is_blamed() {
    native("garbage", "expect a: count == 7\nwait 40s", "sent an unreadable message");
    native("twice", "expect a: count == 7\nwait 40s", "answered request ");
    native("never", "expect a: count == 7\nwait 40s", "answered request 999, which it was never asked");
    native("refuses", "expect a: count == 7\nwait 40s", "refused `watch`: not here");
    native(
        "pages",
        "expect a: count == 7\nwait 40s",
        "answered `keys` with a page that does not follow the one before",
    );
}

#[test]
fn a_correct_native_node_is_not_blamed() {
    if !has("python3") {
        return;
    }
    let tools = Tools::new().file("native.py", include_str!("misbehaving/native.py")).file(
        "good.scn",
        "# It counts.\nsettle 0s\nnetwork a\nexpect a: count == 7\nrestart a\nexpect a: count == 7\n",
    );
    let ended = tools.run("test good.scn --exec 'python3 native.py {host} {port} nothing'");
    assert!(!ended.out.contains("broke its protocol") && !ended.out.contains("good.scn:4"), "{ended:#?}");
}

#[test]
fn a_server_without_the_path_of_byc_is_reported_with_its_status() {
    if !has("python3") {
        return;
    }
    let server = "import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_error(404, 'Not Found', 'nothing is here')
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
";
    let tools = Tools::new()
        .file("server.py", server)
        .file("bad.scn", "# Another path.\nnetwork a\nexpect a: keys is empty\n");
    let ended = tools.run("test bad.scn --driver byc --exec 'python3 server.py {port}' --timeout-factor 0.3");
    ended.code(3);
    let said = "the last attempt: cannot connect to ";
    assert!(ended.out.contains(said) && ended.out.contains("was answered with HTTP 404"), "{ended:#?}");
}
