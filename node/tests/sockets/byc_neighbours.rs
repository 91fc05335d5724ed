//! Neighbours by `/byc` that the test plays: they say little, know only a part of the protocol, or list the node
//! from before.

use futures_util::{SinkExt, StreamExt};
use node::net::byc::{BycClient, BycEvent, argument};
use node::wire::{Command, Reply};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::byc::{client, error, port, result};
use crate::byc_links::{has_neighbours, holds, set, start};
use crate::node::{Node, get, request, wait_until, within};

/// Returns the number and the arguments of the next event of this name that asks for an
/// acknowledgement.
async fn event(client: &BycClient, name: &str) -> (u64, Vec<Value>) {
    loop {
        let BycEvent { name: found, arguments, ack } = within(client.event()).await.unwrap();
        if found == name {
            let arguments = arguments.iter().map(|json| serde_json::from_str(json.get()).unwrap()).collect();
            return (ack.expect("nodes of the course call back unasked"), arguments);
        }
    }
}

#[tokio::test]
async fn who_says_where_it_listens_is_a_neighbour_on_its_own_connection() {
    let node = start();
    set(&node, "before", "it came").await;
    let it = client(&node).await;
    assert_eq!(result(&it, "auth", &[json!("9")]).await, json!(true));
    assert_eq!(error(&it, "auth", &[json!(9)]).await, "neighbor exists");
    assert_eq!(result(&it, "peers", &[]).await, json!([9]));
    // The node asks it for its keys, and for the values that it has a better version of.
    let (ack, _) = event(&it, "keysAndTime").await;
    let listed = json!({
        "nom": { "date": 10_000, "hash": "00" },
        "before": { "date": 9_999_999_999_999_u64, "hash": "00" },
    });
    it.acknowledge(ack, Ok(argument(&listed))).await.unwrap();
    let (ack, arguments) = event(&it, "get").await;
    assert_eq!(arguments, [json!("nom")]);
    let found = json!({ "value": "Reimert", "date": 10_000, "hash": "00" });
    it.acknowledge(ack, Ok(argument(&found))).await.unwrap();
    holds(&node, "nom").await;
    // It gets the version that it had only a later one of.
    let (_, arguments) = event(&it, "set").await;
    assert_eq!((&arguments[0], &arguments[1]["value"]), (&json!("before"), &json!("it came")));
    // A version that it sends is stored. Writes of other nodes are pushed to it, its own are not.
    let told = json!({ "value": "Damien", "date": 10_000, "hash": "00" });
    assert_eq!(result(&it, "set", &[json!("prenom"), told]).await, json!(true));
    set(&node, "ville", "Paris").await;
    let (_, arguments) = event(&it, "set").await;
    assert_eq!((&arguments[0], &arguments[1]["value"]), (&json!("ville"), &json!("Paris")));
    drop(it);
    has_neighbours(&node, 0).await;
}

#[tokio::test]
async fn who_knows_no_listing_is_asked_for_its_keys() {
    let node = start();
    let it = client(&node).await;
    result(&it, "auth", &[json!(9)]).await;
    let (ack, _) = event(&it, "keysAndTime").await;
    it.acknowledge(ack, Err("what is that?".to_owned())).await.unwrap();
    let (ack, _) = event(&it, "keys").await;
    it.acknowledge(ack, Ok(argument(&["gone", "odd", "nom"]))).await.unwrap();
    for _ in 0..3 {
        let (ack, arguments) = event(&it, "get").await;
        let answer = match arguments[0].as_str() {
            Some("gone") => Err("Field gone not exists".to_owned()),
            Some("odd") => Ok(argument("a value without its date")),
            _ => Ok(argument(&json!({ "value": "Reimert", "date": 10_000 }))),
        };
        it.acknowledge(ack, answer).await.unwrap();
    }
    holds(&node, "nom").await;
    assert_eq!(request(&mut node.client().await, Command::Count).await, Reply::Count(1));
}

/// A node of the course's kind that does only what a test tells it.
struct Foreign {
    listener: TcpListener,
}

type Stream = WebSocketStream<TcpStream>;

