//! The driver of any program, asked by a small program of its author's: the *adapter*.
//!
//! The adapter is started anew for each request. It reads the request, a line of JSON, from its standard
//! input, and writes the answer, another line, to its standard output. `DRIVERS.md` describes both.

mod adapter;
mod declaration;
mod language;

use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::pending::{RequestGuard, silent_for};
use super::{
    CommandLine, CommandLineError, Declaration, Driver, DriverEvent, Member, NodeSession, Place, Request,
};
use crate::world::{NodeSpec, Outcome};

pub use declaration::{ASK, UNKNOWN};

use adapter::Adapter;

/// The most adapters of one node at the same time. Further requests wait for one of them to end. Chosen: each is
/// a process with three pipes, and a few more than the cores of a machine keep it busy.
const AT_ONCE: usize = 16;

/// The driver of programs that are asked by an adapter.
#[derive(Debug, Clone, Copy)]
pub struct Ask;

impl Driver for Ask {
    fn declaration(&self) -> &'static Declaration {
        &ASK
    }

    fn command_line(
        &self,
        spec: &NodeSpec,
        place: &Place,
        _members: &[Member],
    ) -> Result<CommandLine, CommandLineError> {
        let exec = spec.exec.as_deref().ok_or(CommandLineError::NoProgram)?;
        Adapter::of(spec)?;
        super::fill_in(exec, spec, place, spec.ready.as_deref().unwrap_or("port").parse()?)
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        Box::pin(serve(session))
    }
}

/// Serves requests, several at a time.
async fn serve(session: NodeSession) -> String {
    let adapter = match Adapter::of(&session.spec) {
        Ok(adapter) => Rc::new(adapter),
        Err(error) => return error.to_string(),
    };
    (session.report)(DriverEvent::Reached);
    let mut requests = session.requests.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next() => {}
            request = requests.recv(), if under_way.len() < AT_ONCE => match request {
                Some(request) => under_way.push(answer(&session, Rc::clone(&adapter), request)),
                None => return "the harness stopped asking".to_owned(),
            },
        }
    }
}

async fn answer(session: &NodeSession, adapter: Rc<Adapter>, request: Request) {
    // If the node ends first, this is dropped and ends the request.
    let mut ending = RequestGuard::new(session, request);
    if ending.request.until.is_some_and(|until| Instant::now() > until) {
        ending.outcome = Some(Outcome::Unasked);
        return;
    }
    (session.report)(DriverEvent::Put(ending.request.id));
    // The time to answer starts now, even if the request waited for others.
    let patience = ending.request.patience;
    let asked = language::question(session, &ending.request.body);
    ending.outcome = Some(match asked {
        Err(done) => done,
        Ok(question) => {
            // The connections of the adapter are not those of a node.
            let _contact = session.contacts.begin();
            match tokio::time::timeout(patience, adapter.ask(session, &question)).await {
                Ok(Ok(line)) => language::outcome(&*session.directory, &ending.request.body, &line),
                Ok(Err(error)) => Outcome::Failed { reason: error.to_string() },
                Err(_) => Outcome::Unknown { reason: silent_for("the adapter did not answer", patience) },
            }
        }
    });
}
