//! The service of requests that are carried out by themselves, several at a time.

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::pending::{RequestGuard, silent_for};
use super::{DriverEvent, NodeSession, Request, RequestBody};
use crate::world::Outcome;

/// The result of an ask.
#[derive(Debug)]
pub(super) enum Asked {
    /// It has an outcome.
    Ended(Outcome),
    /// The connection was lost for this reason, perhaps since the node has ended.
    Lost(String),
}

/// Serves requests by `ask`, at most so many at the same time; further ones wait for one of them to end. `silence`
/// says what did not happen where the time to answer is over. Returns the reason why the service ended.
pub(super) async fn serve(
    session: &NodeSession,
    at_once: usize,
    silence: &str,
    ask: impl AsyncFn(&RequestBody) -> Asked,
) -> String {
    (session.report)(DriverEvent::Reached);
    let mut requests = session.requests.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next() => {}
            request = requests.recv(), if under_way.len() < at_once => match request {
                Some(request) => under_way.push(answer(session, request, silence, &ask)),
                None => return "the harness stopped asking".to_owned(),
            },
        }
    }
}

async fn answer(
    session: &NodeSession,
    request: Request,
    silence: &str,
    ask: &impl AsyncFn(&RequestBody) -> Asked,
) {
    // If the node ends first, this is dropped and ends the request.
    let mut ending = RequestGuard::new(session, request);
    if ending.request.until.is_some_and(|until| Instant::now() > until) {
        ending.outcome = Some(Outcome::Unasked);
        return;
    }
    (session.report)(DriverEvent::Put(ending.request.id));
    // The connections of the harness and of its programs are not those of a node.
    let _contact = session.contacts.begin();
    // The time to answer starts now, even if the request waited for others.
    let patience = ending.request.patience;
    match tokio::time::timeout(patience, ask(&ending.request.body)).await {
        Ok(Asked::Ended(outcome)) => ending.outcome = Some(outcome),
        Ok(Asked::Lost(reason)) => ending.lost = Some(reason),
        Err(_) => ending.outcome = Some(Outcome::Unknown { reason: silent_for(silence, patience) }),
    }
}
