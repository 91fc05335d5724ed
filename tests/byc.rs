//! Tests with the stock client and server of socket.io 4, in Node.js, linked to native nodes.

use std::path::{Path, PathBuf};
use std::process::Command;

use node::net::byc::{BycClient, argument};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::background::Background;
use crate::story::{DEADLINE, Tools, has, skipped, until};

/// Returns the folder of the JavaScript programs. Prints a notice and returns none if they cannot run here.
pub(crate) fn programs() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/byc");
    if !has("node") {
        return None;
    }
    if !folder.join("node_modules/socket.io").is_dir() {
        skipped("`npm ci` has not run in tests/byc");
        return None;
    }
    Some(folder)
}

/// Starts a native node and waits until it listens.
pub(crate) fn ours(tools: &Tools, port: u16) -> Background {
    let mut node = tools.begin(&format!("node --port {port} --policy oldest"));
    node.line("listening on");
    node
}

/// Starts a node on the stock server and waits until it listens.
fn theirs(tools: &Tools, programs: &Path, port: u16) -> Background {
    let mut command = Command::new("node");
    command.arg(programs.join("node.js")).arg(format!("--port={port}"));
    let mut node = tools.begin_other(command);
    node.line("listening on");
    node
}

/// Runs one of the JavaScript programs and waits for its end.
fn run(tools: &Tools, programs: &Path, line: &str) -> crate::story::Finished {
    tools.shell(&format!("exec node '{}/'{line}", programs.display()))
}

#[test]
fn the_stock_client_passes_over_all_transports() {
    let Some(programs) = programs() else { return };
    for transport in ["polling", "websocket", "default"] {
        let tools = Tools::new();
        let (port, peer) = (tools.port(), tools.port() + 1);
        let _nodes = [ours(&tools, port), ours(&tools, peer)];
        let ended = run(&tools, &programs, &format!("client.js {port} {transport} {peer}"));
        ended.check(0, &format!("all is well over {transport}\n"), "");
    }
}

#[test]
fn the_stock_client_fails_under_a_wrong_policy() {
    let Some(programs) = programs() else { return };
    let tools = Tools::new();
    let port = tools.port();
    // The client expects the policy `oldest`. Under `last` a key may be set again.
    let mut node = tools.begin("node --port @PORT --policy last");
    node.line("listening on");
    let ended = run(&tools, &programs, &format!("client.js {port} websocket"));
    ended.code(1);
    assert!(ended.err.contains("set nom,Dupont"), "{ended:#?}");
}

#[test]
fn a_command_line_on_the_stock_client_speaks_to_a_node() {
    let Some(programs) = programs() else { return };
    let tools = Tools::new();
    let port = tools.port();
    let _node = ours(&tools, port);
    let cli = |line: &str| run(&tools, &programs, &format!("cli.js --port={port} {line}"));
    cli("set nom Reimert").check(0, "true\n", "");
    cli("keys").check(0, "[\"nom\"]\n", "");
    assert_eq!(cli("get nom").json()["value"], "Reimert");
    cli("get prenom").check(1, "", "Field prenom not exists\n");
    tools.run("cli --port @PORT get nom").check(0, "Reimert\n", "");
}

/// A set of clients, one for each node of a network.
struct Network {
    runtime: Runtime,
    clients: Vec<BycClient>,
}

impl Network {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, clients: Vec::new() }
    }

    fn add(&mut self, port: u16) {
        let client = self.runtime.block_on(BycClient::connect(&port.to_string()));
        self.clients.push(client.expect("a node that is ready"));
    }

    #[track_caller]
    fn ask(&mut self, node: usize, event: &str, arguments: &[Value]) -> Value {
        let arguments: Vec<_> = arguments.iter().map(argument).collect();
        let answer = self.runtime.block_on(self.clients[node].request(event, &arguments, DEADLINE));
        let json = answer.expect("an answer").expect("no error");
        serde_json::from_str(json.get()).expect("JSON")
    }

    /// Waits until all nodes hold the same versions, with this number of keys.
    #[track_caller]
    fn converge(&mut self, keys: usize) {
        let mut held = Vec::new();
        let converged = until(|| {
            held = (0..self.clients.len()).map(|node| self.ask(node, "keysAndTime", &[])).collect();
            let all = held.iter().all(|held| held.as_object().is_some_and(|held| held.len() == keys));
            all && held.windows(2).all(|pair| pair[0] == pair[1])
        });
        let count = |held: &Value| held.as_object().map_or(0, serde_json::Map::len);
        assert!(converged, "of {keys} keys they hold {:?}", held.iter().map(count).collect::<Vec<_>>());
    }
}

