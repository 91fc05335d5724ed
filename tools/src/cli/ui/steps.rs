//! Requests for steps, and the answers to them.

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

/// The body of a request for steps.
#[derive(Debug, Deserialize)]
struct Asked {
    steps: String,
}

/// Reads the text of steps from the body of a request. An error is the answer.
pub(super) fn text(body: &Bytes) -> Result<String, Box<Response>> {
    serde_json::from_slice(body).map(|Asked { steps }| steps).map_err(|_| {
        let error = "the body has to be JSON: {\"steps\": \"kill c\"}".to_owned();
        Box::new(Answered::respond(StatusCode::BAD_REQUEST, Vec::new(), Some(error)))
    })
}

/// Returns the answer to steps: the lines that they printed, and their error.
pub(super) fn answer(output: Vec<String>, error: Option<String>) -> Response {
    Answered::respond(StatusCode::OK, output, error)
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
