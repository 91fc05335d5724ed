//! Tests of nodes that run already: they are asked and judged, and neither started nor ended.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::described::{KV, service};
use crate::story::{PROGRAM, Tools, has};

/// A program that the test starts, and not the harness; it ends with the test.
struct Foreign(Child);

impl Foreign {
    /// Starts a program, and waits for the line of its output that says that it listens.
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a program");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let listens = lines.map_while(Result::ok).any(|line| line.contains("listening"));
        assert!(listens, "it ended before it listened");
        Self(child)
    }

    /// Starts the store of the tests at a port.
    fn store(name: &str, port: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/described/kv.js");
        let port = port.to_string();
        Self::start(Command::new("node").args([
            script,
            "--name",
            name,
            "--host",
            "127.0.0.1",
            "--port",
            &port,
        ]))
    }

    /// Starts a node of ours at a port.
    fn native(name: &str, port: u16, more: &[&str]) -> Self {
        let address = format!("127.0.0.1:{port}");
        Self::start(Command::new(PROGRAM).args(["node", "--name", name, "--listen", &address]).args(more))
    }

    /// Panics if the program has ended.
    #[track_caller]
    fn expect_running(&mut self) {
        assert!(self.0.try_wait().expect("its state").is_none(), "it has ended");
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It may have ended already.
        let _: std::io::Result<()> = self.0.kill();
        let _: std::io::Result<std::process::ExitStatus> = self.0.wait();
    }
}

/// Returns a story with the store's description and a scenario, in which `@PORT` and `@NEXT` are the first two ports of
/// the story; and the first.
fn story(scenario: &str) -> (Tools, u16) {
    let tools = service("");
    let port = tools.port();
    let scenario = scenario.replace("@PORT", &port.to_string()).replace("@NEXT", &(port + 1).to_string());
    (tools.file("one.scn", &scenario), port)
}

#[test]
fn a_store_that_runs_already_is_asked_linked_and_judged_and_runs_on() {
    if !has("node") {
        return;
    }
    let (tools, port) = story(
        "# A store that runs already, and one that the harness starts.\nnode a at=127.0.0.1:@PORT\nnetwork a-b\n\
         a: set k v\nexpect b: get k == v within 5s\nexpect a: peers == b within 5s\nkill b\na: set k w\nstart b\n\
         expect b: get k == w within 5s\n",
    );
    let mut a = Foreign::store("a", port);
    let ended = tools.run("test one.scn --driver described/kv.toml");
    assert!(ended.out.contains("ok one") && ended.out.contains("2 nodes"), "{ended:#?}");
    ended.code(0);
    a.expect_running();
    assert!(!tools.path("logs/one/a.log").exists(), "there is no log of what the harness did not start");
    tools.expect_nothing_left();
}

#[test]
fn two_stores_that_run_already_are_linked_for_good() {
    if !has("node") {
        return;
    }
    let (tools, port) = story(
        "# Two stores that run already.\nnode a at=127.0.0.1:@PORT\nnode b at=localhost:@NEXT\nnetwork a-b\n\
         a: set k v\nexpect b: get k == v within 5s\nexpect a: peers == b within 5s\nexpect b: peers == a within 5s\n",
    );
    let (mut a, mut b) = (Foreign::store("a", port), Foreign::store("b", port + 1));
    tools.run("test one.scn --driver described/kv.toml").code(0);
    a.expect_running();
    b.expect_running();
    // The link goes past the harness, which has ended.
    let again = tools.file(
        "again.scn",
        &format!(
            "# The link is still there.\nnode a at=127.0.0.1:{port}\nnode b at=127.0.0.1:{}\nnetwork a, b\n\
             a: set later x\nexpect b: get later == x within 5s\n",
            port + 1
        ),
    );
    again.run("test again.scn --driver described/kv.toml").code(0);
}

