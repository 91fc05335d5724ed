//! Tests of drivers that a file describes: programs over HTTP and with a client program, presets, and what is wrong
//! with a description.

use crate::networks;
use crate::story::{PROGRAM, Tools, has};

/// The description of the service for tests.
pub(crate) const KV: &str = include_str!("described/kv.toml");

const SCENARIO: &str = "\
# A service over HTTP converges after a partition and a kill.
network a-b, b-c
a: set \"a key/ü\" \"two words\"
expect all: get \"a key/ü\" == \"two words\" within 5s
expect b: peers == a c
b: delete \"a key/ü\"
expect all: get \"a key/ü\" fails absent within 5s
kill b
a: set x 1
start b
expect b: get x == 1 within 5s
expect converged within 5s
";

/// Returns a story with the service and a scenario.
pub(crate) fn service(scenario: &str) -> Tools {
    Tools::new()
        .file("described/kv.js", include_str!("described/kv.js"))
        .file("described/kv.toml", KV)
        .file("one.scn", scenario)
}

#[test]
fn a_service_over_http_is_started_linked_and_judged() {
    if !has("node") {
        return;
    }
    let tools = service(SCENARIO);
    for world in ["process", "netns"] {
        if world == "netns" && !networks::can() {
            continue;
        }
        let ended = tools.run(&format!("test one.scn --driver described/kv.toml --world {world}"));
        assert!(ended.out.contains("ok one") && ended.out.contains("3 nodes"), "{ended:#?}");
        ended.code(0);
    }
    tools.expect_nothing_left();
}

#[test]
fn a_service_over_http_differs_during_a_partition_and_heals() {
    if !(has("node") && networks::can()) {
        return;
    }
    let tools = service(
        "# Both sides of a partition write.\nnetwork a-b, b-c\npartition a | b, c\na: set k here\nc: set k there\n\
         wait 200ms\nexpect a: get k == here\nexpect b: get k == there within 5s\nheal\n\
         expect converged within 10s\n",
    );
    tools.run("test one.scn --driver described/kv.toml --world netns").code(0);
}

