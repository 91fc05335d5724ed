//! The stock client and server of socket.io 4, in Node.js, beside nodes of ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use node::net::byc::{Client, argument};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::background::Background;
use crate::story::{DEADLINE, Tools, has, skipped, until};

/// Where the programs in JavaScript are, if they can run. If not, that is said.
fn programs() -> Option<PathBuf> {
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

/// A node of ours, ready.
fn ours(tools: &Tools, port: u16) -> Background {
    let mut node = tools.begin(&format!("node --port {port} --policy oldest"));
    node.line("listening on");
    node
}

/// A node on the stock server, ready.
fn theirs(tools: &Tools, programs: &Path, port: u16) -> Background {
    let mut command = Command::new("node");
    command.arg(programs.join("node.js")).arg(format!("--port={port}"));
    let mut node = tools.begin_other(command);
    node.line("listening on");
    node
}

/// Runs one of the programs.
fn run(tools: &Tools, programs: &Path, line: &str) -> crate::story::Ended {
    tools.shell(&format!("exec node '{}/'{line}", programs.display()))
}

#[test]
fn the_stock_client_finds_everything_as_it_should_be_over_all_transports() {
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
fn the_stock_client_sees_what_is_wrong() {
    let Some(programs) = programs() else { return };
    let tools = Tools::new();
    let port = tools.port();
    // Under another policy a key may be set again, which is not what is expected of these nodes.
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

/// A connection to each node of a network, whoever made it.
struct Network {
    runtime: Runtime,
    clients: Vec<Client>,
}

impl Network {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, clients: Vec::new() }
    }

    fn add(&mut self, port: u16) {
        let client = self.runtime.block_on(Client::connect(&port.to_string()));
        self.clients.push(client.expect("a node that is ready"));
    }

    #[track_caller]
    fn ask(&mut self, node: usize, event: &str, arguments: &[Value]) -> Value {
        let arguments: Vec<_> = arguments.iter().map(argument).collect();
        let answer = self.runtime.block_on(self.clients[node].ask(event, &arguments, DEADLINE));
        let json = answer.expect("an answer").expect("no error");
        serde_json::from_str(json.get()).expect("JSON")
    }

    /// Waits until all nodes hold the same: so many keys.
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
    // Held before there are links.
    for node in 0..4 {
        network.ask(node, "set", &[json!(format!("early-{node}")), json!({ "of": node })]);
        network.ask(node, "set", &[json!("contested"), json!({ "value": node, "date": 10_000 + node })]);
    }
    // Two links are dialled by ours, two by theirs.
    for (node, next) in [(0, 1), (1, 2), (2, 3), (3, 0)] {
        network.ask(node, "addPeer", &[json!(port(next))]);
    }
    for node in 0..4 {
        for number in 0..25 {
            network.ask(node, "set", &[json!(format!("k{node}-{number}")), json!(number)]);
        }
    }
    network.converge(4 + 1 + 100);
    // Ours joins at theirs, theirs at ours.
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
