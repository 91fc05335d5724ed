//! The state that the routes of both surfaces share, and the answers that they have in common.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::response::IntoResponse as _;
use hyper::{Response, StatusCode};
use tokio::sync::Mutex;

use super::desk::{Desk, DeskError};
use super::download::Download;
use super::page::Page;
use super::site::Site;
use crate::wire::{ErrorCode, Policy, Refusal, Reply};

/// The facts about a node that do not change.
#[derive(Debug, Clone)]
pub(in crate::net) struct Identity {
    pub(in crate::net) node: String,
    pub(in crate::net) name: String,
    pub(in crate::net) address: String,
    pub(in crate::net) network: String,
    pub(in crate::net) policy: Policy,
}

/// The state that the routes share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) desk: Desk,
    pub(super) identity: Identity,
    pub(super) site: Option<Arc<Site>>,
    pub(super) page: Page,
    pub(super) started: Instant,
    pub(super) download: Mutex<Option<Arc<Download>>>,
    /// The last list of nodes, and the time of its making.
    pub(super) nodes: Mutex<Option<(Instant, serde_json::Value)>>,
}

/// Returns an answer of one line.
pub(super) fn line(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    (status, text.into() + "\n").into_response()
}

/// Returns the answer for a node that does not answer, or refuses.
pub(super) fn unanswered(answer: Result<Result<Reply, Refusal>, DeskError>) -> Response<Body> {
    match answer {
        Err(error) => line(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        Ok(Err(Refusal { code: ErrorCode::Unavailable, message })) => {
            line(StatusCode::TOO_MANY_REQUESTS, message)
        }
        Ok(Err(refusal)) => line(StatusCode::INTERNAL_SERVER_ERROR, refusal.message),
        Ok(Ok(_)) => line(StatusCode::INTERNAL_SERVER_ERROR, "the node answered something else"),
    }
}
