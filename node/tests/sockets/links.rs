//! Links between nodes: made, refused, broken, made again; and the frames on them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use node::net::client::Client;
use node::wire::{Command, ErrorCode, Reply};

use crate::node::{Node, get, link, peers, refused_request, request, set, value_of, wait_until, within};

#[tokio::test]
async fn a_link_is_listed_at_both_ends_when_add_peer_answers() {
    let (a, b) = (Node::start(&["--name", "a"]), Node::start(&["--name", "b"]));
    let mut client = a.client().await;
    let Reply::Added(peer) = request(&mut client, Command::AddPeer { address: b.address.clone() }).await
    else {
        panic!("not added");
    };
    assert_eq!((peer.node.to_string(), peer.name.as_str(), peer.dialled), (b.id.clone(), "b", true));
    assert_eq!(peers(&mut client).await, [peer]);
    let other = peers(&mut b.client().await).await;
    assert_eq!(other.len(), 1);
    assert_eq!(
        (other[0].node.to_string(), other[0].name.as_str(), other[0].dialled),
        (a.id.clone(), "a", false)
    );
    a.wait_for_log("link to b is up").await;
    b.wait_for_log("link to a is up").await;
}

#[tokio::test]
async fn a_second_link_to_a_neighbour_is_an_error_whichever_end_asks() {
    let (a, b) = (Node::start(&[]), Node::start(&[]));
    let (mut at_a, mut at_b) = (a.client().await, b.client().await);
    link(&mut at_a, &b).await;
    let again = |address: &str| Command::AddPeer { address: address.to_owned() };
    assert_eq!(refused_request(&mut at_a, again(&b.address)).await.code, ErrorCode::NeighborExists);
    assert_eq!(refused_request(&mut at_b, again(&a.address)).await.code, ErrorCode::NeighborExists);
    // Any form of the address is recognised.
    let url = format!("ws://{}/", b.address);
    assert_eq!(refused_request(&mut at_a, again(&url)).await.code, ErrorCode::NeighborExists);
    assert_eq!((peers(&mut at_a).await.len(), peers(&mut at_b).await.len()), (1, 1));
}

#[tokio::test]
async fn two_nodes_that_dial_each_other_at_once_have_one_link() {
    let (a, b) = (Node::start(&[]), Node::start(&[]));
    let (mut at_a, mut at_b) = (a.client().await, b.client().await);
    let add = |address: &str| Command::AddPeer { address: address.to_owned() };
    let (one, other) = tokio::join!(at_a.request(add(&b.address)), at_b.request(add(&a.address)));
    for result in [one.unwrap(), other.unwrap()] {
        let fine = match &result {
            Ok(_) => true,
            Err(refusal) => refusal.code == ErrorCode::NeighborExists,
        };
        assert!(fine, "{result:?}");
    }
    let (one, other) = (peers(&mut at_a).await, peers(&mut at_b).await);
    assert_eq!((one.len(), other.len()), (1, 1));
    assert_ne!(one[0].dialled, other[0].dialled);
}

#[tokio::test]
async fn an_address_where_nobody_listens_is_unavailable() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    // The system chose this port a moment ago; now nothing listens on it.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusal = refused_request(&mut client, Command::AddPeer { address: address.to_string() }).await;
    assert_eq!(refusal.code, ErrorCode::Unavailable, "{refusal}");
    assert_eq!(peers(&mut client).await, []);
}

#[tokio::test]
async fn nodes_of_another_network_or_policy_are_refused_with_the_reason() {
    let a = Node::start(&["--network", "one"]);
    let mut client = a.client().await;
    for (arguments, word) in [
        (["--network", "two", "--policy", "last"], "network"),
        (["--network", "one", "--policy", "oldest"], "policy"),
    ] {
        let other = Node::start(&arguments);
        let refusal = refused_request(&mut client, Command::AddPeer { address: other.address.clone() }).await;
        assert_eq!(refusal.code, ErrorCode::Refused, "{refusal}");
        assert!(refusal.message.contains(word), "`{refusal}` does not say `{word}`");
    }
    assert_eq!(peers(&mut client).await, []);
}

#[tokio::test]
async fn a_node_cannot_be_its_own_neighbour() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    let refusal = refused_request(&mut client, Command::AddPeer { address: node.address.clone() }).await;
    assert_eq!(refusal.code, ErrorCode::Refused, "{refusal}");
}

#[tokio::test]
async fn what_one_node_writes_the_others_hold() {
    let (a, b, c) = (Node::start(&[]), Node::start(&[]), Node::start(&[]));
    let (mut at_a, mut at_b, mut at_c) = (a.client().await, b.client().await, c.client().await);
    link(&mut at_a, &b).await;
    link(&mut at_b, &c).await;
    request(&mut at_a, set("nom", "Reimert")).await;
    wait_until(&mut at_c, || get("nom"), Result::is_ok).await;
    assert_eq!(value_of(&mut at_c, "nom").await, "\"Reimert\"");
    request(&mut at_c, Command::Delete { key: "nom".into() }).await;
    wait_until(&mut at_a, || get("nom"), Result::is_err).await;
    let digest = request(&mut at_a, Command::Digest).await;
    wait_until(&mut at_c, || Command::Digest, |reply| reply.as_ref() == Ok(&digest)).await;
}

