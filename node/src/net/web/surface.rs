//! The routes of the web surface, and what they share.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode, Uri};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::spawn_local;
use tower_service::Service as _;

use super::desk::{self, Desk};
use super::download::{self, Download};
use super::page::Page;
use super::private::PrivateListeners;
use super::shared::{Identity, Shared, line, unanswered};
use super::site::{Found, Site, SiteError};
use super::{bundle, metrics};
use crate::net::log;
use crate::net::shell::Shell;
use crate::wire::{Command, Reply, Resident};

/// The age up to which a list of nodes is given to others who ask. Chosen: a person takes it for the present, and a hundred
/// browsers cost the network one census a second.
const FRESH: Duration = Duration::from_secs(1);

/// The choices of the person who started the node.
#[derive(Debug, Clone)]
pub(in crate::net) struct WebSettings {
    pub(in crate::net) identity: Identity,
    /// The folder of the person's own front end.
    pub(in crate::net) site: Option<PathBuf>,
}

/// The web surface of a node.
pub(in crate::net) struct Web {
    settings: WebSettings,
    site: Option<Arc<Site>>,
    started: Instant,
    shared: OnceCell<Arc<Shared>>,
    router: OnceCell<Router>,
}

impl Web {
    /// Creates the surface of a node; the site is that in the folder, or that behind the program.
    pub(in crate::net) fn new(settings: WebSettings) -> Result<Self, SiteError> {
        let site = match &settings.site {
            Some(folder) => Some(Site::in_folder(folder)?),
            // A program that cannot read itself hands nothing on, and runs.
            None => download::program()
                .and_then(|program| bundle::of_program(&program))
                .unwrap_or_default()
                .map(Site::Packed),
        };
        Ok(Self {
            settings,
            site: site.map(Arc::new),
            started: Instant::now(),
            shared: OnceCell::new(),
            router: OnceCell::new(),
        })
    }

    /// Answers a request. The first one makes the routes.
    pub(in crate::net) async fn answer(
        &self,
        shell: &Rc<Shell>,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let mut router = self.router.get_or_init(|| self.router(shell)).clone();
        match router.call(request.map(Body::new)).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Serves the private surface. Never returns.
    pub(in crate::net) async fn serve_private(&self, shell: &Rc<Shell>, listeners: PrivateListeners) {
        let shared = self.shared(shell);
        listeners.serve(routes(Arc::clone(&shared)), shared).await;
    }

    fn router(&self, shell: &Rc<Shell>) -> Router {
        let away = "this is for the person at this machine: `tools node` printed a link, and the socket is in the data folder";
        let private = || get(async move || line(StatusCode::FORBIDDEN, away));
        routes(self.shared(shell)).route("/sync", private()).route("/session", private())
    }

    /// Returns the state of both surfaces. The first request for it makes it.
    fn shared(&self, shell: &Rc<Shell>) -> Arc<Shared> {
        let made = self.shared.get_or_init(|| {
            let (desk, questions) = Desk::new();
            spawn_local(desk::attend(Rc::clone(shell), questions));
            Arc::new(Shared {
                desk,
                identity: self.settings.identity.clone(),
                site: self.site.clone(),
                page: Page::new(),
                started: self.started,
                download: Mutex::default(),
                nodes: Mutex::default(),
            })
        });
        Arc::clone(made)
    }
}

/// Returns the routes that both surfaces have.
fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_node", get(async || Redirect::permanent("/_node/")))
        .route("/_node/", get(built_in))
        .route("/health", get(async || "ok\n"))
        .route("/ping", get(ping))
        .route("/nodes", get(nodes))
        .route("/stats", get(stats))
        .route("/metrics", get(figures))
        .route("/download", get(program))
        .route("/download.b3", get(hashes))
        .fallback(site)
        .with_state(shared)
}

type Here = State<Arc<Shared>>;

fn as_json(value: &serde_json::Value) -> Response<Body> {
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], value.to_string()).into_response()
}

async fn built_in(State(shared): Here) -> Response<Body> {
    shared.page.respond()
}

async fn ping(State(shared): Here) -> Response<Body> {
    match shared.desk.ask(Command::Ping).await {
        Ok(Ok(_)) => line(StatusCode::OK, "I'm alive"),
        other => unanswered(other),
    }
}

