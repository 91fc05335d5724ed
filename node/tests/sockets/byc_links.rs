//! Links by `/byc`: between nodes of this make, and in mixed networks.

use node::net::byc::argument;
use node::wire::{Command, Reply};
use serde_json::json;

use crate::byc::{client, error, port, result};
use crate::node::{DEADLINE, Node, get, link, peers, refused_request, request, wait_until};

pub(crate) fn start() -> Node {
    Node::start(&["--policy", "oldest"])
}

/// Waits until a node has this key.
pub(crate) async fn holds(node: &Node, key: &str) {
    wait_until(&mut node.client().await, || get(key), Result::is_ok).await;
}

/// Waits until two nodes hold the same versions.
async fn agree(one: &Node, other: &Node) {
    let expected = request(&mut one.client().await, Command::Digest).await;
    wait_until(&mut other.client().await, || Command::Digest, |reply| *reply == Ok(expected.clone())).await;
}

/// Waits until a node has this many neighbours.
pub(crate) async fn has_neighbours(node: &Node, count: usize) {
    let mut client = node.client().await;
    let holds = |reply: &Result<Reply, _>| matches!(reply, Ok(Reply::Peers(peers)) if peers.len() == count);
    wait_until(&mut client, || Command::Peers, holds).await;
}

pub(crate) async fn set(node: &Node, key: &str, value: &str) {
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
