//! The front door: one port, an HTTP/1 server on it, behind `/` the native protocol, and behind
//! `/byc` that of nodes of another make.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::spawn_local;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::address::host_of;
use super::byc::{self, Sessions, Wanted};
use super::connection;
use super::log;
use super::shell::{Place, Shell};
use super::socket_config;
use crate::wire::Limits;

/// How long a request's headers may take.
const HEADERS: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes; the least that hyper can be told is 8 KiB.
const HEAD_MAX: usize = 16 << 10;
/// How long to pause where no connection can be accepted and none of ours is about to end.
const PAUSE: Duration = Duration::from_secs(1);

/// The hosts that this node is known by: a page from elsewhere that had its name point here
/// does not know them.
pub(super) struct Front {
    hosts: [String; 2],
}

impl Front {
    /// A front door at `listen`, told to others as `advertise`, both `host:port`.
    pub(super) fn new(listen: &str, advertise: &str) -> Self {
        Self { hosts: [listen, advertise].map(|address| host_of(address).to_owned()) }
    }

    /// Takes in whoever comes. Never returns.
    pub(super) async fn open(self, shell: Rc<Shell>, listener: TcpListener) {
        let front = Rc::new(self);
        let sessions = Sessions::new(Rc::clone(&shell));
        let mut turning_away = false;
        loop {
            match listener.accept().await {
                Ok((stream, from)) => {
                    let place = shell.place();
                    if place.is_none() && !turning_away {
                        let most = shell.limits().connections;
                        log::warn(format_args!("all {most} connections are taken: others are turned away"));
                    }
                    turning_away = place.is_none();
                    match place {
                        None => turn_away(&stream),
                        Some(place) => {
                            let guest =
                                Guest { front: Rc::clone(&front), sessions: Rc::clone(&sessions), from };
                            spawn_local(guest.receive(Rc::clone(&shell), stream, place));
                        }
                    }
                }
                // Only this one connection failed.
                Err(error) if is_of_one(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory: asking again at once would spin.
                    log::warn(format_args!("cannot accept a connection now: {error}"));
                    tokio::select! {
                        () = shell.freed() => {}
                        () = tokio::time::sleep(PAUSE) => {}
                    }
                }
            }
        }
    }