impl Foreign {
    async fn listen() -> (Self, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self { listener }, port)
    }

    /// Accepts a connection and reads its `auth`. Returns the connection, the number and the port.
    async fn accept(&self) -> (Stream, u64, Value) {
        let (stream, _) = within(self.listener.accept()).await.unwrap();
        let mut socket = within(accept_async(stream)).await.unwrap();
        send_text(
            &mut socket,
            "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}",
        )
        .await;
        assert_eq!(next_text(&mut socket).await, "40");
        send_text(&mut socket, "40{\"sid\":\"y\"}").await;
        let said = next_text(&mut socket).await;
        let (ack, json) = said.strip_prefix("42").unwrap().split_once('[').unwrap();
        let event: Value = serde_json::from_str(&format!("[{json}")).unwrap();
        assert_eq!(event[0], "auth");
        (socket, ack.parse().unwrap(), event[1].clone())
    }
}

async fn send_text(socket: &mut Stream, text: &str) {
    within(socket.send(Message::text(text))).await.unwrap();
}

async fn next_text(socket: &mut Stream) -> String {
    match within(socket.next()).await {
        Some(Ok(Message::Text(text))) => text.to_string(),
        other => panic!("not a packet: {other:?}"),
    }
}

#[tokio::test]
async fn who_never_acknowledges_is_not_waited_for() {
    let node = start();
    let (foreign, port_of_it) = Foreign::listen().await;
    let client = client(&node).await;
    let accept = async {
        let (mut socket, _, from) = foreign.accept().await;
        assert_eq!(from, json!(port(&node)));
        send_text(&mut socket, "2").await;
        // The node answers pings, sends requests, and acknowledges nothing.
        loop {
            match next_text(&mut socket).await.as_str() {
                "3" => break,
                other => assert!(other.starts_with("42"), "{other}"),
            }
        }
        socket
    };
    let asked = [json!(port_of_it)];
    let (added, mut socket) = tokio::join!(result(&client, "addPeer", &asked), accept);
    assert_eq!(added, json!(true));
    assert_eq!(result(&client, "peers", &[]).await, json!([port_of_it]));
    send_text(&mut socket, "42[\"set\",\"nom\",{\"value\":\"Reimert\",\"date\":10000,\"hash\":\"00\"}]")
        .await;
    holds(&node, "nom").await;
}

#[tokio::test]
async fn an_answer_to_what_was_asked_later_lets_in_as_well() {
    let node = start();
    let (foreign, port_of_it) = Foreign::listen().await;
    let client = client(&node).await;
    let accept = async {
        let (mut socket, auth, _) = foreign.accept().await;
        let asked = next_text(&mut socket).await;
        assert_eq!(asked, format!("42{}[\"peers\"]", auth + 1));
        send_text(&mut socket, &format!("43{}[null,[1,{}]]", auth + 1, port(&node))).await;
        // The node uses the link.
        while !next_text(&mut socket).await.contains("keysAndTime") {}
        socket
    };
    let asked = [json!(port_of_it)];
    let (added, _socket) = tokio::join!(result(&client, "addPeer", &asked), accept);
    assert_eq!(added, json!(true));
}

#[tokio::test]
async fn who_lists_the_node_from_before_is_a_neighbour_on_the_new_connection() {
    let node = start();
    let (foreign, port_of_it) = Foreign::listen().await;
    let client = client(&node).await;
    let accept = async {
        let (mut socket, auth, _) = foreign.accept().await;
        send_text(&mut socket, &format!("43{auth}[\"neighbor exists\"]")).await;
        socket
    };
    let asked = [json!(port_of_it)];
    let (added, mut socket) = tokio::join!(result(&client, "addPeer", &asked), accept);
    assert_eq!(added, json!(true));
    assert_eq!(result(&client, "peers", &[]).await, json!([port_of_it]));
    // It pushes nothing on this connection, so it is asked again and again, and its writes are found.
    for date in [20_000, 10_000] {
        let ack = acked(&mut socket, "keysAndTime").await;
        let listing = format!("43{ack}[null,{{\"nom\":{{\"date\":{date},\"hash\":\"00\"}}}}]");
        send_text(&mut socket, &listing).await;
        let ack = acked(&mut socket, "get").await;
        let value = format!("43{ack}[null,{{\"value\":\"of {date}\",\"date\":{date}}}]");
        send_text(&mut socket, &value).await;
        let found = |reply: &Result<Reply, _>| match reply {
            Ok(Reply::Value(version)) => version.stamp().wall_ms == date,
            _ => false,
        };
        wait_until(&mut node.client().await, || get("nom"), found).await;
    }
}

/// Waits for an event of this name, and returns the number of its acknowledgement.
async fn acked(socket: &mut Stream, name: &str) -> u64 {
    loop {
        let text = next_text(socket).await;
        if let Some((ack, _)) =
            text.strip_prefix("42").and_then(|rest| rest.split_once(&format!("[\"{name}\"")))
        {
            return ack.parse().unwrap();
        }
    }
}

