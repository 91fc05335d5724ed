//! Tests of the web surface: pages and figures by plain HTTP, the site, and the download.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use node::wire::{Command, Reply};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};

use crate::node::{NODE, Node, link, request, within};

/// An answer over HTTP.
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }
}

/// Sends a request with these lines and returns the answer.
async fn ask(node: &Node, line: &str, fields: &str) -> Answer {
    let stream = within(TcpStream::connect(&node.address)).await.unwrap();
    let host = if fields.contains("host:") { String::new() } else { format!("host: {}\r\n", node.address) };
    exchange(stream, &format!("{line} HTTP/1.1\r\n{host}{fields}"), "").await
}

async fn get(node: &Node, path: &str) -> Answer {
    ask(node, &format!("GET {path}"), "").await
}

#[tokio::test]
async fn a_node_tells_about_itself_and_about_the_others() {
    let (a, b) =
        (Node::start(&["--name", "a", "--network", "n7"]), Node::start(&["--name", "b", "--network", "n7"]));
    link(&mut b.client().await, &a).await;
    let page = get(&a, "/").await;
    assert!(page.status == 200 && page.text().starts_with("<!doctype html>"), "{}", page.head);
    let policy = page.field("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-") && !policy.contains("unsafe"),
        "{policy}"
    );
    // The name of SVG, and the node's own address in the lines to type.
    let hosts: Vec<&str> = page.text().split("http://").skip(1).map(|rest| &rest[..6]).collect();
    assert_eq!(hosts, ["www.w3", "${stat"]);
    assert_eq!(get(&a, "/_node/").await.body, page.body);
    assert_eq!(get(&a, "/health").await.text(), "ok\n");
    assert_eq!(get(&a, "/none").await.status, 404);
    assert_eq!(ask(&a, "POST /stats", "content-length: 0\r\n").await.status, 405);
    let nodes = get(&b, "/nodes").await.json();
    let names: Vec<_> = nodes["nodes"].as_array().unwrap().iter().map(|node| node["name"].clone()).collect();
    assert_eq!((names, &nodes["complete"]), (vec!["a".into(), "b".into()], &true.into()));
    assert_eq!(nodes["nodes"][0]["links"][0]["to"], nodes["nodes"][1]["node"]);
    assert_eq!([&nodes["nodes"][0]["here"], &nodes["nodes"][1]["here"]], [false, true]);
    let stats = get(&a, "/stats").await.json();
    assert_eq!([&stats["name"], &stats["network"], &stats["address"]], ["a", "n7", &*a.address]);
    assert_eq!(stats["figures"]["peers"], 1);
    let metrics = get(&a, "/metrics").await;
    assert!(metrics.text().contains("\nkv_node_peers 1\n") && metrics.text().ends_with("# EOF\n"));
    // The protocol of nodes is on the same port.
    assert_eq!(request(&mut a.client().await, Command::Count).await, Reply::Count(0));
}

#[tokio::test]
async fn a_ping_shows_on_every_node_and_has_a_rate() {
    let nodes = ["a", "b", "c"].map(|name| Node::start(&["--name", name]));
    link(&mut nodes[1].client().await, &nodes[0]).await;
    link(&mut nodes[2].client().await, &nodes[1]).await;
    assert_eq!(get(&nodes[2], "/ping").await.text(), "I'm alive\n");
    for node in &nodes {
        node.wait_for_log("I'm alive (ping from c)").await;
    }
    let mut refused = 0;
    for _ in 0..60 {
        refused += u32::from(get(&nodes[2], "/ping").await.status == 429);
    }
    assert!(refused > 0, "sixty signs of life passed at once");
}

#[tokio::test]
async fn strangers_and_pages_of_other_sites_are_refused() {
    let node = Node::start(&["--advertise", "node-7.example:3000"]);
    // A name of another site that was made to point here.
    assert_eq!(ask(&node, "GET /nodes", "host: evil.example\r\n").await.status, 421);
    assert_eq!(
        ask(&node, "GET /nodes", "host: evil.example\r\nsec-fetch-site: same-origin\r\n").await.status,
        421
    );
    assert_eq!(ask(&node, "GET /nodes", "host: node-7.example\r\n").await.status, 200);
    assert_eq!(ask(&node, "GET /nodes", "host: localhost\r\n").await.status, 200);
    // A page of another site may lead here, and may neither read nor embed anything.
    let cross = "sec-fetch-site: cross-site\r\n";
    let visit = format!("{cross}sec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n");
    let frame = format!("{cross}sec-fetch-mode: navigate\r\nsec-fetch-dest: iframe\r\n");
    for (path, fields, status) in [
        ("/", cross, 403),
        ("/stats", cross, 403),
        ("/download", cross, 403),
        ("/", &visit, 200),
        ("/", &frame, 403),
        ("/ping", &visit, 403),
    ] {
        assert_eq!(ask(&node, &format!("GET {path}"), fields).await.status, status, "{path} {fields}");
    }
    assert!(!node.log().contains("alive"));
}

