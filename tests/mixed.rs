//! Mixed networks of our nodes and of nodes that behave as a course's nodes do: lists of neighbours that are kept
//! for ever, clients that dial again by themselves, and values that are plain (step 1) or dated (step 2).

use std::path::PathBuf;

use node::net::byc::{BycClient, argument};
use serde_json::{Value, json};

use crate::background::Background;
use crate::byc::{ours, programs};
use crate::story::{DEADLINE, Tools, kill_and_wait, until};

/// A make of node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Make {
    Ours,
    /// A node of the course, with the flags of `course.js`.
    Course(&'static str),
}

const STEP_1: Make = Make::Course("--step=1 --as-published");
const STEP_2: Make = Make::Course("--step=2 --as-published");
const SLOW_1: Make = Make::Course("--step=1 --slow=300");
const SLOW_2: Make = Make::Course("--step=2 --slow=300");

/// A network of nodes of several makes, each with a client. Nodes are named by their numbers.
struct Network {
    // The processes end before the story, which checks that none is left.
    nodes: Vec<Member>,
    runtime: tokio::runtime::Runtime,
    programs: PathBuf,
    tools: Tools,
}

struct Member {
    make: Make,
    process: Background,
    client: BycClient,
}

impl Network {
    /// Starts nodes of these makes, without links. Returns none if the programs cannot run here.
    fn start(makes: &[Make]) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut network = Self { nodes: Vec::new(), runtime, programs: programs()?, tools: Tools::new() };
        for make in makes {
            network.add(*make);
        }
        Some(network)
    }

    /// Starts a node and returns its number.
    fn add(&mut self, make: Make) -> usize {
        let number = self.nodes.len();
        let process = self.launch(number, make);
        let client = self.connect(number);
        self.nodes.push(Member { make, process, client });
        number
    }

    fn port(&self, node: usize) -> u16 {
        self.tools.port() + u16::try_from(node).expect("a small number")
    }

    /// Starts the process of a node and waits until it listens.
    fn launch(&self, node: usize, make: Make) -> Background {
        let port = self.port(node);
        let Make::Course(flags) = make else { return ours(&self.tools, port) };
        let mut command = std::process::Command::new("node");
        command.arg(self.programs.join("course.js")).arg(format!("--port={port}")).args(flags.split(' '));
        let mut process = self.tools.begin_other(command);
        process.line("listening on");
        process
    }

    fn connect(&self, node: usize) -> BycClient {
        let address = self.port(node).to_string();
        self.runtime.block_on(BycClient::connect(&address)).expect("a node that listens")
    }

    /// Kills a node.
    fn kill(&self, node: usize) {
        kill_and_wait(self.nodes[node].process.id());
    }

    /// Starts a node that was killed. It holds nothing.
    fn start_again(&mut self, node: usize) {
        self.nodes[node].process = self.launch(node, self.nodes[node].make);
        self.nodes[node].client = self.connect(node);
    }

    /// Sends an event and returns its result or its error.
    fn ask(&self, node: usize, event: &str, arguments: &[Value]) -> Result<Value, String> {
        let arguments: Vec<_> = arguments.iter().map(argument).collect();
        let request = self.nodes[node].client.request(event, &arguments, DEADLINE);
        let answer = self.runtime.block_on(request).expect("an answer");
        answer.map(|json| serde_json::from_str(json.get()).expect("JSON"))
    }

    /// Links two nodes; the first one dials.
    #[track_caller]
    fn link(&self, from: usize, to: usize) {
        let linked = self.ask(from, "addPeer", &[json!(self.port(to))]);
        assert!(linked.is_ok(), "{from} dials {to}: {linked:?}");
    }

    /// Lets two nodes dial each other at the same time. One of them may find the other listed already.
    #[track_caller]
    fn link_at_once(&self, one: usize, other: usize) {
        let dial = async |from: usize, to: usize| {
            let port = [argument(&self.port(to))];
            self.nodes[from].client.request("addPeer", &port, DEADLINE).await.expect("an answer")
        };
        let both = self.runtime.block_on(async { tokio::join!(dial(one, other), dial(other, one)) });
        for answer in [both.0, both.1] {
            assert!(answer.as_ref().err().is_none_or(|error| error == "neighbor exists"), "{answer:?}");
        }
    }

    #[track_caller]
    fn set(&self, node: usize, key: &str, value: &str) {
        let set = self.ask(node, "set", &[json!(key), json!(value)]);
        assert!(set.is_ok(), "{node} sets {key}: {set:?}");
    }

    #[track_caller]
    fn set_at(&self, node: usize, key: &str, value: &str, date: u64) {
        let set = self.ask(node, "set", &[json!(key), json!({ "value": value, "date": date })]);
        assert!(set.is_ok(), "{node} sets {key}: {set:?}");
    }

    /// Waits until every node has this value of a key.
    #[track_caller]
    fn expect(&self, key: &str, value: &str) {
        self.expect_of(0..self.nodes.len(), key, value);
    }

    /// Waits until these nodes have this value of a key.
    #[track_caller]
    fn expect_of(&self, nodes: impl IntoIterator<Item = usize> + Clone, key: &str, value: &str) {
        let held = |node: usize| self.ask(node, "get", &[json!(key)]).map(|found| found["value"].clone());
        let agreed = until(|| nodes.clone().into_iter().all(|node| held(node) == Ok(json!(value))));
        let held: Vec<_> = nodes.into_iter().map(|node| (self.nodes[node].make, held(node))).collect();
        assert!(agreed, "`{key}` is not `{value}` everywhere: {held:?}");
    }

    /// Waits until a node lists these neighbours.
    #[track_caller]
    fn expect_peers(&self, node: usize, peers: &[usize]) {
        let mut expected: Vec<u16> = peers.iter().map(|peer| self.port(*peer)).collect();
        expected.sort_unstable();
        let mut listed = Vec::new();
        let agreed = until(|| {
            let found = self.ask(node, "peers", &[]).expect("a list");
            listed = serde_json::from_value::<Vec<u16>>(found).expect("ports");
            listed.sort_unstable();
            listed == expected
        });
        assert!(agreed, "{node} lists {listed:?} and not {expected:?}");
    }

    /// Sets a key at every node, and waits until all nodes have all of these.
    #[track_caller]
    fn expect_exchange(&self, round: &str) {
        for node in 0..self.nodes.len() {
            self.set(node, &format!("{round}-{node}"), round);
        }
        for node in 0..self.nodes.len() {
            self.expect(&format!("{round}-{node}"), round);
        }
    }
}

