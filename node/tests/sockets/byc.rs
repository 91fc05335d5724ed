//! `/byc` as clients see it: every command, every error, and clients that break the protocol.

use futures_util::{SinkExt, StreamExt};
use node::net::byc::{BycClient, BycResult, argument};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::node::{DEADLINE, Node, Socket, refused_request, request, within};

pub(crate) async fn client(node: &Node) -> BycClient {
    within(BycClient::connect(&node.address)).await.unwrap()
}

pub(crate) async fn call(client: &BycClient, event: &str, arguments: &[Value]) -> BycResult {
    let arguments: Vec<Box<RawValue>> = arguments.iter().map(argument).collect();
    client.request(event, &arguments, DEADLINE).await.unwrap()
}

/// Sends an event and returns its result; panics on an error.
pub(crate) async fn result(client: &BycClient, event: &str, arguments: &[Value]) -> Value {
    let answer = call(client, event, arguments).await;
    let json = answer.unwrap_or_else(|error| panic!("{event} was refused: {error}"));
    serde_json::from_str(json.get()).unwrap()
}

/// Sends an event and returns its error; panics on a result.
pub(crate) async fn error(client: &BycClient, event: &str, arguments: &[Value]) -> String {
    call(client, event, arguments).await.map(|json| json.to_string()).unwrap_err()
}

#[track_caller]
fn check_says(said: &str, part: &str) {
    assert!(said.contains(part), "`{said}` does not say `{part}`");
}

pub(crate) fn port(node: &Node) -> u16 {
    node.address.rsplit(':').next().unwrap().parse().unwrap()
}

/// Opens a bare socket that has joined the namespace.
async fn socket(node: &Node) -> Socket {
    let mut socket = unjoined(node).await;
    send_text(&mut socket, "40").await;
    assert!(next_text(&mut socket).await.starts_with("40{\"sid\":"));
    socket
}

async fn unjoined(node: &Node) -> Socket {
    let url = format!("ws://{}/byc/?EIO=4&transport=websocket", node.address);
    let mut socket = within(connect_async(url)).await.unwrap().0;
    assert!(next_text(&mut socket).await.starts_with("0{\"sid\":"));
    socket
}

async fn send_text(socket: &mut Socket, text: &str) {
    within(socket.send(Message::text(text))).await.unwrap();
}

/// Returns the next packet that is no ping.
async fn next_text(socket: &mut Socket) -> String {
    loop {
        match within(socket.next()).await {
            Some(Ok(Message::Text(text))) if text == "2" => send_text(socket, "3").await,
            Some(Ok(Message::Text(text))) => return text.to_string(),
            other => panic!("not a packet: {other:?}"),
        }
    }
}

