//! The protocol socket.io 4 at the path `/byc`, spoken by nodes of a course, in JavaScript, and by ours.

mod conversation;
mod declaration;
mod language;

use futures_util::future::LocalBoxFuture;

use super::{CommandLine, CommandLineError, Declaration, Driver, Member, Native, NodeSession, Place, Ready};
use crate::world::{NodeIndex, NodeSpec};

pub use declaration::BYC;

/// The driver of nodes that speak by events.
#[derive(Debug, Clone, Copy)]
pub struct Byc;

impl Driver for Byc {
    fn declaration(&self) -> &'static Declaration {
        &BYC
    }

    fn command_line(
        &self,
        spec: &NodeSpec,
        place: &Place,
        _members: &[Member],
    ) -> Result<CommandLine, CommandLineError> {
        if let Some(exec) = &spec.exec {
            return super::fill_in(exec, spec, place, Ready::Port);
        }
        // The default policy is this driver's: our node links to such nodes under no other.
        let policy = spec.policy.as_deref().or(BYC.policies.first().copied()).map(str::to_owned);
        Native.command_line(&NodeSpec { policy, ..spec.clone() }, place, &[])
    }

    fn attach(&self, _: NodeIndex, _: &NodeSpec, _: &Place) -> Result<CommandLine, CommandLineError> {
        Ok(CommandLine::of_attached(Ready::Port))
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        Box::pin(conversation::serve(session))
    }
}