#[test]
fn a_late_joiner_of_either_make_learns_what_was_set_before() {
    for course in [STEP_1, STEP_2, SLOW_1, SLOW_2] {
        // Our node dials one neighbour, and is dialled by another.
        let Some(mut network) = Network::start(&[Make::Ours, course, course]) else { return };
        network.link(0, 1);
        network.link(2, 0);
        network.expect_exchange("before");
        // A node of each make dials, and is dialled.
        let [dials, dialled] = [network.add(course), network.add(course)];
        network.link(dials, 0);
        network.link(0, dialled);
        let [ours_dials, ours_dialled] = [network.add(Make::Ours), network.add(Make::Ours)];
        network.link(ours_dials, 1);
        network.link(2, ours_dialled);
        for node in 0..3 {
            network.expect(&format!("before-{node}"), "before");
        }
        network.expect_exchange("after");
        network.expect_peers(0, &[1, 2, dials, dialled]);
        network.expect_peers(dials, &[0]);
    }
}

#[test]
fn nodes_that_dial_each_other_at_once_become_neighbours() {
    for course in [STEP_1, STEP_2, SLOW_1, SLOW_2] {
        let Some(network) = Network::start(&[Make::Ours, course, Make::Ours, course]) else { return };
        for (one, other) in [(0, 1), (1, 2), (3, 2)] {
            network.link_at_once(one, other);
        }
        network.expect_exchange("first");
        for (node, peers) in [(0, &[1][..]), (1, &[0, 2]), (2, &[1, 3]), (3, &[2])] {
            network.expect_peers(node, peers);
        }
        network.expect_exchange("second");
    }
}

#[test]
fn two_networks_that_are_joined_hold_the_same() {
    for (course, joins) in
        [(STEP_1, (2, 3)), (STEP_1, (3, 2)), (STEP_2, (2, 3)), (STEP_2, (3, 2)), (STEP_2, (1, 4))]
    {
        let makes = [course, Make::Ours, course, Make::Ours, course, Make::Ours];
        let Some(network) = Network::start(&makes) else { return };
        for (from, to) in [(0, 1), (1, 2), (4, 3), (5, 4)] {
            network.link(from, to);
        }
        network.set(0, "here", "Paris");
        network.set(5, "there", "Tokio");
        if course == STEP_2 {
            network.set_at(0, "Ville", "Paris", 10_000);
            network.set_at(5, "Ville", "Tokio", 10_001);
            network.expect_of(0..3, "Ville", "Paris");
            network.expect_of(3..6, "Ville", "Tokio");
        }
        network.expect_of(0..3, "here", "Paris");
        network.expect_of(3..6, "there", "Tokio");
        network.link(joins.0, joins.1);
        network.expect("here", "Paris");
        network.expect("there", "Tokio");
        if course == STEP_2 {
            network.expect("Ville", "Paris");
        }
        network.expect_exchange("after");
    }
}

