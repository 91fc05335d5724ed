//! Attacks on a node. They harm neither its memory nor the others: two nodes go on exchanging writes, and
//! a bound says how much memory each attack may cost.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use node::net::client::Client;
use node::wire::{
    Announced, Command, Frame, Hello, Hex, Kind, Leaf, Limits, Message, Policy, Prefix, RangeSummary, Reply,
    Stamp, Version, encode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message as Raw;

use crate::node::{Node, Socket, get, link, next_frame, request, send_text, set, wait_until, within};

/// The longest time that a write at one node may take to the other while a third party attacks. On an idle
/// machine it takes a millisecond.
const PROMPT: Duration = Duration::from_secs(10);

const UPGRADE: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// Two nodes that are linked, and a client of each. The first is attacked.
struct Scene {
    attacked: Node,
    _other: Node,
    at_attacked: Client,
    at_other: Client,
    written: usize,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Node::start(&[])).await
    }

    async fn with(attacked: Node) -> Self {
        let other = Node::start(&[]);
        let (mut at_attacked, at_other) = (attacked.client().await, other.client().await);
        link(&mut at_attacked, &other).await;
        let mut scene = Self { attacked, _other: other, at_attacked, at_other, written: 0 };
        // The memory for a node's first writes is not counted for the attack.
        scene.goes_on().await;
        scene
    }

    /// Checks that a write at either node is soon at the other.
    async fn goes_on(&mut self) {
        self.written += 1;
        let (there, back) = (format!("there{}", self.written), format!("back{}", self.written));
        let both = async {
            request(&mut self.at_attacked, set(&there, "1")).await;
            wait_until(&mut self.at_other, || get(&there), Result::is_ok).await;
            request(&mut self.at_other, set(&back, "1")).await;
            wait_until(&mut self.at_attacked, || get(&back), Result::is_ok).await;
        };
        tokio::time::timeout(PROMPT, both).await.expect("the others were held up");
    }

    /// Writes on until an attack is over. Returns the attack's output and the number of rounds.
    async fn goes_on_during<T>(&mut self, attack: impl Future<Output = T>) -> (T, usize) {
        let (mut attack, before) = (std::pin::pin!(within(attack)), self.written);
        loop {
            tokio::select! {
                biased;
                () = self.goes_on() => {}
                done = &mut attack => return (done, self.written - before),
            }
        }
    }

    async fn stat(&mut self, name: &str) -> u64 {
        match request(&mut self.at_attacked, Command::Stats).await {
            Reply::Stats(figures) => figures[name],
            other => panic!("not figures: {other:?}"),
        }
    }
}

/// Introduces a neighbour that claims to be a node of the same make.
async fn introduce(node: &Node) -> Socket {
    let mut socket = node.socket().await;
    let hello = Hello {
        protocol: Hello::PROTOCOL,
        features: [Hello::TREE, Hello::RANGES].map(str::to_owned).to_vec(),
        network: "default".to_owned(),
        node: Hex([0xf0; 16]),
        policy: Policy::Last,
        name: "hostile".to_owned(),
        address: "127.0.0.1:9".to_owned(),
    };
    send_text(&mut socket, &encode(&Frame::Request { id: 1, command: Command::Auth(hello) })).await;
    let reply = next_frame(&mut socket).await;
    assert!(matches!(reply, Ok(Frame::Reply { result: Ok(Reply::Hello(_)), .. })), "{reply:?}");
    socket
}

/// Opens a connection with a small receive buffer, of 4 KiB.
async fn connect(address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    within(socket.connect(address.parse().unwrap())).await.unwrap()
}