async fn nodes(State(shared): Here) -> Response<Body> {
    // Whoever asks meanwhile waits for the same census.
    let mut known = shared.nodes.lock().await;
    let is_fresh = |(at, _): &(Instant, _)| at.elapsed() <= FRESH;
    if let Some((_, list)) = known.as_ref().filter(|known| is_fresh(known)) {
        return as_json(list);
    }
    match shared.desk.ask(Command::Nodes).await {
        Ok(Ok(Reply::Nodes { nodes, complete })) => {
            let nodes: Vec<_> = nodes.iter().map(|node| resident(node, &shared.identity)).collect();
            let list = json!({ "nodes": nodes, "complete": complete });
            let answer = as_json(&list);
            *known = Some((Instant::now(), list));
            answer
        }
        other => unanswered(other),
    }
}

/// Returns a node of a census as JSON.
fn resident(node: &Resident, identity: &Identity) -> serde_json::Value {
    let id = node.node.to_string();
    let links =
        node.links.iter().map(|link| json!({ "to": link.to.to_string(), "silent_ms": link.silent_ms }));
    json!({
        "node": id,
        "name": node.name,
        "address": node.address,
        "here": id == identity.node,
        "links": links.collect::<Vec<_>>(),
    })
}

async fn stats(State(shared): Here) -> Response<Body> {
    let figures = match shared.desk.ask(Command::Stats).await {
        Ok(Ok(Reply::Stats(figures))) => figures,
        other => return unanswered(other),
    };
    let download = match download_of(&shared).await {
        Ok(download) => json!({ "blake3": download.hash().to_hex().to_string(), "bytes": download.length() }),
        Err(reason) => json!({ "error": reason }),
    };
    let Identity { node, name, address, network, policy } = &shared.identity;
    as_json(&json!({
        "node": node,
        "name": name,
        "address": address,
        "network": network,
        "policy": policy.name(),
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": shared.started.elapsed().as_secs(),
        "download": download,
        "figures": figures,
    }))
}

async fn figures(State(shared): Here) -> Response<Body> {
    let figures = match shared.desk.ask(Command::Stats).await {
        Ok(Ok(Reply::Stats(figures))) => figures,
        other => return unanswered(other),
    };
    let Identity { node, name, network, .. } = &shared.identity;
    let labels = vec![("id", node.clone()), ("name", name.clone()), ("network", network.clone())];
    match metrics::text(&figures, shared.started.elapsed().as_secs(), labels) {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(metrics::KIND))], text).into_response(),
        Err(error) => line(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// Returns the program to be handed on. The first request reads it; whoever asks meanwhile waits for that. The error is for people.
async fn download_of(shared: &Arc<Shared>) -> Result<Arc<Download>, String> {
    let mut made = shared.download.lock().await;
    if let Some(made) = &*made {
        return Ok(Arc::clone(made));
    }
    let site = shared.site.clone();
    let read = tokio::task::spawn_blocking(move || Download::new(site.as_deref())).await;
    let download = read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let download = Arc::new(download);
    *made = Some(Arc::clone(&download));
    Ok(download)
}

async fn program(
    State(shared): Here,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response<Body> {
    match download_of(&shared).await {
        Ok(download) => {
            let bare = query.is_some_and(|query| query.split('&').any(|word| word == "bare"));
            download.content(bare).respond(&method, &headers)
        }
        Err(reason) => line(StatusCode::INTERNAL_SERVER_ERROR, reason),
    }
}

async fn hashes(State(shared): Here) -> Response<Body> {
    match download_of(&shared).await {
        Ok(download) => download.hashes().into_response(),
        Err(reason) => line(StatusCode::INTERNAL_SERVER_ERROR, reason),
    }
}

/// Serves the person's own front end, or the built-in page at its root.
async fn site(State(shared): Here, method: Method, uri: Uri, headers: HeaderMap) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return line(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are answered here");
    }
    let Some(site) = shared.site.clone() else {
        return match uri.path() {
            "/" => shared.page.respond(),
            _ => line(StatusCode::NOT_FOUND, "nothing is here"),
        };
    };
    let path = uri.path().to_owned();
    let found = tokio::task::spawn_blocking(move || site.find(&path)).await;
    match found.map_err(std::io::Error::other).and_then(|found| found) {
        Ok(Found::Content(content)) => content.respond(&method, &headers),
        // A path that begins with two slashes would be another host to a browser.
        Ok(Found::Folder) => Redirect::permanent(&format!("{}/", uri.path())).into_response(),
        Ok(Found::Nothing) => line(StatusCode::NOT_FOUND, "nothing is here"),
        Err(error) => {
            log::warn(format_args!("cannot read the site: {error}"));
            line(StatusCode::INTERNAL_SERVER_ERROR, "the site cannot be read")
        }
    }
}
