//! Clients that break the protocol or read nothing harm only themselves.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use node::wire::{Command, ErrorCode, Frame, Malformed, Refusal, Reply};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::node::{Node, Socket, get, next_frame, request, send_text, set, value_of, within};

const COUNT: &str = "{\"id\":1000,\"type\":\"count\"}";

/// Waits for the node's close frame and returns its code.
async fn close_code(socket: &mut Socket) -> CloseCode {
    within(async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code,
                Some(Ok(_)) => {}
                other => panic!("ended without a reason: {other:?}"),
            }
        }
    })
    .await
}

/// Checks that the node refuses a text, and that the connection goes on as before.
async fn check_refused(text: &str, id: Option<u64>, code: ErrorCode, message: &str) {
    let node = Node::start(&[]);
    let mut socket = node.socket().await;
    send_text(&mut socket, text).await;
    let refusal = match next_frame(&mut socket).await {
        Ok(Frame::Reply { id: told, result: Err(refusal) }) => {
            assert_eq!(Some(told), id);
            refusal
        }
        Err(Malformed { id: None, refusal, answer: true }) => {
            assert_eq!(None, id);
            refusal
        }
        other => panic!("not a refusal: {other:?}"),
    };
    assert_eq!(refusal.code, code, "{refusal}");
    assert!(refusal.message.contains(message), "`{refusal}` does not say `{message}`");
    send_text(&mut socket, COUNT).await;
    assert_eq!(next_frame(&mut socket).await, Ok(Frame::Reply { id: 1_000, result: Ok(Reply::Count(0)) }));
}

#[tokio::test]
async fn malformed_json_is_answered_without_an_id() {
    check_refused("{\"id\":7,", None, ErrorCode::Malformed, "cannot be read").await;
}

#[tokio::test]
async fn a_frame_without_what_it_needs_is_answered_with_its_id() {
    check_refused("{\"id\":7,\"type\":\"get\"}", Some(7), ErrorCode::Malformed, "`key` is missing").await;
}

#[tokio::test]
async fn an_unknown_command_is_named() {
    check_refused("{\"id\":7,\"type\":\"fly\"}", Some(7), ErrorCode::UnknownCommand, "`fly`").await;
}

#[tokio::test]
async fn unknown_fields_are_passed_over() {
    let node = Node::start(&[]);
    let mut socket = node.socket().await;
    send_text(&mut socket, "{\"id\":1,\"type\":\"set\",\"key\":\"k\",\"value\":1,\"colour\":{\"red\":[1]}}")
        .await;
    assert!(matches!(
        next_frame(&mut socket).await,
        Ok(Frame::Reply { id: 1, result: Ok(Reply::Written { .. }) })
    ));
    send_text(&mut socket, COUNT).await;
    assert_eq!(next_frame(&mut socket).await, Ok(Frame::Reply { id: 1_000, result: Ok(Reply::Count(1)) }));
}

#[tokio::test]
async fn a_key_that_is_too_long_is_refused() {
    let text = format!("{{\"id\":7,\"type\":\"get\",\"key\":\"{}\"}}", "k".repeat(1_025));
    check_refused(&text, Some(7), ErrorCode::Refused, "1025 bytes; at most 1024").await;
}

#[tokio::test]
async fn a_value_that_is_nested_too_deeply_is_refused() {
    let value = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("{{\"id\":7,\"type\":\"set\",\"key\":\"k\",\"value\":{value}}}");
    check_refused(&text, Some(7), ErrorCode::Refused, "64 levels").await;
}

