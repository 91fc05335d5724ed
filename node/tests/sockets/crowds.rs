//! Crowds at a node's server: pages of other sites, sessions without use, clients that read nothing.

use node::wire::{Command, Reply};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use crate::byc;
use crate::node::{Node, request, set, within};

/// The number of connections: more than the node has slots.
const CROWD: usize = 9_000;

/// Returns the status of the answer to a request, read to its end.
async fn status(stream: &mut BufReader<TcpStream>) -> u16 {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(within(stream.read_line(&mut head)).await.unwrap() > 0, "no answer: {head}");
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    within(stream.read_exact(&mut body)).await.unwrap();
    head.split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no status: {head}"))
}

async fn connect(node: &Node) -> BufReader<TcpStream> {
    BufReader::new(within(TcpStream::connect(&node.address)).await.unwrap())
}

/// Opens a connection with a small receive buffer, of 4 KiB, upgraded at a path.
async fn deaf(node: &Node, path: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    let mut stream = within(socket.connect(node.address.parse().unwrap())).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    within(stream.write_all(request.as_bytes())).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(within(stream.read_u8()).await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// Returns a short text frame, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).ok().filter(|length| *length < 126).unwrap();
    [&[0x81, 0x80 | length, 0, 0, 0, 0][..], text.as_bytes()].concat()
}

#[tokio::test]
async fn whatever_a_page_of_another_site_asks_is_refused() {
    let node = Node::start(&["--policy", "oldest"]);
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    for (path, more) in [
        ("/", ""),
        ("/", upgrade),
        ("/elsewhere", ""),
        ("/byc/?EIO=4&transport=polling", ""),
        ("/byc/?EIO=4&transport=websocket", upgrade),
    ] {
        for (site, refused) in
            [("cross-site", true), ("same-site", true), ("none", false), ("same-origin", false)]
        {
            let mut stream = connect(&node).await;
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {}\r\nsec-fetch-site: {site}\r\n{more}\r\n",
                node.address
            );
            within(stream.get_mut().write_all(request.as_bytes())).await.unwrap();
            let status = status(&mut stream).await;
            assert_eq!(status == 403, refused, "{path} {site}: {status}");
        }
    }
}

#[tokio::test]
async fn sessions_that_nobody_uses_give_way() {
    let node = Node::start(&["--policy", "oldest"]);
    let before = byc::client(&node).await;
    let mut stream = connect(&node).await;
    let polls =
        format!("GET /byc/?EIO=4&transport=polling HTTP/1.1\r\nhost: {}\r\n\r\n", node.address).repeat(100);
    for _ in 0..CROWD / 100 {
        within(stream.get_mut().write_all(polls.as_bytes())).await.unwrap();
        for _ in 0..100 {
            assert_eq!(status(&mut stream).await, 200);
        }
    }
    // New clients are accepted, and the earlier ones are still connected.
    let mut client = node.client().await;
    assert_eq!(request(&mut client, Command::Count).await, Reply::Count(0));
    let after = byc::client(&node).await;
    for client in [&before, &after] {
        assert_eq!(byc::result(client, "keys", &[]).await, serde_json::json!([]));
    }
}

#[tokio::test]
async fn watchers_that_read_nothing_cost_no_more_than_a_page() {
    let node = Node::start(&[]);
    let mut client = node.client().await;
    // 30 MB of notices.
    for number in 0..30 {
        for part in 0..1_000 {
            request(&mut client, set(&format!("{number}-{part}-{}", "k".repeat(700)), "1")).await;
        }
    }
    let before = node.memory();
    let mut watchers = Vec::new();
    for _ in 0..10 {
        let mut stream = deaf(&node, "/").await;
        within(stream.write_all(&frame("{\"id\":1,\"type\":\"watch\",\"versions\":true}"))).await.unwrap();
        watchers.push(stream);
    }
    // Each watcher has been heard, since a later request is answered.
    assert_eq!(request(&mut client, Command::Count).await, Reply::Count(30_000));
    assert_eq!(request(&mut node.client().await, Command::Count).await, Reply::Count(30_000));
    let each = node.memory().saturating_sub(before) / 10;
    assert!(each < 1 << 20, "{each} bytes for each watcher");
    // A client that reads gets all notices.
    let mut reader = node.client().await;
    let told = request(&mut reader, Command::Watch { versions: true }).await;
    assert!(matches!(told, Reply::Watching(change) if change.digest.count == 30_000), "{told:?}");
}

#[tokio::test]
async fn packets_of_one_byte_are_counted_as_what_they_cost() {
    let node = Node::start(&["--policy", "oldest"]);
    let mut client = node.client().await;
    let mut stream = deaf(&node, "/byc/?EIO=4&transport=websocket").await;
    let before = node.memory();
    // Each ping would be answered by a pong of one byte. The node stops reading the connection instead, and
    // drops it when it has read nothing for ten seconds.
    let pings = frame("2").repeat(10_000);
    let mut flood = std::pin::pin!(within(async { while stream.write_all(&pings).await.is_ok() {} }));
    let mut most = before;
    loop {
        tokio::select! {
            biased;
            _ = request(&mut client, set("k", "1")) => most = most.max(node.memory()),
            () = &mut flood => break,
        }
    }
    let grown = most.saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more");
}
