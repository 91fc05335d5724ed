//! The protocol of Maelstrom (<https://github.com/jepsen-io/maelstrom>). A node reads messages as lines of
//! JSON from its standard input and writes them to its standard output; the harness is the network.
//!
//! Nodes of a topology have the ids `n0`, `n1`, … in order of appearance, unless all their names are of that form:
//! many programs tell nodes from clients by the first letter. Clients are `c1`, `c2`, …

mod clients;
mod conversation;
mod declaration;
mod language;
mod line_writer;
mod lines;
mod message;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
pub mod service;

use futures_util::future::LocalBoxFuture;

use super::{CommandLine, CommandLineError, Declaration, Driver, Member, NodeSession, Place, Ready};
use crate::world::{NodeIndex, NodeSpec};

pub use declaration::{LINES, MAELSTROM, READ_WORKLOADS, ROUTED_STATS, WORKLOADS};

use conversation::Conversation;

/// The driver of nodes that speak Maelstrom's protocol.
#[derive(Debug, Clone, Copy)]
pub struct Maelstrom;

impl Driver for Maelstrom {
    fn declaration(&self) -> &'static Declaration {
        &MAELSTROM
    }

    fn command_line(
        &self,
        spec: &NodeSpec,
        place: &Place,
        _members: &[Member],
    ) -> Result<CommandLine, CommandLineError> {
        let exec = spec.exec.as_deref().ok_or(CommandLineError::NoProgram)?;
        super::fill_in(exec, spec, place, Ready::Spoken)
    }

    fn attach(&self, _: NodeIndex, _: &NodeSpec, _: &Place) -> Result<CommandLine, CommandLineError> {
        Err(CommandLineError::NoAddress(MAELSTROM.name))
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        Box::pin(Conversation::serve(session))
    }
}