#[test]
fn neighbours_are_told_at_the_start_and_ports_have_names() {
    if !has("node") {
        return;
    }
    let start = "\
links = \"start\"
ready = { log = \"listening\" }
[start]
command = '''node {folder}/kv.js --name {name} --host {host} --port {port.peer}
    --peers {peers: \"{host}:{port.peer}\" join \",\"}'''
environment = { KV_NOTE = \"{number} of {name}: {nodes: '{name}' join '+'}\" }
ports = [\"peer\", \"unused\"]
";
    let commands =
        &KV[KV.find("[commands.get]").expect("a command")..KV.find("[commands.addPeer]").expect("one")];
    let note = "[commands.note]\nhttp = \"GET /note\"\narguments = []\nchanges = false\n";
    let tools = service(
        "# Nodes link themselves.\nnetwork a-b, b-c\nexpect a: peers == b within 5s\nexpect c: note == \"3 of c: a+b+c\"\n\
         a: set k v\nexpect c: get k == v within 5s\n",
    )
    .file("described/start.toml", &format!("{start}{commands}{note}"));
    tools.run("test one.scn --driver described/start.toml").code(0);
}

#[test]
fn a_client_program_asks_a_node() {
    if !(has("redis-server") && has("redis-cli")) {
        return;
    }
    let driver = "\
[start]
command = \"redis-server --bind {host} --port {port} --save '' --dir {data} --protected-mode no\"
[means]
\"~^ERR\" = \"refused\"
\"~^LOADING\" = \"unavailable\"
[commands.get]
exec = \"redis-cli -h {host} -p {port} --raw eval \\\"return redis.call('get', KEYS[1]) or redis.error_reply('NONE')\\\" 1 {key}\"
answer = \"trim\"
means = { \"~NONE\" = \"absent\" }
[commands.set]
exec = \"redis-cli -h {host} -p {port} -x set {key}\"
body = \"{value}\"
[commands.keys]
exec = \"redis-cli -h {host} -p {port} --raw keys *\"
answer = \"lines\"
";
    let scenario = "# Redis alone.\nnetwork a\nexpect a: get k fails absent\na: set k \"a value\"\n\
                    expect a: get k == \"a value\"\nexpect a: keys == k\n";
    let tools = Tools::new().file("redis.toml", driver).file("one.scn", scenario);
    tools.run("test one.scn --driver redis.toml").code(0);
    tools.expect_nothing_left();
}

#[test]
fn what_an_answer_means_is_told() {
    if !has("node") {
        return;
    }
    // A server that answers by the path: a status and a body.
    let server = "require('http').createServer((asked, answered) => {
        const [, status, body] = decodeURIComponent(asked.url).split('/');
        if (status === 'cut') return asked.socket.destroy();
        if (status === 'mute') return;
        answered.writeHead(Number(status)).end(status === '299' ? 'x'.repeat(9 << 20) : body);
    }).listen(process.argv[2], '127.0.0.1');";
    let driver = |means: &str| {
        format!(
            "{means}\n[start]\ncommand = \"node server.js {{port}}\"\n[commands.get]\nhttp = \"GET /{{key}}\"\n\
             answer = \"/v\"\n[commands.set]\nhttp = \"PUT /{{key}}/{{value}}\"\n"
        )
    };
    let means =
        "[means]\n404 = \"absent\"\n5xx = \"unavailable\"\n\"~busy\" = \"unknown\"\nmissing = \"exists\"";
    let check = |means: &str, step: &str, code: i32, said: &str| {
        let tools = Tools::new()
            .file("server.js", server)
            .file("meaning.toml", &driver(means))
            .file("one.scn", &format!("# It is asked.\nnetwork a\n{step}\n"));
        let ended = tools.run("test one.scn --driver meaning.toml --timeout-factor 0.1");
        assert!(ended.out.contains(said), "`{said}` is not said for `{step}`: {ended:#?}");
        ended.code(code);
    };
    check(means, r#"expect a: get "200/{\"v\": 5}" == 5"#, 0, "ok one");
    check(means, "a: set 404 gone", 1, "HTTP 404: gone (absent)");
    check(means, "a: set 503 later", 1, "HTTP 503: later (unavailable)");
    check(means, "a: set 200 busy", 1, "got no answer: HTTP 200: busy");
    check(means, "expect a: get \"200/{}\" fails exists", 0, "ok one");
    check("", "a: set 404 gone", 1, "HTTP 404: gone (refused)");
    // A change that failed at the server may have been made.
    check("", "a: set 500 x", 1, "got no answer: HTTP 500: x");
    check("", "expect a: get 500 fails refused", 0, "ok one");
    // The first sign counts.
    check(
        "[means]\n\"~gone\" = \"exists\"\n404 = \"absent\"",
        "a: set 404 gone",
        1,
        "HTTP 404: gone (exists)",
    );
    check("[means]\n404 = \"done\"", "a: set 404 gone", 0, "ok one");
    check("", "expect a: get \"200/{}\" == 5", 1, "there is no `/v` in it");
    check("", "expect a: get \"200/<html>\" == 5", 1, "it is not JSON");
    check("", "expect a: get 299 == 5", 1, "the answer is longer than 8 MiB");
    check("", "a: set cut x", 1, "the connection ended before the answer");
    check("", "a: set mute x", 1, "nothing came within");
}

#[test]
fn a_wrong_description_is_refused_with_place_reason_and_remedy() {
    let check = |text: &str, said: &[&str]| {
        let tools = Tools::new().file("x.toml", text).file("one.scn", "# One.\nnetwork a\n");
        for command in ["check", "test"] {
            let ended = tools.run(&format!("{command} one.scn --driver x.toml"));
            for said in said {
                assert!(ended.err.contains(said), "`{said}` is not said of `{text}`: {ended:#?}");
            }
            ended.code(2);
        }
    };
    let get = "[commands.get]\nhttp = \"GET /{key}\"\n";
    check(&format!("abut = 'x'\n{get}"), &["unknown field `abut`", "x.toml:1:1", "did you mean `about`?"]);
    check(
        "[start]\ncommand = \"x --at {prot}\"\n[commands.get]\nhttp = \"GET /{kye|bas64}\"\n",
        &[
            "unknown placeholder `{prot}`",
            "x.toml:2:19",
            "did you mean `{port}`?",
            "x.toml:4:19",
            "did you mean `base64`?",
        ],
    );
    check(&format!("{get}answer = \"jsn\"\n"), &["unknown step `jsn` of an answer", "did you mean `json`?"]);
    check(
        &format!("{get}means = {{ 4o4 = \"absent\" }}\n"),
        &["`4o4` is no sign in an answer", "a status such as 404"],
    );
    check(
        &format!("{get}means = {{ 404 = \"absnt\" }}\n"),
        &["unknown variant `absnt`", "did you mean `absent`?"],
    );
    check(&format!("links = \"request\"\n{get}"), &["there is no command that links nodes", "addPeer"]);
    check("[commands.get]\nhttp = \"GTE /x\"\n", &["`GTE` is no method of HTTP", "did you mean `GET`?"]);
    check("[commands.get]\nhttp = \"GET x\"\n", &["a path is expected behind the method"]);
    check("[commands.get]\n", &["`get` has no request", "such as `http = "]);
    check(&format!("{get}exec = \"x\"\n"), &["`get` has two requests"]);
    check(
        "[commands.promote]\nhttp = \"POST /x\"\n",
        &["is no command that every driver knows", "arguments = []"],
    );
    check(&format!("{get}arguments = [\"key\"]\n"), &["the arguments of `get` are known", "they are KEY"]);
    check(&format!("[start]\ncommand = \"x 'y\"\n{get}"), &["a quote that is not closed"]);
    check(
        &format!("[start]\ncommand = \"x\"\nports = [\"p\", \"p\"]\n{get}"),
        &["the port `p` is named twice"],
    );
    check(&format!("port = \"cleint\"\n{get}"), &["no port is named `cleint`"]);
    check(&format!("[start]\ncommand = \"x {{peers: y}}\"\n{get}"), &["this is no list of nodes"]);
    check(&format!("ready = {{ log = \"(\" }}\n{get}"), &["`(` is no pattern"]);
    for ready in ["\"/alive\"", "\"http\""] {
        check(
            &format!("ready = {ready}\n{get}"),
            &["no sign that a node is ready", "{ http = \"/health\" }"],
        );
    }
    check(&format!("{get}means = {{ 999 = \"absent\" }}\n"), &["`999` is no sign in an answer"]);
    check("[commands.get]\nhttp = \"GET /{value}\"\n", &["unknown placeholder `{value}`", "{key}"]);
    check("x = = 1", &["x.toml:1:5"]);
    check("", &["missing field `commands`"]);
    let tools = Tools::new().file("one.scn", "# One.\nnetwork a\n");
    tools.run("test one.scn --driver gone.toml").code(2);
    let unknown = tools.run("test one.scn --driver etdc");
    assert!(unknown.err.contains("did you mean `etcd`?"), "{unknown:#?}");
    unknown.code(2);
}

#[test]
fn a_command_that_a_description_lacks_is_refused_before_anything_starts() {
    let check = |scenario: &str, said: &str| {
        let tools = Tools::new()
            .file("x.toml", "[start]\ncommand = \"false\"\n[commands.get]\nhttp = \"GET /{key}\"\n")
            .file("one.scn", &format!("# One.\nnetwork a\n{scenario}\n"));
        let ended = tools.run("check one.scn --driver x.toml");
        assert!(ended.err.contains(said), "`{said}` is not said of `{scenario}`: {ended:#?}");
        ended.code(2);
    };
    check("a: set k v", "x.toml");
    check("expect converged", "does not say what it holds");
    check("a: promote", "have no command `promote`");
    check("expect a: get k fails absent", "unknown error code `absent`");
}

#[test]
fn a_node_that_cannot_start_or_be_ready_says_why() {
    let run = |start: &str| {
        let tools = Tools::new()
            .file("x.toml", &format!("{start}\n[commands.get]\nhttp = \"GET /{{key}}\"\n"))
            .file("one.scn", "# One.\nnetwork a\n");
        let ended = tools.run("test one.scn --driver x.toml --timeout-factor 0.03");
        tools.expect_nothing_left();
        ended.code(3).out.clone()
    };
    assert!(run("[start]\ncommand = \"/no/such/program\"").contains("/no/such/program"));
    let missing = run("[start]\ncommand = \"x {env.NO_SUCH_VARIABLE}\"");
    assert!(
        missing.contains("there is no value for `{env.NO_SUCH_VARIABLE}`: set the variable"),
        "{missing}"
    );
    let never = run("ready = { log = \"at last\" }\n[start]\ncommand = \"sh -c 'echo hello; sleep 1000'\"");
    assert!(never.contains("it was not ready within") && never.contains("hello"), "{never}");
}

#[test]
fn files_to_start_from_work_as_they_are() {
    let tools = Tools::new();
    for (what, file) in [("scenario", "s.scn"), ("driver http", "http.toml"), ("driver exec", "exec.toml")] {
        tools.shell(&format!("{PROGRAM} new {what} > {file}")).code(0);
    }
    tools.run("test s.scn").code(0);
    for driver in ["http.toml", "exec.toml"] {
        tools.run(&format!("check s.scn --driver {driver}")).code(0);
    }
    for service in ["github", "gitlab"] {
        let printed = tools.run(&format!("new ci {service}"));
        assert!(printed.raw.contains("tools test scenarios/"), "{printed:#?}");
    }
    let listed = tools.run("drivers");
    assert!(["native", "ask", "etcd"].iter().all(|name| listed.out.contains(name)), "{listed:#?}");
    tools.shell(&format!("{PROGRAM} drivers etcd > etcd.toml")).code(0);
    tools.run("check s.scn --driver etcd.toml").code(0);
}

#[test]
fn etcd_agrees_and_has_every_key_after_a_kill() {
    if !has("etcd") {
        return;
    }
    let scenario = "# A cluster of etcd.\nnetwork clique(3)\nuntil a: set k v within 20s\nexpect all: get k == v within 20s\n\
                    expect b: get none fails absent\nkill a\nuntil b: set x 1 within 20s\nstart a\nexpect a: keys == k x within 20s\n\
                    until b: delete k within 20s\nexpect all: get k fails absent within 5s\n";
    let tools = Tools::new().file("one.scn", scenario);
    for world in ["process", "netns"] {
        if world == "netns" && !networks::can() {
            continue;
        }
        tools.run(&format!("test one.scn --driver etcd --world {world}")).code(0);
    }
    tools.expect_nothing_left();
}

#[test]
fn what_stands_in_the_environment_is_in_no_report() {
    if !has("node") {
        return;
    }
    let server = "require('http').createServer((asked, answered) => {
        answered.writeHead(401).end('no access with ' + asked.headers.authorization);
    }).listen(process.argv[2], '127.0.0.1');";
    let driver = "[start]\ncommand = \"node server.js {port}\"\n[commands.get]\nhttp = \"GET /{key}\"\n\
                  headers = { authorization = \"Bearer {env.STORY_TOKEN}\" }\n";
    let tools = Tools::new()
        .file("server.js", server)
        .file("x.toml", driver)
        .file("one.scn", "# It is asked.\nnetwork a\na: get k\n");
    let run = format!(
        "STORY_TOKEN=hidden-7831 {PROGRAM} test one.scn --driver x.toml --html page.html --junit report.xml"
    );
    let ended = tools.shell(&run);
    assert!(ended.out.contains("HTTP 401: no access with Bearer {env.STORY_TOKEN}"), "{ended:#?}");
    ended.code(1);
    for file in ["page.html", "report.xml", "logs/one/run.jsonl"] {
        assert!(!tools.read(file).contains("hidden-7831"), "{file}");
    }
    assert!(!ended.raw.contains("hidden-7831") && !ended.err.contains("hidden-7831"), "{ended:#?}");
}

#[test]
fn a_connection_that_the_node_closes_is_no_link_past_the_proxies() {
    if !has("node") {
        return;
    }
    // It links nobody, and closes a connection that nobody uses after a moment.
    let server =
        "const server = require('http').createServer((asked, answered) => answered.writeHead(204).end());
        server.keepAliveTimeout = 300;
        server.listen(process.argv[2], '127.0.0.1');";
    let driver = "links = \"request\"\n[start]\ncommand = \"node server.js {port}\"\n\
                  [commands.set]\nhttp = \"PUT /{key}\"\n[commands.addPeer]\nhttp = \"POST /{peer.port}\"\n";
    let scenario = "# Idle connections end during a partition.\nnetwork a-b\nall: set k v\npartition a | b\n\
                    wait 3s\nheal\n";
    let tools = Tools::new().file("server.js", server).file("x.toml", driver).file("one.scn", scenario);
    tools.run("test one.scn --driver x.toml").code(0);
}

#[test]
fn a_node_that_was_killed_is_linked_again() {
    if !has("node") {
        return;
    }
    let tools = service("");
    let ended = tools.run(
        "workload lin-kv --driver described/kv.toml --network a-b --kill --interval 400ms --time 2s --rate 20 \
         --seed 1 --settle 0",
    );
    assert!(ended.out.contains("kill ") && ended.out.contains("start "), "{ended:#?}");
    let record = tools.read("logs/workload-lin-kv/run.jsonl");
    let wired = record.lines().filter(|line| line.contains("\"event\":\"wire\"")).count();
    assert!(wired > 1, "{record}");
    tools.expect_nothing_left();
}

#[test]
fn nodes_of_described_drivers_stand_beside_others_in_a_scenario() {
    if !has("node") {
        return;
    }
    let scenario = "# Two networks of a kind each.\nnode c, d driver=described/kv.toml\nnetwork a-b, c-d\n\
                    a: set k ours\nc: set k theirs\nexpect b: get k == ours within 5s\n\
                    expect d: get k == theirs within 5s\n";
    service(scenario).run("test one.scn").code(0);
    let check = |driver: &str, said: &str| {
        let tools = service(&format!("# One.\nnode a driver={driver}\nnetwork a\n"))
            .file("wrong.toml", "[commands.get]\nhttp = \"GET {kye}\"\n");
        let ended = tools.run("check one.scn");
        assert!(ended.err.contains(said), "`{said}` is not said of `{driver}`: {ended:#?}");
        ended.code(2);
    };
    check("gone.toml", "cannot read gone.toml");
    check("wrong.toml", "unknown placeholder `{kye}`");
    check("etdc", "did you mean `etcd`?");
}

#[test]
fn an_answer_that_does_not_say_what_a_node_holds_is_shown_where_nodes_differ() {
    if !has("node") {
        return;
    }
    let keys = KV.replace("http = \"GET /keys\"", "http = \"GET /keys\"\nanswer = \"/items\"");
    let tools = service("# Nodes agree.\nnetwork a-b\na: set k v\nexpect converged within 500ms\n")
        .file("described/keys.toml", &keys);
    let ended = tools.run("test one.scn --driver described/keys.toml");
    assert!(
        ended.out.contains("there is no `/items` in it") && !ended.out.contains("told nothing"),
        "{ended:#?}"
    );
    ended.code(1);
}

#[test]
fn an_acknowledged_write_that_every_node_has_lost_breaks_the_law_without_stamps_as_well() {
    if !has("node") {
        return;
    }
    // It acknowledges every write, and keeps the first of each key that does not begin with `gone`.
    let server = "const held = new Map();
        require('http').createServer((asked, answered) => {
            let body = '';
            asked.on('data', (part) => { body += part; });
            asked.on('end', () => {
                const key = asked.url.split('/')[2];
                if (asked.method === 'GET') {
                    return answered.writeHead(held.has(key) ? 200 : 404).end(held.get(key) ?? 'none');
                }
                if (!held.has(key) && !key.startsWith('gone')) held.set(key, body);
                answered.writeHead(204).end();
            });
        }).listen(process.argv[2], '127.0.0.1');";
    let driver = "[start]\ncommand = \"node server.js {port}\"\n[commands.get]\nhttp = \"GET /kv/{key}\"\n\
                  means = { 404 = \"absent\" }\n[commands.set]\nhttp = \"PUT /kv/{key}\"\nbody = \"{value}\"\n\
                  [commands.flush]\nhttp = \"POST /kv/gone\"\narguments = []\n";
    let check = |steps: &str, code: i32, said: &str| {
        let tools = Tools::new()
            .file("server.js", server)
            .file("x.toml", driver)
            .file("one.scn", &format!("# It keeps what it acknowledged.\nnetwork a\n{steps}\n"));
        let ended = tools.run("test one.scn --driver x.toml");
        assert!(ended.out.contains(said), "`{said}` is not said of `{steps}`: {ended:#?}");
        ended.code(code);
    };
    check("a: set k v", 0, "ok one");
    check("a: set k \"5\"\na: set l \"two words\"", 0, "ok one");
    check("a: set gone v", 1, "a holds nothing");
    check("a: set k v\na: set k w", 1, "a holds `v`");
    check("a: set k v\na: set k w", 1, "law: nothing lost");
    // Of two at the same time, either may be the last.
    check("together { a: set k v; a: set k w }", 0, "ok one");
    // It keeps nothing on a disk, so that it answers for nothing after a kill.
    check("a: set k v\nkill a\nstart a", 0, "ok one");
    // The effect of a command of one's own is not known.
    check("a: set gone v\na: flush", 0, "ok one");
}
