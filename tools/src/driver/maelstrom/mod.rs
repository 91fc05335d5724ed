//! The protocol of Maelstrom (<https://github.com/jepsen-io/maelstrom>): a node reads messages as lines
//! of JSON on its standard input and writes them on its standard output, and the harness is the network.
//!
//! Nodes are `n0`, `n1`, … in order of appearance, whatever the topology calls them: many programs tell
//! nodes from clients by the first letter.

mod conversation;
mod language;
mod lines;
mod message;

use futures_util::future::LocalBoxFuture;

use super::{CommandLine, Declaration, Driver, MAELSTROM, Meeting, Place, Ready};
use crate::world::NodeSpec;

use conversation::Conversation;

/// The driver of nodes that speak by Maelstrom's protocol.
#[derive(Debug, Clone, Copy)]
pub struct Maelstrom;

impl Driver for Maelstrom {
    fn declaration(&self) -> &'static Declaration {
        &MAELSTROM
    }

    fn command_line(&self, spec: &NodeSpec, place: &Place) -> Result<CommandLine, String> {
        let exec = spec.exec.as_deref().ok_or("no program was given: `--exec \"PROGRAM ARGS\"`")?;
        super::fill_in(exec, spec, place, Ready::Spoken)
    }

    fn serve(&self, meeting: Meeting) -> LocalBoxFuture<'static, String> {
        Box::pin(Conversation::hold(meeting))
    }
}
