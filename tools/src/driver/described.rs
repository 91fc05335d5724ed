//! The drivers that are described by a file: how a program is started, asked and linked.
//!
//! `DRIVERS.md` has the format. A description is code: what it names is run. To read one runs nothing.

mod compile;
mod declaration;
mod description;
mod exec;
mod extract;
mod http;
mod load;
mod outcome;
mod plan;
mod request;
mod scope;
mod secrets;
mod signatures;
mod template;

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::pending::{RequestGuard, silent_for};
use super::{
    CommandLine, CommandLineError, Declaration, Driver, DriverEvent, Member, NodeSession, Place, Request,
};
use crate::world::{NodeSpec, Outcome};
use plan::Plan;
use request::{Asked, Client};

pub use load::LoadError;
pub(super) use load::{load, read};

/// The most requests of one node at the same time. Further ones wait for one of them to end. Chosen: each is a
/// connection, and a node that answers in a millisecond answers tens of thousands a second with these.
const AT_ONCE: usize = 64;

/// A driver that was read from a description.
#[derive(Debug, Clone)]
pub struct Described {
    pub(super) declaration: &'static Declaration,
    plan: Arc<Plan>,
}

impl Driver for Described {
    fn declaration(&self) -> &'static Declaration {
        self.declaration
    }

    fn ports(&self) -> usize {
        self.plan.ports.len()
    }

    fn command_line(
        &self,
        spec: &NodeSpec,
        place: &Place,
        members: &[Member],
    ) -> Result<CommandLine, CommandLineError> {
        request::command_line(&self.plan, spec, place, members)
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        Box::pin(serve(Arc::clone(&self.plan), self.declaration, session))
    }
}

/// Serves requests, several at a time.
async fn serve(plan: Arc<Plan>, declaration: &'static Declaration, session: NodeSession) -> String {
    let client = Client::new(&plan, declaration, &session);
    (session.report)(DriverEvent::Reached);
    let mut requests = session.requests.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next() => {}
            request = requests.recv(), if under_way.len() < AT_ONCE => match request {
                Some(request) => under_way.push(answer(&client, &session, request)),
                None => return "the harness stopped asking".to_owned(),
            },
        }
    }
}

async fn answer(client: &Client<'_>, session: &NodeSession, request: Request) {
    // If the node ends first, this is dropped and ends the request.
    let mut ending = RequestGuard::new(session, request);
    if ending.request.until.is_some_and(|until| Instant::now() > until) {
        ending.outcome = Some(Outcome::Unasked);
        return;
    }
    (session.report)(DriverEvent::Put(ending.request.id));
    // The connections of the harness are not those of a node.
    let _contact = session.contacts.begin();
    // The time to answer starts now, even if the request waited for others.
    let patience = ending.request.patience;
    let asked = client.ask(&ending.request.body);
    match tokio::time::timeout(patience, asked).await {
        Ok(Asked::Ended(outcome)) => ending.outcome = Some(outcome),
        Ok(Asked::Lost(reason)) => ending.lost = Some(reason),
        Err(_) => {
            ending.outcome = Some(Outcome::Unknown { reason: silent_for("nothing came", patience) });
        }
    }
}
