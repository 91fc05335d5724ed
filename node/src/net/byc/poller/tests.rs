//! Tests of polling, against a server whose every answer the test gives.

use futures_util::StreamExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use super::*;
use crate::net::byc::http_client::BODY_MAX;

/// A request that waits for its answer.
struct ReceivedRequest {
    line: String,
    body: String,
    answer: oneshot::Sender<Vec<u8>>,
}

impl ReceivedRequest {
    fn answer_with(self, status: &str, body: &str) {
        let head =
            format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        self.answer.send((head + body).into_bytes()).expect("a connection that waits");
    }
}

/// A server that hands its requests to the test.
struct TestServer {
    host_port: String,
    asked: mpsc::Receiver<ReceivedRequest>,
}

impl TestServer {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let host_port = listener.local_addr().unwrap().to_string();
        let (requests, asked) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, requests.clone()));
            }
        });
        Self { host_port, asked }
    }

    /// Waits for the next request, and checks the beginning of its first line.
    async fn asked(&mut self, line: &str) -> ReceivedRequest {
        let asked = self.asked.recv().await.unwrap();
        assert!(asked.line.starts_with(line), "{} is no {line}", asked.line);
        asked
    }

    /// Begins a session whose server takes bodies of ten bytes; its first packets were read.
    async fn session(&mut self) -> Poller {
        let host_port = self.host_port.clone();
        let begun = tokio::spawn(async move { Poller::begin(&host_port).await });
        self.asked("GET /byc/?EIO=4&transport=polling HTTP/1.1").await.answer_with("200 OK", GREETING);
        let mut poller = begun.await.unwrap().unwrap();
        assert!(text(&mut poller).await.starts_with("0{"));
        assert_eq!(text(&mut poller).await, "40{}");
        poller
    }
}

const GREETING: &str =
    "0{\"sid\":\"x-1\",\"pingInterval\":3000,\"pingTimeout\":7000,\"maxPayload\":10}\u{1e}40{}";

/// Reads the requests of a connection and answers each. One without an answer ends the connection.
async fn serve(mut stream: TcpStream, requests: mpsc::Sender<ReceivedRequest>) {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8(read.clone()).unwrap();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = |line: &str| line.strip_prefix("content-length: ")?.parse::<usize>().ok();
            if body.len() == head.lines().find_map(length).unwrap_or(0) {
                let line = head.lines().next().unwrap_or_default().to_owned();
                let (answer, answered) = oneshot::channel();
                requests.send(ReceivedRequest { line, body: body.to_owned(), answer }).await.unwrap();
                if let Ok(answer) = answered.await {
                    stream.write_all(&answer).await.unwrap();
                }
                return;
            }
        }
        if stream.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
    }
}

async fn text(poller: &mut Poller) -> String {
    poller.next().await.unwrap().unwrap().into_text().unwrap().to_string()
}

#[tokio::test]
async fn packets_come_and_go_several_in_a_body() {
    let mut server = TestServer::new().await;
    let mut poller = server.session().await;
    server
        .asked("GET /byc/?EIO=4&transport=polling&sid=x-1 ")
        .await
        .answer_with("200 OK", "2\u{1e}42[\"é\"]");
    assert_eq!(text(&mut poller).await, "2");
    assert_eq!(text(&mut poller).await, "42[\"é\"]");
    let waiting = server.asked("GET ").await;
    for packet in ["aaaa", "bbbb", "cccc", "longer than ten"] {
        poller.feed(Message::text(packet)).await.unwrap();
    }
    poller.flush().await.unwrap();
    for body in ["aaaa\u{1e}bbbb", "cccc", "longer than ten"] {
        let posted = server.asked("POST /byc/?EIO=4&transport=polling&sid=x-1 ").await;
        assert_eq!(posted.body, body);
        posted.answer_with("200 OK", "ok");
    }
    waiting.answer_with("200 OK", "6");
    assert_eq!(text(&mut poller).await, "6");
}

#[tokio::test]
async fn who_takes_leave_says_so() {
    for closes in [true, false] {
        let mut server = TestServer::new().await;
        let mut poller = server.session().await;
        let _polled = server.asked("GET ").await;
        poller.send(Message::text("3")).await.unwrap();
        let last = server.asked("POST ").await;
        assert_eq!(last.body, "3");
        last.answer_with("200 OK", "ok");
        if closes {
            poller.send(Message::Close(None)).await.unwrap();
            assert!(matches!(poller.send(Message::text("3")).await, Err(Error::AlreadyClosed)));
        } else {
            drop(poller);
        }
        assert_eq!(server.asked("POST ").await.body, "1");
    }
}

#[tokio::test]
async fn a_session_ends_with_its_server_or_for_what_it_answers() {
    let mut server = TestServer::new().await;
    let mut poller = server.session().await;
    drop(server.asked("GET ").await);
    assert!(poller.next().await.is_none());

    let mut poller = server.session().await;
    server.asked("GET ").await.answer_with("400 Bad Request", "{\"code\":1}");
    let error = poller.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("a poll was answered with HTTP 400 Bad Request (`{\"code\":1}`)"), "{error}");
    assert!(poller.next().await.is_none());

    // A packet that the server does not accept ends the session as well, while a poll waits.
    let mut poller = server.session().await;
    let _polled = server.asked("GET ").await;
    poller.send(Message::text("40")).await.unwrap();
    server.asked("POST ").await.answer_with("413 Payload Too Large", "");
    let error = poller.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("HTTP 413 Payload Too Large"), "{error}");
}

#[tokio::test]
async fn answers_and_packets_are_bounded() {
    let mut server = TestServer::new().await;
    let mut poller = server.session().await;
    server.asked("GET ").await.answer_with("200 OK", &"x".repeat(PACKET_MAX + 1));
    assert!(matches!(poller.next().await, Some(Err(Error::Capacity(_)))));

    let mut poller = server.session().await;
    let asked = server.asked("GET ").await;
    let body = vec![b'6'; BODY_MAX + 1];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    asked.answer.send([head.into_bytes(), body].concat()).unwrap();
    let error = poller.next().await.unwrap().unwrap_err().to_string();
    assert!(error.contains("longer than 33554432 bytes"), "{error}");
}

#[tokio::test]
async fn who_begins_no_session_is_quoted() {
    for said in ["hello", "0{}", "0{\"sid\":\"a b\",\"pingInterval\":1,\"pingTimeout\":1}", "1"] {
        let mut server = TestServer::new().await;
        let host_port = server.host_port.clone();
        let begun =
            tokio::spawn(async move { Poller::begin(&host_port).await.err().map(|ended| ended.to_string()) });
        server.asked("GET ").await.answer_with("200 OK", said);
        assert_eq!(begun.await.unwrap(), Some(format!("it answered `{said}`, which begins no session")));
    }
}
