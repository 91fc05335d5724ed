//! The HTTP server on the node's one port: the native protocol behind `/`, and the protocol of nodes of
//! another make behind `/byc`.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use axum::body::Body;
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

use super::byc::{self, Purpose, Sessions};
use super::chapter::{self, Hub, Origin};
use super::connection;
use super::log;
use super::origin::OwnHosts;
use super::shell::{Shell, Slot};
use super::web::Web;
use super::websocket;
use crate::wire::Limits;

/// The longest time that a request's headers may take. Chosen: many round trips on any
/// network; a connection that sends nothing holds its slot no longer.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes. Chosen: twice the least that hyper takes (8 KiB), since browsers
/// send cookies of several KiB.
const HEAD_MAX: usize = 16 << 10;
/// The pause after a failed accept, unless one of the node's connections ends sooner. Chosen: long enough that
/// a node without file descriptors is idle, short enough that no client gives up.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// The HTTP server of a node.
pub(super) struct HttpServer {
    hosts: OwnHosts,
    /// The web surface, unless it is turned off.
    web: Option<Rc<Web>>,
    /// The neighbours of another make, which may come to this port.
    hub: Option<Rc<Hub>>,
}

impl HttpServer {
    /// Creates the server of a node with its addresses as `host:port`: where it listens, and the advertised
    /// one.
    pub(super) fn new(listen: &str, advertise: &str, web: Option<Rc<Web>>) -> Self {
        Self { hosts: OwnHosts::new(listen, advertise), web, hub: None }
    }

    /// Lets neighbours of another make come to this port, too.
    pub(super) fn with_hub(self, hub: Rc<Hub>) -> Self {
        Self { hub: Some(hub), ..self }
    }

    /// Accepts connections. Never returns.
    pub(super) async fn run(self, shell: Rc<Shell>, listener: TcpListener) {
        let server = Rc::new(self);
        let sessions = Sessions::new(Rc::clone(&shell));
        let mut refusing = false;
        loop {
            match listener.accept().await {
                Ok((stream, from)) => {
                    let slot = shell.take_slot(from.ip());
                    if slot.is_none() && !refusing {
                        let most = shell.limits().connections;
                        log::warn(format_args!(
                            "the {most} slots for connections are taken, or the share of {}: new connections are refused",
                            from.ip()
                        ));
                    }
                    refusing = slot.is_none();
                    match slot {
                        None => refuse_connection(&stream),
                        Some(slot) => {
                            let (server, sessions) = (Rc::clone(&server), Rc::clone(&sessions));
                            let shell = Rc::clone(&shell);
                            let accepted = AcceptedConnection { server, sessions, shell, from };
                            spawn_local(accepted.serve(stream, slot));
                        }
                    }
                }
                // The error concerns this one connection.
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    // Out of file descriptors or memory: an accept at once would fail again, in a busy loop.
                    log::warn(format_args!("cannot accept a connection now: {error}"));
                    tokio::select! {
                        () = shell.slot_freed() => {}
                        () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                    }
                }
            }
        }
    }

    /// Answers an upgrade with 101, unless a header is missing or a page of another site asks.
    fn answer_upgrade<B>(&self, request: &Request<B>) -> Response<Body> {
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
        if !self.hosts.allow_origin(headers) {
            return cross_site_refusal();
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let accept = derive_accept_key(key.as_bytes());
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::try_from(accept) {
            headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
        }
        headers.insert(websocket::MARK, HeaderValue::from_static("1"));
        response
    }
}

/// An accepted connection before its upgrade.
struct AcceptedConnection {
    server: Rc<HttpServer>,
    sessions: Rc<Sessions>,
    shell: Rc<Shell>,
    from: SocketAddr,
}

/// The protocol of an upgraded connection.
enum Protocol {
    Native,
    /// The first message decides between the native protocol and plain values.
    Undecided(Rc<Hub>),
    Byc(Purpose),
}

