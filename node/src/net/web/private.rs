//! The private surface: what the person at this machine alone may do.
//!
//! It has listeners of its own: a port on loopback, where the token of the data folder is asked for, since whatever comes
//! through a tunnel comes from loopback too; and a Unix socket in the data folder, which only its owner can open.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::IntoResponse as _;
use axum::routing::get;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tower_service::Service as _;

use super::shared::{Shared, line, unanswered};
use super::token::Token;
use crate::net::log;
use crate::net::origin::OwnHosts;
use crate::wire::Reply;

/// The most connections to the private surface. Chosen: a person has a few browsers and scripts.
const CONNECTIONS_MAX: usize = 64;
/// The longest time that a request's headers may take. Chosen: as on the public port.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause after a failed accept. Chosen: as on the public port.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// The longest body that is read: a token.
const BODY_MAX: usize = 256;
/// The name of the cookie that has the token.
const COOKIE: &str = "node-session";
/// The name of the socket in the data folder.
const SOCKET: &str = "node.sock";
/// The permissions of the socket: only its owner can open it.
const SOCKET_MODE: u32 = 0o600;

/// The listeners of the private surface.
#[derive(Debug)]
pub(in crate::net) struct PrivateListeners {
    port: TcpListener,
    socket: Option<UnixListener>,
    /// The path of the socket, which is removed at the end.
    path: Option<PathBuf>,
    token: Token,
}

/// The reason why the private surface cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum PrivateError {
    /// The port is not on loopback.
    #[error("--private {0}: only the person at this machine may use it: give a port of 127.0.0.1 or [::1]")]
    Exposed(String),
    #[error("--private {address}: {source}")]
    Listen { address: String, source: io::Error },
    #[error("the token of the data folder: {0}")]
    Token(io::Error),
    #[error("{}: {source}", path.display())]
    Socket { path: PathBuf, source: io::Error },
}

impl PrivateListeners {
    /// Opens the listeners of a node: the port, and the socket if the node has a data folder.
    pub(in crate::net) async fn open(address: &str, data: Option<&Path>) -> Result<Self, PrivateError> {
        let failed = |source| PrivateError::Listen { address: address.to_owned(), source };
        let port = TcpListener::bind(address).await.map_err(failed)?;
        if !port.local_addr().map_err(failed)?.ip().is_loopback() {
            return Err(PrivateError::Exposed(address.to_owned()));
        }
        let token = data.map_or_else(Token::draw, Token::of_folder).map_err(PrivateError::Token)?;
        let (mut socket, mut path) = (None, None);
        if let Some(data) = data {
            let at = data.join(SOCKET);
            match listen_at(&at) {
                Ok(listener) => (socket, path) = (Some(listener), Some(at)),
                // The folder's path may be too long for a socket; there is the port.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                    log::warn(format_args!("no socket at {}: {error}", at.display()));
                }
                Err(source) => return Err(PrivateError::Socket { path: at, source }),
            }
        }
        Ok(Self { port, socket, path, token })
    }

    /// Returns the link for the person, which carries the token.
    pub(in crate::net) fn link(&self) -> io::Result<String> {
        Ok(format!("http://{}/_node/#token={}", self.port.local_addr()?, self.token.secret()))
    }

    /// Returns the address of the port.
    pub(in crate::net) fn address(&self) -> io::Result<String> {
        Ok(self.port.local_addr()?.to_string())
    }

    /// Serves the private surface. Never returns.
    pub(super) async fn serve(self, public: Router, shared: Arc<Shared>) {
        let address = self.address().unwrap_or_default();
        let guard = Guard { token: self.token.clone(), hosts: OwnHosts::new(&address, &address) };
        let routes = public.merge(routes(shared));
        let guarded = routes.clone().layer(middleware::from_fn_with_state(Arc::new(guard), admit));
        let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let by_port =
            accept_all(async || self.port.accept().await.map(|(stream, _)| stream), guarded, &slots);
        let by_socket = async {
            let Some(socket) = &self.socket else { return std::future::pending().await };
            accept_all(async || socket.accept().await.map(|(stream, _)| stream), routes, &slots).await;
        };
        tokio::join!(by_port, by_socket);
    }
}