/// Waits for the node's close frame and returns its code.
async fn closed(socket: &mut Socket) -> CloseCode {
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

#[tokio::test]
async fn a_key_is_set_once_and_read_with_its_date_and_its_hash() {
    let node = Node::start(&["--policy", "oldest"]);
    let client = client(&node).await;
    assert_eq!(error(&client, "get", &[json!("nom")]).await, "Field nom not exists");
    assert_eq!(result(&client, "set", &[json!("nom"), json!("Reimert")]).await, json!(true));
    let held = result(&client, "get", &[json!("nom")]).await;
    assert_eq!(held["value"], "Reimert");
    // printf Reimert | sha256sum
    assert_eq!(held["hash"], "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763");
    assert!(held["date"].is_u64(), "{held}");
    assert_eq!(result(&client, "set", &[json!("nom"), json!("Reimert")]).await, json!(true));
    let taken = error(&client, "set", &[json!("nom"), json!("Dupont")]).await;
    assert_eq!(taken, "set error : Field nom exists.");
    assert_eq!(result(&client, "keys", &[]).await, json!(["nom"]));
    let listed = json!({ "nom": { "date": held["date"], "hash": held["hash"] } });
    assert_eq!(result(&client, "keysAndTime", &[]).await, listed);
    assert_eq!(result(&client, "peers", &[]).await, json!([]));
}

#[tokio::test]
async fn keys_come_in_the_order_in_which_they_were_inserted() {
    let node = Node::start(&["--policy", "oldest"]);
    let client = client(&node).await;
    for key in ["name", "directeur", "b", "a"] {
        result(&client, "set", &[json!(key), json!({ "value": key, "date": 20_000 })]).await;
    }
    // An older version takes the place of the one held; the key stays in its place.
    result(&client, "set", &[json!("directeur"), json!({ "value": "Frenot", "date": 10_000 })]).await;
    assert_eq!(result(&client, "keys", &[]).await, json!(["name", "directeur", "b", "a"]));
}

#[tokio::test]
async fn a_value_that_brings_its_date_is_merged() {
    let node = Node::start(&["--policy", "oldest"]);
    let client = client(&node).await;
    let check = async |client: &BycClient, value: Value, date: u64, expected: Value| {
        let dated = json!({ "value": value, "date": date, "hash": "not believed" });
        assert_eq!(result(client, "set", &[json!("k"), dated]).await, json!(true));
        assert_eq!(result(client, "get", &[json!("k")]).await["value"], expected);
    };
    check(&client, json!("second"), 20_000, json!("second")).await;
    check(&client, json!("third"), 30_000, json!("second")).await;
    check(&client, json!({ "b": 1, "a": 2 }), 10_000, json!({ "b": 1, "a": 2 })).await;
    check(&client, json!("later"), 10_001, json!({ "b": 1, "a": 2 })).await;
}

#[tokio::test]
async fn a_value_is_kept_as_its_author_wrote_it() {
    let node = Node::start(&["--policy", "oldest"]);
    let client = client(&node).await;
    let value: Box<RawValue> = serde_json::from_str("{\"b\": 1.0, \"a\":1e2}").unwrap();
    client.request("set", &[argument("k"), value], DEADLINE).await.unwrap().unwrap();
    let held = client.request("get", &[argument("k")], DEADLINE).await.unwrap().unwrap();
    assert!(held.get().starts_with("{\"value\":{\"b\": 1.0, \"a\":1e2},"), "{held}");
}

#[tokio::test]
async fn what_is_missing_or_of_the_wrong_type_is_an_error_that_says_so() {
    let node = Node::start(&["--policy", "oldest"]);
    let client = client(&node).await;
    for (event, arguments, part) in [
        ("get", vec![], "get wants a key"),
        ("get", vec![json!(5)], "get wants a key"),
        ("set", vec![json!("k")], "set wants a value"),
        ("set", vec![json!("k"), json!({ "value": 1, "date": -1 })], "whole number of milliseconds"),
        ("set", vec![json!("k".repeat(1_025)), json!(1)], "at most 1024"),
        ("set", vec![json!("k"), json!("v".repeat(2 << 20))], "at most 1032192"),
        ("addPeer", vec![], "addPeer wants a port"),
        ("addPeer", vec![json!("70000")], "addPeer wants a port"),
        ("auth", vec![json!(null)], "auth wants a port"),
        ("fly", vec![], "unknown event `fly`"),
        ("addPeer", vec![json!(port(&node))], "cannot be its own neighbour"),
        ("auth", vec![json!(port(&node))], "cannot be its own neighbour"),
    ] {
        check_says(&error(&client, event, &arguments).await, part);
    }
    assert_eq!(result(&client, "keys", &[]).await, json!([]));
}

#[tokio::test]
async fn a_neighbour_that_is_not_there_is_an_error() {
    let (node, gone) = (Node::start(&["--policy", "oldest"]), Node::start(&[]));
    let absent = port(&gone);
    gone.kill();
    let client = client(&node).await;
    check_says(&error(&client, "addPeer", &[json!(absent)]).await, "nobody listens there");
}

#[tokio::test]
async fn under_last_a_key_may_be_set_again_and_there_are_no_links() {
    let (node, other) = (Node::start(&[]), Node::start(&[]));
    let client = client(&node).await;
    for value in ["first", "second"] {
        assert_eq!(result(&client, "set", &[json!("k"), json!(value)]).await, json!(true));
        assert_eq!(result(&client, "get", &[json!("k")]).await["value"], value);
    }
    let old = json!({ "value": "old", "date": 10_000 });
    assert_eq!(result(&client, "set", &[json!("k"), old]).await, json!(true));
    assert_eq!(result(&client, "get", &[json!("k")]).await["value"], "second");
    for event in ["auth", "addPeer"] {
        check_says(&error(&client, event, &[json!(port(&other))]).await, "--policy oldest");
    }
    let address = format!("{}/byc", other.address);
    let refusal = refused_request(&mut node.client().await, node::wire::Command::AddPeer { address }).await;
    check_says(&refusal.message, "--policy oldest");
}

#[tokio::test]
async fn who_asks_for_no_acknowledgement_gets_none() {
    let node = Node::start(&["--policy", "oldest"]);
    let mut socket = socket(&node).await;
    for event in
        ["[\"keys\"]", "[\"get\"]", "[\"set\",\"k\",1]", "[\"addPeer\",\"x\"]", "[\"fly\"]", "{}", "["]
    {
        send_text(&mut socket, &format!("42{event}")).await;
    }
    send_text(&mut socket, "427[\"keys\"]").await;
    assert_eq!(next_text(&mut socket).await, "437[null,[\"k\"]]");
    // An acknowledgement that the node does not wait for.
    send_text(&mut socket, "4399[null,1]").await;
    send_text(&mut socket, "428[5]").await;
    check_says(&next_text(&mut socket).await, "begins with its name");
}

#[tokio::test]
async fn another_namespace_is_not_there() {
    let node = Node::start(&[]);
    let mut socket = socket(&node).await;
    send_text(&mut socket, "40/admin,").await;
    assert_eq!(next_text(&mut socket).await, "44/admin,{\"message\":\"Invalid namespace\"}");
    send_text(&mut socket, "421[\"keys\"]").await;
    assert_eq!(next_text(&mut socket).await, "431[null,[]]");
}

#[tokio::test]
async fn what_is_no_packet_ends_its_connection_alone() {
    let node = Node::start(&[]);
    let good = client(&node).await;
    for (text, code) in [
        ("x", CloseCode::Protocol),
        ("", CloseCode::Protocol),
        ("4", CloseCode::Protocol),
        ("4x", CloseCode::Protocol),
        ("42999999999999999999999[]", CloseCode::Protocol),
        ("451-[\"set\",{\"_placeholder\":true,\"num\":0}]", CloseCode::Unsupported),
        ("1", CloseCode::Normal),
        ("41", CloseCode::Normal),
    ] {
        let mut socket = socket(&node).await;
        send_text(&mut socket, text).await;
        assert_eq!(closed(&mut socket).await, code, "{text}");
    }
    let mut bytes = socket(&node).await;
    within(bytes.send(Message::binary(vec![1, 2, 3]))).await.unwrap();
    assert_eq!(closed(&mut bytes).await, CloseCode::Unsupported);
    let mut early = unjoined(&node).await;
    send_text(&mut early, "421[\"keys\"]").await;
    assert_eq!(closed(&mut early).await, CloseCode::Policy);
    assert_eq!(result(&good, "keys", &[]).await, json!([]));
    assert_eq!(
        request(&mut node.client().await, node::wire::Command::Count).await,
        node::wire::Reply::Count(0)
    );
}

#[tokio::test]
async fn a_packet_that_is_too_long_ends_its_connection() {
    let node = Node::start(&[]);
    let mut socket = socket(&node).await;
    send_text(&mut socket, &format!("421[\"get\",\"{}\"]", "x".repeat(8 << 20))).await;
    assert_eq!(closed(&mut socket).await, CloseCode::Size);
}

#[tokio::test]
async fn a_page_of_another_site_may_not_speak() {
    let node = Node::start(&[]);
    let url = format!("ws://{}/byc/?EIO=4&transport=websocket", node.address);
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    match within(connect_async(request)).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("not refused: {other:?}"),
    }
    let get =
        "GET /byc/?EIO=4&transport=polling HTTP/1.1\r\nhost: HOST\r\norigin: https://evil.example\r\n\r\n";
    let (status, _) = http(&node, get).await;
    assert_eq!(status, 403);
    let own = format!(
        "GET /byc/?EIO=4&transport=polling HTTP/1.1\r\nhost: HOST\r\norigin: http://{}\r\n\r\n",
        node.address
    );
    assert_eq!(http(&node, &own).await.0, 200);
}