#[tokio::test]
async fn who_joins_late_and_fetches_nothing_is_told_everything_after_its_first_listing() {
    let node = start();
    for key in ["nom", "prenom"] {
        set(&node, key, "set before").await;
    }
    let it = client(&node).await;
    assert_eq!(result(&it, "auth", &[json!(9)]).await, json!(true));
    let mut listings = 0;
    let mut told = Vec::new();
    while told.len() < 2 {
        let BycEvent { name, arguments, ack } = within(it.event()).await.unwrap();
        match name.as_str() {
            "keysAndTime" => {
                listings += 1;
                it.acknowledge(ack.unwrap(), Ok(argument(&json!({})))).await.unwrap();
            }
            "set" => told.push(serde_json::from_str::<String>(arguments[0].get()).unwrap()),
            _ => {}
        }
    }
    told.sort();
    assert_eq!((told, listings), (vec!["nom".to_owned(), "prenom".to_owned()], 1));
}

#[tokio::test]
async fn who_knows_no_listing_is_sent_plain_values() {
    let node = start();
    set(&node, "before", "plain").await;
    let it = client(&node).await;
    result(&it, "auth", &[json!(9)]).await;
    // As on a stock server, `keysAndTime` gets no acknowledgement at all.
    let (ack, _) = event(&it, "keys").await;
    it.acknowledge(ack, Ok(argument::<[&str]>(&[]))).await.unwrap();
    assert_eq!(event(&it, "set").await.1, [json!("before"), json!("plain")]);
    set(&node, "after", "plain too").await;
    assert_eq!(event(&it, "set").await.1, [json!("after"), json!("plain too")]);
}

#[tokio::test]
async fn a_node_that_dials_again_replaces_its_first_connection_without_a_word() {
    let node = start();
    let (first, second) = (client(&node).await, client(&node).await);
    assert_eq!(result(&first, "auth", &[json!(9)]).await, json!(true));
    assert_eq!(result(&second, "auth", &[json!(9)]).await, json!(true));
    // The first connection is closed, and the second one is the link.
    while within(first.event()).await.is_ok() {}
    assert_eq!(result(&second, "peers", &[]).await, json!([9]));
    event(&second, "keysAndTime").await;
}

#[tokio::test]
async fn a_node_that_starts_while_it_is_added_becomes_a_neighbour() {
    let a = start();
    // The first attempt is cut off, and the next ones are refused until the node listens.
    let (foreign, port_of_b) = Foreign::listen().await;
    let starts = async {
        drop(within(foreign.listener.accept()).await.unwrap());
        drop(foreign);
        let start = move || Node::start_at(&format!("127.0.0.1:{port_of_b}"), &["--policy", "oldest"]);
        tokio::task::spawn_blocking(start).await.unwrap()
    };
    let at_a = client(&a).await;
    let asked = [json!(port_of_b)];
    let (added, b) = tokio::join!(result(&at_a, "addPeer", &asked), starts);
    assert_eq!(added, json!(true));
    has_neighbours(&b, 1).await;
}

#[tokio::test]
async fn who_refuses_is_no_neighbour() {
    let node = start();
    let (foreign, port_of_it) = Foreign::listen().await;
    let client = client(&node).await;
    let accept = async {
        let (mut socket, auth, _) = foreign.accept().await;
        send_text(&mut socket, &format!("43{auth}[\"not today\"]")).await;
        socket
    };
    let asked = [json!(port_of_it)];
    let (refused, _socket) = tokio::join!(error(&client, "addPeer", &asked), accept);
    assert_eq!(refused, "not today");
    assert_eq!(result(&client, "peers", &[]).await, json!([]));
}

#[tokio::test]
async fn what_is_no_node_of_this_protocol_is_said_to_be_none() {
    let node = start();
    let (foreign, port_of_it) = Foreign::listen().await;
    let client = client(&node).await;
    let accept = async {
        let (stream, _) = within(foreign.listener.accept()).await.unwrap();
        let mut socket = within(accept_async(stream)).await.unwrap();
        send_text(&mut socket, "welcome").await;
        socket
    };
    let asked = [json!(port_of_it)];
    let (refused, _socket) = tokio::join!(error(&client, "addPeer", &asked), accept);
    assert!(refused.contains("`welcome` is no packet"), "{refused}");
}
