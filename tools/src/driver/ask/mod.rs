//! Any program at all, asked by a small program of its author's: the *adapter*.
//!
//! For each request the adapter is started anew. It reads the request from its standard input, a line
//! of JSON, and writes the answer to its standard output, another. `DRIVERS.md` describes both.

mod adapter;
mod language;

use std::rc::Rc;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;

use super::pending::Ending;
use super::{ASK, CommandLine, Declaration, Driver, Meeting, Place, Ready, Request, Told};
use crate::world::{NodeSpec, Outcome};

use adapter::Adapter;

/// How many adapters one node has at once: what else it is asked waits for one of them to end.
const AT_ONCE: usize = 16;

/// The driver of programs that are asked by an adapter.
#[derive(Debug, Clone, Copy)]
pub struct Asked;

impl Driver for Asked {
    fn declaration(&self) -> &'static Declaration {
        &ASK
    }

    fn command_line(&self, spec: &NodeSpec, place: &Place) -> Result<CommandLine, String> {
        let exec = spec.exec.as_deref().ok_or("no program was given: `--exec \"PROGRAM ARGS\"`")?;
        Adapter::of(spec)?;
        super::fill_in(exec, spec, place, ready(spec.ready.as_deref().unwrap_or("port"))?)
    }

    fn serve(&self, meeting: Meeting) -> LocalBoxFuture<'static, String> {
        Box::pin(hold(meeting))
    }
}

/// How a node is known to be ready, as people write it: `port`, `log:REGEX`, or the path of a page. The
/// reason why it is none of them is for people.
pub fn ready(how: &str) -> Result<Ready, String> {
    if how == "port" {
        return Ok(Ready::Port);
    }
    if let Some(pattern) = how.strip_prefix("log:") {
        regex::Regex::new(pattern).map_err(|error| format!("`{pattern}` is no pattern: {error}"))?;
        return Ok(Ready::Log(pattern.to_owned()));
    }
    if how.starts_with('/') {
        return Ok(Ready::Page(how.to_owned()));
    }
    Err(format!(
        "`{how}` does not say how a node is known to be ready: `port`, `log:REGEX`, or the path of a page that it \
         serves, such as `/health`"
    ))
}

/// Asks what is to be asked, several things at once.
async fn hold(meeting: Meeting) -> String {
    let adapter = match Adapter::of(&meeting.spec) {
        Ok(adapter) => Rc::new(adapter),
        Err(reason) => return reason,
    };
    (meeting.tell)(Told::Reached);
    let mut requests = meeting.requests.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = under_way.next() => {}
            request = requests.recv(), if under_way.len() < AT_ONCE => match request {
                Some(request) => under_way.push(answer(&meeting, Rc::clone(&adapter), request)),
                None => return "the harness took leave".to_owned(),
            },
        }
    }
}

async fn answer(meeting: &Meeting, adapter: Rc<Adapter>, request: Request) {
    // The node may end before it has answered: then this is dropped, and says so.
    let mut ending = Ending::new(meeting, request);
    let asked = language::question(meeting, &ending.request.what);
    ending.outcome = Some(match asked {
        Err(done) => done,
        Ok(question) => {
            let answered =
                tokio::time::timeout_at(ending.request.deadline, adapter.ask(meeting, &question)).await;
            match answered {
                Ok(Ok(line)) => language::outcome(&*meeting.directory, &ending.request.what, &line),
                Ok(Err(reason)) => Outcome::Failed { reason },
                Err(_) => {
                    let patience = crate::text::duration(ending.request.patience);
                    Outcome::Unknown { reason: format!("the adapter did not answer within {patience}") }
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_a_port_a_line_or_a_page() {
        assert_eq!(ready("port"), Ok(Ready::Port));
        assert_eq!(ready("log:listening on .*"), Ok(Ready::Log("listening on .*".to_owned())));
        assert_eq!(ready("/health"), Ok(Ready::Page("/health".to_owned())));
        assert!(ready("log:(").unwrap_err().contains("is no pattern"));
        assert!(ready("soon").unwrap_err().contains("`soon` does not say"));
    }
}