/// Opens a connection that was upgraded: the next bytes should be WebSocket.
async fn upgraded(address: &str) -> TcpStream {
    let mut stream = connect(address).await;
    within(stream.write_all(UPGRADE.as_bytes())).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(within(stream.read_u8()).await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// Returns a frame of WebSocket: its first byte has the kind, the mask is of zeros.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    let mut frame = match u8::try_from(length) {
        Ok(short) if short < 126 => vec![kind, 0x80 | short],
        _ => [&[kind, 0x80 | 0x7e][..], &length.to_be_bytes()].concat(),
    };
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// Sends the same bytes again and again, until the node closes or `times` is reached. Returns the node's
/// whole answer.
async fn repeat(stream: TcpStream, first: &[u8], again: &[u8], times: usize) -> Vec<u8> {
    let (mut from, mut to) = stream.into_split();
    let saying = async {
        let mut heard = to.write_all(first).await;
        for _ in 0..times {
            if heard.is_err() {
                break;
            }
            heard = to.write_all(again).await;
        }
        // This end stays open: the node has to end the connection.
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        // A reset is an end as well.
        _ = from.read_to_end(&mut answer) => answer,
        () = saying => answer,
    }
}

/// Returns the code in the close frame at the end of an answer.
fn close_code(answer: &[u8]) -> Option<u16> {
    let at = answer.iter().position(|byte| *byte == 0x88)?;
    Some(u16::from_be_bytes([*answer.get(at + 2)?, *answer.get(at + 3)?]))
}

#[tokio::test]
async fn what_waits_for_one_that_reads_nothing_is_bounded() {
    let mut scene = Scene::new().await;
    let deaf = introduce(&scene.attacked).await;
    let before = scene.attacked.memory();
    // 60 MB, of which the node may queue 4 MiB for each neighbour, and half a frame's text beside it.
    let large = format!("\"{}\"", "x".repeat(500_000));
    for _ in 0..120 {
        request(&mut scene.at_attacked, set("large", &large)).await;
    }
    scene.goes_on().await;
    scene.attacked.wait_for_log("hostile reads slowly").await;
    let grown = scene.attacked.memory().saturating_sub(before);
    assert!(scene.stat("outbox_weight_max").await <= 4 << 20);
    assert!(scene.stat("outbox_overflows").await > 0);
    assert!(grown < 24 << 20, "{grown} bytes more");
    drop(deaf);
    scene.goes_on().await;
}

#[tokio::test]
async fn whatever_garbage_comes_ends_its_own_connection_within_bounds() {
    let mut scene = Scene::new().await;
    let before = scene.attacked.memory();
    let node = scene.attacked.address.clone();
    let megabyte = vec![0xff; 1 << 20];
    let text = vec![b'x'; 60_000];
    let (first, next) = (frame(0x01, &text), frame(0x00, &text));
    let attacks = async {
        let nonsense = repeat(connect(&node).await, &[], &megabyte, 64);
        let head = repeat(connect(&node).await, b"GET / HTTP/1.1\r\n", b"x: xxxxxxxxxxxxxxxxxx\r\n", 1 << 20);
        let body = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        let body = repeat(connect(&node).await, body.as_bytes(), b"4\r\nxxxx\r\n", 1 << 20);
        let unframed = repeat(upgraded(&node).await, &[], &megabyte, 64);
        // A text of eight exabytes, and one without an end.
        let huge = [&[0x81, 0x80 | 0x7f, 0x70][..], &[0; 11]].concat();
        let huge = repeat(upgraded(&node).await, &huge, &megabyte, 64);
        let endless = repeat(upgraded(&node).await, &first, &next, 1 << 20);
        let (nonsense, head, body, unframed, huge, endless) =
            tokio::join!(nonsense, head, body, unframed, huge, endless);
        for (answer, status) in [(nonsense, "400"), (head, "431"), (body, "421")] {
            let answer = String::from_utf8_lossy(&answer);
            // A close with unread bytes resets the connection, which may lose the answer.
            assert!(answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
        assert_eq!(close_code(&unframed), Some(1002));
        assert_eq!([&huge, &endless].map(|answer| close_code(answer)), [Some(1009); 2]);
    };
    scene.goes_on_during(attacks).await;
    scene.goes_on().await;
    for reason in ["not the WebSocket protocol", "a frame is too long"] {
        scene.attacked.wait_for_log(reason).await;
    }
    // One whole frame for each of the two that began one, and 16 KiB for a head.
    let grown = scene.attacked.memory().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn pings_whose_pongs_nobody_reads_are_not_kept() {
    let mut scene = Scene::new().await;
    let before = scene.attacked.memory();
    let mut stream = upgraded(&scene.attacked.address).await;
    // 28 MB of pongs; the sockets have room for some of them, the node for 4 MiB.
    let pings = frame(0x89, &[0; 125]).repeat(1_000);
    let flood = async {
        for _ in 0..220 {
            stream.write_all(&pings).await.unwrap();
        }
    };
    scene.goes_on_during(flood).await;
    scene.goes_on().await;
    let grown = scene.attacked.memory().saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn a_message_of_ever_more_empty_parts_takes_no_room() {
    let mut scene = Scene::new().await;
    let before = scene.attacked.memory();
    let mut stream = upgraded(&scene.attacked.address).await;
    let parts = frame(0x00, &[]).repeat(10_000);
    let endless = async {
        stream.write_all(&frame(0x01, &[])).await.unwrap();
        for _ in 0..100 {
            stream.write_all(&parts).await.unwrap();
        }
    };
    scene.goes_on_during(endless).await;
    scene.goes_on().await;
    let grown = scene.attacked.memory().saturating_sub(before);
    assert!(grown < 2 << 20, "{grown} bytes more");
}

#[tokio::test]
async fn a_thousand_connections_cost_little_and_those_that_never_begin_are_given_up() {
    allow_open_files(4_096);
    let mut scene = Scene::new().await;
    let before = scene.attacked.memory();
    let (mut silent, mut halfway, mut idle) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..334 {
        silent.push(connect(&scene.attacked.address).await);
        let mut stream = connect(&scene.attacked.address).await;
        within(stream.write_all(UPGRADE.trim_end().as_bytes())).await.unwrap();
        halfway.push(stream);
        idle.push(upgraded(&scene.attacked.address).await);
    }
    scene.goes_on().await;
    // A task, the buffers of a socket and of a head.
    let each = scene.attacked.memory().saturating_sub(before) / 1_002;
    assert!(each < 32 << 10, "{each} bytes for each connection");
    // Neither is waited for longer than 5 s.
    let given_up = async {
        for stream in silent.iter_mut().chain(&mut halfway) {
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
        }
    };
    scene.goes_on_during(given_up).await;
    // An idle client is not given up.
    let text = frame(0x81, b"{\"id\":7,\"type\":\"count\"}");
    for stream in &mut idle {
        within(stream.write_all(&text)).await.unwrap();
        assert_eq!(within(stream.read_u8()).await.unwrap(), 0x81);
    }
}

/// Raises the limit of open files for this process and its children.
fn allow_open_files(needed: u64) {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let soft = line.split_whitespace().next().unwrap();
    if soft.parse::<u64>().is_ok_and(|soft| soft < needed) {
        let pid = std::process::id().to_string();
        let limit = format!("--nofile={needed}:");
        let status = std::process::Command::new("prlimit").args([&limit, "--pid", &pid]).status();
        assert!(status.expect("prlimit, of util-linux").success());
    }
}

/// Returns a key hash that no key has, spread over all key hashes.
fn nobodys(number: u64) -> Hex<16> {
    // Fibonacci hashing: two to the 64 over the golden ratio.
    Hex((u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | 1).to_be_bytes())
}

/// Promises versions that it never delivers, as long as the link is up: versions announced, keys in small
/// ranges, ranges full of others. It answers each request with nothing, after it has promised more.
async fn promise(socket: &mut Socket, told: &mut u64) {
    let mut send = Vec::new();
    let more = |told: &mut u64| {
        let from = *told;
        *told += 1_000;
        let keys = || (from..from + 1_000).map(nobodys);
        let stamp = Stamp { wall_ms: 10_000, counter: 0 };
        let version = Version::new("k", Kind::Tombstone, stamp, Hex([0xf0; 16]));
        let announced = |key| Announced { key, author: version.author(), rank: version.rank(Policy::Last) };
        let items = keys().map(|key| (key, Hex([7; 16]))).collect();
        let range = |key: Hex<16>| RangeSummary {
            prefix: key.to_string()[..8].parse().unwrap(),
            count: 1_000_000,
            fingerprint: key,
        };
        [
            Message::Announce(keys().map(announced).collect()),
            Message::Leaves {
                leaves: vec![Leaf { prefix: Prefix::ALL, items }],
                settled: false,
                answer: false,
            },
            Message::Ranges { ranges: keys().take(10).map(range).collect(), settled: false },
        ]
    };
    send.extend(more(told));
    loop {
        for message in send.drain(..) {
            socket.send(Raw::text(encode(&Frame::Message(message)))).await.unwrap();
        }
        let Some(Ok(Raw::Text(text))) = socket.next().await else { panic!("the link was closed") };
        match node::wire::decode(&text, &Limits::default()) {
            Ok(Frame::Message(Message::Want { .. } | Message::WantRange { .. })) => {
                send.extend(more(told));
                send.push(Message::Have { versions: Vec::new(), more: None });
            }
            Ok(Frame::Message(Message::Ping)) => send.push(Message::Pong),
            _ => {}
        }
    }
}

#[tokio::test]
async fn one_that_promises_for_ever_holds_up_nobody() {
    let mut scene = Scene::new().await;
    let late = Node::start(&[]);
    request(&mut late.client().await, set("late", "1")).await;
    let mut hostile = introduce(&scene.attacked).await;
    let before = scene.attacked.memory();
    let mut told = 0;
    let address = late.address.clone();
    {
        let mut promising = std::pin::pin!(promise(&mut hostile, &mut told));
        let honest = async {
            // The attack is under way once the node waits for announced versions.
            while scene.stat("missing").await == 0 {
                scene.goes_on().await;
            }
            // A node that comes now is read as well, though the other one always has more to fetch.
            request(&mut scene.at_attacked, Command::AddPeer { address }).await;
            wait_until(&mut scene.at_other, || get("late"), Result::is_ok).await;
            scene.goes_on().await;
            assert!(scene.stat("missing").await <= 4_096);
        };
        tokio::select! {
            () = &mut promising => {}
            done = tokio::time::timeout(2 * PROMPT, honest) => done.expect("the others were held up"),
        }
    }
    // The bounds are 4,096 announced versions and 262,144 wanted ones.
    let grown = scene.attacked.memory().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes more after {told} promises");
}