#[tokio::test]
async fn a_binary_frame_is_answered_and_the_connection_lives_on() {
    let node = Node::start(&[]);
    let mut socket = node.socket().await;
    within(socket.send(Message::binary(vec![1, 2, 3]))).await.unwrap();
    let refusal = Refusal::new(ErrorCode::Malformed, "binary frames are reserved");
    assert_eq!(next_frame(&mut socket).await, Err(Malformed { id: None, refusal, answer: true }));
    send_text(&mut socket, COUNT).await;
    assert_eq!(next_frame(&mut socket).await, Ok(Frame::Reply { id: 1_000, result: Ok(Reply::Count(0)) }));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_not_answered() {
    let node = Node::start(&[]);
    let mut socket = node.socket().await;
    send_text(&mut socket, "{\"id\":null,\"error\":{\"code\":\"malformed\",\"message\":\"what?\"}}").await;
    send_text(&mut socket, "{\"id\":3,\"result\":{\"type\":\"flown\"}}").await;
    send_text(&mut socket, COUNT).await;
    assert_eq!(next_frame(&mut socket).await, Ok(Frame::Reply { id: 1_000, result: Ok(Reply::Count(0)) }));
}

#[tokio::test]
async fn a_frame_that_is_too_long_closes_its_connection_alone() {
    let node = Node::start(&[]);
    let (mut other, mut socket) = (node.client().await, node.socket().await);
    let text = format!("{{\"id\":7,\"type\":\"get\",\"key\":\"{}\"}}", "k".repeat(1 << 20));
    // The node may close before all of it is sent.
    let _ = within(socket.send(Message::text(text))).await;
    assert_eq!(close_code(&mut socket).await, CloseCode::Size);
    assert_eq!(request(&mut other, Command::Count).await, Reply::Count(0));
}

#[tokio::test]
async fn whoever_sends_nothing_but_garbage_is_closed() {
    let node = Node::start(&[]);
    let mut socket = node.socket().await;
    for _ in 0..32 {
        send_text(&mut socket, "garbage").await;
    }
    assert_eq!(close_code(&mut socket).await, CloseCode::Policy);
    node.wait_for_log("too many invalid frames in a row").await;
}

#[tokio::test]
async fn a_watcher_that_never_reads_is_dropped_and_nobody_else_waits() {
    let node = Node::start(&[]);
    let mut watcher = node.socket().await;
    send_text(&mut watcher, "{\"id\":1,\"type\":\"watch\",\"versions\":true}").await;
    let mut client = node.client().await;
    // More than the sockets and the queue hold: a notice of each write has about 1.3 KB.
    let dropped = node.wait_for_log("does not read what is sent to it");
    let write = async {
        for n in 0.. {
            request(&mut client, set(&format!("{n:010}{}", "x".repeat(1_000)), "1")).await;
        }
    };
    tokio::select! {
        _ = dropped => {}
        () = write => {}
    }
    let mut client = node.client().await;
    request(&mut client, set("nom", "Reimert")).await;
    assert_eq!(value_of(&mut client, "nom").await, "\"Reimert\"");
}

#[tokio::test]
async fn a_client_that_asks_and_never_reads_is_dropped_after_a_while() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    request(&mut client, set("k", &format!("\"{}\"", "x".repeat(1_000_000)))).await;
    let (mut sender, _receiver) = node.client().await.split();
    // As many as the node reads; it stops reading when its own answers are not read.
    let asking = async {
        for id in 0..1_000 {
            if sender.send(id, get("k")).await.is_err() {
                break;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        line = node.wait_for_log("bytes within 10 s: dropped") => assert!(line.contains("WARN"), "{line}"),
        () = asking => {}
    }
    assert_eq!(request(&mut client, Command::Count).await, Reply::Count(1));
}

#[tokio::test]
async fn a_client_that_asks_much_and_reads_late_gets_all_of_it() {
    let node = Node::start(&[]);
    let (mut sender, mut receiver) = node.client().await.split();
    let value = format!("\"{}\"", "x".repeat(100_000));
    sender.send(0, set("k", &value)).await.unwrap();
    within(receiver.next()).await.unwrap();
    // 50 MB of answers, six times the bound of one client's queue. Both ends' buffers have
    // room for the questions.
    for id in 1..=500 {
        sender.send(id, get("k")).await.unwrap();
    }
    for expected in 1..=500 {
        match within(receiver.next()).await.unwrap() {
            Frame::Reply { id, result: Ok(Reply::Value(_)) } => assert_eq!(id, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_refused() {
    let node = Node::start(&[]);
    match node.socket_from("http://evil.example").await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{other:?}"),
    }
    node.socket_from(&format!("http://{}", node.address)).await.unwrap();
}

/// Sends these bytes and returns everything that the node answers until it closes.
async fn http(node: &Node, request: &str) -> String {
    let mut stream = within(TcpStream::connect(&node.address)).await.unwrap();
    within(stream.write_all(request.as_bytes())).await.unwrap();
    let mut answer = String::new();
    within(stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn a_browser_gets_a_hint_where_there_are_no_pages() {
    let node = Node::start(&["--no-web"]);
    let answer = http(&node, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    assert!(
        answer.ends_with("this is a node: speak WebSocket to it, one JSON object a text frame\n"),
        "{answer}"
    );
    let answer = http(&node, "GET /favicon.ico HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(answer.ends_with("nothing is here: the node speaks WebSocket at /\n"), "{answer}");
    let answer = http(&node, "what?\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

#[tokio::test]
async fn whoever_does_not_finish_a_request_is_not_waited_for() {
    let node = Node::start(&[]);
    let mut stream = within(TcpStream::connect(&node.address)).await.unwrap();
    within(stream.write_all(b"GET / HTTP/1.1\r\nhost:")).await.unwrap();
    let mut answer = String::new();
    // The node's time-out is 5 s; the test's must be longer.
    let patience = Duration::from_secs(30);
    tokio::time::timeout(patience, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(!answer.contains("200"), "{answer}");
}

#[tokio::test]
async fn a_node_without_a_file_left_accepts_again_once_there_is_one() {
    let node = Node::start_with_files(24);
    let mut client = node.client().await;
    // The system accepts these connections, whether the node does or not.
    let mut streams = Vec::new();
    for _ in 0..24 {
        streams.push(within(TcpStream::connect(&node.address)).await.unwrap());
    }
    node.wait_for_log("cannot accept a connection now").await;
    request(&mut client, set("nom", "Reimert")).await;
    streams.clear();
    let mut later = node.client().await;
    assert_eq!(value_of(&mut later, "nom").await, "\"Reimert\"");
    // The node paused rather than spun.
    let complaints = node.log().matches("cannot accept").count();
    assert!(complaints < 60, "{complaints} complaints");
}