#[tokio::test]
async fn a_large_value_reaches_the_neighbour_whole() {
    let (a, b) = (Node::start(&[]), Node::start(&[]));
    let (mut at_a, mut at_b) = (a.client().await, b.client().await);
    link(&mut at_a, &b).await;
    // The longest value that is accepted, in the longest key, every byte of which is escaped.
    let value = format!("\"{}\"", "x".repeat(node::wire::Limits::default().value - 2));
    let key = "\u{1}".repeat(1_024);
    request(&mut at_a, set(&key, &value)).await;
    wait_until(&mut at_b, || get(&key), Result::is_ok).await;
    assert_eq!(value_of(&mut at_b, &key).await, value);
}

#[tokio::test]
async fn a_node_that_joins_late_learns_what_was_set_before() {
    let (a, b) = (Node::start(&[]), Node::start(&[]));
    let (mut at_a, mut at_b) = (a.client().await, b.client().await);
    for n in 0..1_000 {
        request(&mut at_a, set(&format!("k{n}"), &n.to_string())).await;
    }
    link(&mut at_b, &a).await;
    wait_until(&mut at_b, || Command::Count, |reply| *reply == Ok(Reply::Count(1_000))).await;
    assert_eq!(request(&mut at_b, Command::Digest).await, request(&mut at_a, Command::Digest).await);
}

#[tokio::test]
async fn a_peer_that_comes_back_on_its_port_is_dialled_again() {
    let (a, b) = (Node::start(&[]), Node::start(&["--name", "b"]));
    let mut at_a = a.client().await;
    link(&mut at_a, &b).await;
    request(&mut at_a, set("nom", "Reimert")).await;
    let address = b.address.clone();
    b.kill();
    wait_until(&mut at_a, || Command::Peers, |reply| *reply == Ok(Reply::Peers(Vec::new()))).await;
    let b = Node::start_at(&address, &["--name", "b"]);
    let mut at_b = b.client().await;
    wait_until(&mut at_b, || get("nom"), Result::is_ok).await;
    let listed = peers(&mut at_a).await;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].node.to_string(), b.id);
}

#[tokio::test]
async fn neighbours_of_neighbours_are_dialled_where_that_is_asked_for() {
    let nodes: Vec<Node> = (0..3).map(|_| Node::start(&["--auto-connect"])).collect();
    let mut middle = nodes[1].client().await;
    link(&mut middle, &nodes[0]).await;
    link(&mut middle, &nodes[2]).await;
    for node in &nodes {
        let two = |reply: &Result<Reply, _>| matches!(reply, Ok(Reply::Peers(peers)) if peers.len() == 2);
        wait_until(&mut node.client().await, || Command::Peers, two).await;
    }
}

#[tokio::test]
async fn a_frozen_neighbour_is_given_up_and_taken_back_when_it_thaws() {
    let (a, b) = (Node::start(&["--name", "a"]), Node::start(&["--name", "b"]));
    let (mut at_a, mut at_b) = (a.client().await, b.client().await);
    link(&mut at_a, &b).await;
    b.signal("STOP");
    a.wait_for_log("link to b is down: silent for 10 s").await;
    request(&mut at_a, set("nom", "Reimert")).await;
    b.signal("CONT");
    wait_until(&mut at_b, || get("nom"), Result::is_ok).await;
    let one = |reply: &Result<Reply, _>| matches!(reply, Ok(Reply::Peers(peers)) if peers.len() == 1);
    wait_until(&mut at_a, || Command::Peers, one).await;
}

#[tokio::test]
async fn the_figures_count_what_went_over_the_link() {
    let (a, b) = (Node::start(&[]), Node::start(&[]));
    let (mut at_a, mut at_b) = (a.client().await, b.client().await);
    link(&mut at_a, &b).await;
    let before = stats(&mut at_a).await;
    request(&mut at_a, set("nom", &"x".repeat(1_000))).await;
    wait_until(&mut at_b, || get("nom"), Result::is_ok).await;
    // Frames are counted after their flush, perhaps after they arrived.
    let now = within(async {
        loop {
            let now = stats(&mut at_a).await;
            if now["bytes_sent"] - before["bytes_sent"] > 1_000 {
                return now;
            }
        }
    })
    .await;
    assert_eq!(now["payloads_sent"] - before["payloads_sent"], 1);
    assert!(now["bytes_sent"] - before["bytes_sent"] < 1_400, "{before:?} {now:?}");
}

async fn stats(client: &mut Client) -> BTreeMap<Cow<'static, str>, u64> {
    match request(client, Command::Stats).await {
        Reply::Stats(figures) => figures,
        other => panic!("no figures: {other:?}"),
    }
}