impl Drop for PrivateListeners {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // The next start replaces it.
            let _: io::Result<()> = std::fs::remove_file(path);
        }
    }
}

/// Listens at a path. A socket that an ended node left there is replaced; the lock of the folder says that it has ended.
fn listen_at(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(listener)
}

/// Accepts connections and answers their requests. Never returns.
async fn accept_all<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    accept: impl AsyncFn() -> io::Result<S>,
    routes: Router,
    slots: &Arc<Semaphore>,
) {
    // The slots are never closed.
    while let Ok(slot) = Arc::clone(slots).acquire_owned().await {
        match accept().await {
            Ok(stream) => {
                let routes = routes.clone();
                tokio::task::spawn_local(async move {
                    converse(stream, routes).await;
                    drop(slot);
                });
            }
            Err(error) => {
                // Out of file descriptors: an accept at once would fail again, in a busy loop.
                log::warn(format_args!("cannot accept a private connection now: {error}"));
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, routes: Router) {
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        let mut routes = routes.clone();
        async move { routes.call(request.map(Body::new)).await }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    // The client may go at any time.
    let _: hyper::Result<()> = served.await;
}

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/sync", get(synchronise).post(synchronise))
        .route(
            "/session",
            get(async || line(StatusCode::OK, "known")).post(async || line(StatusCode::OK, "known")),
        )
        .with_state(shared)
}

async fn synchronise(State(shared): State<Arc<Shared>>) -> Response<Body> {
    match shared.desk.synchronise().await {
        Ok(Ok(Reply::Count(count))) => {
            let noun = if count == 1 { "neighbour" } else { "neighbours" };
            line(StatusCode::OK, format!("comparing with {count} {noun}"))
        }
        other => unanswered(other),
    }
}

/// The facts by which a request over the port is let in.
#[derive(Debug)]
struct Guard {
    token: Token,
    hosts: OwnHosts,
}

/// Lets a request of this machine's person in. One for a session gets a cookie, which no page of another site sends along.
async fn admit(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response<Body> {
    let headers = request.headers();
    if !guard.hosts.allow_host(headers) {
        return line(StatusCode::MISDIRECTED_REQUEST, "this node is not known by that name");
    }
    if !guard.hosts.allow_fetch_site(headers) || !guard.hosts.allow_origin(headers) {
        return line(StatusCode::FORBIDDEN, "a page of another site may not speak to this node");
    }
    let path = request.uri().path();
    // The page itself tells nothing, and has to be there before the browser knows the token.
    if matches!(path, "/" | "/_node/") {
        return next.run(request).await;
    }
    if path == "/session" && request.method() == Method::POST {
        return session(&guard, request, next).await;
    }
    if is_known(&guard.token, headers) {
        return next.run(request).await;
    }
    let hint = "the token is missing or wrong: it is in the file `token` of the data folder, for the header \
                `Authorization: Bearer TOKEN`, and in the link that the node printed";
    line(StatusCode::UNAUTHORIZED, hint)
}

async fn session(guard: &Guard, request: Request, next: Next) -> Response<Body> {
    let (head, body) = request.into_parts();
    let given = axum::body::to_bytes(body, BODY_MAX).await.unwrap_or_default();
    if !std::str::from_utf8(&given).is_ok_and(|given| guard.token.is(given.trim())) {
        return line(StatusCode::UNAUTHORIZED, "this is not the token");
    }
    let mut response = next.run(Request::from_parts(head, Body::empty())).await.into_response();
    let cookie = format!("{COOKIE}={}; HttpOnly; SameSite=Strict; Path=/", guard.token.secret());
    if let Ok(mut cookie) = HeaderValue::try_from(cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Returns true if a request has the token, in a header or as a cookie.
fn is_known(token: &Token, headers: &HeaderMap) -> bool {
    let texts = |name| headers.get_all(name).iter().filter_map(|value: &HeaderValue| value.to_str().ok());
    let bearer = texts(header::AUTHORIZATION).filter_map(|value| value.strip_prefix("Bearer "));
    let cookies = texts(header::COOKIE).flat_map(|value| value.split(';'));
    let cookies = cookies.filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    bearer.chain(cookies).any(|given| token.is(given.trim()))
}