#[test]
fn a_mixed_ring_converges_with_a_late_joiner_of_each_kind() {
    let Some(programs) = programs() else { return };
    let tools = Tools::new();
    let port = |node: u16| tools.port() + node;
    let mut nodes = Vec::new();
    let mut network = Network::new();
    for node in 0..4 {
        nodes.push(if node % 2 == 0 {
            ours(&tools, port(node))
        } else {
            theirs(&tools, &programs, port(node))
        });
        network.add(port(node));
    }
    // Keys that are set before any link exists.
    for node in 0..4 {
        network.ask(node, "set", &[json!(format!("early-{node}")), json!({ "of": node })]);
        network.ask(node, "set", &[json!("contested"), json!({ "value": node, "date": 10_000 + node })]);
    }
    // The native nodes dial two links, and the stock servers dial two.
    for (node, next) in [(0, 1), (1, 2), (2, 3), (3, 0)] {
        network.ask(node, "addPeer", &[json!(port(next))]);
    }
    for node in 0..4 {
        for number in 0..25 {
            network.ask(node, "set", &[json!(format!("k{node}-{number}")), json!(number)]);
        }
    }
    network.converge(4 + 1 + 100);
    // A native node joins at a stock server, and a stock server at a native node.
    nodes.push(ours(&tools, port(4)));
    nodes.push(theirs(&tools, &programs, port(5)));
    for (node, at) in [(4, 3), (5, 2)] {
        network.add(port(node));
        network.ask(usize::from(node), "addPeer", &[json!(port(at))]);
    }
    network.converge(4 + 1 + 100);
    for node in [4, 5] {
        network.ask(node, "set", &[json!(format!("late-{node}")), json!("é")]);
    }
    network.converge(4 + 1 + 100 + 2);
    for node in 0..6 {
        assert_eq!(network.ask(node, "get", &[json!("contested")])["value"], 0);
        let mut peers = network.ask(node, "peers", &[]);
        peers.as_array_mut().expect("a list").sort_by_key(Value::as_u64);
        let ports = |nodes: &[u16]| json!(nodes.iter().map(|node| port(*node)).collect::<Vec<_>>());
        let expected = [&[1, 3][..], &[0, 2], &[1, 3, 5], &[0, 2, 4], &[3], &[2]][node];
        assert_eq!(peers, ports(expected), "neighbours of {node}");
    }
}

/// Runs a scenario under the policy `oldest`. `@THEIRS` stands for the command line of a node on the stock
/// server.
fn judge(tools: Tools, programs: &Path, steps: &str, arguments: &str) -> crate::story::Finished {
    let theirs = |program: &str| format!("node {}/{program} --port={{port}}", programs.display());
    let steps = steps.replace("@THEIRS", &theirs("node.js"));
    let arguments = arguments.replace("@THEIRS", &theirs("node.js"));
    tools.file("it.scn", &steps).run(&format!("test it.scn --policy oldest {arguments}"))
}

/// Steps that hold on every network of nodes that serve `/byc`.
const STEPS: &str = "\
network a-b, b-c
a: set nom Reimert
expect all: get nom == Reimert within 5s
expect all: stamp nom agree within 5s
c: set ville Paris 10000
expect a: stamp ville == 10000.0 within 5s
expect a: set nom Dupont fails exists
a: set nom Reimert
b: set nom Damien 10000
expect all: get nom == Damien within 5s
expect a: get absent fails absent
expect b: peers == a c
expect a: addPeer b fails neighbor_exists
expect b: addPeer a fails neighbor_exists
expect b: addPeer b fails refused
expect all: keys == nom ville
expect all: count == 2
network d-a, c-d
expect d: keys == nom ville within 5s
expect converged within 5s
";

/// Steps that hold on such networks when links fail. A proxy stands in each link, so that a node that dials
/// knows the port of the proxy and not that of its neighbour.
const FAULTS: &str = "\
network a-b, b-c, c-d, d-a
a: set nom Reimert
expect all: get nom == Reimert within 5s
kill b
expect a: peers == d within 5s
d: set while b-was-away
start b
expect b: get while == b-was-away within 15s
partition a, b | rest
c: set apart x
expect a, b: get apart fails absent for 500ms
heal
expect all: get apart == x within 15s
expect converged within 15s
";

#[test]
fn scenarios_judge_nodes_on_the_stock_server() {
    let Some(programs) = programs() else { return };
    for steps in [STEPS, FAULTS] {
        judge(Tools::new(), &programs, steps, "--driver byc --exec '@THEIRS'").code(0);
    }
}

#[test]
fn scenarios_judge_our_own_nodes_by_their_events() {
    for steps in [STEPS, FAULTS] {
        Tools::new().file("it.scn", steps).run("test it.scn --driver byc").code(0);
    }
}

#[test]
fn scenarios_judge_mixed_networks() {
    let Some(programs) = programs() else { return };
    for steps in [STEPS, FAULTS] {
        let mixed = format!("node b, d driver=byc exec=\"@THEIRS\"\n{steps}");
        judge(Tools::new(), &programs, &mixed, "").code(0);
    }
}

