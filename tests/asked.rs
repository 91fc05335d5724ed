//! Tests of the driver `ask`, whose nodes are questioned by an adapter: a real server, and adapters that
//! fail.

use crate::networks;
use crate::story::{Tools, has};

/// The source of a program that serves pages at its port and prints when it listens.
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
fn redis_and_its_replicas_pass_a_scenario() {
    if !(has("redis-server") && has("redis-cli") && has("python3")) {
        return;
    }
    let scenario = include_str!("ask/redis.scn").replace("./tests/ask/redis.py", "\"python3 redis.py\"");
    let tools = Tools::new().file("redis.py", include_str!("ask/redis.py")).file("redis.scn", &scenario);
    for world in ["process", "netns"] {
        if world == "netns" && !networks::can() {
            continue;
        }
        let ended = tools.run(&format!("test redis.scn --world {world}"));
        assert!(ended.out.contains("ok redis") && ended.out.contains("3 nodes"), "{ended:#?}");
        ended.code(0);
    }
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
fn the_failure_of_an_adapter_is_reported_with_its_cause() {
    if !has("python3") {
        return;
    }
    for (adapter, said) in [
        ("echo hello", "the adapter wrote `hello`, which is no answer"),
        ("true", "the adapter `true` wrote no answer"),
        ("sh -c 'echo it went wrong >&2; exit 3'", "ended with exit code 3: it went wrong"),
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
fn missing_options_are_reported_before_anything_starts() {
    let tools = Tools::new().file("one.scn", "network a-b\na: set k v\nexpect all: get k == v within 1s\n");
    for (arguments, said) in [
        ("--driver ask", "no program is given for the `ask` nodes a, b"),
        ("--driver ask --exec true", "`a` is an `ask` node, and no program is given that asks it"),
        ("--driver ask --exec true --adapter true --ready soon", "`soon` does not say how"),
        ("--driver maelstrom --exec true", "`maelstrom` nodes have no command `set`"),
        ("--driver maelstrom --exec true --workload broadcst", "did you mean `broadcast`?"),
        (
            "--driver ask --exec true --adapter true --world sim",
            "the world `sim` runs only the node of tools",
        ),
        ("--driver byc --world sim", "`byc` are processes, and the world `sim` runs only the node of tools"),
    ] {
        let ended = tools.run(&format!("test one.scn {arguments}"));
        assert!(ended.err.contains(said), "`{said}` is not said: {ended:#?}");
        ended.code(2);
    }
    assert!(!tools.path("logs/one").exists());
}

/// The source of an adapter for three nodes. Two hold different values; the third answers `unsupported` to
/// everything.
const DIFFERING: &str = "import json, sys
asked = json.load(sys.stdin)
if asked['node'] == 'c':
    print(json.dumps({'error': {'code': 'unsupported'}}))
else:
    print(json.dumps({'ok': ['k'] if asked['command'] == 'keys' else True if asked['command'] == 'addPeer' else asked['node']}))
";

#[test]
fn a_node_without_contents_does_not_hide_differences_of_the_others() {
    if !has("python3") {
        return;
    }
    let scenario = "# They differ.\nsettle 4s\nnetwork a-b-c\nexpect a: get k == a\n";
    let tools = server(scenario).file("adapter.py", DIFFERING);
    // Time-outs are not shortened here, because each answer starts a Python interpreter.
    let ended = tools.run(&format!("{} --adapter 'python3 adapter.py'", RUN.replace("0.2", "1")));
    assert!(ended.out.contains("at the end the nodes do not hold the same"), "{ended:#?}");
    assert!(ended.out.contains("`k` is a: a; b: b"), "{ended:#?}");
    ended.code(1);
}

/// The command of `RUN` with time-outs of full length and a slow adapter.
const RUN_SLOWLY: &str = "test one.scn --driver ask --exec 'python3 server.py {port}' --adapter 'sh slow.sh'";

#[test]
fn an_answer_counts_from_the_time_of_its_question() {
    if !has("python3") {
        return;
    }
    let slow =
        "read line; sleep 0.5\ncase $line in *keys*) echo '{\"ok\":[]}';; *) echo '{\"ok\":\"v\"}';; esac\n";
    let holds =
        "expect converged within 200ms\nexpect a: get k == v within 200ms\nexpect a: get k == v for 700ms\n";
    let tools = server(&format!("# It is slow.\nnetwork a\n{holds}")).file("slow.sh", slow);
    tools.run(RUN_SLOWLY).code(0);
}

#[test]
fn the_time_for_an_ask_can_be_set_for_each_node() {
    if !has("python3") {
        return;
    }
    // With the factor 0.2 an ask has 1 s, and an ask of `a` has 12 s.
    let slow =
        "read line\ncase $line in *keys*) echo '{\"ok\":[]}';; *) sleep 1.5; echo '{\"ok\":\"v\"}';; esac\n";
    let steps = "node a ask=60s\nnetwork a, b\nexpect a: get k == v\nexpect b: get k fails no_answer\n";
    let tools = server(&format!("# One has more time.\n{steps}")).file("slow.sh", slow);
    let run = format!("{RUN_SLOWLY} --timeout-factor 0.2");
    tools.run(&run).code(0);
    let less =
        server("# It has less time.\nnode a ask=3s\nnetwork a\nexpect a: get k == v\n").file("slow.sh", slow);
    let ended = less.run(&run);
    ended.code(1);
    let within =
        ended.raw.split("the adapter did not answer within ").nth(1).and_then(|rest| rest.split(' ').next());
    let within: Option<u64> = within.and_then(|ms| ms.parse().ok());
    assert!(within.is_some_and(|ms| (400..=600).contains(&ms)), "{ended:#?}");
}

#[test]
fn an_adapter_can_report_an_unknown_outcome() {
    if !has("python3") {
        return;
    }
    let answers = |answer: &str| {
        format!("read line\ncase $line in *keys*) echo '{{\"ok\":[]}}';; *) echo '{answer}';; esac\n")
    };
    let scenario = "# Nobody knows.\nnetwork a\nexpect a: set k v fails unknown\n";
    let unknown = answers("{\"error\":{\"code\":\"unknown\",\"message\":\"no quorum\"}}");
    server(scenario).file("slow.sh", &unknown).run(RUN_SLOWLY).code(0);
    // An outcome that is known does not meet the expectation, be it a success or a refusal.
    for (answer, held) in [
        ("{\"ok\":true}", "a  done"),
        ("{\"error\":{\"code\":\"refused\",\"message\":\"not here\"}}", "a  error: not here (refused)"),
    ] {
        let ended = server(scenario).file("slow.sh", &answers(answer)).run(RUN_SLOWLY);
        ended.code(1);
        assert!(ended.out.contains("expected an outcome that is not known"), "{ended:#?}");
        assert!(ended.out.contains(held), "{ended:#?}");
    }
}

#[test]
fn asks_that_do_not_fit_in_time_are_reported_without_blame() {
    if !has("python3") {
        return;
    }
    // A node has at most 16 asks under way. The asks for 40 keys begin within 600 ms, and end later.
    let keys: Vec<String> = (0..40).map(|key| format!("\"k{key}\"")).collect();
    let slow = format!(
        "read line\ncase $line in *keys*) echo '{{\"ok\":[{}]}}';; *) sleep 0.3; echo '{{\"ok\":\"v\"}}';; esac\n",
        keys.join(",")
    );
    let tools = server("# It has many keys.\nsettle 1ms\nnetwork a\nexpect converged within 100ms\n")
        .file("slow.sh", &slow);
    let ended = tools.run(&format!("{RUN_SLOWLY} --junit r.xml --report-json r.json"));
    assert!(ended.out.contains("not asked in time: 41 asks of "), "{ended:#?}");
    assert!(ended.out.contains(" each do not fit into 100 ms"), "{ended:#?}");
    assert!(!ended.out.contains("log\n"), "{ended:#?}");
    assert!(tools.read("r.json").contains("\"kind\": \"not_asked\""));
    assert!(tools.read("r.xml").contains("type=\"not_asked\""));
    ended.code(1);
}

#[test]
fn the_first_line_of_an_adapter_is_its_answer_even_if_a_child_runs_on() {
    if !has("python3") {
        return;
    }
    let tools = server("# It has a child.\nnetwork a\nexpect a: get k == v\n")
        .file("child.sh", "sleep 1000 &\nread line\ncase $line in *keys*) echo '{\"ok\":[]}';; *) echo '{\"ok\":\"v\"}';; esac\n");
    tools.run(&format!("{RUN} --adapter 'sh child.sh'")).code(0);
}

#[test]
fn an_adapter_that_cannot_link_fails_the_link_at_once() {
    if !has("python3") {
        return;
    }
    let tools = server("# They cannot be linked.\nnetwork a-b\n");
    let adapter = "sh -c 'echo \"{\\\"error\\\":{\\\"code\\\":\\\"unsupported\\\",\\\"message\\\":\\\"no links here\\\"}}\"'";
    let adapter = shlex::try_quote(adapter).expect("no zero byte");
    let ended = tools.run(&format!("{RUN} --adapter {adapter}"));
    ended.code(1);
    let said = "the link a-b did not come up: no links here (unsupported)";
    assert!(ended.out.contains(said) && ended.out.contains("a link is made by `addPeer`"), "{ended:#?}");
    // A link that is refused as unsupported is not tried again until the deadline.
    assert_eq!(tools.events("one", "wire").len(), 1);
}