    /// Answers an upgrade: with 101, unless something is missing or it comes from elsewhere.
    fn upgrade<B>(&self, request: &Request<B>) -> Response<Full<Bytes>> {
        let headers = request.headers();
        let upgrade = request.method() == Method::GET
            && has_token(headers, &header::CONNECTION, "upgrade")
            && has_token(headers, &header::UPGRADE, "websocket");
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
        let (true, Some(key)) = (upgrade, key) else {
            let mut response = text(
                StatusCode::UPGRADE_REQUIRED,
                "this is a node: speak WebSocket to it, one JSON object a text frame\n",
            );
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            return response;
        };
        if !has_token(headers, &header::SEC_WEBSOCKET_VERSION, "13") {
            let mut response = text(StatusCode::UPGRADE_REQUIRED, "version 13 of WebSocket is spoken here\n");
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            return response;
        }
        if !self.is_from_here(headers) {
            return stranger();
        }
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let accept = derive_accept_key(key.as_bytes());
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::try_from(accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        response
    }

    /// Whether no browser says that a page of another site wants this. A page is of this site
    /// if it came from the very host and port that it asks, and if that host is one of ours: a
    /// stranger may point a name of his own at this address (DNS rebinding).
    fn is_from_here(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let (Ok(origin), Some(Ok(host))) =
            (origin.to_str(), headers.get(header::HOST).map(HeaderValue::to_str))
        else {
            return false;
        };
        let Some((_, authority)) = origin.split_once("://") else { return false };
        let name = if host.ends_with(']') { host } else { host_of(host) };
        let numeric = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        authority.eq_ignore_ascii_case(host)
            && (numeric
                || name.eq_ignore_ascii_case("localhost")
                || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }
}

/// Somebody who came through the door.
struct Guest {
    front: Rc<Front>,
    sessions: Rc<Sessions>,
    from: SocketAddr,
}

/// What is to be spoken on an upgraded connection.
enum Protocol {
    Native,
    Byc(Wanted),
}

impl Guest {
    async fn receive(self, shell: Rc<Shell>, stream: TcpStream, place: Place) {
        // A socket that does not take the option is slower, and works.
        let _ = stream.set_nodelay(true);
        let from: Rc<str> = self.from.to_string().into();
        let host = self.from.ip();
        // Boxed, for a connection lives much longer than its handshake.
        if let Some((stream, early, protocol)) = Box::pin(self.shake_hands(stream)).await {
            let limits = match protocol {
                Protocol::Native => shell.limits().clone(),
                Protocol::Byc(_) => Limits { frame: byc::PACKET_MAX, ..shell.limits().clone() },
            };
            let config = Some(socket_config(&limits));
            let socket =
                WebSocketStream::from_partially_read(stream, early.into(), Role::Server, config).await;
            match protocol {
                Protocol::Native => {
                    let (conn, outbox) = shell.accepted(Rc::clone(&from));
                    connection::serve(shell, conn, outbox, from, socket).await;
                }
                Protocol::Byc(Wanted::Upgrade(session)) => Box::pin(session.upgrade(&shell, socket)).await,
                Protocol::Byc(Wanted::Fresh | Wanted::Polling) => {
                    Box::pin(byc::accept(shell, host, from, socket)).await;
                }
            }
        }
        drop(place);
    }

    /// Speaks HTTP until the connection ends or is upgraded: then its stream, what was already read
    /// from it, and what is to be spoken.
    async fn shake_hands(self, stream: TcpStream) -> Option<(TcpStream, Bytes, Protocol)> {
        let upgrade: RefCell<Option<(OnUpgrade, Protocol)>> = RefCell::new(None);
        let service = service_fn(|request: Request<Incoming>| async {
            Ok::<_, Infallible>(self.answer(request, &upgrade).await)
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
            .await
            .ok()?;
        let (upgraded, protocol) = upgrade.take()?;
        let parts = upgraded.await.ok()?.downcast::<TokioIo<TcpStream>>().ok()?;
        Some((parts.io.into_inner(), parts.read_buf, protocol))
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        upgrade: &RefCell<Option<(OnUpgrade, Protocol)>>,
    ) -> Response<Full<Bytes>> {
        let protocol = match request.uri().path() {
            "/" => Protocol::Native,
            "/byc" | "/byc/" if !self.front.is_from_here(request.headers()) => return stranger(),
            "/byc" | "/byc/" => match self.sessions.wanted(&request) {
                Ok(Wanted::Polling) => return self.sessions.answer(request, self.from).await,
                Ok(wanted) => Protocol::Byc(wanted),
                Err(wrong) => return wrong.response(),
            },
            _ => return text(StatusCode::NOT_FOUND, "nothing is here: the node speaks WebSocket at /\n"),
        };
        let response = self.front.upgrade(&request);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            *upgrade.borrow_mut() = Some((hyper::upgrade::on(&mut request), protocol));
        }
        response
    }
}

/// The answer to a page of another site.
fn stranger() -> Response<Full<Bytes>> {
    text(StatusCode::FORBIDDEN, "a page of another site may not speak to this node\n")
}

/// One line, and the end of the connection: nobody has a second question.
fn text(status: StatusCode, line: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(line.as_bytes())));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Whether a header that is a list, perhaps on several lines, has this word in it.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// Whether accepting failed for a reason of that one connection.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Says in one breath that there is no room. The socket is new, so there is room for this much;
/// where there is not, closing says it too.
fn turn_away(stream: &TcpStream) {
    let _ = stream.try_write(
        b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 26\r\n\r\nall connections are taken\n",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: Option<&str>, host: Option<&str>, expected: bool) {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        if let Some(host) = host {
            headers.insert(header::HOST, host.parse().unwrap());
        }
        let front = Front::new("127.0.0.1:3000", "node-7.example:3000");
        assert_eq!(front.is_from_here(&headers), expected, "{origin:?} to {host:?}");
    }

    #[test]
    fn only_pages_of_this_site_may_speak() {
        check(None, Some("127.0.0.1:3000"), true);
        check(None, None, true);
        check(Some("http://127.0.0.1:3000"), Some("127.0.0.1:3000"), true);
        check(Some("http://localhost:3000"), Some("LOCALHOST:3000"), true);
        check(Some("http://node-7.example:3000"), Some("node-7.example:3000"), true);
        check(Some("http://[::1]:3000"), Some("[::1]:3000"), true);
        check(Some("http://127.0.0.1:8080"), Some("127.0.0.1:3000"), false);
        check(Some("https://evil.example"), Some("127.0.0.1:3000"), false);
        check(Some("null"), Some("127.0.0.1:3000"), false);
        check(Some("http://127.0.0.1:3000"), None, false);
        // A name of a stranger's that he had point here.
        check(Some("http://evil.example:3000"), Some("evil.example:3000"), false);
    }
}
