//! The server of a page: the document, and the guard before every answer.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use super::guard;

/// The longest body of a request, in bytes. Chosen: a hundred times the steps that a person types.
const BODY_MAX: usize = 64 << 10;

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

/// A document, and the token that every request has to have.
#[derive(Debug)]
struct Door {
    token: String,
    html: String,
}

/// Serves a page with these routes until it ends. Answers under way are finished.
pub(super) async fn serve(
    listener: TcpListener,
    token: String,
    html: String,
    routes: Router,
    ends: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let door = Arc::new(Door { token, html });
    let served = Router::new()
        .route("/", get(show))
        .with_state(Arc::clone(&door))
        .merge(routes)
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(middleware::from_fn_with_state(door, admit));
    axum::serve(listener, served).with_graceful_shutdown(ends).await
}

/// Answers a request that may be answered, and gives every answer its headers.
async fn admit(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let mut response = if guard::admits(&door.token, request.uri().query(), request.headers()) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, "forbidden\n").into_response()
    };
    let headers = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value)));
    response.headers_mut().extend(headers);
    response
}

async fn show(State(door): State<Arc<Door>>) -> Html<String> {
    Html(door.html.clone())
}
