//! Tests of nodes that run already: they are asked and judged, and neither started nor ended.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::described::service;
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

/// Returns a story with the store's description and a scenario, in which `@PORT` and `@NEXT` are the first two ports.
fn story(scenario: &str) -> (Tools, u16) {
    let ports = Tools::new();
    let port = ports.port();
    drop(ports);
    let scenario = scenario.replace("@PORT", &port.to_string()).replace("@NEXT", &(port + 1).to_string());
    let tools = service(&scenario);
    (tools, port)
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
