//! Links by `/byc`: between nodes of this make, in mixed networks, and with neighbours that say little.

use futures_util::{SinkExt, StreamExt};
use node::net::byc::{BycClient, BycEvent, argument};
use node::wire::{Command, Reply};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};

use crate::byc::{client, error, port, result};
use crate::node::{DEADLINE, Node, get, link, peers, refused_request, request, wait_until, within};

fn start() -> Node {
    Node::start(&["--policy", "oldest"])
}

/// Waits until a node has this key.
async fn holds(node: &Node, key: &str) {
    wait_until(&mut node.client().await, || get(key), Result::is_ok).await;
}

/// Waits until two nodes hold the same versions.
async fn agree(one: &Node, other: &Node) {
    let expected = request(&mut one.client().await, Command::Digest).await;
    wait_until(&mut other.client().await, || Command::Digest, |reply| *reply == Ok(expected.clone())).await;
}

/// Waits until a node has this many neighbours.
async fn has_neighbours(node: &Node, count: usize) {
    let mut client = node.client().await;
    let holds = |reply: &Result<Reply, _>| matches!(reply, Ok(Reply::Peers(peers)) if peers.len() == count);
    wait_until(&mut client, || Command::Peers, holds).await;
}

async fn set(node: &Node, key: &str, value: &str) {
    assert_eq!(result(&client(node).await, "set", &[json!(key), json!(value)]).await, json!(true));
}

#[tokio::test]
async fn two_nodes_are_linked_by_their_ports() {
    let (a, b) = (start(), start());
    let (at_a, at_b) = (client(&a).await, client(&b).await);
    set(&a, "before", "here").await;
    set(&b, "earlier", "there").await;
    assert_eq!(result(&at_a, "addPeer", &[json!(port(&b).to_string())]).await, json!(true));
    assert_eq!(error(&at_a, "addPeer", &[json!(port(&b))]).await, "neighbor exists");
    assert_eq!(error(&at_b, "addPeer", &[json!(port(&a))]).await, "neighbor exists");
    assert_eq!(result(&at_a, "peers", &[]).await, json!([port(&b)]));
    assert_eq!(result(&at_b, "peers", &[]).await, json!([port(&a)]));
    let listed = peers(&mut a.client().await).await.remove(0);
    assert_eq!((listed.address, listed.dialled), (format!("{}/byc", b.address), true));
    holds(&a, "earlier").await;
    holds(&b, "before").await;
    set(&a, "nom", "Reimert").await;
    holds(&b, "nom").await;
    set(&b, "prenom", "Damien").await;
    holds(&a, "prenom").await;
    agree(&a, &b).await;
}

#[tokio::test]
async fn a_neighbour_is_one_neighbour_in_both_protocols() {
    let (a, b) = (start(), start());
    let mut native = a.client().await;
    link(&mut native, &b).await;
    assert_eq!(error(&client(&a).await, "addPeer", &[json!(port(&b))]).await, "neighbor exists");
    assert_eq!(result(&client(&b).await, "peers", &[]).await, json!([port(&a)]));
    let (c, d) = (start(), start());
    let address = format!("{}/byc", d.address);
    let mut native = c.client().await;
    assert!(matches!(request(&mut native, Command::AddPeer { address }).await, Reply::Added(_)));
    let refusal = refused_request(&mut native, Command::AddPeer { address: d.address.clone() }).await;
    assert_eq!(refusal.message, "neighbor exists");
}

#[tokio::test]
async fn a_mixed_triangle_and_a_late_joiner_of_each_kind_converge() {
    let nodes = [start(), start(), start(), start(), start()];
    let [a, b, c, late, later] = &nodes;
    link(&mut a.client().await, b).await;
    result(&client(b).await, "addPeer", &[json!(port(c))]).await;
    result(&client(c).await, "addPeer", &[json!(port(a))]).await;
    for (index, node) in [a, b, c].into_iter().enumerate() {
        for number in 0..50 {
            set(node, &format!("k{index}-{number}"), "v").await;
        }
    }
    for node in [a, b, c] {
        let all = |reply: &Result<Reply, _>| *reply == Ok(Reply::Count(150));
        wait_until(&mut node.client().await, || Command::Count, all).await;
    }
    agree(a, b).await;
    agree(b, c).await;
    result(&client(late).await, "addPeer", &[json!(port(a))]).await;
    link(&mut later.client().await, c).await;
    agree(a, late).await;
    agree(a, later).await;
    set(late, "last", "words").await;
    for node in &nodes {
        holds(node, "last").await;
    }
}

#[tokio::test]
async fn a_link_comes_back_when_the_neighbour_does() {
    let (a, b) = (start(), start());
    let address = b.address.clone();
    result(&client(&a).await, "addPeer", &[json!(port(&b))]).await;
    set(&a, "nom", "Reimert").await;
    holds(&b, "nom").await;
    b.kill();
    has_neighbours(&a, 0).await;
    let b = Node::start_at(&address, &["--policy", "oldest"]);
    has_neighbours(&a, 1).await;
    holds(&b, "nom").await;
    set(&b, "prenom", "Damien").await;
    holds(&a, "prenom").await;
}

#[tokio::test]
async fn nodes_that_dial_each_other_at_once_end_with_one_link() {
    let (a, b) = (start(), start());
    let (at_a, at_b) = (client(&a).await, client(&b).await);
    let (to_b, to_a) = ([argument(&port(&b))], [argument(&port(&a))]);
    // Either node may answer that the two are neighbours already.
    let (one, other) =
        tokio::join!(at_a.request("addPeer", &to_b, DEADLINE), at_b.request("addPeer", &to_a, DEADLINE));
    drop((one.unwrap(), other.unwrap()));
    set(&a, "nom", "Reimert").await;
    holds(&b, "nom").await;
    has_neighbours(&a, 1).await;
    has_neighbours(&b, 1).await;
}

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
        send_text(&mut socket, &format!("43{}[null,[]]", auth + 1)).await;
        // The node uses the link.
        while !next_text(&mut socket).await.contains("keysAndTime") {}
        socket
    };
    let asked = [json!(port_of_it)];
    let (added, _socket) = tokio::join!(result(&client, "addPeer", &asked), accept);
    assert_eq!(added, json!(true));
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
