//! The durability of a node's versions: through an orderly end, kills at any moment, and a full disk.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use node::net::client::Client;
use node::wire::{Command, ErrorCode, Frame, Reply};

use crate::node::{Node, get, refused_request, request, set, within};

fn kept_in(folder: &Path) -> Node {
    Node::start(&["--data", folder.to_str().unwrap()])
}

/// Writes a key until the node accepts it. A disk that failed is used again only with a new write, and
/// not for a while; there is no event at the end of that time.
async fn until_taken(client: &mut Client, key: &str) {
    within(async {
        while client.request(set(key, "1")).await.unwrap().is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Returns the value of a key, if the node has any.
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
    let (id, line) = (node.id.clone(), node.wait_for_log("keeps what it holds in ").await);
    assert!(line.ends_with(": 0 keys so far"), "{line}");
    let mut client = node.client().await;
    request(&mut client, set("nom", "Reimert")).await;
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    let node = kept_in(&path);
    assert_eq!(node.id, id);
    let line = node.wait_for_log("keeps what it holds in ").await;
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
    let reason = format!(
        "the data folder {path} is in use by another node: end that one, or choose another with --data"
    );
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

/// Kills a node at random moments under load: every acknowledged write survives.
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
        // Many writes are under way at each kill; their progress is left to chance.
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
            // Answers under way on the socket still arrive.
            let Ok(frame) = within(receiver.next()).await else { break };
            let Frame::Reply { id, result } = frame else { panic!("not an answer: {frame:?}") };
            result.unwrap();
            acknowledged.insert(format!("k{}", id % 50), u32::try_from(id).unwrap());
        }
    }
    // Written past the capture of the test harness, so that it is seen.
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
    node.wait_for_log("WARN the disk fails, so writes are refused").await;
    assert!(kept > 0);
    assert_eq!(value(&mut client, "k0").await.as_ref(), Some(&large));
    node.lift_blocks();
    until_taken(&mut client, "after").await;
    node.wait_for_log("INFO the disk keeps again").await;
    node.kill();
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    for number in 0..kept {
        assert_eq!(value(&mut client, &format!("k{number}")).await.as_ref(), Some(&large), "{number}");
    }
    assert_eq!(value(&mut client, "after").await.as_deref(), Some("1"));
}

/// The supervisor fills the disk; the node then behaves as on a full file system.
#[tokio::test]
async fn a_disk_that_is_told_to_be_full_refuses_writes_until_it_is_told_to_have_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut node = kept_in(folder.path());
    let mut client = node.client().await;
    request(&mut client, set("before", "1")).await;
    node.set_disk_full(true).await;
    let refusal = refused_request(&mut client, set("before", "2")).await;
    assert_eq!(refusal.code, ErrorCode::Unavailable);
    assert!(refusal.message.contains("No space left on device"), "{}", refusal.message);
    assert_eq!(value(&mut client, "before").await.as_deref(), Some("1"));
    // After a kill it comes back with its former versions, and its disk is as full as it was.
    node.kill();
    let mut node = Node::start(&["--data", folder.path().to_str().unwrap(), "--disk-full"]);
    let mut client = node.client().await;
    assert_eq!(value(&mut client, "before").await.as_deref(), Some("1"));
    assert_eq!(refused_request(&mut client, set("during", "1")).await.code, ErrorCode::Unavailable);
    node.set_disk_full(false).await;
    until_taken(&mut client, "after").await;
    node.wait_for_log("INFO the disk keeps again").await;
    node.kill();
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    assert_eq!(value(&mut client, "after").await.as_deref(), Some("1"));
    assert_eq!(value(&mut client, "during").await, None);
}

/// Runs a task of the command line on a data folder. Returns its exit code and its output.
fn task(task: &str, folder: &Path) -> (Option<i32>, String, String) {
    let ended = std::process::Command::new(env!("CARGO_BIN_EXE_node"))
        .args([task, "--data", folder.to_str().unwrap()])
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (ended.status.code(), text(ended.stdout), text(ended.stderr))
}

