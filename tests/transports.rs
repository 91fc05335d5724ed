//! Tests of the transports of described drivers, and of what belongs to the start of a node: files, programs beside it,
//! conditions, and its readiness.

use crate::networks;
use crate::story::{PROGRAM, Tools, has};

/// A store over lines, with its start.
const START: &str = "\
ready = { log = \"listening\" }
[start]
command = \"node {folder}/lines.js {host} {port}\"
";

const LINES: &str = "\
[commands.get]
tcp = \"get {key}\"
means = { \"~^none$\" = \"absent\" }
[commands.set]
tcp = \"set {key} {value}\"
[commands.keys]
tcp = \"keys\"
answer = \"matches \\\\S+\"
";

fn store(driver: &str, scenario: &str) -> Tools {
    Tools::new()
        .file("lines.js", include_str!("transports/lines.js"))
        .file("adapter.py", include_str!("transports/adapter.py"))
        .file("kv.toml", driver)
        .file("one.scn", scenario)
}

/// The steps that hold of a store alone, over any transport.
const ALONE: &str = "\
# A store alone.
network a
expect a: get k fails absent
a: set k \"two words\"
expect a: get k == \"two words\"
a: set k é
expect a: get k == é
";

#[test]
fn lines_over_tcp_are_requests() {
    if !has("node") {
        return;
    }
    let own = |name: &str, line: &str| format!("[commands.{name}]\ntcp = \"{line}\"\narguments = []\n");
    let lost = [own("lose", "hang up"), own("once", "once"), own("talk", "talk")].concat();
    // A connection that the server has closed, or on which something came unasked, is not used again.
    let scenario = format!(
        "{ALONE}expect a: lose fails unknown\nexpect a: get k == é\na: once\nexpect a: get k == é\na: talk\n\
         expect a: get k == é\nexpect a: get k == é\n"
    );
    let tools = store(&format!("{START}{LINES}{lost}"), &scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    tools.expect_nothing_left();
}

#[test]
fn messages_over_a_web_socket_are_requests() {
    if !has("node") {
        return;
    }
    let commands = "\
[commands.get]
ws = \"/any\"
body = '{\"line\": \"get {key}\"}'
answer = \"/answer\"
means = { '~\"none\"' = \"absent\" }
[commands.set]
ws = \"/any\"
body = '{\"line\": \"set {key} {value}\"}'
";
    store(&format!("{START}{commands}"), ALONE).run("test one.scn --driver kv.toml").code(0);
    // Where no WebSocket is served, the node has not been asked.
    let plain =
        "[start]\ncommand = \"python3 -m http.server --bind {host} {port}\"\n[commands.get]\nws = \"/\"\n";
    if !has("python3") {
        return;
    }
    let refused = "# A server of pages.\nnetwork a\nexpect a: get k fails unavailable\n";
    let described = format!("{plain}means = {{ missing = \"absent\" }}\n");
    store(&described, refused).run("test one.scn --driver kv.toml").code(0);
    // Nor if it does not speak the protocol of Redis, which is said in a line.
    let asked =
        store(&plain.replace("ws = \"/\"", "redis = \"GET {key}\""), "# Pages.\nnetwork a\na: get k\n");
    let ended = asked.run("test one.scn --driver kv.toml");
    ended.code(1);
    let said = "`a: get k` was refused: cannot be reached: what answers there does not speak the protocol of Redis (unavailable)\n";
    assert!(ended.out.contains(said), "{ended:#?}");
}

#[test]
fn the_example_of_the_documentation_passes() {
    let (description, scenario) = (include_str!("described/redis.toml"), include_str!("described/redis.scn"));
    let text = include_str!("../tools/DRIVERS.md");
    for example in [description, scenario] {
        assert!(text.contains(example), "tools/DRIVERS.md shows another than:\n{example}");
    }
    if !has("redis-server") {
        return;
    }
    let tools = Tools::new().file("kv.toml", description).file("one.scn", scenario);
    for world in ["process", "netns"] {
        if world == "netns" && !networks::can() {
            continue;
        }
        tools.run(&format!("test one.scn --driver kv.toml --world {world}")).code(0);
    }
    tools.expect_nothing_left();
}

#[test]
fn commands_of_redis_are_requests() {
    if !(has("redis-server") && has("redis-cli")) {
        return;
    }
    let driver = "\
ready = { exec = \"redis-cli -h {host} -p {port} ping\", within = \"20s\" }
[start]
command = \"redis-server redis.conf {if other: '--replicaof \\\"{first.host} {first.port}\\\"'}\"
folder = \"{data}\"
[start.files]
\"redis.conf\" = \"port {port}\\nbind {host}\\nsave ''\\n\"
[commands.get]
redis = \"GET {key}\"
[commands.set]
redis = \"SET {key} {value}\"
[commands.delete]
redis = \"DEL {key}\"
[commands.keys]
redis = \"KEYS *\"
[commands.role]
redis = \"ROLE\"
answer = \"/0\"
arguments = []
changes = false
[commands.wrong]
redis = \"LPUSH k x\"
arguments = []
means = { \"~^WRONGTYPE\" = \"exists\" }
";
    let scenario = format!(
        "{}a: set k v\nexpect all: get k == v within 10s\nexpect all: keys == k within 5s\n\
         expect a: role == master\nexpect b: role == slave\nexpect b: set k x fails refused\n\
         expect a: wrong fails exists\nexpect converged within 5s\n",
        ALONE.replace("network a", "network a-b")
    );
    let tools = store(driver, &scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    tools.expect_nothing_left();
}

const ADAPTER: &str = "\
[stdio]
command = \"python3 {folder}/adapter.py {host} {port}\"
[commands.get]
stdio = \"get\"
[commands.set]
stdio = \"set\"
[commands.keys]
stdio = \"keys\"
[commands.odd]
stdio = \"odd\"
arguments = []
[commands.end]
stdio = \"end\"
arguments = []
[commands.nothing]
stdio = \"nothing\"
arguments = []
means = { missing = \"exists\" }
[commands.never_asked]
stdio = \"never_asked\"
arguments = []
[commands.other]
stdio = \"other\"
arguments = []
[commands.never]
stdio = \"never\"
arguments = []
changes = false
[commands.prose]
stdio = \"prose\"
arguments = []
";

#[test]
fn an_adapter_that_stays_carries_requests_and_may_end() {
    if !(has("node") && has("python3")) {
        return;
    }
    let steps = "expect a: keys == k\nexpect converged within 5s\nexpect a: odd fails unknown\n\
                 expect a: nothing fails exists\nexpect a: other fails unknown\n\
                 expect a: end fails unknown\nexpect a: get k == é\nexpect a: prose fails unknown\n\
                 expect a: never fails no_answer within 300ms\nexpect a: get k == é\n";
    for manner in ["plain", "twice"] {
        let driver = format!("{START}{ADAPTER}").replace(
            "{host} {port}\"\n[commands.get]",
            &format!("{{host}} {{port}} {manner}\"\n[commands.get]"),
        );
        let tools = store(&driver, &format!("{ALONE}{steps}"));
        tools.run("test one.scn --driver kv.toml").code(0);
        tools.expect_nothing_left();
    }
    // The end of an adapter is in the message, with what it wrote.
    let failing = store(&format!("{START}{ADAPTER}"), "# It ends.\nnetwork a\na: end\n");
    let ended = failing.run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("the adapter gives up"), "{ended:#?}");
    let failing = store(&format!("{START}{ADAPTER}"), "# It guesses.\nnetwork a\na: never_asked\n");
    let ended = failing.run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("a request that was never made, with the id 1001"), "{ended:#?}");
    let failing = store(&format!("{START}{ADAPTER}"), "# It talks.\nnetwork a\na: prose\n");
    let ended = failing.run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("no answer") && ended.out.contains("this is no answer"), "{ended:#?}");
}

#[test]
fn files_and_programs_belong_to_the_first_start() {
    if !has("node") {
        return;
    }
    let driver = format!(
        "ready = {{ log = \"listening\" }}\n\
         [start]\n\
         command = '''node store.js {{host}} {{port}} {{if first: \"first\"}} {{if founding: \"founding\"}} \
         {{if other: \"other {{first.name}}\"}} {{others: \"peer-{{name}}\"}} [{{peers: '{{name}}' join \",\"}}]'''\n\
         folder = \"{{data}}\"\n\
         [start.files]\n\
         \"store.js\" = {{ from = \"lines.js\" }}\n\
         \"note\" = \"{{name}} of {{nodes: '{{name}}' join ' '}}\"\n\
         [[start.before]]\n\
         exec = \"sh -c 'echo before >> {{data}}/done; cat {{data}}/note >> {{data}}/done'\"\n\
         [[start.before]]\n\
         exec = \"touch {{data}}/chosen\"\n\
         on = \"first\"\n\
         [[start.after]]\n\
         exec = \"sh -c 'echo after >> {{data}}/done'\"\n\
         {LINES}[commands.done]\nexec = \"cat {{data}}/done\"\narguments = []\nchanges = false\n\
         [commands.files]\nexec = \"ls {{data}}\"\nanswer = \"lines\"\narguments = []\nchanges = false\n"
    );
    let scenario = "\
# Two nodes, of which the first is started twice.
network a-b
expect a: log matches /first founding peer-b \\[b\\] in .*\\/a$/
expect b: log matches /; other a peer-a \\[a\\] in .*\\/b$/
expect a: done matches /^before\\sa of a bafter\\s$/
expect a: files == chosen done note store.js
expect b: files == done note store.js
kill a
start a
expect a: log matches /first peer-b \\[b\\] in/
expect a: done matches /^before\\sa of a bafter\\s$/
";
    let tools = store(&driver, scenario);
    tools.run("test one.scn --driver kv.toml").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_start_that_cannot_succeed_says_why() {
    #[track_caller]
    fn check(ready: &str, more: &str, parts: &[&str]) {
        let driver = format!(
            "install = \"apt install lines\"\nready = {ready}\n[start]\ncommand = \"node {{folder}}/lines.js {{host}} {{port}}\"\n{more}{LINES}"
        );
        let tools = store(&driver, "# It does not start.\nnetwork a\na: set k v\n");
        let ended = tools.run("test one.scn --driver kv.toml");
        for part in parts {
            assert!(ended.out.contains(part), "{part}: {ended:#?}");
        }
        tools.expect_nothing_left();
    }
    if !has("node") {
        return;
    }
    let port = "\"port\"";
    let step = "[[start.before]]\nexec = \"sh -c 'echo no luck >&2; exit 4'\"\n";
    check(port, step, &["`sh` ended with exit code 4: no luck"]);
    let late = "{ exec = \"sh -c 'echo not yet; exit 1'\", within = \"400ms\" }";
    check(late, "", &["it was not ready within", "not yet"]);
    check("{ log = \"never\", within = \"3s\" }", "", &["no line of its log matches never", "listening"]);
    let after = "[[start.after]]\nexec = \"sh -c 'echo too early >&2; exit 1'\"\n";
    check("{ log = \"listening\", within = \"3s\" }", after, &["too early"]);
    let tools = store(
        "install = \"apt install nodes\"\n[start]\ncommand = \"no-such-program {port}\"\n[commands.get]\ntcp = \"x\"\n",
        "# There is no program.\nnetwork a\nexpect a: get k == v\n",
    );
    let ended = tools.run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("it is installed by `apt install nodes`"), "{ended:#?}");
    let tools = store(
        &format!("{START}[stdio]\ncommand = \"no-such-adapter\"\n[commands.get]\nstdio = \"get\"\n"),
        "# There is no adapter.\nnetwork a\nexpect a: get k == v\n",
    );
    let ended = tools.run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("there is no program `no-such-adapter`, which"), "{ended:#?}");
}

#[test]
fn what_stands_in_the_environment_is_in_no_message_about_a_start() {
    if !has("node") {
        return;
    }
    let driver = format!(
        "ready = {{ exec = \"sh -c 'echo no {{env.WORD_OF_TESTS}}; exit 1'\", within = \"400ms\" }}\n\
         [start]\ncommand = \"node {{folder}}/lines.js {{host}} {{port}} {{peers: '{{env.WORD_OF_TESTS}}'}}\"\n{LINES}"
    );
    let tools = store(&driver, "# It is not ready.\nnetwork a-b\na: set k v\n");
    let ended = tools.shell(&format!("WORD_OF_TESTS=sesame {PROGRAM} test one.scn --driver kv.toml"));
    // What the node writes into its own log is the node's.
    let message = ended.out.split("'s log\n").next().unwrap_or_default();
    assert!(message.contains("no {env.WORD_OF_TESTS}") && !message.contains("sesame"), "{ended:#?}");
}

#[test]
fn a_wrong_start_or_request_is_shown_with_its_place() {
    #[track_caller]
    fn check(driver: &str, parts: &[&str]) {
        let tools = store(driver, "# A node.\nnetwork a\nexpect a: get k == v\n");
        let ended = tools.run("check one.scn --driver kv.toml");
        for part in parts {
            assert!(ended.err.contains(part), "{part}: {ended:#?}");
        }
        ended.code(2);
    }
    let get = "[commands.get]\ntcp = \"get {key}\"\n";
    let start = "[start]\ncommand = \"x {port}\"\n";
    check(&format!("ready = \"soon\"\n{start}{get}"), &["no sign that a node is ready", "{ exec = "]);
    check(&format!("ready = {{ log = \"x\", http = \"/\" }}\n{start}{get}"), &["one sign", "kv.toml:1:"]);
    check(&format!("ready = {{ within = \"soon\" }}\n{start}{get}"), &["`soon` is no time", "\"60s\""]);
    check(
        &format!("{start}[start.files]\n\"../b\" = \"x\"\n{get}"),
        &["`../b` is no name of a file", "kv.toml:4:"],
    );
    check(
        &format!("{start}[start.files]\n\"b\" = {{ from = \"none\" }}\n{get}"),
        &["cannot read `none`", "kv.toml:4:"],
    );
    check(
        &format!("{start}[start.files]\n\"b\" = {{ of = \"none\" }}\n{get}"),
        &["unknown field `of`", "from"],
    );
    check(
        &format!("{start}[start.files]\n\"b\" = \"{{hots}}\"\n{get}"),
        &["unknown placeholder `{hots}`", "`{host}`"],
    );
    check(
        "[start]\ncommand = \"x {if second: 'y'}\"\n[commands.get]\ntcp = \"x\"\n",
        &["no condition", "first, other, founding"],
    );
    check(&format!("{start}[commands.get]\nstdio = \"get\"\n"), &["no adapter that stays", "[stdio]"]);
    check(&format!("{start}[commands.get]\ntcp = \"get {{key}}\"\nbody = \"x\"\n"), &["`tcp` has no body"]);
    check(&format!("{start}[commands.get]\nws = \"ws\"\n"), &["the path of a WebSocket"]);
    check(
        &format!("{start}[commands.get]\nredis = \"GET {{key}}\"\nhttp = \"GET /\"\n"),
        &["two requests", "`http` or `redis`"],
    );
    check(
        "[stdio]\ncommand = \"x\"\n[commands.get]\nstdio = \"get\"\n[commands.mine]\nstdio = \"m\"\narguments = [\"id\"]\n",
        &["have a `id` of their own"],
    );
    check(
        "[start]\ncommand = \"x {peers: '{if first: \\\"y\\\"}'}\"\n[commands.get]\ntcp = \"x\"\n",
        &["cannot stand in a list"],
    );
    check(&format!("port = \"client\"\n{start}{get}"), &["no port is named `client`"]);
    check(&format!("{start}[[start.before]]\nexec = \"x {{if first: \"\n{get}"), &["no condition"]);
}

#[test]
fn nodes_that_are_to_stay_apart_are_expected_to() {
    if !has("node") {
        return;
    }
    let driver = format!("{START}{LINES}");
    let apart = "# Nothing links the two.\nnetwork a-b\na: set k one\nb: set k two\nexpect diverged for 300ms\n\
                 expect diverged b, a\n";
    store(&driver, apart).run("test one.scn --driver kv.toml").code(0);
    // Nodes that hold the same are not apart.
    let same = apart.replace("set k two", "set k one");
    let ended = store(&driver, &same).run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("no two nodes are known to hold something else"), "{ended:#?}");
    ended.code(1);
    // A later claim that they converge holds at the end as well.
    let later = format!(
        "settle 300ms\n{}b: set k one\nexpect converged\nb: set k three\n",
        apart.replacen("# Nothing links the two.\n", "", 1)
    );
    let ended = store(&driver, &format!("# Later.\n{later}")).run("test one.scn --driver kv.toml");
    assert!(ended.out.contains("at the end the nodes do not hold the same"), "{ended:#?}");
}
