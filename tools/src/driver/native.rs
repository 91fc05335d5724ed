//! The native protocol: JSON frames over one WebSocket. Requests and replies match by id, and nodes report
//! changes.

mod conversation;
mod declaration;
mod language;
mod notices;
mod person;

use futures_util::future::LocalBoxFuture;
use node::net::client::Client;

use super::{CommandLine, CommandLineError, Declaration, Driver, Member, NodeSession, Place, Ready};
use crate::world::{NodeIndex, NodeSpec};

pub use declaration::{NATIVE, NATIVE_AHEAD, NATIVE_ANNOUNCE, NATIVE_BOUNDS, NATIVE_GRAFT, NATIVE_STATS};
pub use language::{CommandError, command};
pub(crate) use language::{changed, outcome};
pub use person::{AskError, Said, Watched, ask, watch};

use conversation::Conversation;

/// The network of a node that was started without one. Nodes beside some that ran before belong to it, unless their
/// arguments name another.
const USUAL_NETWORK: &str = "default";

/// The driver of the native protocol.
#[derive(Debug, Clone, Copy)]
pub struct Native;

impl Driver for Native {
    fn declaration(&self) -> &'static Declaration {
        &NATIVE
    }

    fn command_line(
        &self,
        spec: &NodeSpec,
        place: &Place,
        _members: &[Member],
    ) -> Result<CommandLine, CommandLineError> {
        let Some(exec) = &spec.exec else {
            let mut arguments = vec!["node".to_owned(), "--supervised".to_owned()];
            let policy = spec.policy.as_deref().unwrap_or("last");
            let network = if spec.joins_others { USUAL_NETWORK } else { &place.network };
            for (flag, value) in [
                ("--name", spec.name.as_str()),
                ("--listen", &place.address()),
                ("--network", network),
                ("--policy", policy),
            ] {
                arguments.extend([flag.to_owned(), value.to_owned()]);
            }
            if spec.clock_ms != 0 {
                arguments.extend(["--clock-ahead-ms".to_owned(), spec.clock_ms.to_string()]);
            }
            if spec.disk {
                let wrong = || CommandLineError::DataFolderName(place.data.clone());
                let data = place.data.to_str().ok_or_else(wrong)?;
                arguments.extend(["--data".to_owned(), data.to_owned()]);
                if spec.disk_full {
                    arguments.push("--disk-full".to_owned());
                }
            }
            #[cfg(feature = "mutants")]
            if let Some(mutant) = spec.mutant {
                arguments.extend(["--mutant".to_owned(), mutant.to_string()]);
            }
            arguments.extend(spec.args.iter().cloned());
            return Ok(CommandLine::new(place.program.clone(), arguments, false, Ready::Told));
        };
        super::fill_in(exec, spec, place, Ready::Port)
    }

    fn attach(&self, _: NodeIndex, _: &NodeSpec, _: &Place) -> Result<CommandLine, CommandLineError> {
        Ok(CommandLine::of_attached(Ready::Port))
    }

    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String> {
        Box::pin(async move {
            let address = session.place.address();
            let client = match Client::connect(&address).await {
                Ok(client) => client,
                Err(lost) => return lost.to_string(),
            };
            let (sender, receiver) = client.split();
            // A new connection after a lost one reports as much as that did.
            let versions = session.directory.is_watched(&address);
            let mut conversation = Conversation::new(session.directory, session.report, session.backlog);
            let lost = conversation.serve(sender, receiver, &session.requests, versions).await;
            conversation.give_up(&lost);
            lost
        })
    }
}