/// Flips a bit of a value wherever it is in the file.
fn damage(folder: &Path, value: &str) {
    let file = folder.join("store.redb");
    let mut bytes = std::fs::read(&file).unwrap();
    let places: Vec<_> =
        (0..bytes.len() - value.len()).filter(|at| bytes[*at..].starts_with(value.as_bytes())).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + value.len() - 1] ^= 8;
    }
    std::fs::write(&file, bytes).unwrap();
}

/// Starts a node that must not start, and returns its failure.
fn refusal(folder: &Path) -> crate::node::Failed {
    match Node::try_start("127.0.0.1:0", &["--data", folder.to_str().unwrap()]) {
        Ok(_) => panic!("it started"),
        Err(failed) => failed,
    }
}

/// A node that cannot serve what it keeps does not look as if it could, not even while it finds out.
#[tokio::test]
async fn a_node_whose_folder_is_refused_accepts_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let node = kept_in(folder.path());
    request(&mut node.client().await, set("k", "balance of k is 100")).await;
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    damage(folder.path(), "balance of k is 100");
    // No other test listens on this address, so that the port stays free.
    let address = std::net::TcpListener::bind("127.9.8.7:0").unwrap().local_addr().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(std::sync::Barrier::new(2));
    let trying = std::thread::spawn({
        let (over, begun) = (Arc::clone(&over), Arc::clone(&begun));
        move || {
            let (mut tries, mut accepted) = (0, 0);
            begun.wait();
            while tries == 0 || !over.load(Ordering::Relaxed) {
                tries += 1;
                accepted += u32::from(std::net::TcpStream::connect(address).is_ok());
            }
            (tries, accepted)
        }
    });
    begun.wait();
    let started = Node::try_start(&address.to_string(), &["--data", folder.path().to_str().unwrap()]);
    over.store(true, Ordering::Relaxed);
    let Err(failed) = started else { panic!("it started") };
    assert_eq!(failed.code, Some(3));
    let (tries, accepted) = trying.join().unwrap();
    assert!(tries > 0 && accepted == 0, "{accepted} of {tries} connections");
}

/// A value that changed on the disk is never served. The node refuses its file, a repair keeps the other
/// values, and a neighbour that has this one gives it back.
#[tokio::test]
async fn a_damaged_value_is_refused_repaired_and_fetched_again_from_a_neighbour() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (node, neighbour) = (kept_in(folder.path()), kept_in(other.path()));
    let mut client = node.client().await;
    crate::node::link(&mut client, &neighbour).await;
    for key in ["k", "l", "m"] {
        request(&mut client, set(key, &format!("balance of {key} is 100"))).await;
    }
    neighbour.wait_for_log("INFO received m from ").await;
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    damage(folder.path(), "balance of l is 100");
    let before = std::fs::read(folder.path().join("store.redb")).unwrap();
    let failed = refusal(folder.path());
    assert_eq!(failed.code, Some(3));
    let remedy = format!("`tools node repair --data {}`", folder.path().display());
    assert!(
        failed.reason.contains("cannot be read: ") && failed.reason.contains(&remedy),
        "{}",
        failed.reason
    );
    assert!(std::fs::read(folder.path().join("store.redb")).unwrap() == before);
    let (code, said, _) = task("repair", folder.path());
    assert_eq!(code, Some(0));
    assert!(said.contains("store.redb.repaired: 2 of 3 keys") && said.contains("\n    l\n"), "{said}");
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    assert_eq!(value(&mut client, "l").await, None);
    assert_eq!(value(&mut client, "m").await.as_deref(), Some("balance of m is 100"));
    assert!(std::fs::read(folder.path().join("store.redb.damaged-1")).unwrap() == before);
    crate::node::link(&mut client, &neighbour).await;
    node.wait_for_log("INFO received l from ").await;
    assert_eq!(value(&mut client, "l").await.as_deref(), Some("balance of l is 100"));
}