#[tokio::test]
async fn without_the_surface_there_are_the_protocols_alone() {
    let node = Node::start(&["--no-web"]);
    for path in ["/nodes", "/download", "/_node/", "/health"] {
        assert_eq!(get(&node, path).await.status, 404, "{path}");
    }
    assert_eq!(get(&node, "/").await.status, 426);
    assert_eq!(request(&mut node.client().await, Command::Count).await, Reply::Count(0));
}

#[tokio::test]
async fn a_site_takes_the_place_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    std::fs::create_dir_all(site.join("css")).unwrap();
    std::fs::write(site.join("index.html"), "<h1>a blog").unwrap();
    std::fs::write(site.join("css/a.css"), "0123456789").unwrap();
    std::fs::write(site.join(".env"), "secret").unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let node = Node::start(&["--site", site.to_str().unwrap()]);
    let home = get(&node, "/").await;
    assert_eq!((home.text(), home.field("content-type")), ("<h1>a blog", Some("text/html; charset=utf-8")));
    assert!(get(&node, "/_node/").await.text().starts_with("<!doctype html>"));
    for path in
        ["/../secret.txt", "/%2e%2e/secret.txt", "/.env", "/css/../../secret.txt", "/css//a.css", "/none"]
    {
        let answer = get(&node, path).await;
        assert!(answer.status == 404 && !answer.text().contains("secret"), "{path}: {}", answer.head);
    }
    assert_eq!(get(&node, "/css").await.field("location"), Some("/css/"));
    let piece = ask(&node, "GET /css/a.css", "range: bytes=2-4\r\n").await;
    assert_eq!(
        (piece.status, piece.text(), piece.field("content-range")),
        (206, "234", Some("bytes 2-4/10"))
    );
    let tag = piece.field("etag").unwrap();
    let same = ask(&node, "GET /css/a.css", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let head = ask(&node, "HEAD /css/a.css", "").await;
    assert_eq!((head.status, head.body.len(), head.field("content-length")), (200, 0, Some("10")));
    assert_eq!(ask(&node, "GET /css/a.css", "range: bytes=10-\r\n").await.status, 416);
    // A folder that is not there is said before anything starts.
    let Err(failed) = Node::try_start("127.0.0.1:0", &["--site", "/nowhere"]) else { panic!("it started") };
    assert_eq!(
        (failed.code, &*failed.reason),
        (Some(2), "--site /nowhere: No such file or directory (os error 2)")
    );
}

/// Writes a program that was downloaded, to be started.
fn write_program(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(bytes).unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn what_is_downloaded_is_the_program_and_serves_the_same_site() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Node::start(&[]);
    let program = std::fs::read(NODE).unwrap();
    let answer = get(&bare, "/download").await;
    assert!(answer.body == program, "{} bytes instead of {}", answer.body.len(), program.len());
    let hash = blake3::hash(&program).to_string();
    assert_eq!(answer.field("etag"), Some(&*format!("\"{hash}\"")));
    assert_eq!(answer.field("content-length"), Some(&*program.len().to_string()));
    assert_eq!(get(&bare, "/download.b3").await.text(), format!("{hash}  download\n{hash}  program\n"));
    let piece = ask(&bare, "GET /download", "range: bytes=100-199\r\n").await;
    assert_eq!((piece.status, &piece.body[..]), (206, &program[100..200]));
    assert_eq!(get(&bare, "/stats").await.json()["download"]["blake3"], *hash);

    let site = folder.path().join("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("index.html"), "<h1>a blog").unwrap();
    let first = Node::start(&["--site", site.to_str().unwrap(), "--name", "first"]);
    let whole = get(&first, "/download").await.body;
    assert!(whole.len() > program.len() && whole.starts_with(&program));
    assert!(get(&first, "/download?bare").await.body == program);
    let path = folder.path().join("downloaded");
    write_program(&path, &whole);
    let second = Node::start_program(&path, &["--name", "second"]);
    link(&mut second.client().await, &first).await;
    assert_eq!(get(&second, "/").await.text(), "<h1>a blog");
    assert_eq!(get(&first, "/nodes").await.json()["nodes"].as_array().unwrap().len(), 2);
    // And so on, with the same hashes: what is handed on is what was taken.
    assert_eq!(get(&second, "/download.b3").await.text(), get(&first, "/download.b3").await.text());
    // A program that another one takes the place of is handed on all the same.
    std::fs::remove_file(&path).unwrap();
    write_program(&path, b"another");
    let third = get(&second, "/download").await;
    assert!(third.body == whole);
    assert_eq!(third.field("content-disposition"), Some("attachment; filename=\"downloaded\""));
}

/// Sends a request to the private surface, with these header fields, and returns the answer.
async fn ask_at(address: &str, line: &str, fields: &str, body: &str) -> Answer {
    let stream = within(TcpStream::connect(address)).await.unwrap();
    exchange(stream, &format!("{line} HTTP/1.1\r\nhost: {address}\r\n{fields}"), body).await
}

async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, head: &str, body: &str) -> Answer {
    let request = format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    within(stream.write_all(request.as_bytes())).await.unwrap();
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: bytes.split_off(end + 4) }
}

