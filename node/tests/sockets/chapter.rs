//! Neighbours of another make, which send plain JSON values over `WebSockets`, played by the test.

use std::process::{Command as Process, Stdio};

use futures_util::{SinkExt as _, StreamExt as _};
use node::wire::{Command, Reply};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_async, accept_hdr_async, connect_async};

use crate::node::{NODE, Node, Socket, peers, request, send_text, set, value_of, wait_until, within};

/// Starts a node with two ports and these peers. Returns the address for neighbours with it.
async fn start(name: &str, peers: &[&str]) -> (Node, String) {
    start_at(name, "0", peers).await
}

async fn start_at(name: &str, port: &str, peers: &[&str]) -> (Node, String) {
    let peers = peers.join(",");
    let node = Node::start(&["--name", name, "--p2p-port", port, "--peers", &peers]);
    let line = node.wait_for_log("neighbours come to ws://").await;
    let address = line.rsplit("ws://localhost:").next().unwrap();
    let address = format!("127.0.0.1:{address}");
    (node, address)
}

/// Opens a connection as a node of the other make does.
async fn dial(address: &str) -> Socket {
    within(connect_async(format!("ws://{address}/"))).await.unwrap().0
}

/// Returns the next value that a node sends.
async fn next_value<S>(socket: &mut WebSocketStream<S>) -> Value
where
    WebSocketStream<S>:
        futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    loop {
        match within(socket.next()).await {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            other => panic!("not a value: {other:?}"),
        }
    }
}

async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    within(accept_async(within(listener.accept()).await.unwrap().0)).await.unwrap()
}

async fn ping(node: &Node) {
    assert!(matches!(request(&mut node.client().await, Command::Ping).await, Reply::Count(_)));
}

fn times(node: &Node, text: &str) -> usize {
    node.log().lines().filter(|line| line.contains(text)).count()
}

#[tokio::test]
async fn three_of_ours_start_in_any_order_and_show_a_ping_once() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let (port, peer) = (free.rsplit(':').next().unwrap().to_owned(), format!("ws://{free}"));
    let (c, at_c) = start("c", &[&peer]).await;
    c.wait_for_log("it is dialled again until it answers").await;
    let (a, at_a) = start("a", &[]).await;
    let (b, _) = start_at("b", &port, &[&format!("ws://{at_a}"), &format!("ws://{at_c}")]).await;
    wait_until(
        &mut b.client().await,
        || Command::Peers,
        |answer| matches!(answer, Ok(Reply::Peers(peers)) if peers.len() == 2),
    )
    .await;
    ping(&c).await;
    for node in [&a, &b, &c] {
        node.wait_for_log("I'm alive (ping from c)").await;
    }
    ping(&a).await;
    for node in [&a, &b, &c] {
        node.wait_for_log("I'm alive (ping from a)").await;
        assert_eq!(times(node, "ping from c"), 1);
    }
    // The links are those of the core: what is written reaches all.
    request(&mut a.client().await, set("k", "v")).await;
    let held = |answer: &Result<Reply, _>| answer.is_ok();
    wait_until(&mut c.client().await, || crate::node::get("k"), held).await;
    assert_eq!(value_of(&mut c.client().await, "k").await, "\"v\"");
}