#[test]
fn a_step_that_would_end_it_is_refused_before_anything_starts() {
    let (tools, _) = story("# Refused.\nnode a at=127.0.0.1:@PORT\nnetwork a-b\nkill a\n");
    let ended = tools.run("test one.scn --driver described/kv.toml");
    assert!(
        ended.err.contains("`a` cannot be killed: it ran before, and the harness did not start it")
            && ended.err.contains("one.scn:4:1"),
        "{ended:#?}"
    );
    ended.code(2);
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_node_that_does_not_answer_is_told_with_its_address() {
    let (tools, port) = story("# Nobody.\nnode a at=127.0.0.1:@PORT\nnetwork a\na: get k\n");
    let ended = tools.run("test one.scn --driver described/kv.toml");
    let told = format!("node `a` cannot be asked: it does not answer at 127.0.0.1:{port}");
    let remedy =
        format!("connection refused; it has to run already: start it, or correct `at=127.0.0.1:{port}`");
    assert!(ended.raw.contains(&told) && ended.raw.contains(&remedy), "{ended:#?}");
    ended.code(3);
}

#[test]
fn a_host_without_an_address_is_told() {
    let (tools, _) = story("# Nowhere.\nnode a at=no-such-host.invalid:@PORT\nnetwork a\na: get k\n");
    let ended = tools.run("test one.scn --driver described/kv.toml");
    assert!(ended.raw.contains("its host `no-such-host.invalid` has no address: "), "{ended:#?}");
    ended.code(3);
}

/// A store of one value that ends when it is told so.
const MORTAL: &str = "
const [host, port] = process.argv.slice(1);
require('node:http').createServer((asked, answered) => {
  if (asked.url === '/end') process.exit(7);
  answered.end('v');
}).listen(Number(port), host, () => console.log('listening'));
";

#[test]
fn a_node_that_dies_during_the_run_is_blamed() {
    if !has("node") {
        return;
    }
    let driver =
        "[commands.get]\nhttp = \"GET /{key}\"\n[commands.end]\nhttp = \"POST /end\"\narguments = []\n";
    for ask in ["a: get k", "expect a: get k == w within 10s", "try a: get k"] {
        let (tools, port) = story(&format!(
            "# It dies.\nnode a at=127.0.0.1:@PORT\nnetwork a\nexpect a: get k == v\ntry a: end\n{ask}\n"
        ));
        let _a = Foreign::start(Command::new("node").args(["-e", MORTAL, "127.0.0.1", &port.to_string()]));
        let ended = tools.file("mortal.toml", driver).run("test one.scn --driver mortal.toml");
        let told = "node `a` died unasked: nothing listens at its address any more";
        assert!(ended.out.contains(told), "{ask}: {ended:#?}");
        let log = "`a` ran before: the harness did not start it, and has no log of it";
        assert!(ended.out.contains(log), "{ended:#?}");
        ended.code(1);
    }
}

#[test]
fn what_nodes_held_before_is_no_evidence_against_a_run() {
    if !has("node") {
        return;
    }
    let scenario = "# Two stores that tell each other nothing.\nnode a at=127.0.0.1:@PORT\nnode b at=127.0.0.1:@NEXT\n\
                    network a-b\na, b: set k v\n";
    let (tools, port) = story(scenario);
    let alone = KV.replace("links = \"request\"", "links = \"none\"");
    let alone = &alone[..alone.find("[commands.peers]").expect("a command")];
    let tools = tools.file("described/alone.toml", alone).file(
        "old.scn",
        &format!("# An older run.\nnode a at=127.0.0.1:{port}\nnetwork a\na: set before x\n"),
    );
    let _stores = (Foreign::store("a", port), Foreign::store("b", port + 1));
    tools.run("test old.scn --driver described/alone.toml").code(0);
    let ended = tools.run("test one.scn --driver described/alone.toml");
    assert!(ended.out.contains("compared by what this run wrote"), "{ended:#?}");
    ended.code(0);
    // What a step asks for is compared whole, and what the run wrote is judged.
    let asked = tools.read("one.scn") + "expect converged within 300ms\n";
    let apart = tools.read("one.scn") + "a: set k w\n";
    let tools = tools.file("asked.scn", &asked).file("apart.scn", &format!("settle 300ms\n{apart}"));
    tools.run("test asked.scn --driver described/alone.toml").code(1);
    let ended = tools.run("test apart.scn --driver described/alone.toml");
    assert!(ended.out.contains("do not hold the same") && !ended.out.contains("`before`"), "{ended:#?}");
    ended.code(1);
}

#[test]
fn a_node_of_ours_that_holds_old_data_breaks_no_law() {
    let (tools, port) = story(
        "# Old data, and a node that joins.\nnode a at=127.0.0.1:@PORT\nnetwork a-b\nexpect b: get before == x within 5s\n\
         b: set before y\nexpect a: get before == y within 5s\na: delete gone\nexpect b: get gone fails absent within 5s\n\
         expect converged within 5s\n",
    );
    let mut a = Foreign::native("prod", port, &[]);
    let tools = tools.file(
        "old.scn",
        &format!("# An older run.\nnode a at=127.0.0.1:{port}\nnetwork a\na: set before x\na: set gone x\n"),
    );
    tools.run("test old.scn").code(0);
    tools.run("test one.scn").code(0);
    a.expect_running();
    tools.expect_nothing_left();
}

#[test]
fn links_of_a_node_that_is_started_go_through_a_proxy() {
    let (tools, port) = story(
        "# A cut.\nnode a at=127.0.0.1:@PORT\nnetwork b-a\na: set k 1\nexpect b: get k == 1 within 5s\ncut a-b\na: set k 2\n\
         expect b: get k == 1 for 300ms\njoin a-b\nexpect b: get k == 2 within 20s\npartition a | b\na: set k 3\n\
         expect b: get k == 2 for 300ms\nheal\nexpect b: get k == 3 within 20s\n",
    );
    let mut a = Foreign::native("a", port, &[]);
    tools.run("test one.scn").code(0);
    a.expect_running();
}

#[test]
fn nodes_by_events_and_by_an_ipv6_address_are_reached() {
    let (tools, port) =
        story("# By events.\nnode a at=127.0.0.1:@PORT\nnetwork a\na: set k v\nexpect a: get k == v\n");
    let mut a = Foreign::native("a", port, &["--policy", "oldest"]);
    tools.run("test one.scn --driver byc").code(0);
    a.expect_running();
    drop(a);
    let tools = tools.file(
        "six.scn",
        &format!(
            "# IPv6.\nnode a at=[::1]:{port}\nnetwork a-b\na: set k v\nexpect b: get k == v within 5s\n"
        ),
    );
    let mut a = Foreign::start(Command::new(PROGRAM).args([
        "node",
        "--name",
        "a",
        "--listen",
        &format!("[::1]:{port}"),
    ]));
    tools.run("test six.scn").code(0);
    a.expect_running();
}

#[test]
fn other_transports_reach_a_node_that_runs_already() {
    if !(has("node") && has("python3")) {
        return;
    }
    let adapter = ["get", "set"].map(|name| format!("[commands.{name}]\nstdio = \"{name}\"\n")).concat();
    let lines = "[commands.get]\ntcp = \"get {key}\"\nmeans = { \"~^none$\" = \"absent\" }\n\
                 [commands.set]\ntcp = \"set {key} {value}\"\n";
    // The program that starts a node is not there: nothing is started.
    let start = "ready = { log = \"listening\" }\n[start]\ncommand = \"no-such-program {host} {port}\"\n";
    let stdio = "[stdio]\ncommand = \"python3 {folder}/adapter.py {host} {port}\"\n";
    let scenario = "# A store alone.\nnetwork a\nexpect a: get k fails absent\na: set k \"two words\"\n\
                    expect a: get k == \"two words\"\n";
    let tools = Tools::new()
        .file("adapter.py", include_str!("transports/adapter.py"))
        .file("lines.toml", &format!("{start}{lines}"))
        .file("stdio.toml", &format!("{start}{stdio}{adapter}"))
        .file("one.scn", scenario);
    let port = tools.port();
    for (driver, port) in [("lines", port), ("stdio", port + 1)] {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/transports/lines.js");
        let mut store = Foreign::start(Command::new("node").args([script, "127.0.0.1", &port.to_string()]));
        tools.run(&format!("test one.scn --driver {driver}.toml --at a=127.0.0.1:{port}")).code(0);
        store.expect_running();
    }
    tools.expect_nothing_left();
}

#[test]
fn a_network_with_such_a_node_is_served_and_stopped_without_it() {
    if !has("node") {
        return;
    }
    let (tools, port) = story("");
    let mut a = Foreign::store("a", port);
    let started = tools
        .run(&format!("run a-b --driver described/kv.toml --at a=127.0.0.1:{port} -p {} --detach", port + 1));
    assert!(started.out.contains("(ran before: not started here)"), "{started:#?}");
    started.code(0);
    tools.run("do 'a: set k v' 'expect b: get k == v within 5s'").code(0);
    for command in ["kill a", "stop a", "restart a", "do 'pause a'"] {
        let refused = tools.run(command);
        assert!(refused.err.contains("it ran before, and the harness did not start it"), "{refused:#?}");
        refused.code(2);
    }
    let logs = tools.run("logs a");
    assert!(logs.err.contains("node `a` has no log in `logs`: it ran before"), "{logs:#?}");
    logs.code(2);
    let listed = tools.run("ps --json");
    assert!(listed.raw.contains("\"log\":\"\",\"attached\":true,\"state\":\"running\""), "{listed:#?}");
    let recorded = tools.run("record");
    assert!(recorded.raw.contains(&format!("node a at=127.0.0.1:{port}")), "{recorded:#?}");
    tools.run("stop").code(0);
    a.expect_running();
    tools.expect_nothing_left();
}

#[test]
fn workloads_are_judged_beside_older_data() {
    if !has("node") {
        return;
    }
    let (tools, port) = story("");
    let _a = Foreign::store("a", port);
    let command = format!(
        "workload lin-kv --driver described/kv.toml --network a --at a=127.0.0.1:{port} --time 1s --settle 1s"
    );
    // The second one meets what the first one wrote.
    for _ in 0..2 {
        tools.run(&command).code(0);
    }
    let killed = tools.run(&format!("{command} --kill"));
    assert!(
        killed.err.contains("`--kill` strikes nodes that the harness starts, and `a` ran before"),
        "{killed:#?}"
    );
    killed.code(2);
}

#[test]
fn an_address_of_the_command_line_is_checked() {
    let tools = Tools::new().file("one.scn", "# One.\nnetwork a\na: get k\n");
    for (at, told) in [
        ("a", "`a` names no node: a node and its address are expected"),
        ("a=7000", "`7000` is no address"),
        ("a=127.0.0.1:0", "`0` is no port"),
        ("b=127.0.0.1:7000", "`--at b=…` is the address of a node that is not in this network"),
        ("a=127.0.0.1:7000 --world sim", "the world `sim` reaches no node that runs already"),
        ("a=127.0.0.1:7000 --driver maelstrom --exec x", "it speaks on its standard input and output"),
    ] {
        let refused = tools.run(&format!("test one.scn --at {at}"));
        assert!(refused.err.contains(told), "{at}: {refused:#?}");
        refused.code(2);
    }
    let refused = tools.run("run a-b --at c=127.0.0.1:7000");
    assert!(
        refused.err.contains("`--at c=…` is the address of a node that is not in this network"),
        "{refused:#?}"
    );
    refused.code(2);
}