#[tokio::test]
async fn the_person_at_the_machine_alone_has_the_node_synchronise() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("me");
    let node = Node::start(&["--data", data.to_str().unwrap(), "--private", "127.0.0.1:0"]);
    let other = Node::start(&[]);
    link(&mut other.client().await, &node).await;
    let said = node.wait_for_log("for its person alone: http://").await;
    let (_, address) = said.split_once("http://").unwrap();
    let (address, _) = address.split_once(',').unwrap();
    let token = std::fs::read_to_string(data.join("token")).unwrap();
    let token = token.trim();
    assert!(!node.log().contains(token), "the token is in the log");
    // On the public port there is nothing of this, whoever asks.
    assert_eq!(ask(&node, "GET /sync", &format!("authorization: Bearer {token}\r\n")).await.status, 403);
    let bearer = format!("authorization: Bearer {token}\r\n");
    for (fields, status) in [
        ("", 401),
        ("authorization: Bearer 00\r\n", 401),
        (&bearer, 200),
        (&format!("{bearer}sec-fetch-site: cross-site\r\n"), 403),
        (&format!("{bearer}origin: https://evil.example\r\n"), 403),
        (&format!("cookie: x=1; node-session={token}\r\n"), 200),
        (&format!("cookie: node-session={}0\r\n", &token[1..]), 401),
    ] {
        let answer = ask_at(address, "GET /sync", fields, "").await;
        assert_eq!(answer.status, status, "{fields}: {}", answer.text());
    }
    assert_eq!(ask_at(address, "POST /sync", &bearer, "").await.text(), "comparing with 1 neighbour\n");
    // A name of another site that was made to point here does not reach it either.
    let stream = TcpStream::connect(address).await.unwrap();
    let rebound =
        exchange(stream, &format!("GET /sync HTTP/1.1\r\nhost: evil.example\r\n{bearer}"), "").await;
    assert_eq!(rebound.status, 421);
    // The page exchanges the token for a cookie that no other page can read or send.
    assert_eq!(ask_at(address, "GET /session", "", "").await.status, 401);
    assert_eq!(ask_at(address, "POST /session", "", "wrong").await.status, 401);
    // No more is read of a body than a token has; a longer one is none, whatever it begins with.
    let long = format!("{token}{}", " ".repeat(256));
    assert_eq!(ask_at(address, "POST /session", "", &long).await.status, 401);
    let session = ask_at(address, "POST /session", "", token).await;
    let cookie = session.field("set-cookie").unwrap();
    assert_eq!(cookie, format!("node-session={token}; HttpOnly; SameSite=Strict; Path=/"));
    assert!(ask_at(address, "GET /", "", "").await.text().starts_with("<!doctype html>"));
    // Over the socket in the folder no token is asked for: only its owner can open it.
    let socket = data.join("node.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let stream = UnixStream::connect(&socket).await.unwrap();
    let answer = exchange(stream, "GET /sync HTTP/1.1\r\nhost: localhost\r\n", "").await;
    assert_eq!(answer.text(), "comparing with 1 neighbour\n");
    // A node that was killed leaves its socket, which the next one replaces.
    node.kill();
    assert!(socket.exists());
    let node = Node::start(&["--data", data.to_str().unwrap(), "--private", "127.0.0.1:0"]);
    UnixStream::connect(&socket).await.unwrap();
    node.signal("TERM");
    assert_eq!(node.exit_code().await, Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn the_private_surface_is_on_loopback_alone_and_not_of_nodes_of_a_harness() {
    let Err(failed) = Node::try_start("127.0.0.1:0", &["--private", "0.0.0.0:0"]) else {
        panic!("it started")
    };
    assert_eq!(failed.code, Some(2));
    assert!(failed.reason.contains("only the person at this machine may use it"), "{}", failed.reason);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("me");
    let node = Node::start(&["--data", data.to_str().unwrap()]);
    assert!(!data.join("token").exists() && !data.join("node.sock").exists());
    assert!(!node.log().contains("alone"));
}
