//! Sessions of Engine.IO by long-polling, and their upgrade to a WebSocket.
//!
//! A session has the queue that every connection has; whoever polls takes a batch of it. When a WebSocket
//! takes over, it goes on with the same queue, as if the connection had always been one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::packet::Packet;
use super::{beat, look_after};
use crate::core::ConnId;
use crate::net::connection;
use crate::net::outbox::{Batch, Outbox};
use crate::net::shell::{Place, Shell};
use crate::wire::Hex;

/// What stands between the packets of one body.
const SEPARATOR: char = '\u{1e}';
/// How long the body of a request may take.
const BODY: Duration = Duration::from_secs(10);
/// How long a WebSocket may take to be used instead of polling.
const UPGRADE: Duration = Duration::from_secs(10);
/// How long a session that ends waits for somebody to poll its last packets.
const LEAVE: Duration = Duration::from_secs(1);

/// What is wrong with a request, as Engine.IO says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Wrong {
    Transport,
    Session,
    Method,
    Request,
    Version,
}

/// All sessions that poll, or did until they were upgraded, by name.
pub(in crate::net) struct Sessions {
    shell: Rc<Shell>,
    open: RefCell<BTreeMap<String, Rc<Session>>>,
}

/// One of them.
pub(in crate::net) struct Session {
    conn: ConnId,
    outbox: Rc<Outbox>,
    from: Rc<str>,
    /// Whether somebody polls.
    polled: Cell<bool>,
    stage: Cell<Stage>,
    changed: Notify,
    _place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Polling,
    /// A WebSocket is tried: whoever polls is sent away.
    Upgrading,
    Upgraded,
    Over,
}

/// What somebody wants who asks for a WebSocket, or for something else.
pub(in crate::net) enum Wanted {
    /// A session of its own.
    Fresh,
    /// To go on with this one.
    Upgrade(Rc<Session>),
    /// To poll.
    Polling,
}

/// The greeting of a session: its name, and what is to be known of this server.
pub(in crate::net) fn greeting(id: &str, polling: bool, longest: usize) -> String {
    let upgrades = if polling { "\"websocket\"" } else { "" };
    let (interval, patience) = (beat::INTERVAL.as_millis(), beat::PATIENCE.as_millis());
    format!(
        "0{{\"sid\":\"{id}\",\"upgrades\":[{upgrades}],\"pingInterval\":{interval},\"pingTimeout\":{patience},\"maxPayload\":{longest}}}"
    )
}

impl Sessions {
    pub(in crate::net) fn new(shell: Rc<Shell>) -> Rc<Self> {
        Rc::new(Self { shell, open: RefCell::default() })
    }

    /// What a request below the path wants.
    pub(in crate::net) fn wanted<B>(&self, request: &Request<B>) -> Result<Wanted, Wrong> {
        let query = request.uri().query().unwrap_or_default();
        if parameter(query, "EIO") != Some("4") {
            return Err(Wrong::Version);
        }
        match parameter(query, "transport") {
            Some("polling") => Ok(Wanted::Polling),
            Some("websocket") => match self.session(query)? {
                None => Ok(Wanted::Fresh),
                Some(session) if session.stage.get() == Stage::Polling => Ok(Wanted::Upgrade(session)),
                Some(_) => Err(Wrong::Request),
            },
            _ => Err(Wrong::Transport),
        }
    }

    /// The session that is named, if one is.
    fn session(&self, query: &str) -> Result<Option<Rc<Session>>, Wrong> {
        let Some(id) = parameter(query, "sid") else { return Ok(None) };
        self.open.borrow().get(id).cloned().map(Some).ok_or(Wrong::Session)
    }

    /// Answers a request that polls, or brings something.
    pub(in crate::net) async fn answer(
        self: &Rc<Self>,
        request: Request<Incoming>,
        from: SocketAddr,
    ) -> Response<Full<Bytes>> {
        let session = self.session(request.uri().query().unwrap_or_default());
        let answer = match (request.method(), session) {
            (_, Err(wrong)) => Err(wrong),
            (&Method::GET, Ok(None)) => return self.begin(from),
            (&Method::GET, Ok(Some(session))) => session.take(&self.shell).await,
            (&Method::POST, Ok(Some(session))) => session.give(&self.shell, request.into_body()).await,
            (_, Ok(None)) => Err(Wrong::Method),
            (_, Ok(Some(_))) => Err(Wrong::Request),
        };
        answer.map_or_else(Wrong::response, |text| body(StatusCode::OK, text))
    }

