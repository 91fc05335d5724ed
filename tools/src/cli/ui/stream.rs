//! Streams of server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::StreamExt as _;
use futures_util::stream::Stream;

/// The interval of the comments that keep a quiet connection open through tunnels. Chosen: below the shortest
/// time-outs in use.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Returns the response of a stream.
pub(super) fn sse(
    events: impl Stream<Item = Event> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + Send + 'static> {
    Sse::new(events.map(Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// Returns the events that replace all lines.
pub(super) fn anew(lines: &str) -> Vec<Event> {
    let reset = named("reset");
    std::iter::once(reset).chain(lines.lines().filter(|line| !line.is_empty()).map(event)).collect()
}

/// Returns an event that says no more than its name. Browsers pass over an event without data.
pub(super) fn named(name: &str) -> Event {
    Event::default().event(name).data(name)
}

/// Returns the event of a line. A line of JSON has no line break in it.
pub(super) fn event(line: &str) -> Event {
    Event::default().event("line").data(line)
}