/// Sends an HTTP request on a connection of its own. Returns the status and the body of the answer.
async fn http(node: &Node, request: &str) -> (u16, String) {
    let mut stream = within(TcpStream::connect(&node.address)).await.unwrap();
    let request = request.replacen("HOST", &node.address, 1);
    // A node that refuses a long body may not read all of it.
    let _ = within(stream.write_all(request.as_bytes())).await;
    let mut answer = Vec::new();
    within(async {
        loop {
            let mut part = [0; 4096];
            let read = stream.read(&mut part).await.unwrap_or(0);
            answer.extend_from_slice(&part[..read]);
            let text = String::from_utf8_lossy(&answer);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if read == 0 || length.is_some_and(|length| body.len() >= length.parse().unwrap()) {
                    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
                    return (status, body.to_owned());
                }
            }
            assert!(read > 0, "no answer: {text}");
        }
    })
    .await
}

async fn poll(node: &Node, query: &str) -> (u16, String) {
    http(node, &format!("GET /byc/?{query} HTTP/1.1\r\nhost: HOST\r\n\r\n")).await
}

async fn post(node: &Node, query: &str, body: &str) -> (u16, String) {
    let length = body.len();
    http(
        node,
        &format!("POST /byc/?{query} HTTP/1.1\r\nhost: HOST\r\ncontent-length: {length}\r\n\r\n{body}"),
    )
    .await
}

