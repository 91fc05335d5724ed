//! The requests of the page of a run in virtual time: its lines and its place, steps, and commands about time.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use futures_util::StreamExt as _;
use futures_util::stream;

use super::command::Command;
use super::control::{Control, Reply};
use super::lines::{Cursor, Lines, Part};
use crate::cli::ui::steps;
use crate::cli::ui::stream::{named, sse};

/// The time between two parts for one browser. Chosen: the eye tells no more apart.
const FRAME: Duration = Duration::from_millis(50);

/// The parts of the page that requests concern.
#[derive(Clone)]
pub(super) struct Held {
    pub(super) control: Arc<Control>,
    pub(super) lines: Arc<Lines>,
}

/// Returns the routes of the page.
pub(super) fn routes(held: Held) -> Router {
    Router::new()
        .route("/events", get(send_events))
        .route("/do", post(add_steps))
        .route("/time", post(command))
        .with_state(held)
}

/// Sends the lines and the place of the run, and then all news.
async fn send_events(State(held): State<Held>) -> Response {
    let parts = stream::unfold(Some((held.lines, Cursor::new(), false)), |reader| async {
        let (lines, mut cursor, rests) = reader?;
        if rests {
            // Nobody waits for the news that time stands still.
            tokio::select! {
                () = tokio::time::sleep(FRAME) => {}
                () = lines.turn() => {}
            }
        }
        let Some(part) = lines.part(&mut cursor).await else {
            return Some((vec![named("end")], None));
        };
        // Only a browser that has all lines waits for the next frame.
        let rests = part.place.is_some();
        Some((events(&part), Some((lines, cursor, rests))))
    });
    sse(parts.map(stream::iter).flatten()).into_response()
}

fn events(part: &Part) -> Vec<Event> {
    let mut events = Vec::new();
    if part.anew {
        events.push(named("reset"));
    }
    if !part.lines.is_empty() {
        events.push(Event::default().event("line").data(&part.lines));
    }
    // A place has strings, numbers and lists only, which always serialise.
    let place = part.place.as_ref().and_then(|place| serde_json::to_string(place).ok());
    events.extend(place.map(|place| Event::default().event("place").data(place)));
    events
}

/// Adds steps where the run is, and answers once they are done.
async fn add_steps(State(held): State<Held>, body: Bytes) -> Response {
    let text = match steps::text(&body) {
        Ok(text) => text,
        Err(answer) => return *answer,
    };
    let ended = || Reply::refused("the page has ended");
    let reply = held.control.add(text).await.unwrap_or_else(|_| ended());
    steps::answer(reply.output, reply.error)
}

/// Carries out a command about time.
async fn command(State(held): State<Held>, body: Bytes) -> Response {
    let done = match serde_json::from_slice::<Command>(&body) {
        Ok(command) => held.control.command(command, &held.lines),
        Err(error) => Err(format!("this is no command about time: {error}")),
    };
    let (status, answer) = match done {
        Ok(()) => (StatusCode::OK, serde_json::json!({ "ok": true })),
        Err(error) => (StatusCode::OK, serde_json::json!({ "error": error })),
    };
    (status, [(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}
