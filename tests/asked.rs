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
