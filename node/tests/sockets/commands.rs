//! Tests of every command, at one node.

use node::wire::{Command, Digest, ErrorCode, Frame, Hex, Limits, Notice, Reply, Stamp, Value};

use crate::node::{Node, get, refused_request, request, set, value_of, within};

#[tokio::test]
async fn what_was_set_is_there_until_it_is_deleted() {
    let node = Node::start(&["--name", "a"]);
    let mut client = node.client().await;
    assert_eq!(refused_request(&mut client, get("nom")).await.code, ErrorCode::Absent);
    let Reply::Written { stamp, author, .. } = request(&mut client, set("nom", "Reimert")).await else {
        panic!("not written");
    };
    assert_eq!(author.to_string(), node.id);
    assert_eq!(value_of(&mut client, "nom").await, "\"Reimert\"");
    let Reply::Written { stamp: told, .. } = request(&mut client, Command::Stamp { key: "nom".into() }).await
    else {
        panic!("no stamp");
    };
    assert_eq!(told, stamp);
    let Reply::Written { stamp: deleted, .. } =
        request(&mut client, Command::Delete { key: "nom".into() }).await
    else {
        panic!("not deleted");
    };
    assert!(deleted > stamp);
    assert_eq!(refused_request(&mut client, get("nom")).await.code, ErrorCode::Absent);
    assert_eq!(request(&mut client, Command::Count).await, Reply::Count(0));
}

#[tokio::test]
async fn a_value_comes_back_as_it_was_written() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    for json in [
        "null",
        "1.0",
        "{\"b\": 1, \"a\" :[]}",
        "\"caf\\u00e9\"",
        "-0",
        "\"\\ud800\"",
        "123456789012345678901234567890",
    ] {
        request(&mut client, set("k", json)).await;
        assert_eq!(value_of(&mut client, "k").await, json);
    }
}

#[tokio::test]
async fn a_date_is_the_stamp() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    let value = Value::typed("Paris", &Limits::default()).unwrap();
    let command = Command::Set { key: "Ville".into(), value, date: Some(10_000) };
    let Reply::Written { stamp, .. } = request(&mut client, command).await else { panic!("not written") };
    assert_eq!(stamp, Stamp { wall_ms: 10_000, counter: stamp.counter });
}

#[tokio::test]
async fn keys_are_listed_in_order_and_counted() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    for key in ["b", "c", "a", ""] {
        request(&mut client, set(key, "1")).await;
    }
    request(&mut client, Command::Delete { key: "c".into() }).await;
    let keys =
        |keys: &[&str]| Reply::Keys { keys: keys.iter().map(|&key| key.into()).collect(), more: false };
    assert_eq!(request(&mut client, Command::Keys { after: None }).await, keys(&["", "a", "b"]));
    assert_eq!(request(&mut client, Command::Keys { after: Some("a".into()) }).await, keys(&["b"]));
    assert_eq!(request(&mut client, Command::Count).await, Reply::Count(3));
}

#[tokio::test]
async fn more_keys_than_one_frame_holds_come_in_pages() {
    let node = Node::start(&[]);
    let (mut sender, mut receiver) = node.client().await.split();
    // The longest keys, every byte of which takes six on the wire.
    let expected: Vec<String> = (0..1_000).map(|n| format!("{n:04}{}", "\u{1}".repeat(1_020))).collect();
    for (id, key) in (0..).zip(&expected) {
        sender.feed(id, set(key, "1")).await.unwrap();
    }
    sender.flush().await.unwrap();
    for _ in &expected {
        let frame = within(receiver.next()).await.unwrap();
        assert!(matches!(frame, Frame::Reply { result: Ok(Reply::Written { .. }), .. }), "{frame:?}");
    }
    let (mut seen, mut client, mut pages) = (Vec::new(), node.client().await, 0);
    loop {
        let after = seen.last().cloned();
        let Reply::Keys { keys, more } = request(&mut client, Command::Keys { after }).await else {
            panic!("no keys");
        };
        seen.extend(keys);
        pages += 1;
        if !more {
            break;
        }
    }
    assert_eq!(seen, expected);
    assert!(pages > 1, "6 MB of keys came in one page");
}

