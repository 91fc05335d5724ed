//! A neighbour of another make: it knows `auth`, whole pushes, `keys` and `get`, and no more.

use node::wire::{Command, ErrorCode, Frame, Limits, Message, Reply, decode};

use crate::node::{
    Node, Socket, get, link, next_frame, peers, refused_request, request, send_text, set, value_of,
    wait_until,
};

const HELLO: &str = r#""protocol":1,"network":"default","node":"f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0","policy":"last","name":"foreign","address":"127.0.0.1:9""#;

/// Opens a socket and introduces itself as the smallest node in PROTOCOL.md does.
async fn introduce(node: &Node) -> Socket {
    let mut socket = node.socket().await;
    send_text(&mut socket, &format!("{{\"id\":1,\"type\":\"auth\",{HELLO}}}")).await;
    match next_frame(&mut socket).await {
        Ok(Frame::Reply { id: 1, result: Ok(Reply::Hello(hello)) }) => {
            assert_eq!(hello.node.to_string(), node.id);
        }
        other => panic!("not welcome: {other:?}"),
    }
    socket
}

#[tokio::test]
async fn it_is_asked_for_its_keys_and_their_values() {
    let node = Node::start(&[]);
    let mut socket = introduce(&node).await;
    let id = match next_frame(&mut socket).await {
        Ok(Frame::Request { id, command: Command::Keys { after: None } }) => id,
        other => panic!("not asked for its keys: {other:?}"),
    };
    send_text(
        &mut socket,
        &format!("{{\"id\":{id},\"result\":{{\"type\":\"keys\",\"keys\":[\"nom\"],\"more\":false}}}}"),
    )
    .await;
    let id = match next_frame(&mut socket).await {
        Ok(Frame::Request { id, command: Command::Get { key } }) if key == "nom" => id,
        other => panic!("not asked for a value: {other:?}"),
    };
    let version = r#""key":"nom","value":"Reimert","wall":10000,"counter":0,"author":"f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0""#;
    send_text(&mut socket, &format!("{{\"id\":{id},\"result\":{{\"type\":\"value\",{version}}}}}")).await;
    let mut client = node.client().await;
    wait_until(&mut client, || get("nom"), Result::is_ok).await;
    assert_eq!(value_of(&mut client, "nom").await, "\"Reimert\"");
}

#[tokio::test]
async fn it_is_pushed_what_is_written_and_what_it_pushes_is_taken() {
    let node = Node::start(&[]);
    let mut socket = introduce(&node).await;
    let mut client = node.client().await;
    assert_eq!(peers(&mut client).await[0].name, "foreign");
    request(&mut client, set("nom", "Reimert")).await;
    let pushed = loop {
        match next_frame(&mut socket).await {
            Ok(Frame::Message(Message::Push(version))) => break version,
            Ok(Frame::Request { .. }) => {}
            other => panic!("not pushed: {other:?}"),
        }
    };
    assert_eq!((pushed.key(), pushed.author().to_string()), ("nom", node.id.clone()));
    let push = r#"{"type":"push","version":{"key":"prenom","value":"Damien","wall":10000,"counter":0,"author":"f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"}}"#;
    assert!(decode(push, &Limits::default()).is_ok());
    send_text(&mut socket, push).await;
    wait_until(&mut client, || get("prenom"), Result::is_ok).await;
}

#[tokio::test]
async fn one_that_asks_and_never_reads_is_dropped() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    request(&mut client, set("k", &format!("\"{}\"", "x".repeat(1_000_000)))).await;
    let mut socket = introduce(&node).await;
    // 64 MB of answers: more than the sockets and the node have room for.
    let asking = async {
        for id in 2..66 {
            send_text(&mut socket, &format!("{{\"id\":{id},\"type\":\"get\",\"key\":\"k\"}}")).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = node.wait_for_log("does not read what is sent to it") => {}
        () = asking => {}
    }
    wait_until(&mut client, || Command::Peers, |reply| *reply == Ok(Reply::Peers(Vec::new()))).await;
}

#[tokio::test]
async fn one_that_sends_nothing_but_garbage_loses_its_link_alone() {
    let (node, other) = (Node::start(&[]), Node::start(&[]));
    let mut client = node.client().await;
    link(&mut client, &other).await;
    let mut socket = introduce(&node).await;
    wait_until(
        &mut client,
        || Command::Peers,
        |reply| matches!(reply, Ok(Reply::Peers(peers)) if peers.len() == 2),
    )
    .await;
    for _ in 0..32 {
        send_text(&mut socket, "garbage").await;
    }
    wait_until(
        &mut client,
        || Command::Peers,
        |reply| matches!(reply, Ok(Reply::Peers(peers)) if peers.len() == 1),
    )
    .await;
    request(&mut client, set("nom", "Reimert")).await;
    let mut there = other.client().await;
    wait_until(&mut there, || get("nom"), Result::is_ok).await;
}

#[tokio::test]
async fn what_one_with_a_clock_far_ahead_writes_is_not_taken() {
    let node = Node::start(&[]);
    let mut socket = introduce(&node).await;
    let push = |key: &str, wall: u64| {
        format!(
            r#"{{"type":"push","version":{{"key":"{key}","value":1,"wall":{wall},"counter":0,"author":"f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"}}}}"#
        )
    };
    // A version of the year 2100, then one that is due: when that one is there, the first was seen as well.
    send_text(&mut socket, &push("ahead", 4_102_444_800_000)).await;
    send_text(&mut socket, &push("due", 10_000)).await;
    let mut client = node.client().await;
    wait_until(&mut client, || get("due"), Result::is_ok).await;
    assert_eq!(refused_request(&mut client, get("ahead")).await.code, ErrorCode::Absent);
    assert_eq!(request(&mut client, Command::Count).await, Reply::Count(1));
}