/// Steps that send more in a burst than one body of polling holds.
const MUCH: &str = "\
network a-b
together { repeat 300 as i { a: set k$i \"é $i\" }; repeat 300 as i { b: set m$i $i } }
expect all: count == 600 within 20s
expect all: get k299 == \"é 299\"
expect converged within 20s
stop a
expect b: peers is empty within 5s
start a
expect a: count == 600 within 20s
";

#[test]
fn a_server_without_web_sockets_is_reached_by_polling() {
    let Some(programs) = programs() else { return };
    for (steps, theirs) in [(STEPS, "b, d"), (FAULTS, "b, d"), (MUCH, "b")] {
        judge(Tools::new(), &programs, steps, "--driver byc --exec '@THEIRS --transport=polling'").code(0);
        // In a mixed network, native nodes dial servers that only poll, and are dialled by them.
        let mixed = format!("node {theirs} driver=byc exec=\"@THEIRS --transport=polling\"\n{steps}");
        judge(Tools::new(), &programs, &mixed, "").code(0);
    }
}

/// Steps for a network whose servers ping five times a second. A server ends a session that leaves a ping
/// unanswered for two seconds.
const PINGED: &str = "\
network a-b
wait 3s
a: set nom Reimert
expect b: get nom == Reimert within 5s
expect b: peers == a
expect all: log not contains \"ping timeout\"
";

#[test]
fn the_pings_of_a_server_are_answered_by_every_transport() {
    let Some(programs) = programs() else { return };
    for transport in ["polling", "websocket"] {
        let flags = format!("--driver byc --exec '@THEIRS --ping=200 --transport={transport}'");
        judge(Tools::new(), &programs, PINGED, &flags).code(0);
    }
    // Here a native node dials a server that only polls.
    let mixed = format!("node b driver=byc exec=\"@THEIRS --ping=200 --transport=polling\"\n{PINGED}");
    judge(Tools::new(), &programs, &mixed, "").code(0);
}

#[test]
fn a_server_without_polling_is_reached_by_web_sockets() {
    let Some(programs) = programs() else { return };
    judge(Tools::new(), &programs, STEPS, "--driver byc --exec '@THEIRS --transport=websocket'").code(0);
}

#[test]
fn a_polled_node_that_dies_is_reported_with_its_last_output() {
    let Some(programs) = programs() else { return };
    let bad = format!("node {}/misbehaving.js dies --transport=polling --port={{port}}", programs.display());
    let steps = format!("node a driver=byc exec=\"{bad}\"\nnetwork a\ntry a: set nom Reimert\nwait 2s");
    let ended = judge(Tools::new(), &programs, &steps, "--timeout-factor 0.3");
    ended.code(1);
    for part in ["node `a` died unasked: exit code 7", "this is where it ends"] {
        assert!(ended.out.contains(part), "`{part}` is not said: {ended:#?}");
    }
}

#[test]
fn a_detached_network_on_the_stock_server_answers_asks() {
    let Some(programs) = programs() else { return };
    let tools = Tools::new();
    tools.up(&format!("a-b --driver byc --exec 'node {}/node.js --port={{port}}'", programs.display()));
    tools
        .run("do 'a: set nom Reimert' 'expect b: get nom == Reimert within 5s' 'expect b: peers == a'")
        .code(0);
    tools.run("stop").code(0);
}

/// Runs a network in which `b` misbehaves. Checks the exit code and parts of the output.
#[track_caller]
fn check(how: &str, steps: &str, code: i32, said: &[&str]) {
    let Some(programs) = programs() else { return };
    let bad = format!("node {}/misbehaving.js {how} --port={{port}}", programs.display());
    let steps = format!("node a driver=byc exec=\"@THEIRS\"\nnode b driver=byc exec=\"{bad}\"\n{steps}");
    let ended = judge(Tools::new(), &programs, &steps, "--timeout-factor 0.3");
    ended.code(code);
    for part in said {
        assert!(ended.out.contains(part), "`{part}` is not said: {ended:#?}");
    }
}

#[test]
fn a_node_that_acknowledges_no_link_is_asked_for_its_neighbours() {
    check("mute", "network b-a\nexpect a: peers == b within 5s\nexpect b: peers == a", 0, &[]);
}

#[test]
fn a_node_that_makes_no_link_is_reported() {
    check(
        "deaf",
        "network b-a",
        1,
        &["the link b-a did not come up: it does not acknowledge `addPeer`, and does not list a"],
    );
}

#[test]
fn a_node_that_answers_with_a_wrong_type_is_blamed() {
    let blamed = |how: &str| format!("node `b` broke its protocol: it answered {how}");
    check(
        "text",
        "network b, a\ntry b: get nom",
        1,
        &[&blamed("`get` with `\"hello\"`, not with {value, date}")],
    );
    check(
        "object",
        "network b, a\ntry b: keys",
        1,
        &[&blamed("`keys` with `{\"nom\":1}`, not with an array of texts")],
    );
    check(
        "names",
        "network b, a\ntry b: peers",
        1,
        &[&blamed("`peers` with `[\"bob\"]`, not with an array of ports")],
    );
}

#[test]
fn a_node_that_dies_is_reported_with_its_last_output() {
    check(
        "dies",
        "network b, a\ntry b: set nom Reimert\nwait 2s",
        1,
        &["node `b` died unasked: exit code 7", "this is where it ends"],
    );
}