#[tokio::test]
async fn the_digest_tells_two_states_apart() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    let empty = request(&mut client, Command::Digest).await;
    assert!(matches!(&empty, Reply::Digest(Digest { count: 0, .. })), "{empty:?}");
    request(&mut client, set("nom", "Reimert")).await;
    let one = request(&mut client, Command::Digest).await;
    assert!(matches!(&one, Reply::Digest(Digest { count: 1, .. })), "{one:?}");
    request(&mut client, set("nom", "Damien")).await;
    let other = request(&mut client, Command::Digest).await;
    assert!(matches!(&other, Reply::Digest(Digest { count: 1, .. })), "{other:?}");
    assert_ne!(one, other);
}

#[tokio::test]
async fn stats_have_names_and_figures() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    request(&mut client, set("nom", "Reimert")).await;
    let Reply::Stats(figures) = request(&mut client, Command::Stats).await else { panic!("no figures") };
    assert!(figures.values().any(|figure| *figure > 0), "{figures:?}");
}

#[tokio::test]
async fn a_watcher_is_told_of_a_write_before_its_reply() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    request(&mut client, set("before", "1")).await;
    let Reply::Watching(start) = request(&mut client, Command::Watch { versions: true }).await else {
        panic!("not watching");
    };
    assert_eq!(start.digest.count, 1);
    let (mut sender, mut receiver) = client.split();
    sender.send(99, set("nom", "Reimert")).await.unwrap();
    let (mut told, mut stored) = (None, Vec::new());
    loop {
        match within(receiver.next()).await.unwrap() {
            Frame::Notice(Notice::Changed(change)) => told = Some(change),
            Frame::Notice(Notice::Stored { key, .. }) => stored.push(key),
            Frame::Reply { id: 99, result } => {
                result.unwrap();
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    let told = told.expect("the reply came before the change");
    assert_eq!((told.incarnation, told.digest.count), (start.incarnation, 2));
    assert!(told.sequence > start.sequence);
    assert_eq!(stored, ["before", "nom"]);
}

#[tokio::test]
async fn many_questions_at_once_are_answered_in_order() {
    let node = Node::start(&[]);
    let (mut sender, mut receiver) = node.client().await.split();
    for id in 0..10_000 {
        sender.feed(id, set(&format!("k{}", id % 100), &id.to_string())).await.unwrap();
    }
    sender.flush().await.unwrap();
    for expected in 0..10_000 {
        match within(receiver.next()).await.unwrap() {
            Frame::Reply { id, result: Ok(_) } => assert_eq!(id, expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn the_oldest_write_stays_where_that_is_the_policy() {
    let node = Node::start(&["--policy", "oldest"]);
    let mut client = node.client().await;
    request(&mut client, set("nom", "Reimert")).await;
    request(&mut client, set("nom", "Reimert")).await;
    assert_eq!(refused_request(&mut client, set("nom", "Damien")).await.code, ErrorCode::Exists);
    assert_eq!(
        refused_request(&mut client, Command::Delete { key: "nom".into() }).await.code,
        ErrorCode::Refused
    );
    assert_eq!(value_of(&mut client, "nom").await, "\"Reimert\"");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_with_the_remedy() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    let refusal = refused_request(&mut client, Command::AddPeer { address: "localhost".into() }).await;
    assert_eq!(refusal.code, ErrorCode::Refused);
    assert!(refusal.message.contains("has no port"), "{refusal}");
    assert_eq!(request(&mut client, Command::Peers).await, Reply::Peers(Vec::new()));
    // The refused command has not harmed the node.
    assert_ne!(node.id, Hex::<16>::ZERO.to_string());
}