    /// A new session.
    fn begin(self: &Rc<Self>, from: SocketAddr) -> Response<Full<Bytes>> {
        let Some(place) = self.shell.place() else {
            return body(StatusCode::SERVICE_UNAVAILABLE, "all connections are taken\n".to_owned());
        };
        let Some(id) = name() else {
            return body(StatusCode::INTERNAL_SERVER_ERROR, "no random numbers\n".to_owned());
        };
        let label: Rc<str> = from.to_string().into();
        let (conn, outbox) = self.shell.accepted_byc(Rc::clone(&label), from.ip(), id.clone());
        let session = Rc::new(Session {
            conn,
            outbox,
            from: label,
            polled: Cell::new(false),
            stage: Cell::new(Stage::Polling),
            changed: Notify::new(),
            _place: place,
        });
        self.open.borrow_mut().insert(id.clone(), Rc::clone(&session));
        let greeting = greeting(&id, true, self.shell.limits().frame);
        let sessions = Rc::clone(self);
        spawn_local(async move {
            session.live(&sessions.shell).await;
            sessions.open.borrow_mut().remove(&id);
        });
        body(StatusCode::OK, greeting)
    }
}

impl Session {
    /// From its beginning to its end, whatever carries it.
    async fn live(&self, shell: &Rc<Shell>) {
        tokio::select! {
            () = look_after(Rc::clone(shell), self.conn) => {}
            () = poll_fn(|context| self.outbox.poll_ending(context)) => {}
            () = self.reaches(&[Stage::Over]) => {}
        }
        if self.stage.get() == Stage::Upgraded {
            // The WebSocket takes leave.
            self.reaches(&[Stage::Over]).await;
        } else {
            // Whoever polls is told, whoever does not come in time is not waited for.
            let _ = timeout(LEAVE, self.reaches(&[Stage::Over])).await;
            self.stage.set(Stage::Over);
            self.changed.notify_waiters();
            shell.over(self.conn);
        }
    }

    /// Somebody polls: the next batch, as soon as there is one.
    async fn take(&self, shell: &Rc<Shell>) -> Result<String, Wrong> {
        if self.stage.get() == Stage::Upgraded {
            return Err(Wrong::Request);
        }
        if self.polled.replace(true) {
            // Nobody could tell what comes in which order.
            self.end(shell, CloseCode::Policy, "polled twice at a time");
            return Err(Wrong::Request);
        }
        let _polled = Polled(&self.polled);
        let batch = tokio::select! {
            biased;
            () = self.reaches(&[Stage::Upgrading, Stage::Upgraded, Stage::Over]) => {
                return Ok(if self.stage.get() == Stage::Over { "1" } else { "6" }.to_owned());
            }
            batch = poll_fn(|context| self.outbox.poll_batch(context)) => batch,
        };
        match batch {
            Batch::Frames(batch) => {
                let weight = batch.iter().map(|outgoing| outgoing.weight).sum();
                let counted = batch.iter().map(|outgoing| outgoing.counted).sum();
                let texts: Vec<&str> = batch.iter().map(|outgoing| outgoing.text.as_str()).collect();
                let text = texts.join(SEPARATOR.encode_utf8(&mut [0; 4]));
                shell.written(self.conn, weight, counted);
                Ok(text)
            }
            Batch::Close(..) => {
                self.reach(Stage::Over);
                Ok("1".to_owned())
            }
        }
    }

    /// Somebody brings packets.
    async fn give(&self, shell: &Rc<Shell>, content: Incoming) -> Result<String, Wrong> {
        let content = Limited::new(content, shell.limits().frame).collect();
        let Ok(Ok(content)) = timeout(BODY, content).await else {
            self.end(shell, CloseCode::Size, "a body is too long, or takes too long");
            return Err(Wrong::Request);
        };
        let content = content.to_bytes();
        let Ok(text) = std::str::from_utf8(&content) else {
            self.end(shell, CloseCode::Invalid, "a body is not UTF-8");
            return Err(Wrong::Request);
        };
        for packet in text.split(SEPARATOR) {
            tokio::select! {
                biased;
                () = poll_fn(|context| self.outbox.poll_ending(context)) => return Err(Wrong::Request),
                () = poll_fn(|context| self.outbox.poll_room(context)) => {}
            }
            // A conversation takes whatever comes, if only to end.
            let _ = shell.heard(self.conn, packet);
        }
        Ok("ok".to_owned())
    }

