//! Tests of the adapter that stays and speaks the messages of the Maelstrom protocol.

use crate::story::{Tools, has};

const DESCRIPTION: &str = "\
values = \"json\"
[start]
command = \"python3 -m http.server --bind {host} {port}\"
[stdio]
command = \"python3 {folder}/adapter.py MANNER\"
framing = \"maelstrom\"
[commands.get]
stdio = \"read\"
[commands.set]
stdio = \"write\"
[commands.fail]
stdio = \"fail\"
arguments = [\"code\"]
[commands.strange]
stdio = \"strange\"
arguments = []
[commands.prose]
stdio = \"prose\"
arguments = []
[commands.never]
stdio = \"never\"
arguments = []
changes = false
";

fn store(manner: &str, scenario: &str) -> Tools {
    Tools::new()
        .file("adapter.py", include_str!("framing/adapter.py"))
        .file("kv.toml", &DESCRIPTION.replace("MANNER", manner))
        .file("one.scn", scenario)
}

#[test]
fn messages_of_maelstrom_carry_requests_to_an_adapter() {
    if !has("python3") {
        return;
    }
    // What was held is gone with an adapter that broke the protocol: it is the store.
    let scenario = "\
# A store in an adapter.
network a
expect a: get k fails absent
a: set k 5
expect a: get k == 5
a: set k \"5\"
expect a: get k == \"5\"
expect a: fail 22 fails precondition_failed
expect a: fail 30 fails refused
expect a: fail 13 fails unknown
expect a: never fails no_answer within 300ms
expect a: get k == \"5\"
expect a: prose fails unknown
expect a: strange fails unknown
a: set k 6
expect a: get k == 6
";
    let tools = store("plain", scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    tools.expect_nothing_left();
}

#[test]
fn an_adapter_that_refuses_to_begin_is_quoted() {
    if !has("python3") {
        return;
    }
    let tools = store("refuses", "# It does not begin.\nnetwork a\na: set k 5\n");
    let ended = tools.run("test one.scn --driver kv.toml");
    ended.code(1);
    let said = "it refused to begin: error 13: not today (unknown)";
    assert!(ended.out.contains(said), "`{said}` is not said: {ended:#?}");
    let wrong = DESCRIPTION.replace("\"maelstrom\"", "\"malestrom\"");
    let tools =
        Tools::new().file("kv.toml", &wrong).file("one.scn", "# x\nnetwork a\nexpect a: get k fails\n");
    let ended = tools.run("check one.scn --driver kv.toml");
    ended.code(2);
    assert!(ended.err.contains("did you mean `maelstrom`?"), "{ended:#?}");
}
