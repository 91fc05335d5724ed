//! Programs that are asked by an adapter: a real server of somebody else's, and adapters that go wrong.

use crate::story::{Tools, has};

/// A program that serves pages at its port, and says so.
const SERVER: &str = "import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/health' else 404)
        self.end_headers()
server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler)
print('now listening', flush=True)
server.serve_forever()
";

fn server(scenario: &str) -> Tools {
    Tools::new()
        .file("server.py", SERVER)
        .file("answer.sh", "echo '{\"ok\":\"v\"}'\n")
        .file("one.scn", scenario)
}

const RUN: &str = "test one.scn --driver ask --exec 'python3 server.py {port}' --timeout-factor 0.2";

#[test]
fn redis_and_its_replicas_are_tried_by_a_scenario() {
    if !(has("redis-server") && has("redis-cli") && has("python3")) {
        return;
    }
    let scenario = include_str!("ask/redis.scn").replace("./tests/ask/redis.py", "\"python3 redis.py\"");
    let tools = Tools::new().file("redis.py", include_str!("ask/redis.py")).file("redis.scn", &scenario);
    let ended = tools.run("test redis.scn");
    assert!(ended.out.contains("ok redis") && ended.out.contains("3 nodes"), "{ended:#?}");
    ended.code(0);
}

#[test]
fn a_node_is_ready_when_its_port_its_log_or_its_page_says_so() {
    if !has("python3") {
        return;
    }
    for ready in ["port", "'log:now listening'", "/health"] {
        let tools =
            server("# It starts twice.\nnetwork a\nexpect a: get k == v\nrestart a\nexpect a: get k == v\n");
        let ended = tools.run(&format!("{RUN} --adapter 'sh answer.sh' --ready {ready}"));
        ended.code(0);
    }
    let tools = server("# It is never ready.\nnetwork a\na: get k\n");
    let ended = tools.run(&format!("{} --adapter true --ready /nowhere", RUN.replace("0.2", "0.02")));
    ended.code(3);
    assert!(ended.out.contains("it was not ready within"), "{ended:#?}");
}

#[test]
fn an_adapter_that_goes_wrong_says_how() {
    if !has("python3") {
        return;
    }
    for (adapter, said) in [
        ("echo hello", "the adapter wrote `hello`, which is no answer"),
        ("true", "the adapter `true` wrote no answer"),
        ("sh -c 'echo it went wrong >&2; exit 3'", "ended with exit status: 3: it went wrong"),
        ("sh -c 'sleep 1000 & sleep 1001'", "the adapter did not answer within"),
        ("/no/such/adapter", "there is no adapter `/no/such/adapter`"),
        ("echo '{\"error\":{\"code\":\"absent\"}}'", "absent (absent)"),
    ] {
        let tools = server("# It is asked.\nnetwork a\nexpect a: get k == v\n");
        let adapter = shlex::try_quote(adapter).expect("no zero byte");
        let ended = tools.run(&format!("{RUN} --adapter {adapter}"));
        assert!(ended.out.contains(said), "`{said}` is not said: {ended:#?}");
        assert!(matches!(ended.code, Some(1 | 3)), "{ended:#?}");
    }
}

#[test]
fn what_is_missing_is_said_before_anything_starts() {
    let tools = Tools::new().file("one.scn", "network a-b\na: set k v\nexpect all: get k == v within 1s\n");
    for (arguments, said) in [
        ("--driver ask", "no program is given for the `ask` nodes a, b"),
        ("--driver ask --exec true", "`a` is an `ask` node, and no program is given that asks it"),
        ("--driver ask --exec true --adapter true --ready soon", "`soon` does not say how"),
        ("--driver maelstrom --exec true", "`maelstrom` nodes have no command `set`"),
        ("--driver maelstrom --exec true --workload broadcst", "did you mean `broadcast`?"),
        ("--driver ask --exec true --adapter true --world sim", "in the world `sim` nodes are our own"),
    ] {
        let ended = tools.run(&format!("test one.scn {arguments}"));
        assert!(ended.err.contains(said), "`{said}` is not said: {ended:#?}");
        ended.code(2);
    }
    assert!(!tools.path("logs/one").exists());
}

#[test]
fn the_example_of_the_documentation_is_the_one_that_is_tried() {
    let text = include_str!("../tools/DRIVERS.md");
    for example in [include_str!("ask/redis.py"), include_str!("ask/redis.scn")] {
        assert!(text.contains(example), "tools/DRIVERS.md shows another than:\n{example}");
    }
}

/// Answers for three nodes: the first two differ in a value, and the third does not say what it holds.
const DIFFERING: &str = "import json, sys
asked = json.load(sys.stdin)
if asked['node'] == 'c':
    print(json.dumps({'error': {'code': 'unsupported'}}))
else:
    print(json.dumps({'ok': ['k'] if asked['command'] == 'keys' else True if asked['command'] == 'addPeer' else asked['node']}))
";

#[test]
fn a_node_that_does_not_say_what_it_holds_hides_nothing_of_the_others() {
    if !has("python3") {
        return;
    }
    let scenario = "# They differ.\nsettle 10s\nnetwork a-b-c\nexpect a: get k == a\n";
    let tools = server(scenario).file("adapter.py", DIFFERING);
    let ended = tools.run(&format!("{RUN} --adapter 'python3 adapter.py'"));
    assert!(ended.out.contains("at the end the nodes do not hold the same"), "{ended:#?}");
    assert!(ended.out.contains("`k` is a: a; b: b"), "{ended:#?}");
    ended.code(1);
}

#[test]
fn what_comes_after_the_deadline_does_not_count() {
    if !has("python3") {
        return;
    }
    let tools = server("# It is slow.\nnetwork a\nexpect converged within 1s\n")
        .file("slow.sh", "sleep 3\necho '{\"ok\":[]}'\n");
    // Not shortened: the answer comes within the time that an ask has.
    let ended =
        tools.run("test one.scn --driver ask --exec 'python3 server.py {port}' --adapter 'sh slow.sh'");
    assert!(ended.out.contains("the nodes did not hold the same within 1 s"), "{ended:#?}");
    ended.code(1);
}

#[test]
fn an_adapter_has_answered_with_its_first_line_whatever_it_leaves_running() {
    if !has("python3") {
        return;
    }
    let tools = server("# It has a child.\nnetwork a\nexpect a: get k == v\n")
        .file("child.sh", "sleep 1000 &\nread line\ncase $line in *keys*) echo '{\"ok\":[]}';; *) echo '{\"ok\":\"v\"}';; esac\n");
    tools.run(&format!("{RUN} --adapter 'sh child.sh'")).code(0);
}
