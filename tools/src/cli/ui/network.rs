//! The page of a network that runs: its lines as they come, and steps from the page's buttons.
//!
//! It knows the network by its control socket alone, as a terminal does. A browser that does not read costs
//! one bounded queue.

mod lines;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::sync::Mutex;

pub(super) use lines::PageLines;

use super::steps;
use super::stream::{anew, event, named, sse};
use crate::cli::control::{self, Reply};
use lines::Part;

/// The page of one network.
#[derive(Debug)]
pub(super) struct Page {
    /// The folder of the network's logs, in which its control socket is.
    pub logs: PathBuf,
    /// The lines for the browsers.
    pub lines: Arc<PageLines>,
    /// The turn: steps from browsers are done one after another.
    pub turn: Mutex<()>,
}

/// Returns the routes of a page.
pub(super) fn routes(page: Page) -> Router {
    Router::new().route("/events", get(send_events)).route("/do", post(perform)).with_state(Arc::new(page))
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
            None => return Some((stream::iter(vec![named("end")]), None)),
        };
        Some((stream::iter(events), Some(browser)))
    });
    sse(first.chain(rest.flatten())).into_response()
}

/// Performs steps, as `tools do` does.
async fn perform(State(page): State<Arc<Page>>, body: Bytes) -> Response {
    let text = match steps::text(&body) {
        Ok(text) => text,
        Err(answer) => return *answer,
    };
    let _turn = page.turn.lock().await;
    let (logs, request) = (page.logs.clone(), control::Request::Steps { text });
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
    steps::answer(output, error)
}
