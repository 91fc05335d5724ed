//! The start and the end of a node.

use std::process::{Command as Process, Stdio};

use node::net::client::Lost;

use crate::node::{Node, connection_lost, link, peers, request, set};

#[tokio::test]
async fn it_says_where_it_listens_and_what_it_does_not_keep() {
    let node = Node::start(&["--name", "a", "--network", "n7"]);
    let line = node.wait_for_log("listening on").await;
    let expected =
        format!(" INFO listening on {} as a (id {}, policy last, network n7)", node.address, node.id);
    assert_eq!(&line[24..], expected);
    assert_eq!((&line[4..5], &line[23..24]), ("-", "Z"));
    node.wait_for_log("keeps nothing on disk").await;
}

#[tokio::test]
async fn values_are_not_logged() {
    let node = Node::start(&[]);
    request(&mut node.client().await, set("nom", "Reimert")).await;
    node.wait_for_log("set nom").await;
    assert!(!node.log().contains("Reimert"));
}

#[tokio::test]
async fn it_ends_with_its_supervisor() {
    let mut node = Node::start(&[]);
    node.abandon();
    assert_eq!(node.exit_code().await, Some(0));
}

#[tokio::test]
async fn it_takes_leave_of_everybody_when_told_to_end() {
    for signal in ["TERM", "INT"] {
        let (a, b) = (Node::start(&["--name", "a"]), Node::start(&["--name", "b"]));
        let (mut at_a, mut at_b) = (a.client().await, b.client().await);
        link(&mut at_b, &a).await;
        a.signal(signal);
        assert_eq!(connection_lost(&mut at_a).await, Lost::Closed("the node ends".to_owned()));
        assert_eq!(a.exit_code().await, Some(0));
        b.wait_for_log("link to a is down").await;
        assert_eq!(peers(&mut at_b).await, []);
    }
}

#[tokio::test]
async fn a_taken_port_is_said_with_the_remedy() {
    let node = Node::start(&[]);
    let Err(failed) = Node::try_start(&node.address, &[]) else { panic!("two nodes on one port") };
    let port = node.address.rsplit(':').next().unwrap();
    assert_eq!(failed.reason, format!("port {port} is taken: choose another with --listen"));
    assert_eq!(failed.code, Some(3));
}

#[tokio::test]
async fn what_it_cannot_be_is_refused_before_it_starts() {
    let check = |listen: &str, arguments: &[&str], reason: &str| {
        let Err(failed) = Node::try_start(listen, arguments) else {
            panic!("started: {listen} {arguments:?}")
        };
        assert!(failed.reason.contains(reason), "`{}` does not say `{reason}`", failed.reason);
        assert_eq!(failed.code, Some(2));
    };
    check("127.0.0.1", &[], "--listen: `127.0.0.1` has no port");
    check("127.0.0.1:0", &["--advertise", "x/y:1"], "--advertise: ");
    check("127.0.0.1:0", &["--name", &"n".repeat(300)], "--name has 300 bytes");
}

#[test]
fn supervision_needs_a_socket() {
    let output = Process::new(env!("CARGO_BIN_EXE_node"))
        .args(["--supervised", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("standard input is not a socket"), "{error}");
}

#[tokio::test]
async fn its_clock_is_put_ahead_by_its_supervisor_at_any_time() {
    const HOUR_MS: u64 = 3_600_000;
    let mut node = Node::start(&["--clock-ahead-ms", "3600000"]);
    let mut client = node.client().await;
    let machine = || {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::try_from(since.unwrap().as_millis()).unwrap()
    };
    let begun = machine();
    let wall_ms = |reply| match reply {
        node::wire::Reply::Written { stamp, .. } => stamp.wall_ms,
        reply => panic!("not written: {reply:?}"),
    };
    let ahead = wall_ms(request(&mut client, set("k", "1")).await);
    assert!((begun + HOUR_MS..=machine() + HOUR_MS).contains(&ahead), "{ahead}");
    node.wait_for_log("the wall clock is 3600000 ms ahead of").await;
    node.set_clock_ahead(3 * i64::try_from(HOUR_MS).unwrap()).await;
    let further = wall_ms(request(&mut client, set("k", "2")).await);
    assert!(further >= begun + 3 * HOUR_MS, "{further}");
    // A line that is no command is ignored, and stamps never go back.
    node.send_line("no JSON");
    node.set_clock_ahead(0).await;
    node.client().await;
}