#[test]
fn nodes_whose_clocks_differ_hold_the_same() {
    // An hour behind, within the lead that our nodes accept, and beyond it.
    for (wrong, right) in [
        (Make::Course("--step=1 --as-published --clock=-3600000"), STEP_1),
        (Make::Course("--step=1 --as-published --clock=7000"), STEP_1),
        (Make::Course("--step=2 --as-published --clock=-3600000"), STEP_2),
        (Make::Course("--step=2 --as-published --clock=4000"), STEP_2),
        (Make::Course("--step=2 --as-published --clock=7000"), STEP_2),
    ] {
        let Some(network) = Network::start(&[Make::Ours, wrong, Make::Ours, right]) else { return };
        for (from, to) in [(0, 1), (1, 2), (2, 3)] {
            network.link(from, to);
        }
        network.expect_exchange("first");
        network.expect_exchange("second");
        if right == STEP_2 {
            // The same key at both ends. The older date wins, by whichever clock it was given.
            network.set_at(0, "Ville", "Tokio", 10_001);
            network.set_at(3, "Ville", "Paris", 10_000);
            network.expect("Ville", "Paris");
        }
    }
}

#[test]
fn links_outlive_restarts_of_either_end() {
    for course in [STEP_1, STEP_2, SLOW_2] {
        // 0 dials 1, and is dialled by 2. 3 shows what passes through 0.
        let Some(mut network) = Network::start(&[Make::Ours, course, course, Make::Ours]) else { return };
        network.link(0, 1);
        network.link(2, 0);
        network.link(0, 3);
        network.expect_exchange("first");
        // The neighbours list our node from before, and it has to be told of one of them again.
        network.kill(0);
        network.set(1, "while-0", "was-away");
        network.start_again(0);
        network.link(0, 1);
        network.link(0, 3);
        network.expect("first-2", "first");
        network.expect("while-0", "was-away");
        network.expect_exchange("second");
        network.expect_peers(0, &[1, 2, 3]);
        // The node that our node dials comes back, and is dialled again.
        network.kill(1);
        network.set(3, "while-1", "was-away");
        network.start_again(1);
        network.expect("while-1", "was-away");
        network.expect_exchange("third");
        network.expect_peers(0, &[1, 2, 3]);
        // The node that dials has forgotten its neighbour.
        network.kill(2);
        network.expect_peers(0, &[1, 3]);
        network.start_again(2);
        network.link(2, 0);
        network.expect("while-1", "was-away");
        network.expect_exchange("fourth");
        network.expect_peers(0, &[1, 2, 3]);
    }
}

#[test]
fn links_outlive_breaks_without_a_storm_of_connections() {
    for course in [STEP_1, STEP_2, SLOW_2] {
        let Some(network) = Network::start(&[Make::Ours, course, course]) else { return };
        network.link(0, 1);
        network.link(2, 0);
        network.expect_exchange("before");
        for round in ["first", "second"] {
            for node in [1, 2] {
                assert_eq!(network.ask(node, "hangUp", &[]), Ok(Value::Null));
            }
            network.expect_exchange(round);
            network.expect_peers(0, &[1, 2]);
        }
        // Our node has sent one `auth` for each connection, and the link stays.
        let auths = || network.ask(1, "asked", &[]).map(|asked| asked["auth"].clone());
        assert_eq!(auths(), Ok(json!(3)));
        network.expect_exchange("third");
        network.expect_exchange("fourth");
        assert_eq!(auths(), Ok(json!(3)));
    }
}

/// Steps in which nodes end and links fail. A proxy stands in each link, so that a node that dials knows the port
/// of the proxy, and its neighbour by another one when it is dialled.
const FAULTS: &str = "\
network a-b, b-c, c-d, d-a
a: set nom Reimert
expect all: get nom == Reimert within 5s
kill b
expect a: peers == d within 5s
d: set while b-was-away
start b
expect b: get while == b-was-away within 15s
b: set from-b x
expect all: get from-b == x within 15s
partition a, b | rest
c: set apart x
expect a, b: get apart fails absent for 500ms
heal
expect all: get apart == x within 15s
break a-b
break d-a
break b-c
b: set again y
d: set more z
expect all: get again == y within 15s
expect all: get more == z within 15s
restart a
expect a: get more == z within 15s
expect converged within 15s
";

#[test]
fn scenarios_judge_mixed_networks_whose_nodes_end_and_whose_links_fail() {
    let Some(programs) = programs() else { return };
    let course = format!("node {}/course.js --as-published --port={{port}}", programs.display());
    let steps = format!("node b, d driver=byc exec=\"{course}\"\n{FAULTS}");
    Tools::new().file("it.scn", &steps).run("test it.scn --policy oldest").code(0);
}
