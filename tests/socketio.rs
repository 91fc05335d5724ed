//! Tests of requests by events of Socket.IO, at the stock server.

use crate::byc::programs;
use crate::story::Tools;

const DESCRIPTION: &str = "\
values = \"json\"
ready = { log = \"listening\" }
[start]
command = \"node {folder}/server.js {host} {port}\"
environment = { NODE_PATH = \"MODULES\" }
[socketio]
path = \"/events/\"
[means]
'~^\\[\"absent\"' = \"absent\"
[commands.get]
socketio = \"get\"
body = '[{key|json}]'
answer = \"/1\"
[commands.set]
socketio = \"set\"
body = '[{key|json}, {value|json}]'
[commands.keys]
socketio = \"keys\"
answer = \"/1\"
[commands.leave]
socketio = \"leave\"
arguments = []
[commands.nobody]
socketio = \"nobody\"
arguments = []
changes = false
";

#[test]
fn events_of_socket_io_are_requests() {
    let Some(programs) = programs() else { return };
    let modules = programs.join("node_modules").display().to_string();
    // The server asks for signs of life all the while, and its events are no answers.
    let scenario = "\
# A store over events.
network a
expect a: get k fails absent
a: set k 5
expect a: get k == 5
a: set k \"two words\"
expect a: get k == \"two words\"
expect a: keys == k
wait 200ms
expect a: get k == \"two words\"
expect a: leave fails unknown
expect a: get k == \"two words\"
expect a: nobody fails no_answer within 300ms
expect a: get k == \"two words\"
";
    let tools = Tools::new()
        .file("server.js", include_str!("socketio/server.js"))
        .file("kv.toml", &DESCRIPTION.replace("MODULES", &modules))
        .file("one.scn", scenario)
        .file("two.scn", "# Where no such server is.\nnetwork a\nexpect a: get k fails unavailable\n");
    tools.run("test one.scn --driver kv.toml").code(0);
    let elsewhere = DESCRIPTION.replace("MODULES", &modules).replace("/events/", "/elsewhere/");
    let tools = tools.file("elsewhere.toml", &elsewhere);
    tools.run("test two.scn --driver elsewhere.toml").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_wrong_event_is_shown_with_its_place() {
    for (right, wrong, said) in [
        ("'[{key|json}]'", "'{key|json}'", "the arguments of an event are a list in JSON"),
        ("\"/events/\"", "\"events\"", "the path of a server of Socket.IO is expected"),
        ("socketio = \"leave\"", "socketio = \"leave\"\nws = \"/\"", "`leave` has two requests"),
    ] {
        let wrong = DESCRIPTION.replace(right, wrong);
        let tools =
            Tools::new().file("kv.toml", &wrong).file("one.scn", "# x\nnetwork a\nexpect a: get k fails\n");
        let ended = tools.run("check one.scn --driver kv.toml");
        ended.code(2);
        assert!(ended.err.contains(said), "`{said}` is not said: {ended:#?}");
    }
}