/// Begins a session that has joined the namespace by polling. Returns its query.
async fn session(node: &Node) -> String {
    let (status, greeting) = poll(node, "EIO=4&transport=polling").await;
    assert_eq!(status, 200);
    let greeting: Value = serde_json::from_str(greeting.strip_prefix('0').unwrap()).unwrap();
    let query = format!("EIO=4&transport=polling&sid={}", greeting["sid"].as_str().unwrap());
    assert_eq!(post(node, &query, "40").await, (200, "ok".to_owned()));
    assert!(poll(node, &query).await.1.starts_with("40{"));
    query
}

#[tokio::test]
async fn packets_are_brought_and_fetched_several_at_a_time() {
    let node = Node::start(&["--policy", "oldest"]);
    let query = session(&node).await;
    let packets = "421[\"set\",\"k\",\"v\"]\u{1e}422[\"keys\"]\u{1e}423[\"get\",\"x\"]";
    assert_eq!(post(&node, &query, packets).await, (200, "ok".to_owned()));
    let expected = "431[null,true]\u{1e}432[null,[\"k\"]]\u{1e}433[\"Field x not exists\"]";
    assert_eq!(poll(&node, &query).await, (200, expected.to_owned()));
    // A poll waits until there is a packet.
    let (polled, posted) = tokio::join!(poll(&node, &query), post(&node, &query, "424[\"peers\"]"));
    assert_eq!((polled.1.as_str(), posted.0), ("434[null,[]]", 200));
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused_with_its_code() {
    let node = Node::start(&[]);
    for (query, code) in [
        ("", 5),
        ("EIO=3&transport=polling", 5),
        ("EIO=4&transport=pigeon", 0),
        ("EIO=4", 0),
        ("EIO=4&transport=polling&sid=nobody", 1),
        ("EIO=4&transport=websocket&sid=nobody", 1),
    ] {
        let (status, body) = poll(&node, query).await;
        assert_eq!((status, body.contains(&format!("\"code\":{code}"))), (400, true), "{query}: {body}");
    }
    assert!(post(&node, "EIO=4&transport=polling", "40").await.1.contains("\"code\":2"));
    // No upgrade, and no path.
    assert_eq!(poll(&node, "EIO=4&transport=websocket").await.0, 426);
    assert_eq!(http(&node, "GET /byc/else HTTP/1.1\r\nhost: HOST\r\n\r\n").await.0, 404);
}

#[tokio::test]
async fn a_session_that_is_misused_ends() {
    let node = Node::start(&["--policy", "oldest"]);
    let over = async |query: &str| {
        // The session may still tell its end.
        while poll(&node, query).await.0 == 200 {}
    };
    let query = session(&node).await;
    assert_eq!(post(&node, &query, &"x".repeat((1 << 20) + 1)).await.0, 400);
    over(&query).await;
    let query = session(&node).await;
    assert_eq!(post(&node, &query, "garbage").await.0, 200);
    over(&query).await;
    let query = session(&node).await;
    let (one, other) = tokio::join!(poll(&node, &query), poll(&node, &query));
    assert!(one.0 == 400 || other.0 == 400, "{one:?} {other:?}");
    over(&query).await;
}

#[tokio::test]
async fn an_upgrade_that_comes_to_nothing_leaves_the_session_as_it_was() {
    let node = Node::start(&[]);
    let query = session(&node).await;
    let url = format!("ws://{}/byc/?{}", node.address, query.replace("polling", "websocket"));
    let mut socket = within(connect_async(&url)).await.unwrap().0;
    send_text(&mut socket, "2probe").await;
    assert_eq!(next_text(&mut socket).await, "3probe");
    assert_eq!(poll(&node, &query).await.1, "6");
    drop(socket);
    post(&node, &query, "421[\"keys\"]").await;
    // Until the node has seen that the WebSocket is gone, polls are answered with a noop.
    let polled = loop {
        let polled = poll(&node, &query).await.1;
        if polled != "6" {
            break polled;
        }
    };
    assert_eq!(polled, "431[null,[]]");
    let mut socket = within(connect_async(&url)).await.unwrap().0;
    send_text(&mut socket, "2probe").await;
    assert_eq!(next_text(&mut socket).await, "3probe");
    send_text(&mut socket, "5").await;
    send_text(&mut socket, "422[\"keys\"]").await;
    assert_eq!(next_text(&mut socket).await, "432[null,[]]");
    assert_eq!(poll(&node, &query).await.0, 400);
}
