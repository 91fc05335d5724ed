//! The drivers that are described by a file: how a program is started, asked and linked.
//!
//! `DRIVERS.md` has the format. A description is code: what it names is run. To read one runs nothing.

mod adapter;
mod compile;
mod declaration;
mod description;
mod exec;
mod extract;
mod framing;
mod http;
mod idle;
mod line;
mod load;
mod outcome;
mod plan;
mod redirect;
mod redis;
mod request;
mod schema;
mod scope;
mod signatures;
mod socket_io;
mod start;
mod template;
mod transport;
mod web_socket;

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;

use super::{CommandLine, CommandLineError, Declaration, Driver, Member, NodeSession, Place, service};
use crate::world::{NodeIndex, NodeSpec};
use plan::Plan;
use request::Client;

pub use load::LoadError;
pub(super) use load::{load, read};
pub use schema::SCHEMA;

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
        start::command_line(&self.plan, self.declaration.install, spec, place, members)
    }

    fn attach(
        &self,
        node: NodeIndex,
        spec: &NodeSpec,
        place: &Place,
    ) -> Result<CommandLine, CommandLineError> {
        start::attachment(&self.plan, self.declaration.install, node, spec, place)
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        let (plan, declaration) = (Arc::clone(&self.plan), self.declaration);
        Box::pin(async move {
            let client = Client::new(&plan, declaration, &session);
            if let Err(reason) = client.begin().await {
                return reason;
            }
            service::serve(&session, AT_ONCE, "nothing came", async |body| client.ask(body).await).await
        })
    }
}
