//! The server of the live page: the page, the lines of the network, and steps from its buttons.
//!
//! It knows the network by its control socket alone, as a terminal does. A browser that does not read costs
//! one bounded queue.

use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::guard;
use super::lines::{PageLines, Part};
use crate::cli::control::{self, Reply};

/// The longest text of steps, in bytes. Chosen: a hundred times what a person types.
const BODY_MAX: usize = 64 << 10;
/// The interval of the comments that keep a quiet connection open through tunnels. Chosen: below the shortest
/// time-outs in use.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The headers of every answer. The page has a stricter policy of its own for its scripts.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        header::CONTENT_SECURITY_POLICY,
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The page of one network.
#[derive(Debug)]
pub(super) struct Page {
    /// The folder of the network's logs, in which its control socket is.
    pub logs: PathBuf,
    /// The token that every request has to have.
    pub token: String,
    /// The document.
    pub html: String,
    /// The lines for the browsers.
    pub lines: Arc<PageLines>,
    /// The turn: steps from browsers are done one after another.
    pub turn: Mutex<()>,
}

/// Serves the page for as long as the network runs.
pub(super) async fn serve(listener: TcpListener, page: Arc<Page>) -> io::Result<()> {
    let router = Router::new()
        .route("/", get(show))
        .route("/events", get(send_events))
        .route("/do", post(perform))
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&page), admit))
        .with_state(page);
    axum::serve(listener, router).await
}

/// Answers a request that may be answered, and gives every answer its headers.
async fn admit(State(page): State<Arc<Page>>, request: Request, next: Next) -> Response {
    let mut response = if guard::admits(&page.token, request.uri().query(), request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "forbidden\n").into_response()
    };
    let headers = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    response
}

async fn show(State(page): State<Arc<Page>>) -> Html<String> {
    Html(page.html.clone())
}

/// Sends the lines so far, and then each as it comes.
async fn send_events(State(page): State<Arc<Page>>) -> Response {
    let Some((so_far, browser)) = page.lines.browser() else {
        let message = "too many browsers look on: close one of them\n";
        return (StatusCode::SERVICE_UNAVAILABLE, message).into_response();
    };
    let first = stream::iter(anew(&so_far));
    let rest = stream::unfold(Some(browser), |browser| async {
        let mut browser = browser?;
        let events = match browser.next().await {
            Some(Part::Anew(lines)) => anew(&lines),
            Some(Part::More(frame)) => frame.lines.iter().map(|line| event(line)).collect(),
            None => return Some((stream::iter(vec![Event::default().event("end").data("")]), None)),
        };
        Some((stream::iter(events), Some(browser)))
    });
    sse(first.chain(rest.flatten())).into_response()
}

fn sse(
    events: impl Stream<Item = Event> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + Send + 'static> {
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Returns the events that replace all lines.
fn anew(lines: &str) -> Vec<Event> {
    let reset = Event::default().event("reset").data("");
    std::iter::once(reset).chain(lines.lines().filter(|line| !line.is_empty()).map(event)).collect()
}

/// Returns the event of a line. A line of JSON has no line break in it.
fn event(line: &str) -> Event {
    Event::default().event("line").data(line)
}

/// The body of a request for steps.
#[derive(Debug, Deserialize)]
struct Asked {
    steps: String,
}

/// The answer to steps.
#[derive(Debug, Serialize)]
struct Answered {
    #[serde(skip_serializing_if = "Option::is_none")]
    ok: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The lines that `tools do` would print.
    output: Vec<String>,
}

impl Answered {
    /// Returns the response with the lines that steps printed, and their error.
    fn respond(status: StatusCode, output: Vec<String>, error: Option<String>) -> Response {
        let answered = Self { ok: error.is_none().then_some(true), error, output };
        // Strings and a truth value always serialise.
        let json = serde_json::to_string(&answered).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/json")], json).into_response()
    }
}

/// Performs steps, as `tools do` does.
async fn perform(State(page): State<Arc<Page>>, body: Bytes) -> Response {
    let Ok(Asked { steps }) = serde_json::from_slice(&body) else {
        let error = "the body has to be JSON: {\"steps\": \"kill c\"}".to_owned();
        return Answered::respond(StatusCode::BAD_REQUEST, Vec::new(), Some(error));
    };
    let _turn = page.turn.lock().await;
    let (logs, request) = (page.logs.clone(), control::Request::Steps { text: steps });
    let asked = tokio::task::spawn_blocking(move || control::ask(&logs, &request)).await;
    let (output, error) = match asked {
        Ok(Ok(Some(Reply::Steps { output, error, .. }))) => (output, error),
        Ok(Ok(Some(_))) => (Vec::new(), Some(control::unexpected().to_string())),
        Ok(Ok(None)) => (Vec::new(), Some("the network has ended".to_owned())),
        Ok(Err(error)) => (Vec::new(), Some(error.to_string())),
        Err(_) => {
            let error = "the steps were not done: the harness failed; see its standard error";
            (Vec::new(), Some(error.to_owned()))
        }
    };
    Answered::respond(StatusCode::OK, output, error)
}
