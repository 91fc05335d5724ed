//! The driver of any program, asked by a small program of its author's: the *adapter*.
//!
//! The adapter is started anew for each request. It reads the request, a line of JSON, from its standard
//! input, and writes the answer, another line, to its standard output. `DRIVERS.md` describes both.

mod adapter;
mod declaration;
mod language;

use futures_util::future::LocalBoxFuture;

use super::service::Asked;
use super::{
    CommandLine, CommandLineError, Declaration, Driver, Member, NodeSession, Place, Ready, RequestBody,
    service,
};
use crate::world::{NodeIndex, NodeSpec, Outcome};

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

    fn attach(&self, _: NodeIndex, spec: &NodeSpec, _: &Place) -> Result<CommandLine, CommandLineError> {
        Adapter::of(spec)?;
        let ready: Ready = spec.ready.as_deref().unwrap_or("port").parse()?;
        Ok(CommandLine::of_attached(ready.without_log()))
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        Box::pin(serve(session))
    }
}

/// Serves requests, several at a time.
async fn serve(session: NodeSession) -> String {
    let adapter = match Adapter::of(&session.spec) {
        Ok(adapter) => adapter,
        Err(error) => return error.to_string(),
    };
    let ask = async |body: &RequestBody| {
        Asked::Ended(match language::question(&session, body) {
            Err(done) => done,
            Ok(question) => match adapter.ask(&session, &question).await {
                Ok(line) => language::outcome(&*session.directory, body, &line),
                Err(error) => Outcome::Failed { reason: error.to_string() },
            },
        })
    };
    service::serve(&session, AT_ONCE, "the adapter did not answer", ask).await
}