impl AcceptedConnection {
    /// Serves the connection until it ends: first HTTP, then the protocol of its upgrade.
    async fn serve(self, stream: TcpStream, slot: Slot) {
        let shell = Rc::clone(&self.shell);
        // A socket that does not take the option is slower, and works.
        let _ = stream.set_nodelay(true);
        let peer: Rc<str> = self.from.to_string().into();
        let host = self.from.ip();
        // Boxed, since a connection lives much longer than its handshake.
        let upgraded = tokio::select! {
            upgraded = Box::pin(self.speak_http(stream, &slot)) => upgraded,
            // The connection was not used, and its slot was given to another one.
            () = slot.lost() => None,
        };
        if let Some((stream, early, protocol)) = upgraded {
            let limits = match protocol {
                Protocol::Native | Protocol::Undecided(_) => shell.limits().clone(),
                Protocol::Byc(_) => Limits { frame: byc::PACKET_MAX, ..shell.limits().clone() },
            };
            let settings = Some(websocket::settings(&limits));
            let socket =
                WebSocketStream::from_partially_read(stream, early.into(), Role::Server, settings).await;
            match protocol {
                Protocol::Native => {
                    let (conn, queue) = shell.add_accepted(Rc::clone(&peer));
                    connection::serve(shell, conn, queue, peer, socket).await;
                }
                Protocol::Undecided(hub) => {
                    let served = Box::pin(chapter::serve(&shell, &hub, &peer, socket, Origin::Accepted));
                    if let Some((socket, first)) = served.await {
                        let (conn, queue) = shell.add_accepted(Rc::clone(&peer));
                        // It was decoded before.
                        let _ = shell.on_text(conn, &first);
                        connection::serve(shell, conn, queue, peer, socket).await;
                    }
                }
                Protocol::Byc(Purpose::Upgrade(session)) => Box::pin(session.upgrade(&shell, socket)).await,
                Protocol::Byc(Purpose::WebSocket | Purpose::Polling) => {
                    Box::pin(byc::accept(shell, host, peer, socket)).await;
                }
            }
        }
        drop(slot);
    }

    /// Speaks HTTP until the connection ends or is upgraded. Returns, after an upgrade, the stream, the bytes
    /// already read from it, and its protocol.
    async fn speak_http(self, stream: TcpStream, slot: &Slot) -> Option<(TcpStream, Bytes, Protocol)> {
        let upgrade: RefCell<Option<(OnUpgrade, Protocol)>> = RefCell::new(None);
        let service = service_fn(|request: Request<Incoming>| async {
            slot.mark_used();
            Ok::<_, Infallible>(self.answer(request, &upgrade).await)
        });
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS_TIMEOUT)
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
    ) -> Response<Body> {
        let hosts = &self.server.hosts;
        let is_own = hosts.allow_fetch_site(request.headers());
        if let Some(web) = self.server.web.as_ref().filter(|_| is_for_pages(&request)) {
            // A link on another site's page may lead here. A sign of life is more than a page.
            let may_ask = is_own || (is_visit(request.headers()) && request.uri().path() != "/ping");
            if !hosts.allow_host(request.headers()) {
                return text(StatusCode::MISDIRECTED_REQUEST, "this node is not known by that name\n");
            }
            return if may_ask { web.answer(&self.shell, request).await } else { cross_site_refusal() };
        }
        if !is_own {
            return cross_site_refusal();
        }
        let protocol = match request.uri().path() {
            "/" => match &self.server.hub {
                Some(hub) if !request.headers().contains_key(websocket::MARK) => {
                    Protocol::Undecided(Rc::clone(hub))
                }
                _ => Protocol::Native,
            },
            "/byc" | "/byc/" if !hosts.allow_origin(request.headers()) => {
                return cross_site_refusal();
            }
            "/byc" | "/byc/" => match self.sessions.purpose_of(&request) {
                Ok(Purpose::Polling) => return self.sessions.answer(request, self.from).await.map(Body::new),
                Ok(purpose) => Protocol::Byc(purpose),
                Err(fault) => return fault.response().map(Body::new),
            },
            _ => return text(StatusCode::NOT_FOUND, "nothing is here: the node speaks WebSocket at /\n"),
        };
        let response = self.server.answer_upgrade(&request);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            *upgrade.borrow_mut() = Some((hyper::upgrade::on(&mut request), protocol));
        }
        response
    }
}

/// Returns true if a request is for the web surface: all but upgrades, and the other protocol's path.
fn is_for_pages<B>(request: &Request<B>) -> bool {
    match request.uri().path() {
        "/byc" | "/byc/" => false,
        "/" => !request.headers().contains_key(header::UPGRADE),
        _ => true,
    }
}

/// Returns true if a browser goes to a page, and does not embed it in another.
fn is_visit(headers: &HeaderMap) -> bool {
    let is = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Returns the answer to a page of another site.
fn cross_site_refusal() -> Response<Body> {
    text(StatusCode::FORBIDDEN, "a page of another site may not speak to this node\n")
}

/// Returns an answer of one line that ends the connection: no client has a second request after it.
fn text(status: StatusCode, line: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(line));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Returns true if a header that is a list, perhaps on several lines, contains this word.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

/// Returns true if an accept failed for a reason of that one connection.
fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

/// Refuses a connection with one write. The socket is new, so it usually has room for these bytes; where
/// it has not, its closing is the refusal.
fn refuse_connection(stream: &TcpStream) {
    let _ = stream.try_write(
        b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 26\r\n\r\nall connections are taken\n",
    );
}
