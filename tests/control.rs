//! Tests of the control socket of a network: who may use it, and that no client can end the network with
//! it.

use std::fs::Permissions;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};

use crate::story::{Tools, has, skipped, until};

#[test]
fn another_user_is_refused_even_if_the_file_mode_allows_access() {
    if !rustix::process::geteuid().is_root() {
        return skipped("only root can be somebody else");
    }
    if !has("setpriv") {
        return;
    }
    let tools = Tools::new();
    tools.up("a");
    let as_nobody = |what: &str| {
        tools.shell(&format!("setpriv --reuid=65534 --regid=65534 --clear-groups \"$TOOLS\" {what}"))
    };
    for (name, mode) in [(".", 0o755), ("logs", 0o755)] {
        std::fs::set_permissions(tools.path(name), Permissions::from_mode(mode)).expect("ours");
    }
    let refused = as_nobody("do 'a: get k'");
    refused.code(3);
    assert!(refused.err.contains("permission denied"), "{}", refused.err);
    // Some systems ignore the mode of a socket; there only the check of the user remains.
    std::fs::set_permissions(tools.path("logs/.tools.sock"), Permissions::from_mode(0o777)).expect("ours");
    let refused = as_nobody("do 'a: set k v'");
    refused.code(3);
    assert!(refused.err.contains("the network in logs belongs to the user"), "{}", refused.err);
    // The network refuses another user also if the client does not check to whom it connects.
    let asks = "import socket; s = socket.socket(socket.AF_UNIX); s.connect('logs/.tools.sock'); \
                s.sendall(b'{\"do\":\"ps\"}\\n'); print(len(s.recv(100)))";
    // The first Python on the path may be readable for root alone. That of the system is not.
    if std::path::Path::new("/usr/bin/python3").is_file() {
        let script = format!(
            "setpriv --reuid=65534 --regid=65534 --clear-groups /usr/bin/python3 -c \"{}\"",
            asks.replace('"', "\\\"")
        );
        let said = tools.shell(&script);
        // The connection is closed before or after the client has written.
        let closed = ["reset", "Broken pipe"].iter().any(|how| said.err.contains(how));
        assert!(said.out == "0\n" || (said.out.is_empty() && closed), "{said:#?}");
    }
    tools.run("cli --node a get k").code(1);
}

#[test]
fn clients_that_exhaust_the_descriptors_do_not_end_the_network() {
    let tools = Tools::new();
    tools.shell("ulimit -n 80; exec \"$TOOLS\" run a-b -p $PORT --detach").code(0);
    let socket = tools.path("logs/.tools.sock");
    let attend = || {
        let mut stream = UnixStream::connect(&socket).expect("somebody listens");
        stream.write_all(b"{\"do\":\"attend\"}\n").expect("somebody listens");
        stream
    };
    let mut attending: Vec<UnixStream> = (0..150).map(|_| attend()).collect();
    // Other clients are still served, and clients without a place are answered `busy`.
    assert_eq!(tools.ps()["nodes"][0]["state"], "running");
    // The order of arrival decides which clients are turned away.
    let turned_away = {
        let mut polled: Vec<_> = attending.iter().map(|stream| PollFd::new(stream, PollFlags::IN)).collect();
        poll(&mut polled, None).expect("one is told");
        polled.iter().position(|one| !one.revents().is_empty()).expect("one is told")
    };
    let mut said = String::new();
    attending.swap_remove(turned_away).read_to_string(&mut said).expect("text");
    assert_eq!(said, "{\"reply\":\"busy\"}\n");
    drop(attending);
    tools.run("do 'a: set k v'").code(0);
    tools.run("stop").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_detached_network_ends_with_its_folder() {
    let removals = ["rm -rf logs", "find logs -mindepth 1 -delete", "mv logs/.tools.sock elsewhere"];
    for removal in removals {
        let tools = Tools::new();
        tools.up("a-b");
        tools.shell(removal).code(0);
        tools.expect_nothing_left();
    }
    // A network stays with its folder when that is moved.
    let tools = Tools::new();
    tools.up("a-b");
    tools.shell("mv logs moved").code(0);
    tools.run("do --logs moved 'a: set k v'").code(0);
    tools.run("stop --logs moved").code(0);
    tools.expect_nothing_left();
}

#[test]
fn logs_follow_ends_when_the_folder_is_removed() {
    let tools = Tools::new();
    tools.up("a");
    let mut following = tools.begin("logs -f");
    following.line("listening");
    tools.shell("rm -rf logs").code(0);
    following.ended().code(0);
    assert!(until(|| tools.processes().is_empty()));
}