    /// A WebSocket offers to carry this session: once it has been tried, it does.
    pub(in crate::net) async fn upgrade(&self, shell: &Rc<Shell>, mut socket: WebSocketStream<TcpStream>) {
        if self.stage.get() != Stage::Polling {
            return;
        }
        if !matches!(timeout(UPGRADE, self.probe(&mut socket)).await, Ok(Some(()))) {
            if self.stage.get() == Stage::Upgrading {
                self.reach(Stage::Polling);
            }
            return;
        }
        self.reach(Stage::Upgraded);
        let (outbox, from) = (Rc::clone(&self.outbox), Rc::clone(&self.from));
        connection::serve(Rc::clone(shell), self.conn, outbox, from, socket).await;
        self.reach(Stage::Over);
    }

    /// The trial: a ping with `probe` in it, its pong, and the word that it is used from now on.
    async fn probe(&self, socket: &mut WebSocketStream<TcpStream>) -> Option<()> {
        loop {
            let text = match socket.next().await?.ok()? {
                Message::Text(text) => text,
                Message::Ping(_) | Message::Pong(_) => continue,
                _ => return None,
            };
            match (Packet::read(&text)?, self.stage.get()) {
                (Packet::Ping("probe"), Stage::Polling) => {
                    self.reach(Stage::Upgrading);
                    socket.send(Message::text("3probe")).await.ok()?;
                }
                (Packet::Upgrade, Stage::Upgrading) => return Some(()),
                _ => return None,
            }
        }
    }

    fn end(&self, shell: &Rc<Shell>, code: CloseCode, reason: &str) {
        shell.closed(self.conn);
        self.outbox.close(code, reason.to_owned());
    }

    fn reach(&self, stage: Stage) {
        self.stage.set(stage);
        self.changed.notify_waiters();
    }

    /// Waits until the session is at one of these stages.
    async fn reaches(&self, stages: &[Stage]) {
        while !stages.contains(&self.stage.get()) {
            self.changed.notified().await;
        }
    }
}

/// Somebody polls as long as this lives: who polls may be gone before there is an answer.
struct Polled<'a>(&'a Cell<bool>);

impl Drop for Polled<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Wrong {
    pub(in crate::net) fn response(self) -> Response<Full<Bytes>> {
        let (code, message) = match self {
            Self::Transport => (0, "Transport unknown"),
            Self::Session => (1, "Session ID unknown"),
            Self::Method => (2, "Bad handshake method"),
            Self::Request => (3, "Bad request"),
            Self::Version => (5, "Unsupported protocol version"),
        };
        body(StatusCode::BAD_REQUEST, format!("{{\"code\":{code},\"message\":\"{message}\"}}"))
    }
}

fn body(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// A parameter of a query. None of those that are asked for here needs escapes.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

/// A name that nobody guesses.
pub(super) fn name() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(Hex(bytes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_their_whole_name() {
        let query = "EIO=4&transport=polling&t=x&sid=abc";
        assert_eq!(parameter(query, "EIO"), Some("4"));
        assert_eq!(parameter(query, "sid"), Some("abc"));
        assert_eq!(parameter(query, "id"), None);
        assert_eq!(parameter("", "EIO"), None);
    }

    #[test]
    fn a_greeting_says_what_there_is_to_know() {
        let said = greeting("abc", true, 9);
        let json: serde_json::Value = serde_json::from_str(said.strip_prefix('0').unwrap()).unwrap();
        assert_eq!(json["upgrades"], serde_json::json!(["websocket"]));
        assert_eq!((&json["sid"], &json["maxPayload"]), (&"abc".into(), &9.into()));
        assert!(greeting("abc", false, 9).contains("\"upgrades\":[]"));
    }
}