#[tokio::test]
async fn values_pass_between_theirs_and_ours_in_both_directions() {
    let theirs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (a, at_a) = start("a", &[]).await;
    let (b, _) =
        start("b", &[&format!("ws://{at_a}"), &format!("ws://{}", theirs.local_addr().unwrap())]).await;
    let mut dialled = accept(&theirs).await;
    let mut dialling = dial(&at_a).await;
    a.wait_for_log("link to b is up").await;
    b.wait_for_log("is a node of another make").await;

    let text = r#"{"type":"ping","message":"hello"}"#;
    send_text(&mut dialling, text).await;
    assert_eq!(next_value(&mut dialled).await, serde_json::from_str::<Value>(text).unwrap());
    for node in [&a, &b] {
        node.wait_for_log(&format!("INFO {text} (from a node of another make, by a)")).await;
    }
    ping(&b).await;
    let expected = json!({ "type": "ping", "from": "b", "text": "I'm alive" });
    assert_eq!(next_value(&mut dialled).await, expected);
    assert_eq!(next_value(&mut dialling).await, expected);
    // A greeting is answered, and goes no further.
    within(dialled.send(Message::text(r#"{"type":"hello","from":"ws://far:1"}"#))).await.unwrap();
    let hello = next_value(&mut dialled).await;
    assert!(hello["type"] == "hello" && hello["from"].as_str().unwrap().starts_with("ws://127.0.0.1:"));
    send_text(&mut dialling, r#""any value""#).await;
    assert_eq!(next_value(&mut dialled).await, "any value");
    assert_eq!((times(&a, "far"), times(&b, "reached at ws://far:1")), (0, 1));
}

#[tokio::test]
async fn a_ring_of_theirs_ends_at_ours_and_it_is_said_once() {
    let theirs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (a, at_a) = start("a", &[&format!("ws://{}", theirs.local_addr().unwrap())]).await;
    let (mut after, mut before) = (accept(&theirs).await, dial(&at_a).await);
    send_text(&mut before, r#"{"n":1}"#).await;
    for _ in 0..5 {
        // Theirs repeats what it got; another way to write it is the same value.
        send_text(&mut before, r#"{ "n" : 1 }"#).await;
    }
    send_text(&mut before, r#"{"n":2}"#).await;
    assert_eq!(
        [next_value(&mut after).await["n"].clone(), next_value(&mut after).await["n"].clone()],
        [1, 2]
    );
    a.wait_for_log("there is a ring").await;
    assert_eq!((times(&a, "there is a ring"), times(&a, r#"{"n":1}"#)), (1, 1));
    // Its own ping that comes back is none of theirs.
    ping(&a).await;
    let value = next_value(&mut before).await.to_string();
    send_text(&mut before, &value).await;
    send_text(&mut before, r#"{"n":3}"#).await;
    a.wait_for_log(r#"{"n":3}"#).await;
    assert_eq!(times(&a, "I'm alive"), 1);
}

#[tokio::test]
async fn no_frame_of_ours_goes_to_a_node_without_the_mark() {
    let theirs = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at_theirs = theirs.local_addr().unwrap().to_string();
    let (a, _) = start("a", &[&format!("ws://{at_theirs}")]).await;
    let mut marked = false;
    let stream = within(theirs.accept()).await.unwrap().0;
    #[expect(clippy::result_large_err, reason = "the library says what the answer may be")]
    let see = |request: &Request, response: Response| {
        marked = request.headers().contains_key("kv-node");
        Ok(response)
    };
    let mut socket = within(accept_hdr_async(stream, see)).await.unwrap();
    ping(&a).await;
    assert_eq!(next_value(&mut socket).await["type"], "ping");
    assert!(marked, "a dialler of ours shows its make");
    // The connection breaks, and is dialled again; then a node of ours is there.
    drop(socket);
    let mut again = accept(&theirs).await;
    ping(&a).await;
    assert_eq!(next_value(&mut again).await["type"], "ping");
    drop((again, theirs));
    let (b, _) = start_at("b", at_theirs.rsplit(':').next().unwrap(), &[]).await;
    b.wait_for_log("link to a is up").await;
    // And theirs again: nothing but values comes there.
    b.kill();
    let theirs = loop {
        match TcpListener::bind(&at_theirs).await {
            Ok(theirs) => break theirs,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let mut once_more = loop {
        // The core's dial ends without a word.
        let mut socket = accept(&theirs).await;
        ping(&a).await;
        match within(socket.next()).await {
            Some(Ok(Message::Text(text))) => {
                assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["text"], "I'm alive");
                break socket;
            }
            None | Some(Err(_) | Ok(Message::Close(_))) => {}
            other => panic!("not a value: {other:?}"),
        }
    };
    ping(&a).await;
    assert_eq!(next_value(&mut once_more).await["type"], "ping");
}

#[tokio::test]
async fn a_client_and_an_older_node_of_ours_may_come_to_the_port_of_neighbours() {
    let (a, at_a) = start("a", &[]).await;
    // Neither shows the mark: the first message decides.
    let mut socket = dial(&at_a).await;
    send_text(&mut socket, r#"{"id":1,"type":"count"}"#).await;
    assert_eq!(next_value(&mut socket).await["result"]["type"], "count");
    ping(&a).await;
    send_text(&mut socket, r#"{"id":2,"type":"count"}"#).await;
    assert_eq!(next_value(&mut socket).await["id"], 2, "no value goes to a client");
    let old = Node::start(&["--name", "old"]);
    request(&mut old.client().await, Command::AddPeer { address: at_a }).await;
    assert_eq!(peers(&mut a.client().await).await[0].name, "old");
}

#[tokio::test]
async fn what_is_no_value_is_dropped_and_said() {
    let (a, at_a) = start("a", &[]).await;
    let mut other = dial(&at_a).await;
    send_text(&mut other, "0").await;
    a.wait_for_log("INFO 0 (from a node").await;
    for (message, said) in [
        (Message::text("no json"), "it is no JSON"),
        (Message::text("[".repeat(1_000)), "it is no JSON"),
        (Message::binary(&b"\x00\xff"[..]), "it is binary"),
        (Message::text(format!("\"{}\"", "x".repeat(5_000))), "it has 5002 bytes"),
    ] {
        let mut socket = dial(&at_a).await;
        within(socket.send(message.clone())).await.unwrap();
        a.wait_for_log(said).await;
        // The connection goes on; one that never sends a value ends.
        send_text(&mut socket, &format!("\"after {said} {}\"", message.len())).await;
        assert_eq!(next_value(&mut other).await, format!("after {said} {}", message.len()));
        for _ in 0..32 {
            // The node may have closed it.
            let _ = within(socket.send(message.clone())).await;
        }
        let closed = within(async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Text(_) | Message::Ping(_))) => {}
                    other => break other,
                }
            }
        });
        assert!(matches!(closed.await, None | Some(Err(_) | Ok(Message::Close(Some(_))))));
    }
    // A message of 100 MB is not read to its end.
    let mut socket = dial(&at_a).await;
    let sent = within(socket.send(Message::text("1".repeat(100_000_000)))).await;
    a.wait_for_log("a message is too long").await;
    assert!(sent.is_err() || within(socket.next()).await.is_some());
    assert!(a.memory() < 200 << 20, "{}", a.memory());
    send_text(&mut other, "\"still here\"").await;
    a.wait_for_log("still here").await;
}

#[tokio::test]
async fn a_flood_is_cut_down_to_ten_a_second_and_said_once() {
    let (a, at_a) = start("a", &[]).await;
    let (mut flooding, mut other) = (dial(&at_a).await, dial(&at_a).await);
    send_text(&mut other, "\"here\"").await;
    assert_eq!(next_value(&mut flooding).await, "here");
    for n in 0..2_000 {
        send_text(&mut flooding, &format!("{{\"n\":{n}}}")).await;
    }
    a.wait_for_log("more than ten values a second").await;
    // A neighbour that reads nothing is dropped, and holds nobody up.
    request(&mut a.client().await, set("k", "v")).await;
    assert_eq!(times(&a, "more than ten values a second"), 1);
    assert!(times(&a, "from a node of another make") < 1_000);
}

#[tokio::test]
async fn the_settings_come_from_the_environment_and_mistakes_are_named() {
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut process = Process::new(NODE);
        process.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        process.envs(variables.iter().copied()).output().unwrap()
    };
    for (variables, said) in [
        (
            ("PEERS", "wss://h:1"),
            "PEERS: `wss://h:1` asks for another protocol: write HOST:PORT or ws://HOST:PORT",
        ),
        (("PEERS", "ws://h"), "PEERS: `ws://h` has no port"),
        (("HTTP_PORT", "x"), "HTTP_PORT: `x` is no port"),
        (("P2P_PORT", "-1"), "P2P_PORT: `-1` is no port"),
    ] {
        let ended = run(&[variables], &[]);
        let text = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(2) && text.contains(said), "{text}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(&[("HTTP_PORT", "0"), ("P2P_PORT", &port)], &[]);
    let said = format!("port {port} is taken: choose another with --p2p-port or P2P_PORT");
    let text = String::from_utf8(ended.stderr).unwrap();
    assert!(ended.status.code() == Some(3) && text.contains(&said), "{text}");
}
