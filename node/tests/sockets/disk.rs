//! What a node keeps: through an orderly end, through being killed at any moment, past a full disk.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use node::net::client::Client;
use node::wire::{ErrorCode, Frame, Reply};

use crate::node::{Node, ask, get, refused, set, within};

fn kept_in(folder: &Path) -> Node {
    Node::start(&["--data", folder.to_str().unwrap()])
}

/// Writes a key until the node takes it: it asks a disk that has failed only when it is given something
/// to keep, and not for a while after, which nobody tells.
async fn until_taken(client: &mut Client, key: &str) {
    within(async {
        while client.request(set(key, "1")).await.unwrap().is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// The value of a key, if the node has any.
async fn value(client: &mut Client, key: &str) -> Option<String> {
    match within(client.request(get(key))).await.unwrap() {
        Ok(Reply::Value(version)) => version.value().map(node::wire::Value::text),
        Ok(reply) => panic!("not a value: {reply:?}"),
        Err(refusal) if refusal.code == ErrorCode::Absent => None,
        Err(refusal) => panic!("refused: {refusal:?}"),
    }
}

#[tokio::test]
async fn what_was_written_outlives_the_node_and_so_does_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let node = kept_in(&path);
    let (id, line) = (node.id.clone(), node.logs("keeps what it holds in ").await);
    assert!(line.ends_with(": 0 keys so far"), "{line}");
    let mut client = node.client().await;
    ask(&mut client, set("nom", "Reimert")).await;
    node.signal("TERM");
    assert_eq!(node.ended().await, Some(0));
    let node = kept_in(&path);
    assert_eq!(node.id, id);
    let line = node.logs("keeps what it holds in ").await;
    assert!(line.ends_with(": 1 key so far"), "{line}");
    assert_eq!(value(&mut node.client().await, "nom").await.as_deref(), Some("Reimert"));
}

#[tokio::test]
async fn two_nodes_cannot_have_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _node = kept_in(folder.path());
    let path = folder.path().to_str().unwrap();
    let Err(failed) = Node::try_start("127.0.0.1:0", &["--data", path]) else { panic!("it started") };
    assert_eq!(failed.code, Some(3));
    let reason = format!("the data folder {path} is in use by another node: choose another with --data");
    assert_eq!(failed.reason, reason);
}

#[tokio::test]
async fn a_damaged_folder_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("store.redb"), "").unwrap();
    let path = folder.path().to_str().unwrap();
    let Err(failed) = Node::try_start("127.0.0.1:0", &["--data", path]) else { panic!("it started") };
    assert_eq!(failed.code, Some(3));
    assert!(failed.reason.contains("store.redb cannot be read: "), "{}", failed.reason);
    assert!(failed.reason.contains("move it away to begin empty"), "{}", failed.reason);
}

/// Killed at moments that nobody chooses, under load: what was acknowledged is there.
#[tokio::test]
async fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    const KILLS: u32 = 200;
    let began = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: BTreeMap<String, u32> = BTreeMap::new();
    let mut tried = 0;
    for kill in 0..KILLS {
        let node = kept_in(folder.path());
        let mut client = node.client().await;
        for (key, number) in &acknowledged {
            let held = value(&mut client, key).await.unwrap_or_else(|| panic!("kill {kill}: {key} is lost"));
            let held: u32 = held.parse().unwrap();
            assert!((*number..=tried).contains(&held), "kill {kill}: {key} is {held}, not {number}");
        }
        // Many writes are under way whenever it ends; how far they are is left to chance.
        let (mut sender, mut receiver) = client.split();
        let burst = 20 + kill % 60;
        for number in tried + 1..=tried + burst {
            let key = format!("k{}", number % 50);
            sender.feed(u64::from(number), set(&key, &number.to_string())).await.unwrap();
        }
        tried += burst;
        sender.flush().await.unwrap();
        let enough = kill % burst;
        let mut node = Some(node);
        for answers in 0.. {
            if answers == enough
                && let Some(node) = node.take()
            {
                node.kill();
            }
            // What was under way on the socket still arrives.
            let Ok(frame) = within(receiver.next()).await else { break };
            let Frame::Reply { id, result } = frame else { panic!("not an answer: {frame:?}") };
            result.unwrap();
            acknowledged.insert(format!("k{}", id % 50), u32::try_from(id).unwrap());
        }
    }
    // Past the capture of the test harness, so that it is seen.
    let took = began.elapsed().as_secs_f64();
    let _: io::Result<()> = writeln!(io::stderr(), "{KILLS} kills, {tried} writes, in {took:.1} s");
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_nothing_else_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let node = Node::start_with_blocks(16 << 10, &["--data", path]);
    let mut client = node.client().await;
    let large = "x".repeat(60_000);
    let mut kept = 0;
    let refusal = loop {
        match within(client.request(set(&format!("k{kept}"), &large))).await.unwrap() {
            Ok(_) => kept += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refusal.code, ErrorCode::Unavailable);
    assert!(refusal.message.contains("File too large"), "{}", refusal.message);
    node.logs("WARN the disk fails, so writes are refused").await;
    assert!(kept > 0);
    assert_eq!(value(&mut client, "k0").await.as_ref(), Some(&large));
    node.lift_blocks();
    until_taken(&mut client, "after").await;
    node.logs("INFO the disk keeps again").await;
    node.kill();
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    for number in 0..kept {
        assert_eq!(value(&mut client, &format!("k{number}")).await.as_ref(), Some(&large), "{number}");
    }
    assert_eq!(value(&mut client, "after").await.as_deref(), Some("1"));
}

/// As a full file system does, at the word of whoever started the node.
#[tokio::test]
async fn a_disk_that_is_told_to_be_full_refuses_writes_until_it_is_told_to_have_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = kept_in(folder.path());
    let mut client = node.client().await;
    ask(&mut client, set("before", "1")).await;
    node.fill_disk(true).await;
    let refusal = refused(&mut client, set("before", "2")).await;
    assert_eq!(refusal.code, ErrorCode::Unavailable);
    assert!(refusal.message.contains("No space left on device"), "{}", refusal.message);
    assert_eq!(value(&mut client, "before").await.as_deref(), Some("1"));
    // Killed, it comes back with what it had, and is as full as it was.
    node.kill();
    let mut node = Node::start(&["--data", folder.path().to_str().unwrap(), "--disk-full"]);
    let mut client = node.client().await;
    assert_eq!(value(&mut client, "before").await.as_deref(), Some("1"));
    assert_eq!(refused(&mut client, set("during", "1")).await.code, ErrorCode::Unavailable);
    node.fill_disk(false).await;
    until_taken(&mut client, "after").await;
    node.logs("INFO the disk keeps again").await;
    node.kill();
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    assert_eq!(value(&mut client, "after").await.as_deref(), Some("1"));
    assert_eq!(value(&mut client, "during").await, None);
}