#[tokio::test]
async fn a_file_that_is_removed_under_a_running_node_takes_no_writes_and_is_not_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    request(&mut client, set("k", "1")).await;
    std::fs::remove_file(folder.path().join("store.redb")).unwrap();
    let answer = refused_request(&mut client, set("k", "2")).await;
    assert_eq!(answer.code, ErrorCode::Unavailable);
    assert!(answer.message.contains("store.redb is gone while the node runs"), "{}", answer.message);
    node.wait_for_log("WARN the disk fails, so writes are refused").await;
    assert_eq!(value(&mut client, "k").await.as_deref(), Some("1"));
    node.kill();
    let failed = refusal(folder.path());
    assert_eq!(failed.code, Some(3));
    assert!(failed.reason.contains("store.redb is gone, and writes were acknowledged"), "{}", failed.reason);
}

#[tokio::test]
async fn what_was_written_by_a_clock_that_was_ahead_is_given_the_present_time_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let node = Node::start(&["--data", path, "--clock-ahead-ms", "3600000"]);
    request(&mut node.client().await, set("before", "1")).await;
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    let node = kept_in(folder.path());
    let line = node.wait_for_log("WARN the last write here is stamped ").await;
    assert!(line.contains("neighbours take it from ") && line.contains("`tools node restamp"), "{line}");
    let neighbour = Node::start(&[]);
    let mut client = node.client().await;
    crate::node::link(&mut client, &neighbour).await;
    neighbour.wait_for_log("WARN put off a version of before").await;
    node.wait_for_log("writes are refused meanwhile").await;
    let refusal = refused_request(&mut client, set("k", "1")).await;
    assert_eq!(refusal.code, ErrorCode::Refused);
    assert!(refusal.message.starts_with("the clock was ahead by "), "{}", refusal.message);
    let (code, _, said) = task("restamp", folder.path());
    assert_eq!(code, Some(3));
    assert!(said.contains("is in use by another node"), "{said}");
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    let (code, said, _) = task("restamp", folder.path());
    assert_eq!(code, Some(0));
    assert!(
        said.starts_with("1 version, stamped ") && said.ends_with("has the present time now\n"),
        "{said}"
    );
    let node = kept_in(folder.path());
    let mut client = node.client().await;
    request(&mut client, set("k", "1")).await;
    crate::node::link(&mut client, &neighbour).await;
    neighbour.wait_for_log("INFO received before from ").await;
    assert_eq!(value(&mut neighbour.client().await, "before").await.as_deref(), Some("1"));
    assert_eq!(value(&mut client, "before").await.as_deref(), Some("1"));
}

#[tokio::test]
async fn nodes_on_copies_of_one_folder_are_told_so_at_both_ends() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let node = kept_in(folder.path());
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let (node, twin) = (kept_in(folder.path()), kept_in(copy.path()));
    assert_eq!(node.id, twin.id);
    let mut client = node.client().await;
    let refusal = refused_request(&mut client, Command::AddPeer { address: twin.address.clone() }).await;
    assert!(refusal.message.starts_with("two nodes have one identity ("), "{}", refusal.message);
    assert!(
        refusal.message.contains("start one of them with an empty folder (--data)"),
        "{}",
        refusal.message
    );
    for end in [&node, &twin] {
        end.wait_for_log("their data folders are copies of one another").await;
    }
}

#[tokio::test]
async fn what_a_node_keeps_is_its_owners_alone_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    for umask in ["000", "022", "277"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data").join("a");
        let node = Node::start_with_umask(umask, &["--data", path.to_str().unwrap()]);
        request(&mut node.client().await, set("k", "1")).await;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o700), "umask {umask}");
        for entry in std::fs::read_dir(&path).unwrap() {
            let entry = entry.unwrap().path();
            assert_eq!(mode(&entry), 0o600, "umask {umask}: {}", entry.display());
        }
    }
}
