//! Nodes that speak socket.io 4 at the path `/byc`: those of a course, in JavaScript, or our own.

mod conversation;
mod language;

use futures_util::future::LocalBoxFuture;

use super::{BYC, CommandLine, Declaration, Driver, Meeting, Native, Place, Ready};
use crate::world::NodeSpec;

/// The driver of nodes that speak by events.
#[derive(Debug, Clone, Copy)]
pub struct Byc;

impl Driver for Byc {
    fn declaration(&self) -> &'static Declaration {
        &BYC
    }

    fn command_line(&self, spec: &NodeSpec, place: &Place) -> Result<CommandLine, String> {
        if let Some(exec) = &spec.exec {
            return super::fill_in(exec, spec, place, Ready::Port);
        }
        // Where none is given it is that of this driver: ours has links under no other.
        let policy = super::policy_of(spec).map(str::to_owned);
        Native.command_line(&NodeSpec { policy, ..spec.clone() }, place)
    }

    fn serve(&self, meeting: Meeting) -> LocalBoxFuture<'static, String> {
        Box::pin(conversation::hold(meeting))
    }
}
